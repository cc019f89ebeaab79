// SPDX-License-Identifier: Apache-2.0
// Every op is complete: sorted table, reference function, parameter fields that cover the struct, and a case or a
// stated reason.
#include "engine/ops/registry.hpp"

#include <gtest/gtest.h>

#include <set>

#include "engine/graph/graph.hpp"
#include "engine/reference/interpreter.hpp"
#include "tests/harness/case_graph.hpp"

namespace lowtide {
namespace {

TEST(Registry, IsSortedWithUniqueNames) {
  const auto ops = ops::all_ops();
  for (size_t i = 1; i < ops.size(); ++i) EXPECT_LT(ops[i - 1]->name, ops[i]->name);
  for (const graph::OpInfo* op : ops) EXPECT_EQ(ops::find_op(op->name), op);
  EXPECT_EQ(ops::find_op("no_such_op"), nullptr);
}

TEST(Registry, EveryOpIsComplete) {
  for (const graph::OpInfo* op : ops::all_ops()) {
    EXPECT_NE(op->infer, nullptr) << op->name;
    EXPECT_NE(op->lower != nullptr, op->is_view) << op->name;
    EXPECT_NE(reference::find_function(op->name) != nullptr, op->is_view) << op->name;
    const size_t field_bytes = op->fields.size() * 4;
    EXPECT_TRUE(field_bytes == op->param_bytes || (op->fields.empty() && op->param_bytes == sizeof(graph::NoParams)))
        << op->name << ": its fields do not cover its parameters";
  }
}

// The ops that some case's graph holds, forward or backward.
TEST(Registry, EveryOpIsInACase) {
  std::set<std::string_view> covered;
  for (const cases::OpCase& op_case : cases::all_cases()) {
    auto built =
        op_case.check_gradient ? harness::build_differentiated(op_case.build) : harness::build_forward(op_case);
    ASSERT_TRUE(built.has_value()) << op_case.name << ": " << built.error().to_string();
    for (const graph::Node& node : built->graph->nodes()) covered.insert(node.op->name);
  }
  for (const graph::OpInfo* op : ops::all_ops()) {
    EXPECT_TRUE(covered.contains(op->name)) << op->name << " is in no case of tests/cases";
  }
}

TEST(Cases, NamesAreUniqueAndTestNamesToo) {
  std::set<std::string> names, test_names;
  for (const cases::OpCase& op_case : cases::all_cases()) {
    EXPECT_TRUE(names.insert(op_case.name).second) << op_case.name;
    EXPECT_TRUE(test_names.insert(harness::test_name(op_case.name)).second) << op_case.name;
  }
}

}  // namespace
}  // namespace lowtide
