// SPDX-License-Identifier: Apache-2.0
// Kernels whose last workgroup finishes (shaders/lib/last_workgroup.glsl): the same step many times, one behind the
// other, gives the same bits each time, and leaves every counter at 0. Whoever arrives last differs from run to run.
#include <gtest/gtest.h>

#include <algorithm>

#include "engine/plan/plan.hpp"
#include "tests/harness/device/device_case.hpp"

namespace lowtide {
namespace {

constexpr uint32_t kRepetitions = 16;

// No node writes what the next step reads.
bool is_the_same_every_step(const graph::Graph& graph) {
  return std::none_of(graph.nodes().begin(), graph.nodes().end(), [&](const graph::Node& node) {
    return std::any_of(node.outputs.begin(), node.outputs.end(),
                       [&](ValueId id) { return graph::is_persistent(graph.value(id).role); });
  });
}

TEST(LastWorkgroup, RepeatedStepsGiveTheSameBits) {
  std::vector<std::string> checked;
  for (const bool as_gpu : {false, true}) {
    graph::LowerTarget target = {.caps = harness::test_context().caps()};
    if (as_gpu) target.caps.kind = DeviceKind::discrete;
    for (const cases::OpCase& op_case : cases::all_cases()) {
      const auto built =
          op_case.check_gradient ? harness::build_differentiated(op_case.build) : harness::build_forward(op_case);
      ASSERT_TRUE(built.has_value()) << built.error().to_string();
      if (!is_the_same_every_step(*built->graph)) continue;
      const auto program = plan::make_program(*built->graph, target);
      ASSERT_TRUE(program.has_value()) << program.error().to_string();
      if (program->arena_bytes[static_cast<size_t>(plan::Arena::counter)] == 0) continue;
      const auto run = harness::run_on_device(*built, target, runtime::KernelForm::preferred, kRepetitions);
      ASSERT_TRUE(run.has_value()) << run.error().to_string();
      EXPECT_EQ(run->other_bits, 0u) << op_case.name;
      EXPECT_TRUE(run->counters_are_zero) << op_case.name;
      checked.push_back(op_case.name);
    }
  }
  const auto has = [&](std::string_view op) {
    return std::any_of(checked.begin(), checked.end(), [&](const std::string& name) { return name.starts_with(op); });
  };
  for (const char* op : {"batch_norm/", "batch_norm_activation/", "conv2d/"}) EXPECT_TRUE(has(op)) << op;
}

}  // namespace
}  // namespace lowtide
