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

// Submits images first .. first + count, at most a batch. There must be room for one more in flight. After an error
// nothing is in flight: the executor's slots and the list of what uses them go in step.
Result<void> Session::start_batch(uint64_t first, uint64_t count, const Images& images, std::span<float> logits) {
  LOWTIDE_TRY_VOID(choose_plan(images.element));
  runtime::Executor& executor = *plan_->executor;
  LOWTIDE_TRY(const uint32_t slot, executor.acquire());
  const std::span<std::byte> target = executor.input(slot, plan_->images);
  const uint64_t image_bytes = image_elements() * (images.element == Element::pixel ? 1 : sizeof(float));
  const auto filled = static_cast<size_t>(count * image_bytes);
  if (filled > 0) std::memcpy(target.data(), images.bytes.data() + first * image_bytes, filled);
  std::fill(target.begin() + static_cast<std::ptrdiff_t>(filled), target.end(), std::byte{0});
  const Result<runtime::Ticket> ticket = executor.submit(slot);
  if (!ticket) {
    (void)finish_all();  // the error of the submission says more
    return tl::unexpected(ticket.error());
  }
  ++plan_->submit_count;
  in_flight_.push_back({++last_number_, plan_, slot, *ticket, logits});
  return {};
}

Result<bool> Session::finish_oldest(uint64_t nanoseconds) {
  const InFlight& oldest = in_flight_.front();
  LOWTIDE_TRY(const bool is_done, oldest.plan->executor->wait_for(oldest.ticket, nanoseconds));
  if (!is_done) return false;
  if (!oldest.logits.empty()) {
    const auto logits = oldest.plan->executor->output(oldest.slot, oldest.plan->logits);
    std::memcpy(oldest.logits.data(), logits.data(), oldest.logits.size_bytes());
  }
  in_flight_.erase(in_flight_.begin());
  return true;
}

Result<void> Session::finish_all() {
  while (!in_flight_.empty()) LOWTIDE_TRY_VOID(finish_oldest(kForever));
  return {};
}

Result<void> Session::run_batches(uint64_t count, const Images& images, std::span<float> logits) {
  LOWTIDE_TRY_VOID(finish_all());
  const auto run_all = [&]() -> Result<void> {
    for (uint64_t first = 0; first < count; first += batch_) {
      if (in_flight_.size() == options_.in_flight) LOWTIDE_TRY_VOID(finish_oldest(kForever));
      const uint64_t batch = std::min<uint64_t>(batch_, count - first);
      const auto classes = uint64_t{info().classes};
      LOWTIDE_TRY_VOID(
          start_batch(first, batch, images,
                      logits.subspan(static_cast<size_t>(first * classes), static_cast<size_t>(batch * classes))));
    }
    return finish_all();
  };
  const Result<void> result = run_all();
  in_flight_.clear();  // after an error: the caller's logits are the caller's again
  return result;
}

Result<void> Session::run(std::span<const float> images, std::span<float> logits) {
  LOWTIDE_TRY(const uint64_t count, image_count(images.size(), logits.size()));
  return run_batches(count, {Element::real, std::as_bytes(images)}, logits);
}

Result<void> Session::run(std::span<const uint8_t> pixels, std::span<float> logits) {
  LOWTIDE_TRY(const uint64_t count, image_count(pixels.size(), logits.size()));
  return run_batches(count, {Element::pixel, std::as_bytes(pixels)}, logits);
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

Result<std::optional<uint64_t>> Session::submit_batch(uint64_t count, const Images& images, std::span<float> logits) {
  if (count > batch_) {
    return fail(ErrorCode::invalid_argument,
                fmt::format("a submission takes at most the batch of {} images, and {} were given", batch_, count));
  }
  while (!in_flight_.empty()) {  // what is done makes room
    LOWTIDE_TRY(const bool is_done, finish_oldest(0));
    if (!is_done) break;
  }
  if (in_flight_.size() == options_.in_flight) return std::optional<uint64_t>();
  LOWTIDE_TRY_VOID(start_batch(0, count, images, logits));
  return std::optional<uint64_t>(last_number_);
}

Result<std::optional<uint64_t>> Session::submit(std::span<const float> images, std::span<float> logits) {
  LOWTIDE_TRY(const uint64_t count, image_count(images.size(), logits.size()));
  return submit_batch(count, {Element::real, std::as_bytes(images)}, logits);
}

Result<std::optional<uint64_t>> Session::submit(std::span<const uint8_t> pixels, std::span<float> logits) {
  LOWTIDE_TRY(const uint64_t count, image_count(pixels.size(), logits.size()));
  return submit_batch(count, {Element::pixel, std::as_bytes(pixels)}, logits);
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
