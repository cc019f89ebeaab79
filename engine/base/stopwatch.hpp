// SPDX-License-Identifier: Apache-2.0
// Host time, monotonic.
#pragma once

#include <chrono>

namespace lowtide {

class Stopwatch {
 public:
  double seconds() const { return std::chrono::duration<double>(Clock::now() - start_).count(); }
  void restart() { start_ = Clock::now(); }

 private:
  using Clock = std::chrono::steady_clock;
  Clock::time_point start_ = Clock::now();
};

}  // namespace lowtide
