// SPDX-License-Identifier: Apache-2.0
// Running images through a planned model: whole sets of them, or batch by batch without waiting.
#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <cstring>
#include <limits>

#include "engine/infer/session.hpp"

namespace lowtide::infer {
namespace {

constexpr uint64_t kForever = std::numeric_limits<uint64_t>::max();

std::span<float> as_floats(std::span<std::byte> bytes) {
  return {reinterpret_cast<float*>(bytes.data()), bytes.size() / sizeof(float)};
}

// What is left of a time that began with its making.
class Deadline {
 public:
  explicit Deadline(uint64_t nanoseconds) : total_(nanoseconds) {}
  uint64_t left() const {
    if (total_ == 0 || total_ == kForever) return total_;
    const auto passed = std::chrono::duration_cast<std::chrono::nanoseconds>(Clock::now() - start_).count();
    return total_ - std::min(total_, static_cast<uint64_t>(passed));
  }

 private:
  using Clock = std::chrono::steady_clock;
  uint64_t total_;
  Clock::time_point start_ = Clock::now();
};

}  // namespace

Result<uint64_t> Session::image_count(size_t elements, size_t logit_count) const {
  const uint64_t count = elements / image_elements();
  if (count * image_elements() != elements) {
    return fail(ErrorCode::invalid_argument, fmt::format("{} elements are no whole number of images of {} x {} x {}",
                                                         elements, info().height, info().width, info().channels));
  }
  if (count * info().classes == logit_count) return count;
  return fail(ErrorCode::invalid_argument,
              fmt::format("{} images of {} classes have {} logits, but there is room for {}", count, info().classes,
                          count * info().classes, logit_count));
}

Session::FillImages Session::fill_from(std::span<const float> images) const {
  return [this, images](uint64_t first, uint64_t, std::span<float> target) {
    std::memcpy(target.data(), images.data() + first * image_elements(), target.size_bytes());
  };
}

Session::FillImages Session::fill_from(std::span<const uint8_t> pixels) const {
  return [this, pixels](uint64_t first, uint64_t, std::span<float> target) {
    const uint8_t* from = pixels.data() + first * image_elements();
    for (size_t i = 0; i < target.size(); i += info().channels) {
      for (size_t c = 0; c < info().channels; ++c) target[i + c] = pixel_table_[c * kPixelValues + from[i + c]];
    }
  };
}

// Submits images first .. first + count, at most a batch. There must be room for one more in flight. After an error
// nothing is in flight: the executor's slots and the list of what uses them go in step.
Result<void> Session::start_batch(uint64_t first, uint64_t count, const FillImages& fill, std::span<float> logits) {
  LOWTIDE_TRY(const uint32_t slot, executor_->acquire());
  const std::span<float> target = as_floats(executor_->input(slot, images_));
  const size_t filled = static_cast<size_t>(count * image_elements());
  if (filled > 0) fill(first, count, target.first(filled));
  std::fill(target.begin() + static_cast<std::ptrdiff_t>(filled), target.end(), 0.0f);
  const Result<runtime::Ticket> ticket = executor_->submit(slot);
  if (!ticket) {
    (void)finish_all();  // the error of the submission says more
    return tl::unexpected(ticket.error());
  }
  ++submit_count_;
  in_flight_.push_back({++last_number_, slot, *ticket, logits});
  return {};
}

Result<bool> Session::finish_oldest(uint64_t nanoseconds) {
  const InFlight& oldest = in_flight_.front();
  LOWTIDE_TRY(const bool is_done, executor_->wait_for(oldest.ticket, nanoseconds));
  if (!is_done) return false;
  if (!oldest.logits.empty()) {
    std::memcpy(oldest.logits.data(), executor_->output(oldest.slot, logits_).data(), oldest.logits.size_bytes());
  }
  in_flight_.erase(in_flight_.begin());
  return true;
}

Result<void> Session::finish_all() {
  while (!in_flight_.empty()) LOWTIDE_TRY_VOID(finish_oldest(kForever));
  return {};
}

Result<void> Session::run_batches(uint64_t count, const FillImages& fill, std::span<float> logits) {
  LOWTIDE_TRY_VOID(finish_all());
  const auto run_all = [&]() -> Result<void> {
    for (uint64_t first = 0; first < count; first += batch_) {
      if (in_flight_.size() == options_.in_flight) LOWTIDE_TRY_VOID(finish_oldest(kForever));
      const uint64_t images = std::min<uint64_t>(batch_, count - first);
      const auto classes = uint64_t{info().classes};
      LOWTIDE_TRY_VOID(
          start_batch(first, images, fill,
                      logits.subspan(static_cast<size_t>(first * classes), static_cast<size_t>(images * classes))));
    }
    return finish_all();
  };
  const Result<void> result = run_all();
  in_flight_.clear();  // after an error: the caller's logits are the caller's again
  return result;
}

Result<void> Session::run(std::span<const float> images, std::span<float> logits) {
  LOWTIDE_TRY(const uint64_t count, image_count(images.size(), logits.size()));
  return run_batches(count, fill_from(images), logits);
}

Result<void> Session::run(std::span<const uint8_t> pixels, std::span<float> logits) {
  LOWTIDE_TRY(const uint64_t count, image_count(pixels.size(), logits.size()));
  return run_batches(count, fill_from(pixels), logits);
}

Result<std::vector<float>> Session::run(std::span<const float> images) {
  std::vector<float> logits(static_cast<size_t>(images.size() / image_elements() * info().classes));
  LOWTIDE_TRY_VOID(run(images, logits));
  return logits;
}

Result<std::vector<float>> Session::run(std::span<const uint8_t> pixels) {
  std::vector<float> logits(static_cast<size_t>(pixels.size() / image_elements() * info().classes));
  LOWTIDE_TRY_VOID(run(pixels, logits));
  return logits;
}

Result<std::optional<uint64_t>> Session::submit_batch(uint64_t count, const FillImages& fill, std::span<float> logits) {
  if (count > batch_) {
    return fail(ErrorCode::invalid_argument,
                fmt::format("a submission takes at most the batch of {} images, and {} were given", batch_, count));
  }
  while (!in_flight_.empty()) {  // what is done makes room
    LOWTIDE_TRY(const bool is_done, finish_oldest(0));
    if (!is_done) break;
  }
  if (in_flight_.size() == options_.in_flight) return std::optional<uint64_t>();
  LOWTIDE_TRY_VOID(start_batch(0, count, fill, logits));
  return std::optional<uint64_t>(last_number_);
}

Result<std::optional<uint64_t>> Session::submit(std::span<const float> images, std::span<float> logits) {
  LOWTIDE_TRY(const uint64_t count, image_count(images.size(), logits.size()));
  return submit_batch(count, fill_from(images), logits);
}

Result<std::optional<uint64_t>> Session::submit(std::span<const uint8_t> pixels, std::span<float> logits) {
  LOWTIDE_TRY(const uint64_t count, image_count(pixels.size(), logits.size()));
  return submit_batch(count, fill_from(pixels), logits);
}

Result<bool> Session::finish(uint64_t number, uint64_t nanoseconds) {
  if (number == 0 || number > last_number_) {
    return fail(ErrorCode::invalid_argument,
                fmt::format("there is no submission {}; {} were made", number, last_number_));
  }
  const Deadline deadline(nanoseconds);
  while (!in_flight_.empty() && in_flight_.front().number <= number) {
    LOWTIDE_TRY(const bool is_done, finish_oldest(deadline.left()));
    if (!is_done) return false;
  }
  return true;
}

}  // namespace lowtide::infer
