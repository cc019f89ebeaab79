// SPDX-License-Identifier: Apache-2.0
// Timestamps of the compute queue: a pool of points in time, read back as nanoseconds after the first point.
#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "engine/base/result.hpp"
#include "engine/vk/device.hpp"

namespace lowtide::vk {

class Timestamps {
 public:
  // Room for `count` points. Error `unsupported` where the queue has no timestamps.
  static Result<std::unique_ptr<Timestamps>> create(const Device& device, uint32_t count);
  ~Timestamps();
  Timestamps(const Timestamps&) = delete;
  Timestamps& operator=(const Timestamps&) = delete;

  VkQueryPool handle() const { return handle_; }
  uint32_t count() const { return count_; }

  // Nanoseconds of each point after point 0. Only after the submission that wrote all points is done.
  Result<std::vector<double>> read() const;

 private:
  Timestamps(const Device& device, uint32_t count) : device_(device), count_(count) {}

  const Device& device_;
  uint32_t count_;
  VkQueryPool handle_ = VK_NULL_HANDLE;
};

}  // namespace lowtide::vk
