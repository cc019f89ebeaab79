// SPDX-License-Identifier: Apache-2.0
// Submission and waiting.
#include "engine/vk/timeline.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <limits>
#include <utility>

#include "engine/base/log.hpp"
#include "engine/base/stopwatch.hpp"
#include "engine/vk/debug.hpp"

namespace lowtide::vk {

Result<std::unique_ptr<Timeline>> Timeline::create(const Device& device) {
  auto timeline = std::unique_ptr<Timeline>(new Timeline(device));
  VkSemaphoreTypeCreateInfo type = {VK_STRUCTURE_TYPE_SEMAPHORE_TYPE_CREATE_INFO};
  type.semaphoreType = VK_SEMAPHORE_TYPE_TIMELINE;
  const VkSemaphoreCreateInfo info = {VK_STRUCTURE_TYPE_SEMAPHORE_CREATE_INFO, &type};
  LOWTIDE_VK(device.charge(Resource::semaphore), "making a timeline semaphore");
  LOWTIDE_VK(device.api().vkCreateSemaphore(device.handle(), &info, nullptr, &timeline->semaphore_),
             "making a timeline semaphore");
  return timeline;
}

Timeline::~Timeline() {
  if (semaphore_ == VK_NULL_HANDLE) return;
  if (const Result<void> idle = wait(last()); !idle) log(LogLevel::error, idle.error().to_string());
  retired_.clear();
  device_.api().vkDestroySemaphore(device_.handle(), semaphore_, nullptr);
}

template <class Call>
VkResult Timeline::timed(const Call& call) {
  const ThreadStopwatch watch;
  const VkResult result = call();
  driver_nanoseconds_ += static_cast<uint64_t>(1e9 * watch.seconds());
  return result;
}

Result<Ticket> Timeline::submit(VkCommandBuffer commands, Labels labels) {
  VkCommandBufferSubmitInfo buffer = {VK_STRUCTURE_TYPE_COMMAND_BUFFER_SUBMIT_INFO};
  buffer.commandBuffer = commands;
  VkSemaphoreSubmitInfo signal = {VK_STRUCTURE_TYPE_SEMAPHORE_SUBMIT_INFO};
  signal.semaphore = semaphore_;
  signal.stageMask = VK_PIPELINE_STAGE_2_ALL_COMMANDS_BIT;
  VkSubmitInfo2 info = {VK_STRUCTURE_TYPE_SUBMIT_INFO_2};
  info.commandBufferInfoCount = 1;
  info.pCommandBufferInfos = &buffer;
  info.signalSemaphoreInfoCount = 1;
  info.pSignalSemaphoreInfos = &signal;

  const std::lock_guard lock(mutex_);
  const Ticket ticket{last_.value + 1};
  signal.value = ticket.value;
  in_flight_.push_back({ticket, std::move(labels)});
  VkResult result = device_.charge(Resource::submit);
  if (result == VK_SUCCESS) {
    result = timed([&] { return device_.api().vkQueueSubmit2(device_.queue(), 1, &info, VK_NULL_HANDLE); });
  }
  if (result != VK_SUCCESS) {
    auto error = report(result, "submitting work");
    in_flight_.pop_back();
    return error;
  }
  last_ = ticket;
  return ticket;
}

Result<void> Timeline::wait(Ticket ticket) {
  LOWTIDE_TRY_VOID(wait_for(ticket, std::numeric_limits<uint64_t>::max()));
  return {};
}

Result<bool> Timeline::wait_for(Ticket ticket, uint64_t nanoseconds) {
  VkSemaphoreWaitInfo info = {VK_STRUCTURE_TYPE_SEMAPHORE_WAIT_INFO};
  info.semaphoreCount = 1;
  info.pSemaphores = &semaphore_;
  info.pValues = &ticket.value;
  const VkResult result = timed([&] { return device_.api().vkWaitSemaphores(device_.handle(), &info, nanoseconds); });
  if (result == VK_TIMEOUT) return false;
  std::vector<Retired> expired;  // destroyed after the lock is gone
  const std::lock_guard lock(mutex_);
  if (result != VK_SUCCESS) return report(result, "waiting for the device");
  expired = collect(ticket);
  return true;
}

bool Timeline::is_done(Ticket ticket) const {
  uint64_t value = 0;
  const VkResult result = device_.api().vkGetSemaphoreCounterValue(device_.handle(), semaphore_, &value);
  return result == VK_SUCCESS && value >= ticket.value;
}

Ticket Timeline::last() const {
  const std::lock_guard lock(mutex_);
  return last_;
}

void Timeline::retire(Ticket ticket, std::shared_ptr<void> object) {
  if (is_done(ticket)) return;  // `object` dies here
  const std::lock_guard lock(mutex_);
  retired_.push_back({ticket, std::move(object)});
}

// Forgets what is done and hands out what may be destroyed. The mutex is held.
std::vector<Timeline::Retired> Timeline::collect(Ticket done) {
  while (!in_flight_.empty() && in_flight_.front().ticket <= done) in_flight_.pop_front();
  const auto alive =
      std::partition(retired_.begin(), retired_.end(), [&](const Retired& row) { return row.ticket <= done; });
  std::vector<Retired> expired(std::make_move_iterator(retired_.begin()), std::make_move_iterator(alive));
  retired_.erase(retired_.begin(), alive);
  return expired;
}

// The error of a failed submit or wait, with the last labels of every submission in flight. The mutex is held.
tl::unexpected<Error> Timeline::report(VkResult result, std::string_view attempt) {
  constexpr size_t kLabelsShown = 8;
  auto error = vk_fail(result, attempt);
  error.value().reasons.push_back(fmt::format("device: {}, driver {}", device_.caps().name, device_.caps().driver));
  for (const InFlight& row : in_flight_) {
    if (!row.labels || row.labels->empty()) continue;
    const std::vector<std::string>& labels = *row.labels;
    const size_t first = labels.size() - std::min(labels.size(), kLabelsShown);
    std::string text =
        fmt::format("submission {} of {} dispatches in flight, its last ones:", row.ticket.value, labels.size());
    for (size_t i = first; i < labels.size(); ++i) text += fmt::format(" [{}]", labels[i]);
    error.value().reasons.push_back(std::move(text));
  }
  return error;
}

}  // namespace lowtide::vk
