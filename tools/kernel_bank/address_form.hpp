// SPDX-License-Identifier: Apache-2.0
// Rewrites a kernel from its storage-buffer form to its device-address form, so that both come from one source and one
// compilation. Rejected: buffer_reference blocks in GLSL, where x[i] means the i-th block and not the i-th element, so
// that every shader would have to be written twice.
//
// In the device-address form set 0 holds one uniform buffer, at binding 0: eight 64-bit addresses, 64 bytes. Entry i is
// the address of what the storage-buffer form has at binding i, low word first. Addresses are multiples of 16. Nothing
// else changes: spec constants, push constants and the entry point stay as they are.
#pragma once

#include "engine/base/result.hpp"
#include "spirv.hpp"

namespace lowtide::kernel_bank {

// The module must have passed reflect(). Refuses what physical pointers cannot do: .length(), buffers as function
// arguments; such a kernel says NO_DEVICE_ADDRESS in its kernels.cmake.
Result<spirv::Module> address_form(const spirv::Module& module);

}  // namespace lowtide::kernel_bank
