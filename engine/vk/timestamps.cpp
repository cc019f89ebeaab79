// SPDX-License-Identifier: Apache-2.0
// Timestamp queries.
#include "engine/vk/timestamps.hpp"

#include "engine/vk/debug.hpp"

namespace lowtide::vk {

Result<std::unique_ptr<Timestamps>> Timestamps::create(const Device& device, uint32_t count) {
  if (device.physical().timestamp_bits == 0 || device.caps().timestamp_period_ns <= 0.0f) {
    return fail(ErrorCode::unsupported, "this device has no timestamps; profile on another one, or time on the host");
  }
  auto timestamps = std::unique_ptr<Timestamps>(new Timestamps(device, count));
  VkQueryPoolCreateInfo info = {VK_STRUCTURE_TYPE_QUERY_POOL_CREATE_INFO};
  info.queryType = VK_QUERY_TYPE_TIMESTAMP;
  info.queryCount = count;
  LOWTIDE_VK(device.charge(Resource::query_pool), "making a query pool");
  LOWTIDE_VK(device.api().vkCreateQueryPool(device.handle(), &info, nullptr, &timestamps->handle_),
             "making a query pool");
  return timestamps;
}

Timestamps::~Timestamps() {
  if (handle_ != VK_NULL_HANDLE) device_.api().vkDestroyQueryPool(device_.handle(), handle_, nullptr);
}

Result<std::vector<double>> Timestamps::read() const {
  std::vector<uint64_t> ticks(count_);
  LOWTIDE_VK(device_.api().vkGetQueryPoolResults(device_.handle(), handle_, 0, count_, ticks.size() * 8, ticks.data(),
                                                 8, VK_QUERY_RESULT_64_BIT | VK_QUERY_RESULT_WAIT_BIT),
             "reading timestamps");
  const uint32_t bits = device_.physical().timestamp_bits;
  const uint64_t mask = bits >= 64 ? ~uint64_t{0} : (uint64_t{1} << bits) - 1;
  std::vector<double> nanoseconds;
  for (const uint64_t tick : ticks) {
    const uint64_t elapsed = (tick - ticks.front()) & mask;  // right across a wrap of the counter
    nanoseconds.push_back(static_cast<double>(elapsed) * static_cast<double>(device_.caps().timestamp_period_ns));
  }
  return nanoseconds;
}

}  // namespace lowtide::vk
