// SPDX-License-Identifier: Apache-2.0
// Tickets: batch number `t` since the start of epoch 0 is made by whichever worker claims t, in slot t % slots. A slot
// is used again only when the caller has gone past its ticket, so that workers run a bounded distance ahead.
#include "trainer/data/batch_queue.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <numeric>
#include <utility>

#include "engine/base/check.hpp"
#include "engine/base/ints.hpp"
#include "engine/base/rng.hpp"
#include "engine/base/stopwatch.hpp"
#include "trainer/data/streams.hpp"

namespace lowtide::trainer {
namespace {

constexpr uint32_t kPlaceWords = 4;

}  // namespace

BatchOptions train_batch_options(const DataOptions& data, uint64_t seed) {
  BatchOptions options;
  options.batch = data.batch;
  options.is_training = true;
  options.augmentation = {data.crop_padding, data.flip, data.brightness, data.contrast};
  options.normalization = data.normalize;
  options.seed = seed;
  options.workers = data.workers;
  return options;
}

BatchOptions eval_batch_options(const DataOptions& data) {
  BatchOptions options;
  options.batch = data.eval_batch;
  options.is_training = false;
  options.normalization = data.normalize;
  options.workers = data.workers;
  return options;
}

std::vector<uint32_t> epoch_order(uint64_t seed, uint64_t epoch, uint32_t count) {
  std::vector<uint32_t> order(count);
  std::iota(order.begin(), order.end(), 0u);
  Rng rng(seed, kShuffleStream);
  rng.seek((epoch << 32) * 4);  // the step word of the counter is the epoch
  for (uint32_t i = count; i > 1; --i) std::swap(order[i - 1], order[rng.below(i)]);
  return order;
}

Result<std::unique_ptr<BatchQueue>> BatchQueue::open(const Dataset& dataset, const Split& split,
                                                     const BatchOptions& options, BatchPosition start) {
  LOWTIDE_CHECK(options.batch > 0 && options.workers > 0, "a batch queue needs a batch and a worker");
  LOWTIDE_CHECK(!options.places_only || options.is_training, "images of an evaluation are made on the host");
  const uint32_t least = options.is_training ? options.batch : 1;
  if (split.count() < least) {
    return fail(ErrorCode::invalid_argument,
                fmt::format("{} has {} {} images, but a batch takes {}; make the batch smaller or use more images",
                            dataset.name, split.count(), options.is_training ? "training" : "test", least));
  }
  std::unique_ptr<BatchQueue> queue(new BatchQueue(dataset, split, options));
  queue->seek(start);
  return queue;
}

BatchQueue::BatchQueue(const Dataset& dataset, const Split& split, const BatchOptions& options)
    : dataset_(dataset), split_(split), options_(options), table_(dataset, options.normalization) {
  const uint32_t count = split.count();
  batches_per_epoch_ = options.is_training ? count / options.batch : ceil_div(count, options.batch);
  const uint32_t ahead = options.ahead == 0 ? 2 * options.workers : options.ahead;
  slots_.resize(size_t{ahead} + 1);  // one is with the caller
  for (Slot& slot : slots_) {
    if (options.places_only) {
      slot.places.resize(size_t{options.batch} * kPlaceWords);
    } else {
      slot.images.resize(options.batch * dataset.image.bytes());
    }
    slot.labels.resize(options.batch);
  }
}

BatchQueue::~BatchQueue() {
  stop();
}

void BatchQueue::start(uint64_t ticket) {
  for (Slot& slot : slots_) {
    slot.is_ready = false;
    slot.error.reset();
  }
  next_ = claimed_ = released_ = ticket;
  holds_batch_ = false;
  is_stopping_ = false;
  for (uint32_t i = 0; i < options_.workers; ++i) threads_.emplace_back([this] { work(); });
}

void BatchQueue::stop() {
  {
    const std::lock_guard lock(mutex_);
    is_stopping_ = true;
  }
  slot_free_.notify_all();
  for (std::thread& thread : threads_) thread.join();
  threads_.clear();
}

void BatchQueue::seek(BatchPosition position) {
  LOWTIDE_CHECK(position.index < batches_per_epoch_, "the position lies behind the end of its epoch");
  LOWTIDE_CHECK(position.epoch < (uint64_t{1} << 30), "an epoch number is below 2^30");
  stop();
  start(position.epoch * batches_per_epoch_ + position.index);
}

BatchPosition BatchQueue::position() const {
  return {next_ / batches_per_epoch_, next_ % batches_per_epoch_};
}

Result<Batch> BatchQueue::next() {
  std::unique_lock lock(mutex_);
  if (holds_batch_) {
    holds_batch_ = false;
    slot_of(released_).is_ready = false;
    ++released_;
    slot_free_.notify_one();
  }
  Slot& slot = slot_of(next_);
  if (!slot.is_ready) {
    const Stopwatch watch;
    slot_ready_.wait(lock, [&] { return slot.is_ready; });
    waited_seconds_ += watch.seconds();
  }
  if (slot.error) return tl::unexpected(*slot.error);
  const BatchPosition at = position();
  ++next_;
  holds_batch_ = true;
  return Batch{slot.images, slot.places, slot.labels, slot.valid, at.epoch, at.index};
}

void BatchQueue::work() {
  std::vector<uint8_t> pixels(dataset_.image.bytes());
  std::unique_lock lock(mutex_);
  while (true) {
    slot_free_.wait(lock, [&] { return is_stopping_ || claimed_ < released_ + slots_.size(); });
    if (is_stopping_) return;
    const uint64_t ticket = claimed_++;
    Slot& slot = slot_of(ticket);
    lock.unlock();
    fill(ticket, pixels, slot);
    lock.lock();
    slot.is_ready = true;
    slot_ready_.notify_one();
  }
}

// Row `row` of a batch: sample `sample` as it is in this epoch.
Result<void> BatchQueue::add_sample(uint64_t epoch, uint32_t sample, uint32_t row, std::vector<uint8_t>& pixels,
                                    Slot& slot) {
  const Augmentation& augmentation = options_.augmentation;
  const Placement placement =
      options_.is_training ? draw_placement(augmentation, options_.seed, epoch, sample) : Placement{};
  slot.labels[row] = split_.labels[sample];
  if (options_.places_only) {
    const std::array<uint32_t, kPlaceWords> place = {sample, static_cast<uint32_t>(placement.down),
                                                     static_cast<uint32_t>(placement.right),
                                                     placement.is_mirrored ? 1u : 0u};
    std::copy(place.begin(), place.end(), slot.places.begin() + std::ptrdiff_t{row} * kPlaceWords);
    return {};
  }
  const size_t stride = dataset_.image.bytes();
  LOWTIDE_TRY_VOID(read_image(dataset_, split_, sample, pixels));
  if (options_.is_training) change_tone(pixels, dataset_.image, draw_tone(augmentation, options_.seed, epoch, sample));
  place_image(pixels, dataset_.image, table_, placement, std::span(slot.images).subspan(row * stride, stride));
  return {};
}

void BatchQueue::fill(uint64_t ticket, std::vector<uint8_t>& pixels, Slot& slot) {
  const uint64_t epoch = ticket / batches_per_epoch_;
  const uint64_t first = ticket % batches_per_epoch_ * options_.batch;
  const Order order = options_.is_training ? order_of(epoch) : nullptr;
  slot.error.reset();
  slot.valid = static_cast<uint32_t>(std::min<uint64_t>(options_.batch, split_.count() - first));
  for (uint32_t i = 0; i < slot.valid; ++i) {
    const auto position = static_cast<uint32_t>(first + i);
    const uint32_t sample = order ? (*order)[position] : position;
    if (auto added = add_sample(epoch, sample, i, pixels, slot); !added) {
      slot.error = std::move(added).error();
      return;
    }
  }
  const auto valid = static_cast<std::ptrdiff_t>(slot.valid);
  if (!options_.places_only) {
    const auto stride = static_cast<std::ptrdiff_t>(dataset_.image.bytes());
    std::fill(slot.images.begin() + valid * stride, slot.images.end(), 0.0f);
  }
  std::fill(slot.labels.begin() + valid, slot.labels.end(), 0u);
}

BatchQueue::Order BatchQueue::order_of(uint64_t epoch) {
  const std::lock_guard lock(order_mutex_);
  Order& order = orders_[epoch % 2];
  if (!order || order_epochs_[epoch % 2] != epoch) {
    order = std::make_shared<const std::vector<uint32_t>>(epoch_order(options_.seed, epoch, split_.count()));
    order_epochs_[epoch % 2] = epoch;
  }
  return order;
}

}  // namespace lowtide::trainer
