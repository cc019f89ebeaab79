// SPDX-License-Identifier: Apache-2.0
// Compute pipelines from KernelInfo and spec values: made once each, several at a time, with the driver's cache on
// disk.
//
// Two forms of one kernel: `storage_buffer` has set 0 with a storage buffer for each binding; `device_address` has set
// 0 with one dynamic uniform buffer of 64 bytes at binding 0, whose entry i (two words, low first) is the address of
// what the other form has at binding i.
#pragma once

#include <array>
#include <compare>
#include <filesystem>
#include <map>
#include <memory>
#include <mutex>
#include <span>
#include <tuple>
#include <vector>

#include "engine/base/result.hpp"
#include "engine/kernel/dispatch.hpp"
#include "engine/vk/device.hpp"

namespace lowtide::vk {

enum class BindingForm : uint8_t { storage_buffer, device_address };
inline constexpr uint32_t kAddressBlockBytes = 8 * kMaxBindings;

// What makes two dispatches use one pipeline.
struct PipelineKey {
  uint32_t kernel = 0;
  BindingForm form = BindingForm::storage_buffer;
  uint32_t spec_count = 0;
  std::array<uint32_t, kMaxSpecConstants> spec = {};  // zero from spec_count on
  friend bool operator==(const PipelineKey&, const PipelineKey&) = default;
  friend bool operator<(const PipelineKey& a, const PipelineKey& b) {  // arrays have no <=> in libc++ 14
    return std::tie(a.kernel, a.form, a.spec_count, a.spec) < std::tie(b.kernel, b.form, b.spec_count, b.spec);
  }
};
PipelineKey pipeline_key(const Dispatch& dispatch, BindingForm form);

// The form to use for a kernel on a device: addresses where the driver prefers them and the kernel has that form.
BindingForm preferred_form(const KernelInfo& kernel, const DeviceCaps& caps);

struct Pipeline {
  VkPipeline handle = VK_NULL_HANDLE;
  VkPipelineLayout layout = VK_NULL_HANDLE;  // owned by Pipelines, like the set layout
  VkDescriptorSetLayout set_layout = VK_NULL_HANDLE;
  BindingForm form = BindingForm::storage_buffer;
  uint32_t binding_count = 0;
};

struct PipelineStats {
  uint64_t created = 0;
  double seconds = 0.0;             // wall time inside get() while pipelines were made
  uint64_t cache_bytes_loaded = 0;  // from disk; 0: a first start
};

class Pipelines {
 public:
  // `cache_folder` may be empty: no disk cache. A damaged or foreign cache file is ignored with a warning.
  static Result<std::unique_ptr<Pipelines>> create(const Device& device, const std::filesystem::path& cache_folder);
  ~Pipelines();
  Pipelines(const Pipelines&) = delete;
  Pipelines& operator=(const Pipelines&) = delete;

  // The pipelines of `keys`, in order; makes the missing ones on as many threads as there are cores, then saves the
  // disk cache. Pointers stay valid until destruction. Error where the device lacks what a kernel needs, or creation
  // fails: then no pipeline of this call that failed is kept, those that were made are.
  Result<std::vector<const Pipeline*>> get(std::span<const PipelineKey> keys);

  PipelineStats stats() const;
  void add_seconds(double seconds);  // of work that a driver left for after creation

 private:
  struct LayoutKey {
    BindingForm form;
    uint32_t binding_count;
    uint32_t param_bytes;
    friend auto operator<=>(const LayoutKey&, const LayoutKey&) = default;
  };
  struct Layout {
    VkDescriptorSetLayout set = VK_NULL_HANDLE;
    VkPipelineLayout pipeline = VK_NULL_HANDLE;
  };

  explicit Pipelines(const Device& device) : device_(device) {}
  Result<void> open_cache();
  void save_cache_file();
  Result<void> check_support(const PipelineKey& key) const;
  Result<Layout> layout_for(const LayoutKey& key);
  Result<void> make_layout(const LayoutKey& key, Layout& layout);
  Result<void> make_all(std::span<Pipeline> pipelines, std::span<const PipelineKey> keys);
  Result<void> make_one(Pipeline& pipeline, const PipelineKey& key) const;

  const Device& device_;
  std::filesystem::path cache_path_;
  VkPipelineCache cache_ = VK_NULL_HANDLE;
  mutable std::mutex mutex_;
  std::map<PipelineKey, std::unique_ptr<Pipeline>> made_;
  std::map<LayoutKey, Layout> layouts_;
  PipelineStats stats_;
};

}  // namespace lowtide::vk
