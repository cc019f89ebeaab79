// SPDX-License-Identifier: Apache-2.0
// Barriers of whole programs: each has a reason in the operands. Memory that is used again gives none.
#include <gtest/gtest.h>

#include "engine/kernel/bank.hpp"
#include "engine/plan/plan.hpp"
#include "tests/harness/case_graph.hpp"

namespace lowtide {
namespace {

using plan::Arena;

// Whether two operands are one value, or share bytes of an arena in which nothing is placed by lifetime.
bool is_same(const graph::Graph& graph, const plan::Program& program, ValueId a, ValueId b) {
  const auto storage = [&](ValueId id) { return id.index < graph.values().size() ? graph.storage_of(id) : id; };
  if (storage(a) == storage(b)) return true;
  const plan::Placement &p = program.placement(a), &q = program.placement(b);
  return p.arena == q.arena && p.arena != Arena::activation && p.offset < q.offset + q.bytes &&
         q.offset < p.offset + p.bytes;
}

bool conflict(const graph::Graph& graph, const plan::Program& program, const Dispatch& a, const Dispatch& b) {
  for (uint32_t i = 0; i < a.value_count; ++i) {
    for (uint32_t j = 0; j < b.value_count; ++j) {
      const bool is_written =
          writes(kernel_info(a.kernel).bindings[i].access) || writes(kernel_info(b.kernel).bindings[j].access);
      if (is_written && is_same(graph, program, a.values[i], b.values[j])) return true;
    }
  }
  return false;
}

TEST(PlanBarriers, EachHasAReasonInTheOperands) {
  uint32_t barriers = 0;
  for (const cases::OpCase& op_case : cases::all_cases()) {
    const auto built =
        op_case.check_gradient ? harness::build_differentiated(op_case.build) : harness::build_forward(op_case);
    ASSERT_TRUE(built.has_value()) << built.error().to_string();
    const auto program = plan::make_program(*built->graph, {.caps = software_caps()});
    ASSERT_TRUE(program.has_value()) << program.error().to_string();
    uint32_t begin = 0;
    for (const uint32_t barrier : program->barriers) {
      bool has_reason = false;
      for (uint32_t d = begin; d < barrier; ++d) {
        has_reason |= conflict(*built->graph, *program, program->dispatches[d], program->dispatches[barrier]);
      }
      EXPECT_TRUE(has_reason) << op_case.name << ": before dispatch " << barrier;
      begin = barrier;
      ++barriers;
    }
  }
  EXPECT_GT(barriers, 1000u);
}

}  // namespace
}  // namespace lowtide
