// SPDX-License-Identifier: Apache-2.0
// One function per rule, over the index of the module.
#include "reflect.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <set>
#include <string_view>

#include "engine/kernel/dispatch.hpp"
#include "index.hpp"

namespace lowtide::kernel_bank {
namespace {

using spirv::Decoration;
using spirv::Instruction;
using spirv::Op;
using spirv::StorageClass;

constexpr std::string_view kViewSuffix = "_view";  // block names of BUFFER_*_VIEW in shaders/lib/buffer.glsl

tl::unexpected<Error> refuse(std::string text) {
  return fail(ErrorCode::invalid_argument, std::move(text));
}

Access access_of(const Index& index, uint32_t variable, uint32_t block) {
  const auto has = [&](Decoration d) {
    return index.decoration(variable, d) != nullptr || index.member_decoration(block, 0, d) != nullptr;
  };
  if (has(Decoration::non_writable)) return Access::read;
  return has(Decoration::non_readable) ? Access::write : Access::read_write;
}

Access both(Access a, Access b) {
  return a == b ? a : Access::read_write;
}

struct Slot {
  std::string name;
  bool is_seen = false;
  Access access = Access::read;
};

Result<void> add_buffer(const Index& index, const Instruction& variable, std::map<uint32_t, Slot>& slots) {
  const uint32_t id = variable[1];
  const uint32_t block = index.type(variable[0])[2];
  const Instruction& type = index.type(block);
  const std::string block_name = index.name(block);
  const uint32_t* set = index.decoration(id, Decoration::descriptor_set);
  const uint32_t* number = index.decoration(id, Decoration::binding);
  if (type.op != Op::type_struct || set == nullptr || *set != 0 || number == nullptr) {
    return refuse(
        fmt::format("the buffer block '{}' is not one binding in set 0; declare it with BUFFER_* of "
                    "lib/buffer.glsl",
                    block_name));
  }
  if (type.operands.size() != 2 || index.type(type[1]).op != Op::type_runtime_array) {
    return refuse(
        fmt::format("binding {} (block '{}') must have exactly one member, a runtime array; put sizes into "
                    "push constants",
                    *number, block_name));
  }
  const std::string name = index.member_name(block, 0);
  if (name.empty()) {
    return refuse(fmt::format("binding {} has no name; compile the kernel without stripping its names", *number));
  }
  Slot& slot = slots[*number];
  const Access access = access_of(index, id, block);
  slot.access = slot.is_seen ? both(slot.access, access) : access;
  slot.is_seen = true;
  if (block_name.ends_with(kViewSuffix)) return {};
  if (!slot.name.empty()) {
    return refuse(fmt::format("binding {} is declared as '{}' and as '{}'; declare the second one with BUFFER_*_VIEW",
                              *number, std::min(slot.name, name), std::max(slot.name, name)));
  }
  slot.name = name;
  return {};
}

Result<void> reflect_bindings(const Index& index, Reflection& out) {
  std::map<uint32_t, Slot> slots;
  for (const Instruction* variable : index.variables) {
    const auto storage = static_cast<StorageClass>((*variable)[2]);
    if (storage == StorageClass::storage_buffer) LOWTIDE_TRY_VOID(add_buffer(index, *variable, slots));
    if (storage == StorageClass::uniform || storage == StorageClass::uniform_constant) {
      return refuse("uniform buffers, images and samplers are not bindings of a kernel; use BUFFER_READ");
    }
  }
  std::set<std::string> names;
  for (const auto& [number, slot] : slots) {
    if (number >= kMaxBindings) {
      return refuse(fmt::format("binding {} is beyond the {} that a kernel may have", number, kMaxBindings));
    }
    if (number != out.bindings.size()) {
      return refuse(fmt::format("binding {} is missing although binding {} exists; number bindings from 0 without gaps",
                                out.bindings.size(), number));
    }
    if (slot.name.empty()) {
      return refuse(
          fmt::format("binding {} has only views; declare it with BUFFER_READ, BUFFER_WRITE or "
                      "BUFFER_READ_WRITE too",
                      number));
    }
    if (!names.insert(slot.name).second) return refuse(fmt::format("two bindings are named '{}'", slot.name));
    out.bindings.push_back({slot.name, slot.access});
  }
  if (out.bindings.empty()) return refuse("the kernel has no binding");
  return {};
}

Result<ReflectedSpec> reflect_spec(const Index& index, const Instruction& constant, uint32_t id) {
  ReflectedSpec spec{index.name(constant[1]), id, ScalarType::uint32, 0};
  if (id == 0) spec.name = "width";
  if (spec.name.empty()) return refuse(fmt::format("spec constant {} has no name", id));
  if (constant.op == Op::spec_constant_true || constant.op == Op::spec_constant_false) {
    spec.type = ScalarType::boolean;
    spec.default_value = constant.op == Op::spec_constant_true ? 1 : 0;
    return spec;
  }
  const Instruction& type = index.type(constant[0]);
  if (constant.op != Op::spec_constant || type[1] != 32) {
    return refuse(fmt::format("spec constant {} ('{}') must be uint, int, float or bool", id, spec.name));
  }
  spec.type = type.op == Op::type_float ? ScalarType::float32 : type[2] != 0 ? ScalarType::int32 : ScalarType::uint32;
  spec.default_value = constant[2];
  return spec;
}

Result<void> reflect_spec_constants(const Index& index, Reflection& out) {
  std::map<uint32_t, ReflectedSpec> specs;
  for (const auto& [key, id] : index.decorations) {
    if (key.second != Decoration::spec_id) continue;
    LOWTIDE_TRY(ReflectedSpec spec, reflect_spec(index, index.type(key.first), id));
    const auto [it, is_new] = specs.emplace(id, spec);
    if (!is_new && it->second != spec) {  // glslang declares id 0 twice, alike
      return refuse(fmt::format("spec constant {} is declared twice: '{}', '{}'", id, it->second.name, spec.name));
    }
  }
  if (specs.empty() || specs.begin()->first != 0) {
    return refuse("spec id 0 must be the workgroup width; declare it with WORKGROUP_WIDTH of lib/buffer.glsl");
  }
  std::set<std::string> names;
  for (const auto& [id, spec] : specs) {
    if (id != out.spec_constants.size()) {
      return refuse(fmt::format("spec id {} is missing although id {} exists; number them from 0 without gaps",
                                out.spec_constants.size(), id));
    }
    if (!names.insert(spec.name).second) return refuse(fmt::format("two spec constants are named '{}'", spec.name));
    out.spec_constants.push_back(spec);
  }
  if (specs.size() > kMaxSpecConstants) {
    return refuse(fmt::format("{} spec constants; at most {}", specs.size(), kMaxSpecConstants));
  }
  return {};
}

// The workgroup must be (spec id 0, 1, 1).
Result<void> check_workgroup(const spirv::Module& module, const Index& index) {
  const auto is_one = [&](uint32_t id) {
    const Instruction& c = index.type(id);
    return c.op == Op::constant && c[2] == 1;
  };
  for (const Instruction& i : module.instructions) {
    if (i.op != Op::execution_mode_id || i[1] != spirv::kExecutionModeLocalSizeId) continue;
    const uint32_t* id = index.decoration(i[2], Decoration::spec_id);
    if (id != nullptr && *id == 0 && is_one(i[3]) && is_one(i[4])) return {};
  }
  return refuse(
      "the workgroup must be one-dimensional with spec id 0 as its width; declare it with WORKGROUP_WIDTH of "
      "lib/buffer.glsl");
}

Result<void> reflect_params(const Index& index, Reflection& out) {
  for (const Instruction* variable : index.variables) {
    if (static_cast<StorageClass>((*variable)[2]) != StorageClass::push_constant) continue;
    const uint32_t block = index.type((*variable)[0])[2];
    const Instruction& outer = index.type(block);
    if (outer.operands.size() != 2 || index.type(outer[1]).op != Op::type_struct) {
      return refuse("push constants must be one struct of the op's params.h; declare them with PUSH_CONSTANTS");
    }
    const uint32_t inner = outer[1];
    out.param_type = index.name(inner);
    const Instruction& type = index.type(inner);
    for (uint32_t m = 0; m + 1 < type.operands.size(); ++m) {
      const Instruction& member = index.type(type[m + 1]);
      const uint32_t* offset = index.member_decoration(inner, m, Decoration::offset);
      const std::string name = index.member_name(inner, m);
      if ((member.op != Op::type_int && member.op != Op::type_float) || member[1] != 32 || offset == nullptr) {
        return refuse(fmt::format("push constant '{}' must be uint, int or float", name));
      }
      out.params.push_back({name, *offset});
      out.param_bytes = std::max(out.param_bytes, *offset + 4);
    }
  }
  if (out.param_bytes > kMaxParamBytes) {
    return refuse(
        fmt::format("{} bytes of push constants; at most {}, the rest belongs into spec constants or a buffer",
                    out.param_bytes, kMaxParamBytes));
  }
  return {};
}

Result<void> reflect_common(const spirv::Module& module, const Index& index, Reflection& out) {
  for (const Instruction& i : module.instructions) {
    if (i.op == Op::capability) out.capabilities.push_back(i[0]);
  }
  std::sort(out.capabilities.begin(), out.capabilities.end());
  LOWTIDE_TRY_VOID(reflect_spec_constants(index, out));
  LOWTIDE_TRY_VOID(check_workgroup(module, index));
  return reflect_params(index, out);
}

}  // namespace

Result<Reflection> reflect_without_bindings(const spirv::Module& module) {
  Reflection out;
  LOWTIDE_TRY_VOID(reflect_common(module, Index(module), out));
  return out;
}

Result<Reflection> reflect(const spirv::Module& module) {
  const Index index(module);
  Reflection out;
  LOWTIDE_TRY_VOID(reflect_bindings(index, out));
  LOWTIDE_TRY_VOID(reflect_common(module, index, out));
  return out;
}

}  // namespace lowtide::kernel_bank
