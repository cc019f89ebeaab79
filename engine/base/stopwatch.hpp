// SPDX-License-Identifier: Apache-2.0
// Host time, monotonic; and the time that the process's threads spent on processors.
#pragma once

#include <chrono>
#include <ctime>

namespace lowtide {

class Stopwatch {
 public:
  double seconds() const { return std::chrono::duration<double>(Clock::now() - start_).count(); }
  void restart() { start_ = Clock::now(); }

 private:
  using Clock = std::chrono::steady_clock;
  Clock::time_point start_ = Clock::now();
};

// Counts all threads together, and not what other programs do: what a benchmark of a software device wants.
class ProcessorStopwatch {
 public:
  double seconds() const { return static_cast<double>(std::clock() - start_) / CLOCKS_PER_SEC; }
  void restart() { start_ = std::clock(); }

 private:
  std::clock_t start_ = std::clock();
};

}  // namespace lowtide
