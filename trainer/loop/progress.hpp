// SPDX-License-Identifier: Apache-2.0
// What a person sees of a run: on a terminal one line that is rewritten, elsewhere plain lines now and then. Pure text
// making is apart from writing, so that it can be tested.
#pragma once

#include <cstdint>
#include <cstdio>
#include <string>

#include "engine/base/stopwatch.hpp"

namespace lowtide::trainer {

struct ProgressState {
  std::string phase;   // "3/9 cycle 1, 2 bits"; empty where a run has one phase
  uint64_t epoch = 0;  // from 0
  uint64_t epochs = 1;
  uint64_t step = 0;   // of the epoch, done
  uint64_t steps = 1;  // of an epoch
  double loss = 0;     // mean over the epoch so far
  double accuracy = 0;
  double teacher_accuracy = -1;  // guided training; below 0: there is no teacher
  double images_per_second = 0;
  double seconds_left = 0;  // of the whole phase
};

// "phase 3/9 cycle 1, 2 bits  epoch 2/10  [=======>            ]  37 %  loss 0.4121  accuracy 85.13 %  1234 images/s
// 1:42 left"
std::string progress_text(const ProgressState& state, bool with_bar);
// "1:42", "2:03:09".
std::string duration_text(double seconds);

class Progress {
 public:
  // Writes to `stream`; null: nowhere. A bar where the stream is a terminal. Lines that stay go to `log` too, unless
  // null. Both must outlive this.
  explicit Progress(std::FILE* stream, std::FILE* log = nullptr);

  // At most ten times a second on a terminal, once in ten seconds elsewhere.
  void show(const ProgressState& state);
  // A line that stays.
  void line(const std::string& text);

 private:
  void clear_bar();

  std::FILE* stream_;
  std::FILE* log_;
  bool is_terminal_;
  bool has_bar_ = false;
  bool has_shown_ = false;
  Stopwatch since_;
};

}  // namespace lowtide::trainer
