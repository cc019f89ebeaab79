// SPDX-License-Identifier: Apache-2.0
// Stored capabilities for lowering without a device.
#include "engine/kernel/caps.hpp"

namespace lowtide {

DeviceCaps floor_caps() {
  DeviceCaps caps;
  caps.name = "floor";
  caps.subgroup_size = caps.min_subgroup_size = caps.max_subgroup_size = 4;
  caps.max_storage_buffer_bytes = uint64_t{1} << 30;
  return caps;
}

DeviceCaps software_caps() {
  DeviceCaps caps;
  caps.name = "software";
  caps.kind = DeviceKind::cpu;
  caps.features = bit(Feature::float16) | bit(Feature::int8) | bit(Feature::storage8) | bit(Feature::storage16) |
                  bit(Feature::subgroup_arithmetic) | bit(Feature::subgroup_shuffle) | bit(Feature::subgroup_ballot) |
                  bit(Feature::integer_dot) | bit(Feature::cooperative_matrix) | bit(Feature::cooperative_matrix2) |
                  bit(Feature::cooperative_matrix_int8) | bit(Feature::device_address) | bit(Feature::int64) |
                  bit(Feature::int16);
  caps.matrix_f16 = caps.matrix_s8 = {8, 8, 8};
  caps.subgroup_size = caps.min_subgroup_size = caps.max_subgroup_size = 16;
  caps.max_workgroup_invocations = 1024;
  caps.max_workgroup_size = {1024, 1024, 1024};
  caps.max_shared_bytes = 32768;
  caps.max_push_constant_bytes = 256;
  caps.max_storage_buffer_bytes = uint64_t{1} << 31;
  caps.max_allocation_bytes = uint64_t{1} << 31;
  caps.storage_buffer_alignment = 16;
  caps.prefers_device_address = true;
  return caps;
}

DeviceCaps data_centre_caps() {
  DeviceCaps caps = software_caps();
  caps.name = "data-centre GPU";
  caps.kind = DeviceKind::discrete;
  caps.vendor_id = kNvidia;
  caps.matrix_f16 = {16, 16, 16};
  caps.matrix_s8 = {16, 16, 32};
  caps.subgroup_size = caps.min_subgroup_size = caps.max_subgroup_size = 32;
  caps.max_shared_bytes = 49152;
  caps.max_storage_buffer_bytes = 0xffffffffull;
  caps.max_allocation_bytes = 0xffffffffull;
  caps.prefers_device_address = false;
  return caps;
}

}  // namespace lowtide
