// SPDX-License-Identifier: Apache-2.0
// Cases of batch_norm: ranks 2 and 4, one and many slices of rows, one and several columns of channels, a mean that is
// large beside the deviation; the running values, of steps that count and of one that does not, of one norm and of a
// group; the fold with and without a scale that is known only on the device.
#include <fmt/format.h>

#include <limits>

#include "engine/ops/batch_norm/running_group.hpp"
#include "engine/ops/copy/copy.hpp"
#include "tests/cases/op_case.hpp"

namespace lowtide::cases {
namespace {

struct Made {
  ops::BatchNormValues values;
  std::vector<CaseInput> inputs;
};

Made make_values(graph::Graph& g, uint32_t channels) {
  Made made;
  made.values = {.gamma = g.parameter("gamma", Shape{channels}),
                 .beta = g.parameter("beta", Shape{channels}),
                 .running_mean = g.state("running_mean", f32_desc(Shape{channels})),
                 .running_variance = g.state("running_variance", f32_desc(Shape{channels}))};
  made.inputs = {{made.values.gamma, uniform(0.5, 1.5)},
                 {made.values.beta, uniform(-1, 1)},
                 {made.values.running_mean, uniform(-1, 1), false},
                 {made.values.running_variance, uniform(0.5, 2), false}};
  return made;
}

std::function<Result<CaseGraph>(graph::Graph&)> training(Shape shape, Distribution x_distribution,
                                                         bool with_running_values) {
  return [=](graph::Graph& g) -> Result<CaseGraph> {
    const ValueId x = g.input("x", f32_desc(shape));
    Made made = make_values(g, shape.last());
    LOWTIDE_TRY(const ops::BatchNormed batch, ops::batch_norm(g, "batch_norm", x, made.values, {.epsilon = 1e-4f}));
    CaseGraph out = {.inputs = {{x, x_distribution}}, .outputs = {batch.y}};
    out.inputs.insert(out.inputs.end(), made.inputs.begin(), made.inputs.end());
    if (!with_running_values) {
      out.inputs.resize(3);
      return out;
    }
    LOWTIDE_TRY_VOID(ops::batch_norm_running(g, "running", made.values, batch, {.momentum = 0.3f}));
    out.outputs = {batch.y, made.values.running_mean, made.values.running_variance};
    return out;
  };
}

// Running values alone. `finite` says whether the step counts; one channel's variance is `variance`.
std::function<Result<CaseGraph>(graph::Graph&)> running(double finite, double variance) {
  return [=](graph::Graph& g) -> Result<CaseGraph> {
    constexpr uint32_t kChannels = 67;
    Made made = make_values(g, kChannels);
    std::vector<double> variances(kChannels);
    for (uint32_t c = 0; c < kChannels; ++c) variances[c] = 0.25 * (c + 1);
    variances[13] = variance;
    const TensorDesc per_channel = f32_desc(Shape{kChannels});
    const ops::BatchNormed batch = {.mean = g.input("mean", per_channel), .variance = g.input("variance", per_channel)};
    const ValueId counts = g.input("finite", f32_desc(Shape{}));
    LOWTIDE_TRY_VOID(ops::batch_norm_running(g, "running", made.values, batch, {.momentum = 0.25f}, counts));
    return CaseGraph{.inputs = {made.inputs[2],
                                made.inputs[3],
                                {batch.mean, integers(-8, 8), false},
                                {batch.variance, given(variances), false},
                                {counts, given({finite}), false}},
                     .outputs = {made.values.running_mean, made.values.running_variance}};
  };
}

// Three norms of a group, of which the second has a channel whose variance is `variance`, among other state. Their
// statistics are joined.
std::function<Result<CaseGraph>(graph::Graph&)> running_group(bool has_finite, double finite, double variance) {
  return [=](graph::Graph& g) -> Result<CaseGraph> {
    CaseGraph out;
    std::vector<ValueId> inputs = {g.whole_arena(graph::Role::state)}, statistics;
    for (const uint32_t channels : {67u, 3u, 256u}) {
      const TensorDesc per_channel = f32_desc(Shape{channels});
      const auto name = [&](const char* what) { return fmt::format("{}{}", what, channels); };
      const ValueId mean = g.state(name("running_mean"), per_channel);
      g.state(name("counter"), {DType::u32, Shape{3}});
      const ValueId running_variance = g.state(name("running_variance"), per_channel);
      std::vector<double> variances(channels);
      for (uint32_t c = 0; c < channels; ++c) variances[c] = 0.25 * (c + 1);
      if (channels == 3) variances[1] = variance;
      const ValueId means = g.input(name("mean"), per_channel), drawn = g.input(name("variance"), per_channel);
      out.inputs.insert(out.inputs.end(), {{mean, uniform(-1, 1), false},
                                           {running_variance, uniform(0.5, 2), false},
                                           {means, integers(-8, 8), false},
                                           {drawn, given(variances), false}});
      inputs.insert(inputs.end(), {mean, running_variance});
      for (const ValueId id : {means, drawn}) {
        LOWTIDE_TRY(const ValueId copy, append_one(g, ops::kCopyOp, "copy", graph::NoParams{}, {id}));
        statistics.push_back(copy);
        inputs.push_back(copy);
      }
      out.outputs.insert(out.outputs.end(), {mean, running_variance});
    }
    if (has_finite) {
      inputs.push_back(g.input("finite", f32_desc(Shape{})));
      out.inputs.push_back({inputs.back(), given({finite}), false});
    }
    const ops::BatchNormRunningOpParams params = {.momentum = 0.25f};
    LOWTIDE_TRY_VOID(
        g.append(ops::kBatchNormRunningGroupOp, "running", &params, sizeof params, std::move(inputs), out.outputs));
    g.join("statistics", statistics);
    return out;
  };
}

std::function<Result<CaseGraph>(graph::Graph&)> fold(uint32_t channels, bool has_scale, Shape scale_shape) {
  return [=](graph::Graph& g) -> Result<CaseGraph> {
    Made made = make_values(g, channels);
    for (CaseInput& input : made.inputs) input.is_differentiable = false;
    ValueId scale;
    if (has_scale) {
      scale = g.input("scale", f32_desc(scale_shape));
      made.inputs.push_back({scale, uniform(0.1, 2), false});
    }
    const ops::BatchNormFoldOpParams params = {.epsilon = 1e-3f, .input_scale = 0.3f};
    LOWTIDE_TRY(const ops::BatchNormFolded folded, ops::batch_norm_fold(g, "fold", made.values, params, scale));
    return CaseGraph{.inputs = made.inputs, .outputs = {folded.multiplier, folded.offset}};
  };
}

}  // namespace

std::vector<OpCase> batch_norm_cases() {
  std::vector<OpCase> cases;
  for (const Shape& shape : {Shape{5, 1}, Shape{7, 6}, Shape{67, 36}, Shape{2, 5, 3, 4}, Shape{3, 11, 13, 5},
                             Shape{2, 3, 5, 68}, Shape{5, 29, 31, 8}, Shape{2, 15, 20, 72}}) {
    cases.push_back({.name = "batch_norm/" + to_string(shape), .build = training(shape, normal(0.5, 2), false)});
    cases.push_back({.name = fmt::format("batch_norm/{}/running_values", to_string(shape)),
                     .build = training(shape, normal(0.5, 2), true),
                     .check_gradient = false});
  }
  // The f32 input itself holds 24 bits: a mean of 1000 deviations leaves 2^-14 of the deviation.
  cases.push_back({.name = "batch_norm/far_from_zero",
                   .build = training(Shape{3, 11, 13, 8}, normal(1000, 1), true),
                   .check_gradient = false,
                   .tolerance = 2e-4});
  const double nan = std::numeric_limits<double>::quiet_NaN(), inf = std::numeric_limits<double>::infinity();
  cases.push_back({.name = "batch_norm_running/counts", .build = running(1, 2), .check_gradient = false});
  cases.push_back({.name = "batch_norm_running/channel_nan", .build = running(0, nan), .check_gradient = false});
  cases.push_back({.name = "batch_norm_running/channel_inf", .build = running(-3, inf), .check_gradient = false});
  for (const double finite : {nan, inf}) {  // nothing moves
    cases.push_back({.name = fmt::format("batch_norm_running/skipped_{}", finite),
                     .build = running(finite, 2),
                     .check_gradient = false,
                     .outputs_are_exact = true});
  }
  cases.push_back(
      {.name = "batch_norm_running_group/always", .build = running_group(false, 0, inf), .check_gradient = false});
  cases.push_back(
      {.name = "batch_norm_running_group/counts", .build = running_group(true, 2, 0.5), .check_gradient = false});
  cases.push_back({.name = "batch_norm_running_group/skipped",
                   .build = running_group(true, nan, 0.5),
                   .check_gradient = false,
                   .outputs_are_exact = true});
  cases.push_back({.name = "batch_norm_fold/static/[37]", .build = fold(37, false, {}), .check_gradient = false});
  cases.push_back({.name = "batch_norm_fold/scalar/[67]", .build = fold(67, true, {}), .check_gradient = false});
  cases.push_back({.name = "batch_norm_fold/channel/[67]", .build = fold(67, true, {67}), .check_gradient = false});
  return cases;
}

}  // namespace lowtide::cases
