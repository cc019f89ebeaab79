// SPDX-License-Identifier: Apache-2.0
// Logical elements <-> the bytes of a value on a device (tensor/desc.hpp), for tests only and plainly written on
// purpose: it is the second opinion on the layout beside engine/quant/pack.
#pragma once

#include <cstddef>
#include <span>
#include <vector>

#include "engine/tensor/desc.hpp"

namespace lowtide::harness {

std::vector<std::byte> bytes_of(const TensorDesc& desc, std::span<const double> elements);
std::vector<double> elements_of(const TensorDesc& desc, std::span<const std::byte> bytes);

}  // namespace lowtide::harness
