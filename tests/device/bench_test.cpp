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

}  // namespace
}  // namespace lowtide
