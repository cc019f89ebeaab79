// SPDX-License-Identifier: Apache-2.0
// Reference of kl_divergence, as in its header.
#include "engine/ops/kl_divergence/kl_divergence.hpp"

#include <algorithm>
#include <cmath>
#include <vector>

#include "engine/reference/functions.hpp"

namespace lowtide::reference {
namespace {

std::vector<double> log_softmax(std::span<const double> x, double temperature) {
  const double maximum = *std::max_element(x.begin(), x.end());
  double sum = 0;
  for (const double v : x) sum += std::exp((v - maximum) / temperature);
  std::vector<double> out;
  for (const double v : x) out.push_back((v - maximum) / temperature - std::log(sum));
  return out;
}

}  // namespace

void kl_divergence(const Operands& o) {
  const size_t rows = o.in_desc(0).shape[0], classes = o.in_desc(0).shape[1];
  const double t = o.node.params<ops::KlDivergenceParams>().temperature;
  double loss = 0;
  for (size_t row = 0; row < rows; ++row) {
    const auto log_q = log_softmax(o.inputs[0].subspan(row * classes, classes), t);
    const auto log_p = log_softmax(o.inputs[1].subspan(row * classes, classes), t);
    for (size_t j = 0; j < classes; ++j) loss += std::exp(log_p[j]) * (log_p[j] - log_q[j]);
  }
  o.outputs[0][0] = t * t * loss / static_cast<double>(rows);
}

void kl_divergence_backward_input(const Operands& o) {
  const size_t rows = o.in_desc(0).shape[0], classes = o.in_desc(0).shape[1];
  const double t = o.node.params<ops::KlDivergenceParams>().temperature;
  for (size_t row = 0; row < rows; ++row) {
    const auto log_q = log_softmax(o.inputs[0].subspan(row * classes, classes), t);
    const auto log_p = log_softmax(o.inputs[1].subspan(row * classes, classes), t);
    for (size_t j = 0; j < classes; ++j) {
      o.outputs[0][row * classes + j] =
          o.inputs[2][0] * t * (std::exp(log_q[j]) - std::exp(log_p[j])) / static_cast<double>(rows);
    }
  }
}

}  // namespace lowtide::reference
