// SPDX-License-Identifier: Apache-2.0
// The benches on a device: ceilings check what their kernels give, rows are the nodes of a graph.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

#include "engine/graph/op_info.hpp"
#include "engine/ops/add/add.hpp"
#include "engine/ops/relu/relu.hpp"
#include "tests/harness/device/device_case.hpp"
#include "tools/bench/ceilings.hpp"
#include "tools/bench/crossover.hpp"
#include "tools/bench/layer_table.hpp"

namespace lowtide {
namespace {

TEST(Ceilings, AreMeasuredByKernelsWhoseOutputsAreRight) {
  constexpr double kSeconds = 0.01;
  const auto ceilings = bench::measure_ceilings(harness::test_context(), kSeconds);
  ASSERT_TRUE(ceilings) << ceilings.error().to_string();
  for (const char* name : {"fma_f32", "popcount", "copy", "dispatch", "dispatch_barrier", "submit"}) {
    EXPECT_TRUE(std::any_of(ceilings->begin(), ceilings->end(), [&](const auto& c) { return c.name == name; })) << name;
  }
  for (const bench::Ceiling& ceiling : *ceilings) {
    SCOPED_TRACE(ceiling.name);
    EXPECT_TRUE(std::isfinite(ceiling.value));
    EXPECT_TRUE(ceiling.value > 0 || ceiling.name.starts_with("dispatch"));  // those are differences of two times
    EXPECT_GE(ceiling.count, 3u);
    EXPECT_FALSE(ceiling.unit.empty());
  }
  EXPECT_GT(bench::rate_of(*ceilings, "fma_f32"), 1e6);
  EXPECT_EQ(bench::rate_of(*ceilings, "no such row"), 0.0);
}

TEST(LayerTable, CountsNodesThatAreAlikeAndTimesEachKindOnce) {
  graph::Graph g;
  const ValueId x = g.constant("x", f32_desc(Shape{4, 32})), y = g.constant("y", f32_desc(Shape{8, 32}));
  const ValueId a = *ops::relu(g, "first", x);
  const ValueId b = *ops::relu(g, "second", a);
  ASSERT_TRUE(ops::add(g, "sum", a, b));
  ASSERT_TRUE(ops::relu(g, "third", y));
  const std::vector<bench::LayerBench> rows = bench::layer_benches(g);
  ASSERT_EQ(rows.size(), 3u);
  EXPECT_EQ(rows[0].bench.name, "relu/first");
  EXPECT_EQ(rows[0].count, 2u);
  EXPECT_EQ(rows[0].inputs, "f32[4, 32]");
  EXPECT_EQ(rows[1].op, "add");
  EXPECT_EQ(rows[2].node, "third");
  EXPECT_EQ(rows[2].count, 1u);
  for (const bench::LayerBench& row : rows) {
    const auto timing = bench::time_op(harness::test_context(), row.bench, 0.01, /*naive_only=*/false);
    ASSERT_TRUE(timing) << timing.error().to_string();
    EXPECT_GT(timing->best_seconds, 0);
  }
}

TEST(Crossover, HoldsTheFastestOfEachFormulation) {
  const auto timed = [](const char* name, double seconds) {
    return tune::VariantTime{.name = name, .kernels = "", .seconds = seconds, .passes = 3};
  };
  tune::NodeTimes times = {.node = "conv", .signature = "", .variants = {}};
  times.variants = {timed("unrolled", 4e-3), timed("unrolled_4", 3e-3), timed("dot", 2e-3),
                    timed("dot_64", 5e-3),   timed("matrix", 1e-3),     timed("naive", 1e-4)};
  times.variants[4].is_right = false;  // wrong numbers have no time
  const bench::CrossoverRow row = bench::crossover_row("layer", times);
  EXPECT_EQ(row.rule, "unrolled");
  EXPECT_EQ(row.cells[0].variant, "unrolled_4");
  EXPECT_EQ(row.cells[1].seconds, 0.0);
  EXPECT_EQ(row.cells[2].variant, "dot");
  EXPECT_EQ(row.cells[3].seconds, 0.0);
  EXPECT_EQ(row.fastest(), bench::Formulation::dot);
  DeviceCaps caps;
  caps.name = "device";
  caps.driver = "driver";
  EXPECT_EQ(bench::crossover_csv({row}, caps),
            "layer,device,driver,popcount_ms,popcount_variant,ballot_ms,ballot_variant,dot_ms,dot_variant,matrix_ms,"
            "matrix_variant,fastest,rule\n"
            "layer,\"device\",\"driver\",3.0000,unrolled_4,,,2.0000,dot,,,dot,unrolled\n");
}

TEST(Crossover, TimesWhatTheDeviceHas) {
  const auto benches = bench::all_op_benches();
  const auto linear = std::find_if(benches.begin(), benches.end(),
                                   [](const bench::OpBench& b) { return b.name.starts_with("packed_linear/"); });
  ASSERT_NE(linear, benches.end());
  const auto row = bench::measure_crossover(harness::test_context(), *linear, 60.0);
  ASSERT_TRUE(row) << row.error().to_string();
  const DeviceCaps& caps = harness::test_context().caps();
  EXPECT_GT(row->cells[0].seconds, 0);
  EXPECT_EQ(row->cells[1].seconds > 0, caps.has(bit(Feature::subgroup_ballot)));
  EXPECT_EQ(row->cells[2].seconds > 0, caps.has(bit(Feature::integer_dot)));
}

}  // namespace
}  // namespace lowtide
