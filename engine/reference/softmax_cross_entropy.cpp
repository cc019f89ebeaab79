// SPDX-License-Identifier: Apache-2.0
// Reference of softmax_cross_entropy, as in its header.
#include "engine/ops/softmax_cross_entropy/softmax_cross_entropy.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

#include "engine/reference/functions.hpp"

namespace lowtide::reference {
namespace {

double target(double label, size_t j, size_t classes, double smoothing) {
  return (static_cast<double>(j) == label ? 1 - smoothing : 0) + smoothing / static_cast<double>(classes);
}

}  // namespace

void softmax_cross_entropy(const Operands& o) {
  const size_t rows = o.in_desc(0).shape[0], classes = o.in_desc(0).shape[1];
  const double smoothing = o.node.params<ops::SoftmaxCrossEntropyParams>().label_smoothing;
  double loss = 0;
  for (size_t row = 0; row < rows; ++row) {
    const std::span<const double> logits = o.inputs[0].subspan(row * classes, classes);
    const double maximum = *std::max_element(logits.begin(), logits.end());
    double sum = 0;
    for (const double logit : logits) sum += std::exp(logit - maximum);
    for (size_t j = 0; j < classes; ++j) {
      const double log_p = logits[j] - maximum - std::log(sum);
      o.outputs[1][row * classes + j] = std::exp(log_p);
      loss -= target(o.inputs[1][row], j, classes, smoothing) * log_p;
    }
    if (o.inputs[1][row] >= static_cast<double>(classes)) loss = std::numeric_limits<double>::quiet_NaN();
  }
  o.outputs[0][0] = loss / static_cast<double>(rows);
}

void softmax_cross_entropy_backward_input(const Operands& o) {
  const size_t rows = o.in_desc(0).shape[0], classes = o.in_desc(0).shape[1];
  const double smoothing = o.node.params<ops::SoftmaxCrossEntropyParams>().label_smoothing;
  const double scale = o.inputs[2][0] / static_cast<double>(rows);
  for (size_t row = 0; row < rows; ++row) {
    for (size_t j = 0; j < classes; ++j) {
      const size_t i = row * classes + j;
      o.outputs[0][i] = scale * (o.inputs[0][i] - target(o.inputs[1][row], j, classes, smoothing));
    }
  }
}

}  // namespace lowtide::reference
