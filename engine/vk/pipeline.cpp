// SPDX-License-Identifier: Apache-2.0
// Pipeline creation.
#include "engine/vk/pipeline.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <atomic>
#include <cstdlib>
#include <thread>
#include <utility>

#include "engine/base/log.hpp"
#include "engine/base/stopwatch.hpp"
#include "engine/kernel/bank.hpp"
#include "engine/vk/cache_file.hpp"
#include "engine/vk/debug.hpp"

namespace lowtide::vk {
namespace {

CacheOwner owner_of(const Device& device) {
  const DeviceCaps& caps = device.caps();
  return {caps.vendor_id, device.physical().device_id, caps.driver_version, device.physical().uuid,
          caps.pipeline_cache_uuid};
}

std::string feature_list(FeatureMask mask) {
  std::string out;
  for (const FeatureName& row : feature_names()) {
    if ((mask & bit(row.feature)) != 0) out += fmt::format("{}{}", out.empty() ? "" : ", ", row.name);
  }
  return out;
}

}  // namespace

PipelineKey pipeline_key(const Dispatch& dispatch, BindingForm form) {
  PipelineKey key;
  key.kernel = dispatch.kernel.index;
  key.form = form;
  key.spec_count = dispatch.spec_count;
  std::copy_n(dispatch.spec.begin(), dispatch.spec_count, key.spec.begin());
  return key;
}

BindingForm preferred_form(const KernelInfo& kernel, const DeviceCaps& caps) {
  const bool use_address = caps.prefers_device_address && caps.has(bit(Feature::device_address)) &&
                           !kernel.spirv_address.empty() && !kernel.bindings.empty();
  return use_address ? BindingForm::device_address : BindingForm::storage_buffer;
}

Result<std::unique_ptr<Pipelines>> Pipelines::create(const Device& device, const std::filesystem::path& cache_folder) {
  auto pipelines = std::unique_ptr<Pipelines>(new Pipelines(device));
  if (!cache_folder.empty()) pipelines->cache_path_ = cache_folder / cache_file_name(owner_of(device));
  LOWTIDE_TRY_VOID(pipelines->open_cache());
  return pipelines;
}

Result<void> Pipelines::open_cache() {
  std::vector<std::byte> old;
  if (!cache_path_.empty()) {
    auto loaded = load_cache(cache_path_, owner_of(device_));
    if (loaded) old = std::move(*loaded);
    if (!loaded && loaded.error().code != ErrorCode::not_found) log(LogLevel::warning, loaded.error().to_string());
  }
  VkPipelineCacheCreateInfo info = {VK_STRUCTURE_TYPE_PIPELINE_CACHE_CREATE_INFO};
  info.initialDataSize = old.size();
  info.pInitialData = old.data();
  VkResult result = device_.api().vkCreatePipelineCache(device_.handle(), &info, nullptr, &cache_);
  if (result != VK_SUCCESS && !old.empty()) {  // the driver does not want it after all
    info.initialDataSize = 0;
    old.clear();
    result = device_.api().vkCreatePipelineCache(device_.handle(), &info, nullptr, &cache_);
  }
  stats_.cache_bytes_loaded = old.size();
  LOWTIDE_VK(result, "making a pipeline cache");
  return {};
}

Pipelines::~Pipelines() {
  const VolkDeviceTable& api = device_.api();
  for (const auto& [key, pipeline] : made_) api.vkDestroyPipeline(device_.handle(), pipeline->handle, nullptr);
  for (const auto& [key, layout] : layouts_) {
    api.vkDestroyPipelineLayout(device_.handle(), layout.pipeline, nullptr);
    api.vkDestroyDescriptorSetLayout(device_.handle(), layout.set, nullptr);
  }
  api.vkDestroyPipelineCache(device_.handle(), cache_, nullptr);
}

void Pipelines::save_cache_file() {
  if (cache_path_.empty()) return;
  size_t bytes = 0;
  const VolkDeviceTable& api = device_.api();
  if (api.vkGetPipelineCacheData(device_.handle(), cache_, &bytes, nullptr) != VK_SUCCESS) return;
  std::vector<std::byte> data(bytes);
  if (api.vkGetPipelineCacheData(device_.handle(), cache_, &bytes, data.data()) != VK_SUCCESS) return;
  data.resize(bytes);
  if (const Result<void> saved = save_cache(cache_path_, data); !saved) {
    log(LogLevel::warning, saved.error().to_string());
    cache_path_.clear();  // one warning is enough
  }
}

PipelineStats Pipelines::stats() const {
  const std::lock_guard lock(mutex_);
  return stats_;
}

void Pipelines::add_seconds(double seconds) {
  const std::lock_guard lock(mutex_);
  stats_.seconds += seconds;
}

Result<std::vector<const Pipeline*>> Pipelines::get(std::span<const PipelineKey> keys) {
  const std::lock_guard lock(mutex_);
  std::vector<PipelineKey> missing(keys.begin(), keys.end());
  std::sort(missing.begin(), missing.end());
  missing.erase(std::unique(missing.begin(), missing.end()), missing.end());
  missing.erase(
      std::remove_if(missing.begin(), missing.end(), [&](const PipelineKey& key) { return made_.count(key) != 0; }),
      missing.end());
  if (!missing.empty()) {
    const Stopwatch watch;
    std::vector<Pipeline> fresh(missing.size());
    const Result<void> all = make_all(fresh, missing);
    for (size_t i = 0; i < fresh.size(); ++i) {
      if (fresh[i].handle == VK_NULL_HANDLE) continue;
      made_.emplace(missing[i], std::make_unique<Pipeline>(fresh[i]));
      ++stats_.created;
    }
    stats_.seconds += watch.seconds();
    if (!all) return tl::unexpected(all.error());
    save_cache_file();
  }
  std::vector<const Pipeline*> out;
  for (const PipelineKey& key : keys) out.push_back(made_.at(key).get());
  return out;
}

Result<void> Pipelines::make_all(std::span<Pipeline> pipelines, std::span<const PipelineKey> keys) {
  for (size_t i = 0; i < keys.size(); ++i) {
    LOWTIDE_TRY_VOID(check_support(keys[i]));
    const KernelInfo& kernel = kernel_info(KernelId(keys[i].kernel));
    pipelines[i].form = keys[i].form;
    pipelines[i].binding_count = static_cast<uint32_t>(kernel.bindings.size());
    LOWTIDE_TRY(const Layout layout, layout_for({keys[i].form, pipelines[i].binding_count, kernel.param_bytes}));
    pipelines[i].layout = layout.pipeline;
    pipelines[i].set_layout = layout.set;
  }
  std::atomic<size_t> next = 0;
  std::mutex error_mutex;
  Result<void> first_error;
  const auto work = [&] {
    for (size_t i = next++; i < keys.size(); i = next++) {
      Result<void> made = make_one(pipelines[i], keys[i]);
      if (made) continue;
      const std::lock_guard lock(error_mutex);
      if (first_error) first_error = std::move(made);
      next = keys.size();
    }
  };
  const size_t threads = std::min<size_t>(std::max(1u, std::thread::hardware_concurrency()), keys.size());
  std::vector<std::thread> helpers;
  for (size_t i = 1; i < threads; ++i) helpers.emplace_back(work);
  work();
  for (std::thread& helper : helpers) helper.join();
  return first_error;
}

Result<void> Pipelines::check_support(const PipelineKey& key) const {
  const KernelInfo& kernel = kernel_info(KernelId(key.kernel));
  const DeviceCaps& caps = device_.caps();
  FeatureMask needed = kernel.features;
  if (key.form == BindingForm::device_address) needed |= bit(Feature::device_address);
  if (!caps.has(needed)) {
    return fail(
        ErrorCode::unsupported,
        fmt::format("the kernel {} needs {}, which this device does not offer or LOWTIDE_DISABLE_* switched off",
                    kernel.name, feature_list(needed & ~caps.features)));
  }
  if (key.form == BindingForm::device_address && kernel.spirv_address.empty()) {
    return fail(ErrorCode::unsupported, fmt::format("the kernel {} has no device-address form", kernel.name));
  }
  const uint32_t width = key.spec_count > 0 ? key.spec[0] : 1;
  if (width > caps.max_workgroup_invocations || width > caps.max_workgroup_size[0]) {
    return fail(ErrorCode::unsupported, fmt::format("the kernel {} wants workgroups of {}, this device allows {}",
                                                    kernel.name, width, caps.max_workgroup_invocations));
  }
  return {};
}

Result<Pipelines::Layout> Pipelines::layout_for(const LayoutKey& key) {
  const auto found = layouts_.find(key);
  if (found != layouts_.end()) return found->second;
  Layout layout;
  const Result<void> made = make_layout(key, layout);
  if (!made) {
    device_.api().vkDestroyDescriptorSetLayout(device_.handle(), layout.set, nullptr);
    return tl::unexpected(made.error());
  }
  layouts_.emplace(key, layout);
  return layout;
}

Result<void> Pipelines::make_layout(const LayoutKey& key, Layout& layout) {
  const bool uses_address = key.form == BindingForm::device_address;
  std::vector<VkDescriptorSetLayoutBinding> bindings(uses_address ? 1 : key.binding_count);
  for (uint32_t i = 0; i < bindings.size(); ++i) {
    bindings[i].binding = i;
    bindings[i].descriptorCount = 1;
    bindings[i].stageFlags = VK_SHADER_STAGE_COMPUTE_BIT;
    bindings[i].descriptorType =
        uses_address ? VK_DESCRIPTOR_TYPE_UNIFORM_BUFFER_DYNAMIC : VK_DESCRIPTOR_TYPE_STORAGE_BUFFER;
  }
  VkDescriptorSetLayoutCreateInfo set = {VK_STRUCTURE_TYPE_DESCRIPTOR_SET_LAYOUT_CREATE_INFO};
  set.bindingCount = static_cast<uint32_t>(bindings.size());
  set.pBindings = bindings.data();
  const VolkDeviceTable& api = device_.api();
  LOWTIDE_VK(device_.charge(Resource::layout), "making a descriptor set layout");
  LOWTIDE_VK(api.vkCreateDescriptorSetLayout(device_.handle(), &set, nullptr, &layout.set),
             "making a descriptor set layout");
  const VkPushConstantRange range = {VK_SHADER_STAGE_COMPUTE_BIT, 0, key.param_bytes};
  VkPipelineLayoutCreateInfo info = {VK_STRUCTURE_TYPE_PIPELINE_LAYOUT_CREATE_INFO};
  info.setLayoutCount = 1;
  info.pSetLayouts = &layout.set;
  info.pushConstantRangeCount = key.param_bytes == 0 ? 0 : 1;
  info.pPushConstantRanges = &range;
  LOWTIDE_VK(device_.charge(Resource::layout), "making a pipeline layout");
  LOWTIDE_VK(api.vkCreatePipelineLayout(device_.handle(), &info, nullptr, &layout.pipeline),
             "making a pipeline layout");
  return {};
}

Result<void> Pipelines::make_one(Pipeline& pipeline, const PipelineKey& key) const {
  const KernelInfo& kernel = kernel_info(KernelId(key.kernel));
  const VolkDeviceTable& api = device_.api();
  const std::span<const uint32_t> code = key.form == BindingForm::device_address ? kernel.spirv_address : kernel.spirv;
  VkShaderModuleCreateInfo module_info = {VK_STRUCTURE_TYPE_SHADER_MODULE_CREATE_INFO};
  module_info.codeSize = code.size_bytes();
  module_info.pCode = code.data();
  VkShaderModule module = VK_NULL_HANDLE;
  LOWTIDE_VK(device_.charge(Resource::shader_module), "making a shader module");
  LOWTIDE_VK(api.vkCreateShaderModule(device_.handle(), &module_info, nullptr, &module), "making a shader module");

  std::vector<VkSpecializationMapEntry> entries;
  for (const SpecConstant& constant : kernel.spec_constants) {
    if (constant.id < key.spec_count) entries.push_back({constant.id, constant.id * 4, 4});
  }
  const VkSpecializationInfo spec = {static_cast<uint32_t>(entries.size()), entries.data(), key.spec_count * 4,
                                     key.spec.data()};
  VkComputePipelineCreateInfo info = {VK_STRUCTURE_TYPE_COMPUTE_PIPELINE_CREATE_INFO};
  info.stage = {VK_STRUCTURE_TYPE_PIPELINE_SHADER_STAGE_CREATE_INFO};
  info.stage.stage = VK_SHADER_STAGE_COMPUTE_BIT;
  info.stage.module = module;
  info.stage.pName = "main";
  info.stage.pSpecializationInfo = &spec;
  // Kernels of matrices count on the subgroup size that their workgroup was cut for, those of ballots on full
  // subgroups.
  const DeviceCaps& caps = device_.caps();
  VkPipelineShaderStageRequiredSubgroupSizeCreateInfo size = {
      VK_STRUCTURE_TYPE_PIPELINE_SHADER_STAGE_REQUIRED_SUBGROUP_SIZE_CREATE_INFO};
  size.requiredSubgroupSize = caps.subgroup_size;
  if ((kernel.features & (bit(Feature::cooperative_matrix) | bit(Feature::subgroup_ballot))) != 0) {
    info.stage.flags = VK_PIPELINE_SHADER_STAGE_CREATE_REQUIRE_FULL_SUBGROUPS_BIT;
    if (caps.min_subgroup_size != caps.max_subgroup_size) info.stage.pNext = &size;
  }
  info.layout = pipeline.layout;
  VkResult result = device_.charge(Resource::pipeline);
  if (result == VK_SUCCESS) {
    result = api.vkCreateComputePipelines(device_.handle(), cache_, 1, &info, nullptr, &pipeline.handle);
  }
  api.vkDestroyShaderModule(device_.handle(), module, nullptr);
  if (result != VK_SUCCESS) return vk_fail(result, fmt::format("making a pipeline of the kernel {}", kernel.name));
  set_name(device_, VK_OBJECT_TYPE_PIPELINE, reinterpret_cast<uint64_t>(pipeline.handle), std::string(kernel.name));
  return {};
}

}  // namespace lowtide::vk
