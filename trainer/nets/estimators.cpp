// SPDX-License-Identifier: Apache-2.0
// From the recipe's words to the op.
#include "trainer/nets/estimators.hpp"

#include "engine/base/check.hpp"
#include "engine/ops/estimate/estimate.hpp"

namespace lowtide::trainer {
namespace {

ops::EstimatorRule rule_of(Estimator estimator) {
  switch (estimator) {
    case Estimator::own:
      break;
    case Estimator::aqe_g1:
      return ops::EstimatorRule::aqe_g1;
    case Estimator::aqe_g2:
      return ops::EstimatorRule::aqe_g2;
    case Estimator::aqe_g3:
      return ops::EstimatorRule::aqe_g3;
    case Estimator::bireal:
      return ops::EstimatorRule::bireal;
    case Estimator::ewgs:
      return ops::EstimatorRule::ewgs;
  }
  LOWTIDE_CHECK(false, "a quantiser's own rule is no estimator");
  return {};
}

}  // namespace

ValueId estimated(NetContext& net, const std::string& name, Estimator estimator, ValueId x, ValueId levels, float step,
                  double window) {
  if (net.has_failed() || !net.is_training() || estimator == Estimator::own) return levels;
  return net.keep(ops::estimate(net.graph(), name + "/estimate", x, levels,
                                {.rule = rule_of(estimator),
                                 .step = step,
                                 .window = static_cast<float>(window),
                                 .scaling = static_cast<float>(net.quantization().ewgs_scaling)}));
}

}  // namespace lowtide::trainer
