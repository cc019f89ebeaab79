// SPDX-License-Identifier: Apache-2.0
// Context: one open device with its pipelines and its timeline. What programs run on. No Vulkan header is needed to use
// it. A context must outlive every executor and arena made from it.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "engine/base/result.hpp"
#include "engine/kernel/caps.hpp"

namespace lowtide::vk {
class Device;
class Instance;
class Pipelines;
class Timeline;
}  // namespace lowtide::vk

namespace lowtide::runtime {

class Staging;

// For tests. Asked before each creation of a driver object and each submit, which `what` names as engine/vk/device.hpp
// does ("memory", "buffer", "submit", ...). True makes a creation fail as if out of memory, a submit as if the device
// were lost.
using FaultHook = std::function<bool(std::string_view what)>;

struct ContextOptions {
  std::string device;              // index or part of a name; empty: $LOWTIDE_DEVICE; empty too: the best device
  std::optional<bool> validation;  // default: $LOWTIDE_VALIDATION
  std::optional<std::filesystem::path> cache_folder;  // of pipelines; empty path: none; default: vk/cache_file.hpp
  FaultHook fault_hook;
};

// What was made or done on the device since the context was created.
struct Counters {
  uint64_t memory_allocations = 0;
  uint64_t buffers = 0;
  uint64_t pipelines = 0;
  uint64_t descriptor_sets = 0;
  uint64_t descriptor_writes = 0;
  uint64_t command_buffers = 0;
  uint64_t submits = 0;
  friend bool operator==(const Counters&, const Counters&) = default;
};

// How long pipelines took: the part of a start that the disk cache shortens.
struct PipelineCost {
  uint64_t pipelines = 0;
  double seconds = 0.0;
  bool has_disk_cache = false;  // whether a cache of an earlier start was found
};

class Context {
 public:
  static Result<std::unique_ptr<Context>> create(const ContextOptions& options = {});
  ~Context();
  Context(const Context&) = delete;
  Context& operator=(const Context&) = delete;

  const DeviceCaps& caps() const;
  uint32_t device_index() const;  // among list_devices()
  // The device line, why it was chosen, how kernels reach buffers, and a line for each device that cannot be used.
  std::string banner() const;
  Counters counters() const;
  PipelineCost pipeline_cost() const;

  void set_fault_hook(FaultHook hook);  // an empty one ends it

  // Takes features away from caps(): what was found not to work. Before programs are planned.
  void withhold(FeatureMask features);
  // Where files about this device are kept, empty: nowhere; and the stem of their names, "<device uuid>-<driver
  // version>".
  const std::filesystem::path& cache_folder() const { return cache_folder_; }
  const std::string& cache_key() const { return cache_key_; }

  // For the other files of this layer.
  const vk::Device& device() const { return *device_; }
  vk::Pipelines& pipelines() const { return *pipelines_; }
  vk::Timeline& timeline() const { return *timeline_; }
  double driver_seconds() const;  // vk/timeline.hpp
  Staging& staging() const { return *staging_; }

 private:
  Context();

  std::filesystem::path cache_folder_;
  std::string cache_key_;
  std::unique_ptr<vk::Instance> instance_;
  std::unique_ptr<vk::Device> device_;
  std::unique_ptr<vk::Pipelines> pipelines_;
  std::unique_ptr<vk::Timeline> timeline_;
  std::unique_ptr<Staging> staging_;
};

struct DeviceListing {
  DeviceCaps caps;        // before kill switches
  std::string line;       // one-line description
  std::string rejection;  // why lowtide cannot use it; empty: it can
};

// Every Vulkan device in the order of LOWTIDE_DEVICE's index.
Result<std::vector<DeviceListing>> list_devices();

}  // namespace lowtide::runtime
