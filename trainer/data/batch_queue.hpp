// SPDX-License-Identifier: Apache-2.0
// BatchQueue: threads that shuffle, read, augment and normalise batches ahead of the device. The sequence of batches is
// a pure function of (dataset, options, position): worker count and timing never change it, and starting at any
// position continues it exactly. Its whole state is (epoch, index) of the next batch.
#pragma once

#include <array>
#include <condition_variable>
#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <span>
#include <thread>
#include <vector>

#include "engine/base/result.hpp"
#include "trainer/data/augment.hpp"
#include "trainer/data/dataset.hpp"

namespace lowtide::trainer {

struct Batch {
  std::span<const float> images;     // [n, h, w, c]; rows from `valid` on are 0; empty where only places are made
  std::span<const uint32_t> places;  // [n, 4], as ops::place_images reads them; empty where images are made
  std::span<const uint32_t> labels;  // [n]; entries from `valid` on are 0
  uint32_t valid = 0;                // samples; below n only in the last batch of an evaluation
  uint64_t epoch = 0;
  uint64_t index = 0;  // within the epoch
};

struct BatchPosition {
  uint64_t epoch = 0;  // below 2^30
  uint64_t index = 0;

  friend bool operator==(const BatchPosition&, const BatchPosition&) = default;
};

struct BatchOptions {
  uint32_t batch = 100;
  // Training shuffles every epoch, augments, and drops the last batch where it would be partial; evaluation keeps the
  // order of the split and pads it.
  bool is_training = true;
  Augmentation augmentation;
  Normalization normalization = Normalization::standard;
  uint64_t seed = 1;
  uint32_t workers = 1;
  uint32_t ahead = 0;        // batches made ahead; 0: two for each worker
  bool places_only = false;  // training images stay on the device, which needs to know but their places
};

// Options of the training and evaluation queues of a recipe.
BatchOptions train_batch_options(const DataOptions& data, uint64_t seed);
BatchOptions eval_batch_options(const DataOptions& data);

// The order of the samples in one epoch: Fisher and Yates' shuffle of 0..count-1 by the counter-based generator.
std::vector<uint32_t> epoch_order(uint64_t seed, uint64_t epoch, uint32_t count);

class BatchQueue {
 public:
  // `dataset` and `split` (one of its own) must outlive the queue. Errors: an empty split, or fewer training images
  // than one batch takes.
  static Result<std::unique_ptr<BatchQueue>> open(const Dataset& dataset, const Split& split,
                                                  const BatchOptions& options, BatchPosition start = {});
  ~BatchQueue();
  BatchQueue(const BatchQueue&) = delete;
  BatchQueue& operator=(const BatchQueue&) = delete;

  uint64_t batches_per_epoch() const { return batches_per_epoch_; }

  // The next batch; epochs follow each other without end. Its spans live until the next call of next() or seek().
  // Waits where the workers are late. Errors: an image that cannot be decoded; the queue stays at its position.
  // One thread only.
  Result<Batch> next();

  // Position of the batch that next() will return.
  BatchPosition position() const;

  // Continues elsewhere; index must be below batches_per_epoch().
  void seek(BatchPosition position);

  // Seconds that next() has waited for workers: how long the device was starved at most.
  double waited_seconds() const { return waited_seconds_; }

 private:
  struct Slot {
    std::vector<float> images;
    std::vector<uint32_t> places;
    std::vector<uint32_t> labels;
    uint32_t valid = 0;
    bool is_ready = false;
    std::optional<Error> error;
  };
  using Order = std::shared_ptr<const std::vector<uint32_t>>;

  BatchQueue(const Dataset& dataset, const Split& split, const BatchOptions& options);
  void start(uint64_t ticket);
  void stop();
  void work();
  void fill(uint64_t ticket, std::vector<uint8_t>& pixels, Slot& slot);
  Result<void> add_sample(uint64_t epoch, uint32_t sample, uint32_t row, std::vector<uint8_t>& pixels, Slot& slot);
  Order order_of(uint64_t epoch);
  Slot& slot_of(uint64_t ticket) { return slots_[static_cast<size_t>(ticket % slots_.size())]; }

  const Dataset& dataset_;
  const Split& split_;
  const BatchOptions options_;
  const PixelTable table_;
  uint64_t batches_per_epoch_ = 0;
  double waited_seconds_ = 0;
  bool holds_batch_ = false;  // the caller still reads the slot of ticket next_ - 1
  uint64_t next_ = 0;         // ticket that next() returns: epoch * batches_per_epoch + index

  std::mutex mutex_;  // guards what follows
  std::condition_variable slot_ready_;
  std::condition_variable slot_free_;
  std::vector<Slot> slots_;  // the content of a slot belongs to its worker until is_ready, then to the caller
  uint64_t claimed_ = 0;     // first ticket that no worker has taken
  uint64_t released_ = 0;    // tickets below are done with: their slots are free
  bool is_stopping_ = false;

  std::mutex order_mutex_;  // guards what follows
  std::array<uint64_t, 2> order_epochs_ = {};
  std::array<Order, 2> orders_;  // of two neighbouring epochs, by epoch % 2

  std::vector<std::thread> threads_;
};

}  // namespace lowtide::trainer
