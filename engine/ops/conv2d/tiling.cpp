// SPDX-License-Identifier: Apache-2.0
// The numbers here were measured on llvmpipe with 16 lanes. 64 -> 64 channels, 3x3, 56x56, batch 16 takes 43 ms with 28
// sums per lane, 35 with 56 and 29 with 112. Bodies of more than some 1500 multiply-adds gain nothing more and take
// seconds to compile. Those for GPUs keep a lane's values within 64 registers and are not yet tuned.
#include "engine/ops/conv2d/tiling.hpp"

#include <algorithm>

#include "engine/base/ints.hpp"

namespace lowtide::ops {
namespace {

// One subgroup on a software device, where a workgroup of several only repeats the uniform loads.
uint32_t choose_lanes(uint32_t channels, const DeviceCaps& caps) {
  const uint32_t wanted = caps.is_software() ? std::max(caps.subgroup_size, 4u) : channels > 32 ? 64 : 32;
  return std::min(wanted, caps.max_workgroup_invocations);
}

// Largest divisor of `value` in [lo, hi] that is a multiple of `granule`; 0 where there is none.
uint32_t divisor_in(uint32_t value, uint32_t lo, uint32_t hi, uint32_t granule) {
  for (uint32_t d = std::min(hi, value); d >= std::max(lo, 1u); --d) {
    if (value % d == 0 && d % granule == 0) return d;
  }
  return 0;
}

// Columns per tile of a row: the whole row where it fits, else a divisor, so that no tile has a tail, else equal tiles.
uint32_t choose_columns(uint32_t width, uint32_t granule, uint32_t most) {
  if (width <= most) return width;
  if (const uint32_t d = divisor_in(width, ceil_div(most, 2u), most, granule); d != 0) return d;
  return round_up(ceil_div(width, ceil_div(width, most)), granule);
}

constexpr uint32_t kMostPerTurn = 1536;  // multiply-adds in the body of a loop
constexpr uint32_t kMostLoads = 512;     // source elements in the body of a loop

// Source channels per turn: as many as make about 16 weights, more where only small divisors fit under that.
uint32_t choose_step(uint32_t channels, uint32_t taps, uint32_t sums) {
  const uint32_t most = std::max(std::min({16 / taps, kMostPerTurn / (taps * sums), kMostLoads / sums}), 1u);
  const uint32_t step = std::max(divisor_in(channels, 1, most, 1), 1u);
  if (step * taps >= 4) return step;
  for (uint32_t larger = step + 1; larger * taps <= 48 && larger * taps * sums <= kMostPerTurn; ++larger) {
    if (channels % larger == 0) return larger;
  }
  return step;
}

// Parts that the pixels are cut into, each summed by `workgroups` workgroups in turns of `columns` columns.
uint32_t choose_slices(const WeightWork& work, uint64_t workgroups, uint64_t turns, uint32_t columns,
                       const DeviceCaps& caps) {
  const uint64_t words = uint64_t{work.groups} * work.group_k * work.kernel_height * work.kernel_width * work.group_c;
  const uint64_t read_words =
      uint64_t{work.images} * work.groups *
      (uint64_t{work.x_height} * work.x_width * work.group_c + uint64_t{work.dy_height} * work.dy_width * work.group_k);
  uint64_t wanted = ceil_div(caps.is_software() ? uint64_t{16} : uint64_t{1024}, workgroups);
  // What a slice reads, all of its workgroups read: it should stay in a second-level cache of 1 MiB. That took 64->64
  // channels at 56x56, batch 16, from 57 to 38 ms. But partial sums must not become the larger part of the traffic.
  if (caps.is_software()) wanted = std::max(wanted, std::min(read_words >> 18, read_words / words));
  wanted = std::max(wanted, turns * columns / 16384);                              // longer sums lose accuracy
  const uint64_t affordable = std::max((uint64_t{1} << 26) / words, uint64_t{1});  // 256 MiB of partial sums
  return static_cast<uint32_t>(std::clamp(wanted, uint64_t{1}, std::min({turns, affordable, uint64_t{4096}})));
}

// `per_column` multiply-adds for each.
uint32_t columns_per_turn(uint32_t per_column) {
  return std::clamp(kMostPerTurn / std::max(per_column, 1u), 1u, 16u);
}

}  // namespace

bool unrolls_loops(const DeviceCaps& caps) {
  return !caps.is_software() || caps.prefers_device_address;
}

GatherTile choose_gather_tile(const GatherWork& work, const DeviceCaps& caps, uint32_t wanted_sums) {
  const uint64_t enough_workgroups = caps.is_software() ? 8 : 512;
  GatherTile tile;
  tile.lanes = choose_lanes(work.group_lanes, caps);
  for (uint32_t sums = wanted_sums > 0 ? wanted_sums : caps.is_software() ? 128 : 32; sums >= 8; sums /= 2) {
    tile.columns = choose_columns(work.width, work.granule, sums);
    const uint32_t images = std::clamp(sums / tile.columns, 1u, work.images);
    tile.images = ceil_div(work.images, ceil_div(work.images, images));
    const uint64_t workgroups = uint64_t{work.groups} * ceil_div(work.group_lanes, tile.lanes) *
                                ceil_div(work.width, tile.columns) * work.height * ceil_div(work.images, tile.images);
    if (workgroups >= enough_workgroups || wanted_sums > 0) break;
  }
  tile.step = choose_step(work.group_reduced, work.taps, tile.images * tile.columns);
  return tile;
}

WeightTile choose_weight_tile(const WeightWork& work, const DeviceCaps& caps) {
  WeightTile tile;
  tile.lanes = choose_lanes(work.group_c, caps);
  const uint32_t most_sums = caps.is_software() ? 96 : 32;
  const uint32_t most_out = std::clamp(most_sums / work.kernel_width, 1u, 64u);
  tile.out = ceil_div(work.group_k, ceil_div(work.group_k, most_out));
  // A column of x meets 1 / stride of the taps.
  const uint32_t columns = columns_per_turn(tile.out * work.kernel_width / work.stride);
  tile.columns = choose_columns(work.x_width, work.stride, std::max(columns, work.stride));
  const uint64_t workgroups = uint64_t{work.groups} * ceil_div(work.group_c, tile.lanes) *
                              ceil_div(work.group_k, tile.out) * work.kernel_height;
  const uint64_t turns = uint64_t{work.images} * work.dy_height * ceil_div(work.x_width, tile.columns);
  tile.slices = choose_slices(work, workgroups, turns, tile.columns, caps);
  return tile;
}

bool fits_narrow_tile(const WeightWork& work) {
  return work.group_c <= 4 && work.group_k > work.group_c && work.group_c * work.kernel_width <= 64;
}

NarrowTile choose_narrow_tile(const WeightWork& work, const DeviceCaps& caps) {
  NarrowTile tile;
  tile.lanes = choose_lanes(work.group_k, caps);
  tile.rows = std::clamp(64 / (work.group_c * work.kernel_width), 1u, work.kernel_height);
  tile.columns = choose_columns(work.dy_width, 1, columns_per_turn(tile.rows * work.group_c * work.kernel_width));
  const uint64_t workgroups =
      uint64_t{work.groups} * ceil_div(work.group_k, tile.lanes) * ceil_div(work.kernel_height, tile.rows);
  const uint64_t turns = uint64_t{work.images} * work.dy_height * ceil_div(work.dy_width, tile.columns);
  tile.slices = choose_slices(work, workgroups, turns, tile.columns, caps);
  return tile;
}

GroupedTile choose_grouped_tile(const GroupedWork& work, const DeviceCaps& caps) {
  const uint32_t sums = std::clamp(kMostPerTurn / 2 / work.taps, 4u, caps.is_software() ? 64u : 16u);
  GroupedTile tile;
  tile.columns = choose_columns(work.width, work.column_granule, std::max(sums / 4, work.column_granule));
  tile.rows = choose_columns(work.height, work.row_granule, std::max(sums / tile.columns, work.row_granule));
  return tile;
}

GroupedWeightTile choose_grouped_weight_tile(const WeightWork& work, const DeviceCaps& caps) {
  GroupedWeightTile tile;
  tile.columns = choose_columns(work.dy_width, 1, columns_per_turn(work.kernel_height * work.kernel_width));
  const uint64_t workgroups = ceil_div(uint64_t{work.groups} * work.group_k * work.group_c, uint64_t{64});
  const uint64_t turns = uint64_t{work.images} * work.dy_height * ceil_div(work.dy_width, tile.columns);
  tile.slices = choose_slices(work, workgroups, turns, tile.columns, caps);
  return tile;
}

uint32_t choose_depthwise_slices(const WeightWork& work, const DeviceCaps& caps) {
  const uint64_t workgroups =
      ceil_div(uint64_t{work.groups} / 4 * work.kernel_height * work.kernel_width, uint64_t{64});
  return choose_slices(work, workgroups, uint64_t{work.images} * work.dy_height, work.dy_width, caps);
}

}  // namespace lowtide::ops
