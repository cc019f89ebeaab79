// SPDX-License-Identifier: Apache-2.0
// What a network builder works with: the graph that grows, the mode, the precision of each layer, and the record of the
// parameters that were asked for. The same builder makes the training and the evaluation graph; both name their
// parameters alike, so that programs and checkpoints share them by name. Blocks of layers are in blocks.hpp.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "engine/graph/graph.hpp"
#include "engine/ops/batch_norm/batch_norm.hpp"
#include "engine/ops/conv2d/conv2d.hpp"
#include "trainer/methods/learned_step.hpp"
#include "trainer/recipe.hpp"

namespace lowtide::trainer {

enum class NetMode {
  training,     // batch statistics, dropout, running statistics updated
  calibration,  // training, but learned activation quantisers are the activation that they include, and measured
  evaluation,   // batch norm folded to one multiply and one add on the accumulator: what packed inference computes
};

// How a parameter starts. Fans of a weight [k, r, s, c] are fan_in = r s c and fan_out = r s k.
enum class Initializer {
  zeros,
  ones,
  quarters,  // 0.25: slopes of PReLU
  fifths,    // 0.2 and 0.1: scales of SYQ
  tenths,
  kaiming,                // normal, deviation sqrt(2 / fan_in) (He et al. 2015, eq. 10)
  xavier,                 // uniform in +-sqrt(6 / (fan_in + fan_out)) (Glorot and Bengio 2010, eq. 16)
  sparse_shift_dense,     // stacked latents of S3: every weight +-1 (trainer/methods/s3.hpp)
  sparse_shift_released,  // likewise: half of the weights 0
  constant,               // NetParameter::start
  deepshift_ps,           // stacked latents of DeepShift-PS (trainer/methods/deepshift.hpp)
};

enum class ParameterKind {
  weight,
  bias,
  norm,   // scale and shift of batch norm
  scale,  // learned factors of a quantiser's levels
  step,   // of a quantiser that learns it
  clip,   // PACT's bound
};
const char* to_string(ParameterKind kind);

// What becomes of a parameter when another phase starts from the network ("previous").
enum class HandOver {
  required,  // latent weights, norms, biases: must be there and fit
  optional,  // taken where it is there: what only some networks have beside their layers
  never,     // starts afresh: step sizes, whose meaning changes with the bits
};

// A parameter or a running statistic, as the builder asked for it.
struct NetParameter {
  std::string name;  // the scope, then "<layer>.weight", ".bias", ".gamma", ".beta", ".running_mean", ".running_var"
  ValueId value = {};
  Shape shape = {};
  ParameterKind kind = ParameterKind::weight;
  Initializer initializer = Initializer::zeros;
  bool is_state = false;              // running statistics: not trained
  uint32_t weight_bits = kFloatBits;  // weights of quantised layers: the latent's bits
  HandOver hand_over = HandOver::required;
  std::optional<StepRecord> learned = {};  // kinds step and clip
  bool has_weight_decay = true;            // false: latents that a method never decays
  float start = 0;                         // of Initializer::constant
  float latent_limit = 0;   // the optimiser keeps latents within +-this, whatever the recipe says; 0: no limit
  size_t scope_length = 0;  // characters of the name that are its network's scope

  // The name that the builder gave: what patterns match, and what the same network has outside a scope.
  std::string_view local_name() const { return std::string_view(name).substr(scope_length); }
};

// A layer with weights, for `lowtide inspect` and the exporter.
struct NetLayer {
  std::string name;  // also the name of its conv2d or linear node
  LayerPrecision precision;
  bool is_image_input = false;  // its input is the image, which LayerPrecision::image_bits quantises
  uint64_t weight_count = 0;
  uint64_t multiply_adds = 0;  // of one image
};

enum class Activation { none, relu, hard_tanh, magnitude };

// What flows between blocks: a tensor of real values and the activation that is still to be applied to it. A block
// applies it on entry, where the precision of the layer decides what it becomes: the float function, or a quantiser
// that includes it. Max pooling commutes with all but the magnitude and so may come in between; |x| is then taken of
// what the pool lets through, as in the networks that have it.
struct Signal {
  ValueId value;
  Activation pending = Activation::none;
  bool is_image = false;
  ValueId branch = {};  // EXP-Net: to be merged behind the activation; of the value's shape; invalid: none
};

// The running statistics of a batch norm, which move at the end of a step, once it is known to count.
struct NormUpdate {
  std::string name;  // with the scope
  ops::BatchNormValues values;
  ops::BatchNormed batch;
  float momentum = 0;
};

// A named place of a network, where another network may look: "stage2", "pool1".
struct NetPlace {
  std::string name;
  Signal signal;
};

// One of several networks of a graph.
struct NetScope {
  std::string prefix =
      {};                  // of all that the graph is given while the context lives: "teacher/"; patterns do not see it
  bool is_frozen = false;  // parameters are state, which no optimiser touches
};

// Errors stick: after the first one, blocks do nothing and the builder's result is that error, so builders read as
// plain lists of layers.
class NetContext {
 public:
  NetContext(graph::Graph& graph, NetMode mode, const Phase& phase, const NetScope& scope = {})
      : graph_(graph), mode_(mode), phase_(phase), is_frozen_(scope.is_frozen) {
    graph_.set_scope(scope.prefix);
  }
  ~NetContext() { graph_.set_scope({}); }
  NetContext(const NetContext&) = delete;
  NetContext& operator=(const NetContext&) = delete;

  graph::Graph& graph() { return graph_; }
  bool is_training() const { return mode_ != NetMode::evaluation; }
  bool is_calibrating() const { return mode_ == NetMode::calibration; }
  const Phase& phase() const { return phase_; }
  // What factors of products may be rounded to in this graph: in evaluation, not at all.
  ops::Operands operands() const {
    const bool is_mixed = phase_.training.precision == TrainingPrecision::mixed;
    return mode_ == NetMode::training && is_mixed ? ops::Operands::f16 : ops::Operands::f32;
  }
  const NetworkOptions& network() const { return phase_.network; }
  const QuantizationOptions& quantization() const { return phase_.quantization; }
  const TensorDesc& desc(const Signal& x) const { return graph_.desc(x.value); }

  // The recipe's width times `channels`, rounded, at least 1.
  uint32_t scaled(uint32_t channels) const;
  // The activation of this network's hidden layers: what the builder prefers, but never ReLU in front of signed
  // levels, which would see no negative value (IR-Net and its kin use hard tanh there).
  Activation hidden_activation(Activation preferred) const;

  ValueId parameter(std::string name, Shape shape, ParameterKind kind, Initializer initializer,
                    uint32_t weight_bits = kFloatBits);
  // The step of a quantiser or PACT's bound, f32 []. trainer/loop/prepare.hpp sets it when a phase begins.
  ValueId learned_step(std::string name, const StepRecord& record);
  ValueId parameter(NetParameter parameter);  // of the record's name and shape; its value is set here
  ValueId state(std::string name, Shape shape, Initializer initializer);
  // Of the parameters from the `first`-th on; steps that are never handed over stay so.
  void set_hand_over(size_t first, HandOver hand_over);
  void add_norm_update(NormUpdate update) { norm_updates_.push_back(std::move(update)); }
  void add_layer(NetLayer layer) { layers_.push_back(std::move(layer)); }
  // Names a place: the outputs of stages ("stage1", ...) or of pools ("pool1", ...), alike in all networks of a family.
  void mark(std::string name, const Signal& signal) { places_.push_back({std::move(name), signal}); }

  bool has_failed() const { return error_.has_value(); }
  void set_error(Error error) {
    if (!error_) error_ = std::move(error);
  }
  const std::optional<Error>& error() const { return error_; }
  // The value of a result, or an invalid id, with the error kept.
  ValueId keep(Result<ValueId> result);

  const std::vector<NetParameter>& parameters() const { return parameters_; }
  const std::vector<NetLayer>& layers() const { return layers_; }
  const std::vector<NetPlace>& places() const { return places_; }
  const std::vector<NormUpdate>& norm_updates() const { return norm_updates_; }

 private:
  graph::Graph& graph_;
  NetMode mode_;
  Phase phase_;
  bool is_frozen_;
  std::vector<NetParameter> parameters_;
  std::vector<NetLayer> layers_;
  std::vector<NetPlace> places_;
  std::vector<NormUpdate> norm_updates_;
  std::optional<Error> error_;
};

// Appends the updates. `finite`: f32 [], finite where the step counts; invalid: it does.
Result<void> append_norm_updates(graph::Graph& graph, const std::vector<NormUpdate>& updates, ValueId finite = {});

// The Philox stream of a name; below 2^31, since the streams from there on belong to the data layer.
uint32_t stream_of(std::string_view name);

// The start of a parameter: a pure function of the seed and its name (a Philox stream of its own), so that neither the
// order of layers nor another layer's shape matters.
std::vector<float> initial_elements(const NetParameter& parameter, uint64_t seed);

}  // namespace lowtide::trainer
