// SPDX-License-Identifier: Apache-2.0
// The rewriting: pointer types change their storage class, storage buffer variables give way to uniform blocks of one
// pointer each, each basic block starts by loading the pointers that it uses, loads and stores say their alignment
// (std430's natural one).
#include "address_form.hpp"

#include <algorithm>
#include <map>
#include <set>
#include <span>

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
    uint32_t type;  // pointer to the buffer's block
    uint32_t binding = 0;
    uint32_t entry_block = 0;  // struct of one pointer, its pointer types, its variable
    uint32_t entry_block_pointer = 0;
    uint32_t entry_pointer = 0;
    uint32_t entry_variable = 0;
  };

  uint32_t new_id() { return out_.bound++; }
  void emit(Op op, std::vector<uint32_t> operands) { out_.instructions.push_back({op, std::move(operands)}); }

  void index();
  bool is_dropped(const Instruction& i) const;
  void emit_annotations();
  void emit_types();
  void emit_addresses(std::span<const Instruction> block);
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
  std::map<uint32_t, uint32_t> local_;            // variable id -> pointer value in the current basic block
  uint32_t uint_ = 0;                             // the type; 0 until there is one
  uint32_t zero_ = 0;
};

void Rewriter::index() {
  for (const Instruction& i : in_.instructions) {
    if (i.op == Op::function) break;
    if (i.op >= Op::type_bool && i.op <= Op::type_pointer) types_[i[0]] = &i;
    if (i.op == Op::type_pointer && i[1] == raw(StorageClass::storage_buffer)) buffer_pointers_.insert(i[0]);
    if (i.op == Op::type_int && i[1] == 32 && i[2] == 0) uint_ = i[0];
    if (i.op == Op::variable && i[2] == raw(StorageClass::storage_buffer)) {
      buffers_[i[1]] = {i[0], 0, new_id(), new_id(), new_id(), new_id()};
    }
  }
  for (const Instruction& i : in_.instructions) {
    if (i.op != Op::decorate || i[1] != raw(Decoration::binding)) continue;
    if (const auto it = buffers_.find(i[0]); it != buffers_.end()) it->second.binding = i[2];
  }
}

void Rewriter::emit_annotations() {
  for (const auto& [id, buffer] : buffers_) {
    emit(Op::decorate, {buffer.entry_block, raw(Decoration::block)});
    emit(Op::member_decorate, {buffer.entry_block, 0, raw(Decoration::offset), 8 * buffer.binding});
    emit(Op::decorate, {buffer.entry_variable, raw(Decoration::descriptor_set), 0});
    emit(Op::decorate, {buffer.entry_variable, raw(Decoration::binding), 0});
  }
}

void Rewriter::emit_types() {
  if (uint_ == 0) {
    uint_ = new_id();
    emit(Op::type_int, {uint_, 32, 0});
  }
  zero_ = new_id();
  emit(Op::constant, {uint_, zero_, 0});
  for (const auto& [id, buffer] : buffers_) {
    emit(Op::type_struct, {buffer.entry_block, buffer.type});
    emit(Op::type_pointer, {buffer.entry_block_pointer, raw(StorageClass::uniform), buffer.entry_block});
    emit(Op::type_pointer, {buffer.entry_pointer, raw(StorageClass::uniform), buffer.type});
    emit(Op::variable, {buffer.entry_block_pointer, buffer.entry_variable, raw(StorageClass::uniform)});
  }
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
  if (i.op == Op::entry_point) {  // model, function, name, then the global variables
    for (size_t at = 3 + spirv::literal_string(i, 2).size() / 4; at < copy.operands.size(); ++at) {
      const auto buffer = buffers_.find(copy[at]);
      if (buffer != buffers_.end()) copy.operands[at] = buffer->second.entry_variable;
    }
  }
  out_.instructions.push_back(std::move(copy));
}

// Adds the alignment to the memory operands that start at operand `mask`, if operand `pointer` points into a buffer.
void Rewriter::align_access(Instruction& i, size_t pointer, size_t mask) const {
  const auto type = pointer_types_.find(i[pointer]);
  if (type == pointer_types_.end()) return;
  if (i.operands.size() <= mask) i.operands.push_back(0);
  if ((i[mask] & spirv::kMemoryAccessAligned) != 0) return;
  i.operands[mask] |= spirv::kMemoryAccessAligned;
  i.operands.insert(i.operands.begin() + static_cast<std::ptrdiff_t>(mask) + 1,
                    alignment((*types_.at(type->second))[2]));
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

// Loads the addresses of the buffers that a basic block uses.
void Rewriter::emit_addresses(std::span<const Instruction> block) {
  local_.clear();
  for (const Instruction& i : block) {
    if (i.op != Op::access_chain && i.op != Op::in_bounds_access_chain) continue;
    const auto it = buffers_.find(i[2]);
    if (it == buffers_.end() || local_.count(i[2])) continue;
    const Buffer& buffer = it->second;
    const uint32_t entry = new_id();
    const uint32_t pointer = new_id();
    emit(Op::access_chain, {buffer.entry_pointer, entry, buffer.entry_variable, zero_});
    emit(Op::load, {buffer.type, pointer, entry});
    local_[i[2]] = pointer;
  }
}

// Addresses are loaded at the start of each basic block, behind its label, phis and the function's variables. Rejected:
// once per function, which made a matrix product 4 to 12 % slower on Mesa 26's llvmpipe (19, 27, 31 against 16, 25,
// 30 GFLOP/s per core for tiles of 8, 16, 32 rows), and just before each use, which cost up to 40 %.
Result<void> Rewriter::function(std::span<const Instruction> function) {
  const auto is_head = [](Op op) { return op == Op::label || op == Op::phi || op == Op::variable; };
  size_t at = 0;
  while (at < function.size()) {
    if (function[at].op != Op::label) {  // the function's own first instructions, or the last one
      out_.instructions.push_back(function[at++]);
      continue;
    }
    size_t end = at + 1;
    while (end < function.size() && function[end].op != Op::label) ++end;
    for (; at < end && is_head(function[at].op); ++at) LOWTIDE_TRY_VOID(in_function(function[at]));
    emit_addresses(function.subspan(at, end - at));
    for (; at < end; ++at) LOWTIDE_TRY_VOID(in_function(function[at]));
  }
  return {};
}

Result<spirv::Module> Rewriter::rewrite() {
  if (in_.version < spirv::kVersion15) {
    return fail(ErrorCode::unsupported, "the device-address form needs SPIR-V 1.5; compile for vulkan1.2 or later");
  }
  index();
  const auto& all = in_.instructions;
  emit(Op::capability, {spirv::kCapabilityPhysicalAddresses});
  bool are_annotations_done = false;
  size_t at = 0;
  for (; at < all.size() && all[at].op != Op::function; ++at) {
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
