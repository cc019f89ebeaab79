// SPDX-License-Identifier: Apache-2.0
// The quantisers of training: f32 in, f32 levels out. Levels are integers, so that a convolution of levels is exact in
// f32 (but for those of 16 bits, which only training has: their sums are rounded); the consumer's output_scale (static
// step) or a `scale` op behind it (dynamic scale) makes real numbers of them. With real = level * step, the
// straight-through gradient d/dreal = d/dlevel / step appears here as a factor 1/step. Two levels of entry:
// quantize_weights() and quantize_activations() give a network what it needs; the ops below them are what those are
// made of.
#pragma once

#include <string>

#include "engine/graph/op_info.hpp"
#include "engine/quant/quantizer.hpp"

namespace lowtide::ops {

// How a weight tensor is quantised.
struct WeightQuantizer {
  // dorefa: tanh and the layer's maximum, 2^bits odd levels, static step 1/(2^bits - 1) (Zhou et al. 2016, equation 9).
  //   With one bit: sign(w) times mean |w| of the layer, gradient passed unchanged to w (equations 7 and 8).
  // sign: sign(w) times mean |w| (Rastegari et al. 2016, equation 6); one bit.
  enum class Kind : uint32_t { dorefa, sign } kind = Kind::dorefa;
  uint32_t bits = 1;
  bool detach_maximum = false;  // dorefa, bits > 1: the maximum is a constant for the gradient
  bool per_channel = false;     // sign: a scale for each output channel (first extent of w), else one for the layer
  float window = 1.0f;          // sign: gradient where |w| <= window
  // sign: how the gradient reaches w through the scale mean |w|.
  enum class ScaleGradient : uint32_t {
    none,      // the scale is a constant
    exact,     // its derivative sign(w) / n
    xnor_net,  // the element-wise 1/n of Rastegari et al. 2016, section 3.1
  } scale_gradient = ScaleGradient::none;
};

struct QuantizedWeights {
  ValueId levels;      // described like w
  float step = 1.0f;   // real = level * step * scale; goes into the consumer's output_scale
  ValueId scale = {};  // f32 [] or [k], for a `scale` op behind the consumer; invalid where the step says everything
};

// w  [k, ...] f32, at least one element.
Result<QuantizedWeights> quantize_weights(graph::Graph& graph, const std::string& name, ValueId w,
                                          const WeightQuantizer& quantizer);

// Levels of activations, described like x: real = level * quant::level_step(bits).
Result<ValueId> quantize_activations(graph::Graph& graph, std::string name, ValueId x, uint32_t bits);
// Signs; gradient where |x| <= window.
Result<ValueId> quantize_activation_signs(graph::Graph& graph, std::string name, ValueId x, float window = 1.0f);

// The same without the rounding, from the quantiser that makes `levels`: its surrogate.
Result<ValueId> unrounded(graph::Graph& graph, std::string name, ValueId levels);

// x -> levels. is_rounded = 0 leaves out the rounding (and sign becomes a clip): the surrogate whose derivative the
// gradient is.
struct QuantizeActivationsOpParams {
  uint32_t bits = 1;
  uint32_t is_rounded = 1;
};
extern const graph::OpInfo kQuantizeActivationsOp;               // x -> levels
extern const graph::OpInfo kQuantizeActivationsBackwardInputOp;  // x, dlevels -> dx = dlevels (2^bits - 1) in [0, 1]

// w, max_abs [] -> levels. max_abs = max |w|; where it is 0 it counts as 1. The whole gradient comes from here, that
// through the maximum included: it is shared alike by the elements that attain it. Nothing flows to max_abs itself, so
// that one pass over the weights makes dw.
struct QuantizeWeightsOpParams {
  uint32_t bits = 2;
  uint32_t is_rounded = 1;
  uint32_t detach_maximum = 0;  // 1: the maximum is a constant for the gradient
};
extern const graph::OpInfo kQuantizeWeightsOp;               // w, max_abs -> levels
extern const graph::OpInfo kQuantizeWeightsBackwardInputOp;  // w, max_abs, dlevels -> dw

// x -> -1 or +1.
enum class SignRule : uint32_t {
  clipped,   // dx = dlevels where |x| <= window
  real,      // dx = dlevels / scale: the gradient of the real value sign(x) * scale, unchanged, everywhere
  xnor_net,  // clipped, plus dlevels / (n scale), n = elements that share the scale
};
struct QuantizeSignOpParams {
  SignRule rule = SignRule::clipped;
  float window = 1.0f;
  uint32_t is_rounded = 1;
};
extern const graph::OpInfo kQuantizeSignOp;               // x -> levels; rules real and xnor_net: x, scale -> levels
extern const graph::OpInfo kQuantizeSignBackwardInputOp;  // x[, scale], dlevels -> dx

// One magnitude of a weight tensor: max |w| or mean |w|, over all of it (result []) or each first index (result [k]).
// Sums are taken in a fixed order. Gradient of max: shared alike by the elements that attain it; of mean: sign(w) / n.
enum class Magnitude : uint32_t { max, mean };
struct QuantizeMagnitudeOpParams {
  Magnitude magnitude = Magnitude::max;
  uint32_t per_channel = 0;  // mean only
};
extern const graph::OpInfo kQuantizeMagnitudeOp;               // w -> result
extern const graph::OpInfo kQuantizeMagnitudeDetachedOp;       // the same, a constant for the gradient
extern const graph::OpInfo kQuantizeMagnitudeBackwardInputOp;  // w, result, dresult -> dw

}  // namespace lowtide::ops
