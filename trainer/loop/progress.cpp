// SPDX-License-Identifier: Apache-2.0
// Progress on a terminal or in a log.
#include "trainer/loop/progress.hpp"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <cmath>

namespace lowtide::trainer {

std::string duration_text(double seconds) {
  if (!std::isfinite(seconds)) return "?";
  const auto total = static_cast<uint64_t>(std::max(0.0, seconds) + 0.5);
  const uint64_t hours = total / 3600;
  const uint64_t minutes = total / 60 % 60;
  if (hours > 0) return fmt::format("{}:{:02}:{:02}", hours, minutes, total % 60);
  return fmt::format("{}:{:02}", minutes, total % 60);
}

std::string progress_text(const ProgressState& s, bool with_bar) {
  constexpr size_t kWidth = 20;
  const double share = s.steps == 0 ? 1.0 : static_cast<double>(s.step) / static_cast<double>(s.steps);
  std::string bar;
  if (with_bar) {
    const size_t filled = std::min(kWidth, static_cast<size_t>(share * kWidth));
    const std::string head = filled < kWidth ? ">" : "";
    bar = fmt::format("[{}{}{}]  ", std::string(filled, '='), head, std::string(kWidth - filled - head.size(), ' '));
  }
  const std::string phase = s.phase.empty() ? "" : fmt::format("phase {}  ", s.phase);
  const std::string teacher = s.teacher_accuracy < 0 ? "" : fmt::format("  teacher {:.2f} %", 100 * s.teacher_accuracy);
  return fmt::format("{}epoch {}/{}  {}{:3.0f} %  loss {:.4f}  accuracy {:.2f} %{}  {:.0f} images/s  {} left", phase,
                     s.epoch + 1, s.epochs, bar, 100 * share, s.loss, 100 * s.accuracy, teacher, s.images_per_second,
                     duration_text(s.seconds_left));
}

Progress::Progress(std::FILE* stream, std::FILE* log)
    : stream_(stream), log_(log), is_terminal_(stream != nullptr && ::isatty(::fileno(stream)) == 1) {}

void Progress::clear_bar() {
  if (has_bar_) std::fputs("\r\033[K", stream_);
  has_bar_ = false;
}

void Progress::show(const ProgressState& state) {
  if (stream_ == nullptr) return;
  const double pause = is_terminal_ ? 0.1 : 10.0;  // seconds
  if (has_shown_ && since_.seconds() < pause) return;
  if (!is_terminal_ && !has_shown_) {  // the first plain line comes after a pause too
    has_shown_ = true;
    since_.restart();
    return;
  }
  has_shown_ = true;
  since_.restart();
  clear_bar();
  std::fputs(progress_text(state, is_terminal_).c_str(), stream_);
  if (!is_terminal_) std::fputc('\n', stream_);
  has_bar_ = is_terminal_;
  std::fflush(stream_);
}

void Progress::line(const std::string& text) {
  if (log_ != nullptr) {
    std::fputs((text + "\n").c_str(), log_);
    std::fflush(log_);
  }
  if (stream_ == nullptr) return;
  clear_bar();
  std::fputs((text + "\n").c_str(), stream_);
  std::fflush(stream_);
}

}  // namespace lowtide::trainer
