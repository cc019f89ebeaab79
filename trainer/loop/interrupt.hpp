// SPDX-License-Identifier: Apache-2.0
// Ctrl-C as a question that the loop asks between steps. While an Interrupt lives, SIGINT and SIGTERM set its flag; a
// second signal ends the program at once.
#pragma once

#include <csignal>

namespace lowtide::trainer {

class Interrupt {
 public:
  Interrupt();
  ~Interrupt();
  Interrupt(const Interrupt&) = delete;
  Interrupt& operator=(const Interrupt&) = delete;

  static bool is_requested();

 private:
  struct sigaction old_int_ = {};
  struct sigaction old_term_ = {};
};

}  // namespace lowtide::trainer
