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

// Counts the thread that reads it alone, and not its waiting: what the host side of a submission costs. Read by the
// thread that made it.
class ThreadStopwatch {
 public:
  double seconds() const { return now() - start_; }

 private:
  static double now() {
    std::timespec time = {};
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time);
    return static_cast<double>(time.tv_sec) + 1e-9 * static_cast<double>(time.tv_nsec);
  }
  double start_ = now();
};

}  // namespace lowtide
