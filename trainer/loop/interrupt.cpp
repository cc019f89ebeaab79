// SPDX-License-Identifier: Apache-2.0
// Signal handling: the handler does nothing but set a flag.
#include "trainer/loop/interrupt.hpp"

namespace lowtide::trainer {
namespace {

volatile std::sig_atomic_t requested = 0;

void on_signal(int) {
  requested = 1;
}

}  // namespace

Interrupt::Interrupt() {
  requested = 0;
  struct sigaction action = {};
  action.sa_handler = on_signal;
  action.sa_flags = static_cast<int>(SA_RESETHAND | SA_RESTART);  // the second signal takes its default course
  sigemptyset(&action.sa_mask);
  sigaction(SIGINT, &action, &old_int_);
  sigaction(SIGTERM, &action, &old_term_);
}

Interrupt::~Interrupt() {
  sigaction(SIGINT, &old_int_, nullptr);
  sigaction(SIGTERM, &old_term_, nullptr);
}

bool Interrupt::is_requested() {
  return requested != 0;
}

}  // namespace lowtide::trainer
