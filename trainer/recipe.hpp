// SPDX-License-Identifier: Apache-2.0
// Recipe: everything that decides what a training run computes, as plain data read from TOML text. Not in it: the
// device and where data and runs lie on disk (command line). A recipe that was read is complete and within range: code
// behind it checks nothing again. Which network names exist is known to the network registry, not here.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "engine/base/result.hpp"
#include "trainer/methods/aqe_options.hpp"
#include "trainer/methods/deepshift_options.hpp"
#include "trainer/methods/exp_net_options.hpp"
#include "trainer/methods/guided_options.hpp"
#include "trainer/methods/s3_options.hpp"
#include "trainer/methods/stochastic_options.hpp"

namespace lowtide::trainer {

// Bits of a quantised tensor: 1..8, 16 in training alone, or kFloatBits for full precision. In TOML 1..8, 16, 32 or
// "fp32".
inline constexpr uint32_t kFloatBits = 32;

enum class Normalization { standard, symmetric, unit };
// Where training images are while they are trained on: bytes on the device, which picks, crops, flips and normalises
// them, or on the host, which sends each batch in f32. The numbers are the same, bit for bit.
enum class Residency { automatic, always, never };
enum class WeightQuantizer {
  dorefa,
  dorefa_detached,
  sign,
  sign_channel,
  threshold,
  twn,
  syq,
  lsq,
  uniq,
  sparse_shift,
  deepshift_q,
  deepshift_ps
};
enum class ActivationQuantizer { dorefa, sign, none, threshold, lsq, pact, uniq };
enum class WeightStage { quantized, full_precision };
enum class ActivationStage { quantized, clipped, full_precision };
enum class OptimizerKind { sgd, adam, adamw, radam };
enum class ScheduleKind { constant, step, cosine, linear, exponential };
enum class LossKind { cross_entropy, mse };
enum class NanPolicy { stop, skip, lower_rate };
// What convolutions and linear layers multiply while they train. mixed: factors rounded to f16, sums in f32, where the
// device has units for it. Everything else, latents and evaluation included, is f32 either way.
enum class TrainingPrecision { fp32, mixed };
// Whether the loss scale stays or is moved on the device: halved where a gradient overflows, whose step is left out,
// and doubled after loss_scale_interval steps without (engine/ops/loss_scale).
enum class LossScaling { fixed, dynamic };
// What runs again in the backward pass instead of being kept: convolutions of levels, whose inputs are a byte each.
enum class Recompute { none, convolutions };

// What hidden layers that have a ReLU in their network apply. magnitude: |x|, which a quantiser of [0, 1] then clips,
// so that the gradient is that of min(1, |x|) (the SVHN networks of DoReFa-Net's and EXP-Net's authors).
enum class HiddenActivation { own, magnitude };

// [data]
struct DataOptions {
  std::string set = "glyphs";  // a name that open_dataset knows: mnist, cifar10, glyphs, folder:<path>, ...
  uint32_t batch = 100;        // images of one step
  uint32_t eval_batch = 100;   // images of one evaluation step
  // standard: (pixel/255 - mean) / deviation per channel of the set; symmetric: 2 pixel/255 - 1; unit: pixel/255.
  Normalization normalize = Normalization::standard;
  uint32_t crop_padding = 0;  // pixels: pad each side by so many zeros, crop back at a random place; 0 is off
  bool flip = false;          // mirror left and right with probability 1/2
  double brightness = 0;      // pixels of 0..255: every pixel of an image moves by the same amount, drawn from +-this
  double contrast = 0;        // each channel's distance from its mean is multiplied by a number drawn from 1 +-this
  uint32_t image_size =
      224;               // edge of the square that image folders are resized and cropped to; other sets have theirs
  uint32_t resize = 0;   // other colour sets: edge that their images are resized to; 0: as they are
  uint32_t workers = 1;  // threads that make batches ahead of the device
  Residency resident = Residency::automatic;  // loop/resident.hpp says when they fit
  uint32_t train_limit = 0;                   // use so many training images, spread evenly over the set; 0 is all
  uint32_t test_limit = 0;                    // the same for the test images
  double validation = 0;  // share of the training images held out; evaluation then uses them, not the test set

  friend bool operator==(const DataOptions&, const DataOptions&) = default;
};

// [network]
struct NetworkOptions {
  std::string name = "cnv";  // a name of the network registry
  double width = 1;          // multiplies the channel counts of the hidden layers
  HiddenActivation activation = HiddenActivation::own;
  double dropout = 0;                // probability of a zero before the classifier, where the network has one
  double batch_norm_momentum = 0.1;  // running = (1 - momentum) running + momentum batch
  double batch_norm_epsilon = 1e-5;

  friend bool operator==(const NetworkOptions&, const NetworkOptions&) = default;
};

// [[quantization.layers]]: what differs for the layers whose name matches `pattern` (`*` any text, `?` one character).
// Later entries win.
struct LayerQuantization {
  std::string pattern = {};
  std::optional<uint32_t> weight_bits = {};
  std::optional<uint32_t> activation_bits = {};  // of the tensor that enters the layer
  std::optional<WeightQuantizer> weight_quantizer = {};
  std::optional<ActivationQuantizer> activation_quantizer = {};
  std::optional<Estimator> weight_estimator = {};
  std::optional<Estimator> activation_estimator = {};
  std::optional<ThresholdRule> weight_threshold_rule = {};
  std::optional<ThresholdRule> activation_threshold_rule = {};
  std::optional<std::vector<double>> thresholds_2bit = {};
  std::optional<std::vector<double>> thresholds_3bit = {};
  std::optional<std::vector<double>> thresholds_4bit = {};
  std::optional<double> clip_window = {};

  friend bool operator==(const LayerQuantization&, const LayerQuantization&) = default;
};

// [quantization]
struct QuantizationOptions {
  uint32_t weight_bits = kFloatBits;
  uint32_t activation_bits = kFloatBits;
  // dorefa: tanh, maximum of the layer, 2^k levels (Zhou et al. 2016, eq. 9); dorefa_detached: the same, the maximum is
  // a constant for the gradient; sign: sign(w) times mean |w| of the layer; sign_channel: of each output channel
  // (Rastegari et al. 2016, XNOR-Net, eq. 6); threshold: signs, ternary, or powers of two with 3 and 4 bits, without a
  // scale (methods/aqe.hpp); twn: ternary beyond 0.7 mean |w|, times the mean |w| there (Li et al. 2016);
  // syq: signs (1 bit) or ternary levels (2 bits) times a learned number for each position of the kernel
  // (nets/syq_operands.hpp). Signed powers of two: sparse_shift (methods/s3.hpp), deepshift_q and deepshift_ps
  // (methods/deepshift.hpp).
  WeightQuantizer weight_quantizer = WeightQuantizer::dorefa;
  // dorefa: clip to [0, 1], 2^k levels; sign: +-1; threshold: as of weights, behind hard tanh; lsq, pact, uniq: 2^k
  // levels of a learned step (methods/learned_step.hpp), as lsq and uniq of weights; none: the network's own activation
  // stays.
  ActivationQuantizer activation_quantizer = ActivationQuantizer::dorefa;
  uint32_t calibration_batches = 1;  // training batches from which learned steps of activations start
  double clip_start = 10;            // the bound that pact starts with
  // What the bits are for: methods that train in stages switch one side off for a while, in training and evaluation.
  //   weights      quantized; full_precision: the latents themselves
  //   activations  quantized; clipped without rounding, to [-1, 1] for sign and threshold, else to [0, 1];
  //                full_precision: the network's own activation
  WeightStage weights = WeightStage::quantized;
  ActivationStage activations = ActivationStage::quantized;
  double clip_window = 1;  // straight-through gradient of sign and threshold: dx = dy where |x| <= clip_window, else 0
  ThresholdOptions thresholds;
  double syq_threshold = 0.05;  // syq of 2 bits: levels are 0 where |w| <= this times max |w|
  Estimator weight_estimator = Estimator::own;
  Estimator activation_estimator = Estimator::own;
  double ewgs_scaling = 1e-3;         // of the estimator ewgs; the authors adapt it, here it is constant
  uint32_t first_layer = kFloatBits;  // weight bits of the first layer; its input is the image
  uint32_t image_bits = kFloatBits;   // of the image where layers read it: 8, its pixels as DoReFa levels, or real
  uint32_t last_layer = kFloatBits;   // weight bits of the classifier, and bits of what enters it
  std::vector<LayerQuantization> layers;

  friend bool operator==(const QuantizationOptions&, const QuantizationOptions&) = default;
};

// [optimizer]
struct OptimizerOptions {
  OptimizerKind name = OptimizerKind::adam;
  double momentum = 0.9;  // sgd
  bool nesterov = false;  // sgd
  double beta1 = 0.9;     // adam, adamw, radam
  double beta2 = 0.999;
  double epsilon = 1e-8;
  // sgd, adam: added to the gradient (L2); adamw, radam: decoupled (Loshchilov and Hutter 2019).
  double weight_decay = 0;
  std::vector<std::string> weight_decay_exclude = {"bias", "norm", "step"};  // roles, or parts of names
  double latent_clip = 0;  // after each update latent weights of quantised layers are clipped to +-this; 0 is off
  double gradient_clip_norm = 0;  // the whole gradient is scaled down to this norm; 0 is off

  friend bool operator==(const OptimizerOptions&, const OptimizerOptions&) = default;
};

// [schedule]: the learning rate as a function of the step. Formulas: trainer/schedule/learning_rate.hpp.
struct ScheduleOptions {
  ScheduleKind name = ScheduleKind::constant;
  double rate = 0.001;               // the base rate
  double final_rate = 0;             // cosine, linear: reached at the last step; exponential: never below it
  std::vector<uint32_t> milestones;  // step: epochs after which the rate is multiplied by gamma; rising
  double gamma = 0.1;                // step, exponential
  double interval_epochs = 1;        // exponential: epochs between two multiplications by gamma
  double warmup_epochs = 0;          // linear rise to the schedule's rate over the first epochs
  // A schedule that spans several phases: it lasts total_epochs (0: as long as the phase), of which first_epoch lie
  // behind when the phase begins.
  uint32_t first_epoch = 0;
  uint32_t total_epochs = 0;

  friend bool operator==(const ScheduleOptions&, const ScheduleOptions&) = default;
};

// [training]
struct TrainingOptions {
  uint32_t epochs = 10;
  LossKind loss = LossKind::cross_entropy;
  double label_smoothing = 0;  // the target is (1 - s) one-hot + s / classes
  TrainingPrecision precision = TrainingPrecision::fp32;
  Recompute recompute = Recompute::none;
  // Losses are multiplied by it and gradients divided, so that small gradients do not vanish in f16 (Micikevicius et
  // al. 2018, section 3.2). dynamic: the scale to start with. Absent: 1 where it stays in fp32, 1024 in mixed
  // precision; 65536 where it moves.
  std::optional<double> loss_scale = {};
  // Absent: dynamic in mixed precision, unless sparse_shift.dense_regularizer or deepshift.penalty is at work, which
  // take the scale from the host; else fixed.
  std::optional<LossScaling> loss_scaling = {};
  uint32_t loss_scale_interval = 2000;
  NanPolicy nan_policy = NanPolicy::stop;
  double nan_rate_factor = 0.5;          // lower_rate: the rate is multiplied by this at each NaN or infinity
  uint32_t log_every = 50;               // steps between two metric lines
  uint32_t checkpoint_every = 1;         // epochs
  uint32_t reestimate_norm_batches = 0;  // forward passes at the start that replace running statistics; 0 is off
  bool keep_best = true;                 // keep the checkpoint of the best evaluation beside the last one

  friend bool operator==(const TrainingOptions&, const TrainingOptions&) = default;
};

// One stage of a run. Most recipes have one, made from the top-level sections. Others list them, a [[phase]] each,
// whose [phase.network], [phase.quantization], ... override the top-level sections key by key; or name a method that
// trains in stages, which is expanded into phases when the recipe is read (trainer/methods/staging.hpp).
struct Phase {
  std::string name = "train";
  // Where the parameters come from: "fresh" (drawn from the seed), "previous" (handed over from the phase before:
  // latents, norms, biases; neither optimiser moments nor quantiser steps), "continue" (all that the phase before left,
  // moments and step count too, as if the phases were one), or the path of a checkpoint (handed over like "previous").
  std::string initialize_from = "fresh";
  uint32_t cycle = 0;  // of methods that go round in cycles: which one, from 1; 0: none
  NetworkOptions network;
  QuantizationOptions quantization;
  OptimizerOptions optimizer;
  ScheduleOptions schedule;
  TrainingOptions training;
  StochasticOptions stochastic;
  BlendOptions blend;
  ExpansionOptions expansion;
  SparseShiftOptions sparse_shift;
  DeepshiftOptions deepshift;
  GuidanceOptions guidance;

  friend bool operator==(const Phase&, const Phase&) = default;
};

// Epochs that the phase's schedule lasts.
uint32_t schedule_epochs(const Phase& phase);

struct Recipe {
  std::string name = "unnamed";  // names the run folder: letters, digits, '_', '-', '.'
  uint64_t seed = 1;
  DataOptions data;
  std::vector<Phase> phases = std::vector<Phase>(1);  // never empty

  friend bool operator==(const Recipe&, const Recipe&) = default;
};

// "3/9 cycle 1, 2 bits": which phase of how many, and its name; empty where there is one phase.
std::string phase_title(const Recipe& recipe, size_t phase);

// Whether a phase makes the network that the recipe is after: the last phase's network at its precision. Only such
// phases compete for the best checkpoint, with each other.
bool is_target(const Recipe& recipe, const Phase& phase);

// Reads TOML text. `source` names it in messages (a path). Each override is "section.key=value", value in TOML, or a
// bare word or sentence that is taken as a string; "phase.0.section.key=value" reaches into the first [[phase]].
// Errors are sentences with the line: text that is not TOML, an unknown key (with the nearest known key), a wrong type,
// a value out of range, keys that contradict each other.
Result<Recipe> parse_recipe(std::string_view text, std::string_view source,
                            std::span<const std::string> overrides = {});

// The same for a file.
Result<Recipe> read_recipe(const std::filesystem::path& path, std::span<const std::string> overrides = {});

// The whole recipe, defaults included, as TOML text: parse_recipe(recipe_text(r)) == r.
std::string recipe_text(const Recipe& recipe);

// Every key a recipe may have ("data.batch", "phase.network.width", ...), in the order of recipe_text.
std::vector<std::string> recipe_keys();

// What applies to one layer after first_layer, last_layer and the matching [[quantization.layers]]. Where first_layer
// or last_layer ask a sign, TWN or shift network for bits that it does not have, that layer uses dorefa and its own
// estimator.
struct LayerPrecision {
  uint32_t weight_bits = kFloatBits;
  uint32_t activation_bits = kFloatBits;  // of the tensor that enters the layer
  WeightQuantizer weight_quantizer = WeightQuantizer::dorefa;
  ActivationQuantizer activation_quantizer = ActivationQuantizer::dorefa;
  Estimator weight_estimator = Estimator::own;
  Estimator activation_estimator = Estimator::own;
  ThresholdOptions thresholds = {};
  bool is_clipped = false;           // activations in full precision: clipped to their quantiser's range
  uint32_t image_bits = kFloatBits;  // where the image enters the layer, instead of activation_bits
  double clip_window = 1;

  friend bool operator==(const LayerPrecision&, const LayerPrecision&) = default;
};
// real: a layer that its network keeps in full precision, where no pattern says otherwise.
enum class LayerPosition { first, inner, last, real };
LayerPrecision layer_precision(const QuantizationOptions& options, std::string_view layer, LayerPosition position);
// Whether a pattern of [[quantization.layers]] means the layer.
bool matches_layer(std::string_view pattern, std::string_view layer);

// The words of the enumerations, as recipes spell them.
const char* to_string(Normalization value);
const char* to_string(WeightQuantizer value);
const char* to_string(ActivationQuantizer value);
const char* to_string(WeightStage value);
const char* to_string(ActivationStage value);
const char* to_string(OptimizerKind value);
const char* to_string(ScheduleKind value);
const char* to_string(LossKind value);
const char* to_string(NanPolicy value);
const char* to_string(HiddenActivation value);
const char* to_string(LossScaling value);
const char* to_string(ThresholdRule value);
const char* to_string(Estimator value);
const char* to_string(BlendSchedule value);
const char* to_string(SparseShiftStart value);
const char* to_string(ExpansionMerge value);
const char* to_string(ExpansionSchedule value);
const char* to_string(GuidanceKind value);

}  // namespace lowtide::trainer
