// SPDX-License-Identifier: Apache-2.0
// The crossover map: what each formulation of a packed layer takes on a device. A formulation is a set of variants of
// the layer's kernels (engine/ops/packed_conv2d/lower_variants.hpp), of which the fastest counts.
#pragma once

#include <array>
#include <string>
#include <vector>

#include "engine/base/result.hpp"
#include "engine/runtime/context.hpp"
#include "engine/tune/measure.hpp"
#include "tools/bench/op_bench.hpp"

namespace lowtide::bench {

enum class Formulation : uint32_t { popcount, ballot, dot, matrix };
inline constexpr std::array<const char*, 4> kFormulationNames = {"popcount", "ballot", "dot", "matrix"};

struct CrossoverCell {
  double seconds = 0;   // 0: no variant of it fits the layer, or the device lacks what it needs, or no time was left
  std::string variant;  // the fastest
};

struct CrossoverRow {
  std::string name;
  std::array<CrossoverCell, 4> cells;  // by Formulation
  std::string rule;                    // the variant that the rules take

  // Of the filled cells; none filled: popcount.
  Formulation fastest() const;
};

// The naive kernels belong to no formulation; variants that gave other bits or did not run count as not there.
CrossoverRow crossover_row(std::string name, const tune::NodeTimes& times);

// All variants of the row's node, in turns, for about `seconds`.
Result<CrossoverRow> measure_crossover(runtime::Context& context, const OpBench& bench, double seconds);

// With heads. Empty cells stay empty.
std::string crossover_table(const std::vector<CrossoverRow>& rows);
std::string crossover_csv(const std::vector<CrossoverRow>& rows, const DeviceCaps& caps);

}  // namespace lowtide::bench
