// SPDX-License-Identifier: Apache-2.0
// Reference of batch_norm, batch_norm_running, batch_norm_backward and batch_norm_fold, as in the op's header.
#include "engine/ops/batch_norm/batch_norm.hpp"

#include <cmath>

#include "engine/reference/functions.hpp"

namespace lowtide::reference {

void batch_norm(const Operands& o) {
  const auto p = o.node.params<ops::BatchNormOpParams>();
  const size_t channels = o.inputs[1].size(), rows = o.inputs[0].size() / channels;
  const auto n = static_cast<double>(rows);
  for (size_t c = 0; c < channels; ++c) {
    double mean = 0, squares = 0;
    for (size_t row = 0; row < rows; ++row) mean += o.inputs[0][row * channels + c] / n;
    for (size_t row = 0; row < rows; ++row) squares += std::pow(o.inputs[0][row * channels + c] - mean, 2);
    const double inverse_std = 1 / std::sqrt(squares / n + p.epsilon);
    for (size_t i = c; i < o.inputs[0].size(); i += channels) {
      o.outputs[0][i] = (o.inputs[0][i] - mean) * inverse_std * o.inputs[1][c] + o.inputs[2][c];
    }
    o.outputs[1][c] = mean;
    o.outputs[2][c] = inverse_std;
    o.outputs[3][c] = squares / (n - 1);
  }
}

void batch_norm_running(const Operands& o) {
  if (o.inputs.size() == 5 && !std::isfinite(o.inputs[4][0])) return;
  const double momentum = o.node.params<ops::BatchNormRunningOpParams>().momentum;
  for (size_t c = 0; c < o.inputs[0].size(); ++c) {
    if (!std::isfinite(o.inputs[3][c])) continue;
    for (size_t i = 0; i < 2; ++i) {
      o.outputs[i][c] = (1 - momentum) * o.inputs[i][c] + momentum * o.inputs[2 + i][c];
    }
  }
}

void batch_norm_running_group(const Operands& o) {
  for (size_t i = 0; i < o.outputs.size() / 2; ++i) {
    const auto first = o.inputs.begin() + 1 + 4 * static_cast<std::ptrdiff_t>(i);
    Operands single = {.node = o.node, .graph = o.graph, .step = o.step, .inputs = {first, first + 4}, .outputs = {}};
    if (o.inputs.size() % 4 == 2) single.inputs.push_back(o.inputs.back());
    single.outputs = {o.outputs[2 * i], o.outputs[2 * i + 1]};
    batch_norm_running(single);
  }
}

void batch_norm_backward(const Operands& o) {
  const std::span<const double> x = o.inputs[0], dy = o.inputs[1], gamma = o.inputs[2];
  const size_t channels = gamma.size();
  const double n = static_cast<double>(x.size() / channels);
  for (size_t c = 0; c < channels; ++c) {
    const double mean = o.inputs[3][c], inverse_std = o.inputs[4][c];
    double dgamma = 0, dbeta = 0;
    for (size_t i = c; i < x.size(); i += channels) {
      dgamma += dy[i] * (x[i] - mean) * inverse_std;
      dbeta += dy[i];
    }
    for (size_t i = c; i < x.size(); i += channels) {
      const double normalized = (x[i] - mean) * inverse_std;
      o.outputs[0][i] = gamma[c] * inverse_std * (dy[i] - dbeta / n - normalized * dgamma / n);
    }
    o.outputs[1][c] = dgamma;
    o.outputs[2][c] = dbeta;
  }
}

void batch_norm_fold(const Operands& o) {
  const auto p = o.node.params<ops::BatchNormFoldOpParams>();
  for (size_t c = 0; c < o.outputs[0].size(); ++c) {
    const double factor = o.inputs[0][c] / std::sqrt(o.inputs[3][c] + p.epsilon);
    const double scale = o.inputs.size() < 5 ? 1 : o.inputs[4][o.inputs[4].size() == 1 ? 0 : c];
    o.outputs[0][c] = p.input_scale * scale * factor;
    o.outputs[1][c] = o.inputs[1][c] - o.inputs[2][c] * factor;
  }
}

}  // namespace lowtide::reference
