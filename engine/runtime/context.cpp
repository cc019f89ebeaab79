// SPDX-License-Identifier: Apache-2.0
// Opening a device.
#include "engine/runtime/context.hpp"

#include <fmt/format.h>

#include <cstdlib>
#include <utility>

#include "engine/runtime/staging.hpp"
#include "engine/vk/cache_file.hpp"
#include "engine/vk/device.hpp"
#include "engine/vk/features.hpp"
#include "engine/vk/instance.hpp"
#include "engine/vk/pipeline.hpp"
#include "engine/vk/timeline.hpp"
#include "engine/vk/validation.hpp"

namespace lowtide::runtime {
namespace {

const char* environment(const char* name) {
  return std::getenv(name);
}

}  // namespace

Context::Context() = default;
Context::~Context() = default;  // in reverse order of the members: the timeline waits before anything else goes

Result<std::unique_ptr<Context>> Context::create(const ContextOptions& options) {
  auto context = std::unique_ptr<Context>(new Context());
  LOWTIDE_TRY(context->instance_, vk::Instance::create(options.validation.value_or(vk::validation_wanted())));
  const char* wanted = environment("LOWTIDE_DEVICE");
  const std::string request = !options.device.empty() ? options.device : wanted != nullptr ? wanted : "";
  LOWTIDE_TRY(context->device_, vk::Device::create(*context->instance_, request));
  context->set_fault_hook(options.fault_hook);
  context->cache_folder_ = options.cache_folder ? *options.cache_folder : vk::default_cache_folder(environment);
  context->cache_key_ = vk::cache_key(context->device_->physical().uuid, context->caps().driver_version);
  LOWTIDE_TRY(context->pipelines_, vk::Pipelines::create(*context->device_, context->cache_folder_));
  LOWTIDE_TRY(context->timeline_, vk::Timeline::create(*context->device_));
  LOWTIDE_TRY(context->staging_, Staging::create(*context->device_, *context->timeline_));
  return context;
}

const DeviceCaps& Context::caps() const {
  return device_->caps();
}

uint32_t Context::device_index() const {
  return device_->selection().index;
}

std::string Context::banner() const {
  std::string text = fmt::format("device {}: {}\n  chosen: {}", device_->selection().index, vk::describe_device(caps()),
                                 device_->selection().reason);
  text += caps().prefers_device_address ? "\n  buffers: by device address, which this driver runs faster"
                                        : "\n  buffers: storage buffers";
  for (const std::string& line : device_->selection().rejected) text += fmt::format("\n  not usable: {}", line);
  return text;
}

Counters Context::counters() const {
  const auto counted = [&](vk::Resource resource) { return device_->counted(resource); };
  Counters counters;
  counters.memory_allocations = counted(vk::Resource::memory);
  counters.buffers = counted(vk::Resource::buffer);
  counters.pipelines = counted(vk::Resource::pipeline);
  counters.descriptor_sets = counted(vk::Resource::descriptor_set);
  counters.descriptor_writes = counted(vk::Resource::descriptor_write);
  counters.command_buffers = counted(vk::Resource::command_buffer);
  counters.submits = counted(vk::Resource::submit);
  return counters;
}

PipelineCost Context::pipeline_cost() const {
  const vk::PipelineStats stats = pipelines_->stats();
  return {stats.created, stats.seconds, stats.cache_bytes_loaded > 0};
}

void Context::withhold(FeatureMask features) {
  device_->withhold(features);
}

void Context::set_fault_hook(FaultHook hook) {
  if (!hook) return device_->set_fault_hook({});
  device_->set_fault_hook(
      [inner = std::move(hook)](vk::Resource resource) { return inner(vk::resource_name(resource)); });
}

Result<std::vector<DeviceListing>> list_devices() {
  LOWTIDE_TRY(const auto instance, vk::Instance::create(vk::validation_wanted()));
  LOWTIDE_TRY(const std::vector<vk::PhysicalDevice> devices, instance->devices());
  std::vector<DeviceListing> listing;
  for (const vk::PhysicalDevice& device : devices) {
    listing.push_back(
        {device.candidate.caps, vk::describe_device(device.candidate.caps), vk::rejection(device.candidate)});
  }
  return listing;
}

double Context::driver_seconds() const {
  return timeline_->driver_seconds();
}

}  // namespace lowtide::runtime
