// SPDX-License-Identifier: Apache-2.0
// The rewriting: pointer types change their storage class, storage buffer variables go away, each function starts by
// loading the addresses that it uses, loads and stores say their alignment (std430's natural one).
#include "address_form.hpp"

#include <algorithm>
#include <map>
#include <set>
#include <span>

#include "engine/kernel/dispatch.hpp"

namespace lowtide::kernel_bank {
namespace {

using spirv::Decoration;
using spirv::Instruction;
using spirv::Op;
using spirv::StorageClass;

constexpr uint32_t raw(StorageClass storage) {
  return static_cast<uint32_t>(storage);
}
constexpr uint32_t raw(Decoration decoration) {
  return static_cast<uint32_t>(decoration);
}

class Rewriter {
 public:
  explicit Rewriter(const spirv::Module& in) : in_(in) { out_ = {in.version, in.generator, in.bound, {}}; }

  Result<spirv::Module> rewrite();

 private:
  struct Buffer {
    uint32_t type;  // pointer to the block
    uint32_t binding = 0;
  };

  uint32_t new_id() { return out_.bound++; }
  void emit(Op op, std::vector<uint32_t> operands) { out_.instructions.push_back({op, std::move(operands)}); }

  void index();
  void make_ids();
  bool is_dropped(const Instruction& i) const;
  void emit_annotations();
  void emit_types();
  void emit_addresses(std::span<const Instruction> function);
  uint32_t alignment(uint32_t type) const;
  void global(const Instruction& i);
  Result<void> function(std::span<const Instruction> function);
  Result<void> in_function(Instruction i);
  void align_access(Instruction& i, size_t pointer, size_t mask) const;

  const spirv::Module& in_;
  spirv::Module out_;
  std::map<uint32_t, Buffer> buffers_;            // by variable id
  std::map<uint32_t, const Instruction*> types_;  // by id
  std::set<uint32_t> buffer_pointers_;            // pointer types into storage buffers
  std::map<uint32_t, uint32_t> pointer_types_;    // value id -> its type, for pointers into storage buffers
  std::map<uint32_t, uint32_t> local_;            // variable id -> pointer value in the current function
  uint32_t uint_ = 0, uvec2_ = 0, block_ = 0, block_pointer_ = 0, entry_pointer_ = 0, addresses_ = 0;
  bool has_uint_ = false, has_uvec2_ = false;
  std::vector<uint32_t> numbers_;  // constants 0..7
};

void Rewriter::index() {
  for (const Instruction& i : in_.instructions) {
    if (i.op == Op::function) break;
    if (i.op >= Op::type_bool && i.op <= Op::type_pointer) types_[i[0]] = &i;
    if (i.op == Op::type_pointer && i[1] == raw(StorageClass::storage_buffer)) buffer_pointers_.insert(i[0]);
    if (i.op == Op::type_int && i[1] == 32 && i[2] == 0) uint_ = i[0], has_uint_ = true;
    if (i.op == Op::variable && i[2] == raw(StorageClass::storage_buffer)) buffers_[i[1]] = {i[0]};
  }
  for (const Instruction& i : in_.instructions) {
    if (i.op == Op::type_vector && i[1] == uint_ && has_uint_ && i[2] == 2) uvec2_ = i[0], has_uvec2_ = true;
    if (i.op == Op::decorate && i[1] == raw(Decoration::binding) && buffers_.count(i[0])) buffers_[i[0]].binding = i[2];
  }
}

void Rewriter::make_ids() {
  if (!has_uint_) uint_ = new_id();
  if (!has_uvec2_) uvec2_ = new_id();
  for (uint32_t* id : {&block_, &block_pointer_, &entry_pointer_, &addresses_}) *id = new_id();
  for (uint32_t n = 0; n < kMaxBindings; ++n) numbers_.push_back(new_id());
}

void Rewriter::emit_annotations() {
  emit(Op::decorate, {block_, raw(Decoration::block)});
  for (uint32_t n = 0; n < kMaxBindings; ++n) emit(Op::member_decorate, {block_, n, raw(Decoration::offset), 8 * n});
  emit(Op::decorate, {addresses_, raw(Decoration::descriptor_set), 0});
  emit(Op::decorate, {addresses_, raw(Decoration::binding), 0});
}

void Rewriter::emit_types() {
  if (!has_uint_) emit(Op::type_int, {uint_, 32, 0});
  if (!has_uvec2_) emit(Op::type_vector, {uvec2_, uint_, 2});
  std::vector<uint32_t> members = {block_};
  members.insert(members.end(), kMaxBindings, uvec2_);
  emit(Op::type_struct, members);
  emit(Op::type_pointer, {block_pointer_, raw(StorageClass::uniform), block_});
  emit(Op::type_pointer, {entry_pointer_, raw(StorageClass::uniform), uvec2_});
  emit(Op::variable, {block_pointer_, addresses_, raw(StorageClass::uniform)});
  for (uint32_t n = 0; n < kMaxBindings; ++n) emit(Op::constant, {uint_, numbers_[n], n});
}

// std430 alignment in bytes of a value of this type.
uint32_t Rewriter::alignment(uint32_t type) const {
  const Instruction& t = *types_.at(type);
  switch (t.op) {
    case Op::type_int:
    case Op::type_float:
      return t[1] / 8;
    case Op::type_vector:
      return alignment(t[1]) * (t[2] == 3 ? 4 : t[2]);
    case Op::type_matrix:
    case Op::type_array:
    case Op::type_runtime_array:
      return alignment(t[1]);
    case Op::type_struct: {
      uint32_t most = 1;
      for (size_t m = 1; m < t.operands.size(); ++m) most = std::max(most, alignment(t[m]));
      return most;
    }
    default:
      return 4;
  }
}

bool Rewriter::is_dropped(const Instruction& i) const {
  if (i.op == Op::name || i.op == Op::decorate) return buffers_.count(i[0]) != 0;
  return i.op == Op::variable && buffers_.count(i[1]) != 0;
}

void Rewriter::global(const Instruction& i) {
  if (is_dropped(i)) return;
  Instruction copy = i;
  if (i.op == Op::memory_model) copy.operands[0] = spirv::kAddressingPhysical64;
  if (i.op == Op::type_pointer && buffer_pointers_.count(i[0])) {
    copy.operands[1] = raw(StorageClass::physical_storage_buffer);
  }
  if (i.op == Op::entry_point) {
    const auto interface =
        copy.operands.begin() + static_cast<std::ptrdiff_t>(3 + spirv::literal_string(i, 2).size() / 4);
    copy.operands.erase(
        std::remove_if(interface, copy.operands.end(), [&](uint32_t id) { return buffers_.count(id) != 0; }),
        copy.operands.end());
    copy.operands.push_back(addresses_);
  }
  out_.instructions.push_back(std::move(copy));
}

// Adds the alignment to the memory operands that start at operand `mask`, if operand `pointer` points into a buffer.
void Rewriter::align_access(Instruction& i, size_t pointer, size_t mask) const {
  if (!pointer_types_.count(i[pointer])) return;
  if (i.operands.size() <= mask) i.operands.push_back(0);
  if ((i[mask] & spirv::kMemoryAccessAligned) != 0) return;
  i.operands[mask] |= spirv::kMemoryAccessAligned;
  i.operands.insert(i.operands.begin() + static_cast<std::ptrdiff_t>(mask) + 1,
                    alignment((*types_.at(pointer_types_.at(i[pointer])))[2]));
}

Result<void> Rewriter::in_function(Instruction i) {
  const auto refuse = [](const char* what) {
    return fail(ErrorCode::unsupported, std::string("the device-address form cannot be made: ") + what +
                                            "; rewrite it or give the kernel NO_DEVICE_ADDRESS");
  };
  switch (i.op) {
    case Op::access_chain:
    case Op::in_bounds_access_chain:
      if (const auto it = local_.find(i[2]); it != local_.end()) i.operands[2] = it->second;
      if (buffer_pointers_.count(i[0])) pointer_types_[i[1]] = i[0];
      break;
    case Op::array_length:
      return refuse("the kernel asks for the length() of a buffer");
    case Op::load:
      align_access(i, 2, 3);
      break;
    case Op::store:
      align_access(i, 0, 2);
      break;
    case Op::cooperative_matrix_load:
      align_access(i, 2, 5);
      break;
    case Op::cooperative_matrix_store:
      align_access(i, 0, 4);
      break;
    default:
      if (i.operands.size() > 1 && buffer_pointers_.count(i[0])) {
        return refuse("a pointer into a buffer is chosen or passed to a function");
      }
  }
  out_.instructions.push_back(std::move(i));
  return {};
}

// Loads the addresses of the buffers that `function` uses.
void Rewriter::emit_addresses(std::span<const Instruction> function) {
  local_.clear();
  for (const Instruction& i : function) {
    if (i.op != Op::access_chain && i.op != Op::in_bounds_access_chain) continue;
    const auto buffer = buffers_.find(i[2]);
    if (buffer == buffers_.end() || local_.count(i[2])) continue;
    const uint32_t entry = new_id();
    const uint32_t words = new_id();
    const uint32_t pointer = new_id();
    emit(Op::access_chain, {entry_pointer_, entry, addresses_, numbers_[buffer->second.binding]});
    emit(Op::load, {uvec2_, words, entry});
    emit(Op::bitcast, {buffer->second.type, pointer, words});
    local_[i[2]] = pointer;
  }
}

// The addresses are loaded after the label and the local variables of the first block.
Result<void> Rewriter::function(std::span<const Instruction> function) {
  size_t at = 0;
  while (function[at].op != Op::label && function[at].op != Op::function_end) {
    out_.instructions.push_back(function[at++]);
  }
  while (function[at].op == Op::label || function[at].op == Op::variable) out_.instructions.push_back(function[at++]);
  emit_addresses(function);
  for (; at < function.size(); ++at) LOWTIDE_TRY_VOID(in_function(function[at]));
  return {};
}

Result<spirv::Module> Rewriter::rewrite() {
  if (in_.version < spirv::kVersion15) {
    return fail(ErrorCode::unsupported, "the device-address form needs SPIR-V 1.5; compile for vulkan1.2 or later");
  }
  index();
  make_ids();
  const auto& all = in_.instructions;
  bool are_annotations_done = false;
  size_t at = 0;
  for (; at < all.size() && all[at].op != Op::function; ++at) {
    if (at == 0) emit(Op::capability, {spirv::kCapabilityPhysicalAddresses});
    if (!are_annotations_done && (all[at].op == Op::decorate || all[at].op == Op::member_decorate)) {
      emit_annotations();
      are_annotations_done = true;
    }
    global(all[at]);
  }
  emit_types();
  while (at < all.size()) {
    const size_t begin = at;
    while (all[at].op != Op::function_end) ++at;
    LOWTIDE_TRY_VOID(function({all.data() + begin, all.data() + ++at}));
  }
  return out_;
}

}  // namespace

Result<spirv::Module> address_form(const spirv::Module& module) {
  return Rewriter(module).rewrite();
}

}  // namespace lowtide::kernel_bank
