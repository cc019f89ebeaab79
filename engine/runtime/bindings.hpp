// SPDX-License-Identifier: Apache-2.0
// Bindings: the pipeline and the descriptors of each dispatch of a program, all made and written when the program is
// taken over. A recorded program never updates a descriptor.
#pragma once

#include <memory>
#include <optional>
#include <vector>

#include "engine/base/result.hpp"
#include "engine/plan/program.hpp"
#include "engine/runtime/arena.hpp"
#include "engine/runtime/context.hpp"
#include "engine/vk/buffer.hpp"
#include "engine/vk/pipeline.hpp"

namespace lowtide::runtime {

struct BoundDispatch {
  const vk::Pipeline* pipeline = nullptr;
  VkDescriptorSet set = VK_NULL_HANDLE;  // null: the kernel has no bindings
  uint32_t dynamic_offset = 0;           // of its address block, in the device-address form
};

class Bindings {
 public:
  // `form`: where given, kernels that have that form use it, whatever the device prefers.
  static Result<std::unique_ptr<Bindings>> create(const Context& context, const plan::Program& program,
                                                  const ArenaSet& arenas, std::optional<vk::BindingForm> form);
  ~Bindings();
  Bindings(const Bindings&) = delete;
  Bindings& operator=(const Bindings&) = delete;

  const std::vector<BoundDispatch>& dispatches() const { return dispatches_; }

 private:
  explicit Bindings(const Context& context) : context_(context) {}
  Result<void> find_pipelines(const plan::Program& program, std::optional<vk::BindingForm> form);
  Result<void> allocate_sets(const plan::Program& program, const ArenaSet& arenas);
  Result<void> make_pool(uint32_t set_count, uint32_t storage_count, bool uses_address);
  Result<VkDescriptorSet> allocate_set(VkDescriptorSetLayout layout);
  Result<void> write_storage_sets();
  Result<void> write_address_blocks();

  // A storage-form set before it is written: dispatches with equal requests share one.
  struct SetRequest {
    VkDescriptorSetLayout layout = VK_NULL_HANDLE;
    std::vector<VkDescriptorBufferInfo> buffers;
    std::vector<uint32_t> users;  // dispatches
  };
  struct AddressBlock {
    std::array<uint64_t, kMaxBindings> addresses = {};
    uint32_t user = 0;  // dispatch
  };

  const Context& context_;
  std::vector<BoundDispatch> dispatches_;
  std::vector<SetRequest> requests_;
  std::vector<AddressBlock> blocks_;
  VkDescriptorPool pool_ = VK_NULL_HANDLE;
  vk::Buffer address_buffer_;
};

}  // namespace lowtide::runtime
