// SPDX-License-Identifier: Apache-2.0
// What conv2d lowers to for GPUs (transposed weights, wide workgroups, other tiles), run on whatever device there is:
// the software drivers of CI take other paths by themselves.
#include <gtest/gtest.h>

#include <algorithm>

#include "engine/plan/plan.hpp"
#include "tests/harness/compare.hpp"
#include "tests/harness/device/device_case.hpp"
#include "tests/harness/elements.hpp"

namespace lowtide {
namespace {

class Conv2dGpuLowering : public testing::TestWithParam<cases::OpCase> {};

TEST_P(Conv2dGpuLowering, EqualsTheReference) {
  const auto built = harness::build_forward(GetParam());
  ASSERT_TRUE(built.has_value()) << built.error().to_string();
  const graph::Graph& graph = *built->graph;
  reference::Interpreter interpreter(graph);
  harness::set_inputs(interpreter, *built);
  ASSERT_TRUE(interpreter.evaluate().has_value());

  DeviceCaps caps = harness::test_context().caps();
  caps.kind = DeviceKind::discrete;
  auto program = plan::make_program(graph, {.caps = caps});
  ASSERT_TRUE(program.has_value()) << program.error().to_string();
  auto executor =
      runtime::Executor::create(harness::test_context(), std::move(*program), {}, {.slots = 1, .poison = true});
  ASSERT_TRUE(executor.has_value()) << executor.error().to_string();
  const auto slot = (*executor)->acquire();
  ASSERT_TRUE(slot.has_value());
  for (const harness::Drawn& drawn : harness::draw_inputs(*built)) {
    if ((*executor)->program().placement(drawn.id).bytes == 0) continue;
    const std::vector<std::byte> bytes = harness::bytes_of(graph.desc(drawn.id), drawn.elements);
    std::copy(bytes.begin(), bytes.end(), (*executor)->input(*slot, drawn.id).begin());
  }
  const auto ticket = (*executor)->submit(*slot);
  ASSERT_TRUE(ticket.has_value());
  ASSERT_TRUE((*executor)->wait(*ticket).has_value());
  const ValueId output = graph.storage_of(built->outputs[0]);
  const auto found = harness::elements_of(graph.desc(output), (*executor)->output(*slot, output));
  EXPECT_EQ(harness::compare_exactly(interpreter.elements(output), found), "");
}

// The exact cases of the three ops.
std::vector<cases::OpCase> level_cases() {
  std::vector<cases::OpCase> found;
  for (cases::OpCase& op_case : cases::conv2d_cases()) {
    if (op_case.outputs_are_exact) found.push_back(std::move(op_case));
  }
  return found;
}

INSTANTIATE_TEST_SUITE_P(Cases, Conv2dGpuLowering, testing::ValuesIn(level_cases()),
                         [](const auto& test) { return harness::test_name(test.param.name); });

}  // namespace
}  // namespace lowtide
