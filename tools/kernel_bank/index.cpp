// SPDX-License-Identifier: Apache-2.0
// The pass.
#include "index.hpp"

namespace lowtide::kernel_bank {

using spirv::Decoration;
using spirv::Instruction;
using spirv::Op;

Index::Index(const spirv::Module& module) {
  for (const Instruction& i : module.instructions) {
    switch (i.op) {
      case Op::name:
        names[i[0]] = spirv::literal_string(i, 1);
        break;
      case Op::member_name:
        member_names[{i[0], i[1]}] = spirv::literal_string(i, 2);
        break;
      case Op::decorate:
        decorations[{i[0], static_cast<Decoration>(i[1])}] = i.operands.size() > 2 ? i[2] : 0;
        break;
      case Op::member_decorate:
        member_decorations[{i[0], i[1], static_cast<Decoration>(i[2])}] = i.operands.size() > 3 ? i[3] : 0;
        break;
      case Op::type_bool:
      case Op::type_int:
      case Op::type_float:
      case Op::type_vector:
      case Op::type_matrix:
      case Op::type_array:
      case Op::type_runtime_array:
      case Op::type_struct:
      case Op::type_pointer:
        definitions[i[0]] = &i;
        break;
      case Op::constant:
      case Op::spec_constant:
      case Op::spec_constant_true:
      case Op::spec_constant_false:
      case Op::spec_constant_composite:
        definitions[i[1]] = &i;
        break;
      case Op::variable:
        definitions[i[1]] = &i;
        variables.push_back(&i);
        break;
      case Op::function:
        return;
      default:
        break;
    }
  }
}

}  // namespace lowtide::kernel_bank
