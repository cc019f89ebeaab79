// SPDX-License-Identifier: Apache-2.0
// The reference's gradients against central differences of the reference's forward, in double, for every case that has
// a gradient. The loss is sum_i c_i y_i over all outputs with random c, so that no gradient cancels.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

#include "engine/graph/autodiff.hpp"
#include "engine/ops/autodiff_ops.hpp"
#include "engine/ops/dot/dot.hpp"
#include "engine/reference/interpreter.hpp"
#include "tests/harness/case_graph.hpp"

namespace lowtide {
namespace {

using harness::DifferentiatedCase;

double loss_of(reference::Interpreter& interpreter, const DifferentiatedCase& built) {
  const auto ok = interpreter.evaluate();
  EXPECT_TRUE(ok.has_value()) << ok.error().to_string();
  double sum = 0;
  for (const ValueId loss : built.losses) sum += interpreter.elements(loss)[0];
  return sum;
}

class ReferenceGradient : public testing::TestWithParam<cases::OpCase> {};

TEST_P(ReferenceGradient, EqualsFiniteDifferences) {
  const cases::OpCase& op_case = GetParam();
  // The gradient comes from the op's own rule; the differences from the surrogate when there is one.
  auto built = harness::build_differentiated(op_case.build);
  ASSERT_TRUE(built.has_value()) << built.error().to_string();
  reference::Interpreter analytic(*built->graph);
  harness::set_inputs(analytic, *built);
  loss_of(analytic, *built);

  auto differenced = harness::build_differentiated(op_case.build_surrogate ? op_case.build_surrogate : op_case.build);
  ASSERT_TRUE(differenced.has_value()) << differenced.error().to_string();
  reference::Interpreter numeric(*differenced->graph);
  harness::set_inputs(numeric, *differenced);

  constexpr double kStep = 1e-4;
  for (size_t i = 0; i < built->inputs.size(); ++i) {
    if (!built->inputs[i].is_differentiable) continue;
    ASSERT_TRUE(built->input_gradients[i].is_valid()) << "no gradient reached input " << i;
    const std::span<const double> gradient = analytic.elements(built->input_gradients[i]);
    const std::vector<double> start = harness::elements_of(numeric, differenced->inputs[i].id);
    const size_t stride = std::max<size_t>(1, start.size() / 40);  // at most about 40 elements of each input
    double scale = 0;
    for (const double g : gradient) scale = std::max(scale, std::abs(g));
    ASSERT_GT(scale, 0) << "the gradient of input " << i << " is zero everywhere";
    for (size_t e = 0; e < start.size(); e += stride) {
      const auto loss_at = [&](double x) {
        harness::set_inputs(numeric, *differenced);
        numeric.elements(differenced->inputs[i].id)[e] = x;
        return loss_of(numeric, *differenced);
      };
      const double difference = (loss_at(start[e] + kStep) - loss_at(start[e] - kStep)) / (2 * kStep);
      EXPECT_NEAR(gradient[e], difference, 1e-5 * std::max(1.0, scale)) << "input " << i << " element " << e;
    }
  }
}

INSTANTIATE_TEST_SUITE_P(Cases, ReferenceGradient, testing::ValuesIn(harness::cases_with_gradient()),
                         [](const auto& test) { return harness::test_name(test.param.name); });

}  // namespace
}  // namespace lowtide
