// SPDX-License-Identifier: Apache-2.0
// The mutation switch: the reference's own outputs with a small bug in them must not pass the comparison that devices
// must pass. A case whose outputs hide an off-by-one channel, a skipped tail or a lost accumulation guards nothing.
#include <gtest/gtest.h>

#include <algorithm>

#include "tests/harness/case_graph.hpp"
#include "tests/harness/compare.hpp"

namespace lowtide {
namespace {

using Elements = std::vector<double>;

void shift_one_channel(Elements& e, uint32_t channels) {
  for (size_t row = 0; row + channels <= e.size(); row += channels) {
    std::rotate(e.begin() + static_cast<std::ptrdiff_t>(row), e.begin() + static_cast<std::ptrdiff_t>(row + 1),
                e.begin() + static_cast<std::ptrdiff_t>(row + channels));
  }
}

void skip_tail(Elements& e, uint32_t) {
  e.back() = e.size() > 1 ? e.front() : 0;
}

void lose_an_accumulation(Elements& e, uint32_t) {
  const auto largest =
      std::max_element(e.begin(), e.end(), [](double a, double b) { return std::abs(a) < std::abs(b); });
  *largest *= 0.995;
}

class Mutation : public testing::TestWithParam<cases::OpCase> {};

TEST_P(Mutation, IsNoticed) {
  const cases::OpCase& op_case = GetParam();
  auto built = harness::build_forward(op_case);
  ASSERT_TRUE(built.has_value()) << built.error().to_string();
  reference::Interpreter interpreter(*built->graph);
  harness::set_inputs(interpreter, *built);
  ASSERT_TRUE(interpreter.evaluate().has_value());
  for (const ValueId output : built->outputs) {
    const Elements reference = harness::elements_of(interpreter, output);
    size_t noticed = 0;
    for (const auto mutate : {shift_one_channel, skip_tail, lose_an_accumulation}) {
      Elements mutated = reference;
      mutate(mutated, built->graph->desc(output).shape.last());
      if (mutated == reference) continue;
      const std::string difference = op_case.outputs_are_exact
                                         ? harness::compare_exactly(reference, mutated)
                                         : harness::compare_closely(reference, mutated, op_case.tolerance);
      EXPECT_NE(difference, "") << "a mutated output passes";
      ++noticed;
    }
    EXPECT_GT(noticed, 0u) << "no mutation changes this output";
  }
}

INSTANTIATE_TEST_SUITE_P(Cases, Mutation, testing::ValuesIn(cases::all_cases()),
                         [](const auto& test) { return harness::test_name(test.param.name); });

}  // namespace
}  // namespace lowtide
