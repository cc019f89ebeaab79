// SPDX-License-Identifier: Apache-2.0
// The one queue as a timeline: a submission gives a Ticket, waiting is comparing integers. What submitted work still
// uses is kept alive by retire() until its ticket is done. All functions may be called from any thread.
#pragma once

#include <atomic>
#include <deque>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "engine/base/result.hpp"
#include "engine/vk/device.hpp"
#include "engine/vk/ticket.hpp"

namespace lowtide::vk {

// What a submission does, for the report when the device is lost: its dispatches' labels in order.
using Labels = std::shared_ptr<const std::vector<std::string>>;

class Timeline {
 public:
  static Result<std::unique_ptr<Timeline>> create(const Device& device);
  ~Timeline();  // waits for all submissions
  Timeline(const Timeline&) = delete;
  Timeline& operator=(const Timeline&) = delete;

  // One vkQueueSubmit2. Errors: `device_lost` (with the labels of everything in flight), `out_of_memory`.
  Result<Ticket> submit(VkCommandBuffer commands, Labels labels = nullptr);
  Result<void> wait(Ticket ticket);
  // The same for at most so many nanoseconds, 0 included; false: it is not done yet.
  Result<bool> wait_for(Ticket ticket, uint64_t nanoseconds);
  bool is_done(Ticket ticket) const;
  Ticket last() const;
  // Processor time that threads spent inside the driver's submissions and waits so far.
  double driver_seconds() const { return 1e-9 * static_cast<double>(driver_nanoseconds_.load()); }

  // Keeps `object` until `ticket` is done; it is destroyed by a later call of this class.
  void retire(Ticket ticket, std::shared_ptr<void> object);

 private:
  struct InFlight {
    Ticket ticket;
    Labels labels;
  };
  struct Retired {
    Ticket ticket;
    std::shared_ptr<void> object;
  };

  explicit Timeline(const Device& device) : device_(device) {}
  template <class Call>
  VkResult timed(const Call& call);
  tl::unexpected<Error> report(VkResult result, std::string_view attempt);
  std::vector<Retired> collect(Ticket done);

  const Device& device_;
  VkSemaphore semaphore_ = VK_NULL_HANDLE;
  std::atomic<uint64_t> driver_nanoseconds_ = 0;
  mutable std::mutex mutex_;  // guards the queue and what follows
  Ticket last_;
  std::deque<InFlight> in_flight_;
  std::vector<Retired> retired_;
};

}  // namespace lowtide::vk
