// SPDX-License-Identifier: Apache-2.0
// What stands between a quantiser and the convolution while a network trains: nothing, or an estimator.
#pragma once

#include <string>

#include "trainer/nets/net.hpp"

namespace lowtide::trainer {

// `levels`, made of x with real = level * step, as training sees them: blended where the estimator blends, with its
// gradient rule to x, which passes where |x| <= `window`. `levels` itself in evaluation and for Estimator::own. Nodes
// are named `name`/estimate.
ValueId estimated(NetContext& net, const std::string& name, Estimator estimator, ValueId x, ValueId levels, float step,
                  double window);

}  // namespace lowtide::trainer
