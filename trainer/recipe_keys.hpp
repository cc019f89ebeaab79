// SPDX-License-Identifier: Apache-2.0
// The one list of recipe keys, their ranges and their words. describe(visitor, section) names each member of a section
// to a visitor; reading, writing and listing keys are three visitors. Private to the recipe's own files.
//   visitor.key(name, member[, range])     bool, string, whole number, real number, enumeration, list
//   visitor.numbers(name, vector, range)   one number or a list
//   visitor.bits(name, member)             1..8, 16, or 32 or "fp32"; or a list of them
//   visitor.bit_pairs(name, member)        a list of bits, or of [weight bits, activation bits]
//   visitor.section(name, member)          a table; may be optional
//   visitor.sections(name, vector member)  an array of tables
#pragma once

#include <array>
#include <cstdint>

#include "trainer/recipe.hpp"

namespace lowtide::trainer {

// Every table a recipe may have ("data", "quantization.layers", "phase.network", ...).
std::vector<std::string> recipe_sections();

struct WholeRange {  // both ends included
  int64_t low;
  int64_t high;
};
struct RealRange {
  double low;
  double high;
};

template <class E>
struct Word {
  E value;
  const char* text;
};

constexpr auto words_of(Normalization) {
  return std::array{Word<Normalization>{Normalization::standard, "standard"},
                    Word<Normalization>{Normalization::symmetric, "symmetric"},
                    Word<Normalization>{Normalization::unit, "unit"}};
}
constexpr auto words_of(WeightQuantizer) {
  return std::array{Word<WeightQuantizer>{WeightQuantizer::dorefa, "dorefa"},
                    Word<WeightQuantizer>{WeightQuantizer::dorefa_detached, "dorefa_detached"},
                    Word<WeightQuantizer>{WeightQuantizer::sign, "sign"},
                    Word<WeightQuantizer>{WeightQuantizer::sign_channel, "sign_channel"},
                    Word<WeightQuantizer>{WeightQuantizer::threshold, "threshold"},
                    Word<WeightQuantizer>{WeightQuantizer::twn, "twn"},
                    Word<WeightQuantizer>{WeightQuantizer::syq, "syq"},
                    Word<WeightQuantizer>{WeightQuantizer::lsq, "lsq"},
                    Word<WeightQuantizer>{WeightQuantizer::uniq, "uniq"},
                    Word<WeightQuantizer>{WeightQuantizer::sparse_shift, "sparse_shift"},
                    Word<WeightQuantizer>{WeightQuantizer::deepshift_q, "deepshift_q"},
                    Word<WeightQuantizer>{WeightQuantizer::deepshift_ps, "deepshift_ps"}};
}
constexpr auto words_of(ActivationQuantizer) {
  return std::array{Word<ActivationQuantizer>{ActivationQuantizer::dorefa, "dorefa"},
                    Word<ActivationQuantizer>{ActivationQuantizer::sign, "sign"},
                    Word<ActivationQuantizer>{ActivationQuantizer::none, "none"},
                    Word<ActivationQuantizer>{ActivationQuantizer::threshold, "threshold"},
                    Word<ActivationQuantizer>{ActivationQuantizer::lsq, "lsq"},
                    Word<ActivationQuantizer>{ActivationQuantizer::pact, "pact"},
                    Word<ActivationQuantizer>{ActivationQuantizer::uniq, "uniq"}};
}
constexpr auto words_of(WeightStage) {
  return std::array{Word<WeightStage>{WeightStage::quantized, "quantized"},
                    Word<WeightStage>{WeightStage::full_precision, "full_precision"}};
}
constexpr auto words_of(ActivationStage) {
  return std::array{Word<ActivationStage>{ActivationStage::quantized, "quantized"},
                    Word<ActivationStage>{ActivationStage::clipped, "clipped"},
                    Word<ActivationStage>{ActivationStage::full_precision, "full_precision"}};
}
constexpr auto words_of(OptimizerKind) {
  return std::array{Word<OptimizerKind>{OptimizerKind::sgd, "sgd"}, Word<OptimizerKind>{OptimizerKind::adam, "adam"},
                    Word<OptimizerKind>{OptimizerKind::adamw, "adamw"},
                    Word<OptimizerKind>{OptimizerKind::radam, "radam"}};
}
constexpr auto words_of(ScheduleKind) {
  return std::array{Word<ScheduleKind>{ScheduleKind::constant, "constant"},
                    Word<ScheduleKind>{ScheduleKind::step, "step"}, Word<ScheduleKind>{ScheduleKind::cosine, "cosine"},
                    Word<ScheduleKind>{ScheduleKind::linear, "linear"},
                    Word<ScheduleKind>{ScheduleKind::exponential, "exponential"}};
}
constexpr auto words_of(LossKind) {
  return std::array{Word<LossKind>{LossKind::cross_entropy, "cross_entropy"}, Word<LossKind>{LossKind::mse, "mse"}};
}
constexpr auto words_of(TrainingPrecision) {
  return std::array{Word<TrainingPrecision>{TrainingPrecision::fp32, "fp32"},
                    Word<TrainingPrecision>{TrainingPrecision::mixed, "mixed"}};
}
constexpr auto words_of(LossScaling) {
  return std::array{Word<LossScaling>{LossScaling::fixed, "fixed"}, Word<LossScaling>{LossScaling::dynamic, "dynamic"}};
}
constexpr auto words_of(Recompute) {
  return std::array{Word<Recompute>{Recompute::none, "none"}, Word<Recompute>{Recompute::convolutions, "convolutions"}};
}
constexpr auto words_of(HiddenActivation) {
  return std::array{Word<HiddenActivation>{HiddenActivation::own, "own"},
                    Word<HiddenActivation>{HiddenActivation::magnitude, "magnitude"}};
}
constexpr auto words_of(NanPolicy) {
  return std::array{Word<NanPolicy>{NanPolicy::stop, "stop"}, Word<NanPolicy>{NanPolicy::skip, "skip"},
                    Word<NanPolicy>{NanPolicy::lower_rate, "lower_rate"}};
}

constexpr auto words_of(ThresholdRule) {
  return std::array{Word<ThresholdRule>{ThresholdRule::max_relative, "max_relative"},
                    Word<ThresholdRule>{ThresholdRule::fixed, "fixed"}, Word<ThresholdRule>{ThresholdRule::twn, "twn"}};
}
constexpr auto words_of(Estimator) {
  return std::array{Word<Estimator>{Estimator::own, "own"},       Word<Estimator>{Estimator::aqe_g1, "aqe_g1"},
                    Word<Estimator>{Estimator::aqe_g2, "aqe_g2"}, Word<Estimator>{Estimator::aqe_g3, "aqe_g3"},
                    Word<Estimator>{Estimator::bireal, "bireal"}, Word<Estimator>{Estimator::ewgs, "ewgs"}};
}
constexpr auto words_of(BlendSchedule) {
  return std::array{Word<BlendSchedule>{BlendSchedule::linear, "linear"},
                    Word<BlendSchedule>{BlendSchedule::geometric, "geometric"},
                    Word<BlendSchedule>{BlendSchedule::constant, "constant"}};
}

constexpr auto words_of(SparseShiftStart) {
  return std::array{Word<SparseShiftStart>{SparseShiftStart::dense, "dense"},
                    Word<SparseShiftStart>{SparseShiftStart::released, "released"}};
}
constexpr auto words_of(ExpansionMerge) {
  return std::array{Word<ExpansionMerge>{ExpansionMerge::none, "none"},
                    Word<ExpansionMerge>{ExpansionMerge::add, "add"},
                    Word<ExpansionMerge>{ExpansionMerge::subtract, "subtract"},
                    Word<ExpansionMerge>{ExpansionMerge::concatenate, "concatenate"}};
}
constexpr auto words_of(Residency) {
  return std::array{Word<Residency>{Residency::automatic, "auto"}, Word<Residency>{Residency::always, "always"},
                    Word<Residency>{Residency::never, "never"}};
}
constexpr auto words_of(ExpansionSchedule) {
  return std::array{Word<ExpansionSchedule>{ExpansionSchedule::half_cosine, "half_cosine"},
                    Word<ExpansionSchedule>{ExpansionSchedule::halving, "halving"},
                    Word<ExpansionSchedule>{ExpansionSchedule::linear, "linear"}};
}
constexpr auto words_of(GuidanceKind) {
  return std::array{Word<GuidanceKind>{GuidanceKind::none, "none"}, Word<GuidanceKind>{GuidanceKind::hint, "hint"},
                    Word<GuidanceKind>{GuidanceKind::logits_mse, "logits_mse"},
                    Word<GuidanceKind>{GuidanceKind::mutual_kl, "mutual_kl"},
                    Word<GuidanceKind>{GuidanceKind::distillation, "distillation"}};
}

template <class V>
void describe(V& v, DataOptions& o) {
  constexpr WholeRange kBatch = {1, 65536};
  constexpr WholeRange kLimit = {0, 1 << 30};
  v.key("set", o.set);
  v.key("batch", o.batch, kBatch);
  v.key("eval_batch", o.eval_batch, kBatch);
  v.key("normalize", o.normalize);
  v.key("crop_padding", o.crop_padding, WholeRange{0, 64});
  v.key("flip", o.flip);
  v.key("brightness", o.brightness, RealRange{0, 255});
  v.key("contrast", o.contrast, RealRange{0, 1});
  v.key("image_size", o.image_size, WholeRange{8, 1024});
  v.key("resize", o.resize, WholeRange{0, 1024});
  v.key("workers", o.workers, WholeRange{1, 64});
  v.key("resident", o.resident);
  v.key("train_limit", o.train_limit, kLimit);
  v.key("test_limit", o.test_limit, kLimit);
  v.key("validation", o.validation, RealRange{0, 0.9});
}

template <class V>
void describe(V& v, NetworkOptions& o) {
  v.key("name", o.name);
  v.key("width", o.width, RealRange{0.03125, 32});
  v.key("activation", o.activation);
  v.key("dropout", o.dropout, RealRange{0, 0.95});
  v.key("batch_norm_momentum", o.batch_norm_momentum, RealRange{1e-6, 1});
  v.key("batch_norm_epsilon", o.batch_norm_epsilon, RealRange{1e-12, 1});
}

inline constexpr RealRange kClipWindow = {1e-3, 1e3};

template <class V>
void describe(V& v, LayerQuantization& o) {
  v.key("pattern", o.pattern);
  v.bits("weight_bits", o.weight_bits);
  v.bits("activation_bits", o.activation_bits);
  v.key("weight_quantizer", o.weight_quantizer);
  v.key("activation_quantizer", o.activation_quantizer);
  v.key("weight_estimator", o.weight_estimator);
  v.key("activation_estimator", o.activation_estimator);
  v.key("weight_threshold_rule", o.weight_threshold_rule);
  v.key("activation_threshold_rule", o.activation_threshold_rule);
  v.key("thresholds_2bit", o.thresholds_2bit);
  v.key("thresholds_3bit", o.thresholds_3bit);
  v.key("thresholds_4bit", o.thresholds_4bit);
  v.key("clip_window", o.clip_window, kClipWindow);
}

template <class V>
void describe(V& v, QuantizationOptions& o) {
  v.bits("weight_bits", o.weight_bits);
  v.bits("activation_bits", o.activation_bits);
  v.key("weight_quantizer", o.weight_quantizer);
  v.key("activation_quantizer", o.activation_quantizer);
  v.key("weights", o.weights);
  v.key("activations", o.activations);
  v.key("syq_threshold", o.syq_threshold, RealRange{0, 1});
  v.key("calibration_batches", o.calibration_batches, WholeRange{1, 100000});
  v.key("clip_start", o.clip_start, RealRange{1e-3, 1e3});
  v.key("clip_window", o.clip_window, kClipWindow);
  v.key("weight_threshold_rule", o.thresholds.weight_rule);
  v.key("activation_threshold_rule", o.thresholds.activation_rule);
  v.key("thresholds_2bit", o.thresholds.two_bits);
  v.key("thresholds_3bit", o.thresholds.three_bits);
  v.key("thresholds_4bit", o.thresholds.four_bits);
  v.key("weight_estimator", o.weight_estimator);
  v.key("activation_estimator", o.activation_estimator);
  v.key("ewgs_scaling", o.ewgs_scaling, RealRange{0, 1e3});
  v.bits("first_layer", o.first_layer);
  v.bits("image_bits", o.image_bits);
  v.bits("last_layer", o.last_layer);
  v.sections("layers", o.layers);
}

template <class V>
void describe(V& v, OptimizerOptions& o) {
  constexpr RealRange kDecay = {0, 0.9999999};
  v.key("name", o.name);
  v.key("momentum", o.momentum, kDecay);
  v.key("nesterov", o.nesterov);
  v.key("beta1", o.beta1, kDecay);
  v.key("beta2", o.beta2, kDecay);
  v.key("epsilon", o.epsilon, RealRange{1e-16, 1});
  v.key("weight_decay", o.weight_decay, RealRange{0, 1});
  v.key("weight_decay_exclude", o.weight_decay_exclude);
  v.key("latent_clip", o.latent_clip, RealRange{0, 1e6});
  v.key("gradient_clip_norm", o.gradient_clip_norm, RealRange{0, 1e6});
}

template <class V>
void describe(V& v, ScheduleOptions& o) {
  v.key("name", o.name);
  v.key("rate", o.rate, RealRange{0, 1e3});
  v.key("final_rate", o.final_rate, RealRange{0, 1e3});
  v.key("milestones", o.milestones, WholeRange{1, 1000000});
  v.key("gamma", o.gamma, RealRange{1e-6, 1});
  v.key("interval_epochs", o.interval_epochs, RealRange{1e-3, 1e6});
  v.key("warmup_epochs", o.warmup_epochs, RealRange{0, 1e6});
  v.key("first_epoch", o.first_epoch, WholeRange{0, 1000000});
  v.key("total_epochs", o.total_epochs, WholeRange{0, 1000000});
}

template <class V>
void describe(V& v, TrainingOptions& o) {
  v.key("epochs", o.epochs, WholeRange{1, 1000000});
  v.key("loss", o.loss);
  v.key("label_smoothing", o.label_smoothing, RealRange{0, 0.999});
  v.key("precision", o.precision);
  v.key("recompute", o.recompute);
  v.key("loss_scale", o.loss_scale, RealRange{1, 16777216});
  v.key("loss_scaling", o.loss_scaling);
  v.key("loss_scale_interval", o.loss_scale_interval, WholeRange{1, 1u << 20});
  v.key("nan_policy", o.nan_policy);
  v.key("nan_rate_factor", o.nan_rate_factor, RealRange{1e-3, 0.999});
  v.key("log_every", o.log_every, WholeRange{1, 1000000});
  v.key("checkpoint_every", o.checkpoint_every, WholeRange{1, 1000000});
  v.key("reestimate_norm_batches", o.reestimate_norm_batches, WholeRange{0, 100000});
  v.key("keep_best", o.keep_best);
}

template <class V>
void describe(V& v, BlendOptions& o) {
  v.key("schedule", o.schedule);
  v.key("from", o.from, RealRange{0, 1});
  v.key("to", o.to, RealRange{0, 1});
}

template <class V>
void describe(V& v, ExpansionOptions& o) {
  v.key("merge", o.merge);
  v.key("schedule", o.schedule);
  v.key("fraction", o.fraction, RealRange{0.001, 1});
  v.key("epochs", o.epochs, WholeRange{0, 1000000});
}

template <class V>
void describe(V& v, StochasticOptions& o) {
  v.key("enabled", o.is_on);
  v.key("start", o.start, RealRange{0, 1});
  v.key("fraction", o.fraction, RealRange{0, 1});
}

template <class V>
void describe(V& v, SparseShiftOptions& o) {
  v.key("dense_regularizer", o.dense_regularizer, RealRange{0, 1});
  v.key("start", o.start);
}

template <class V>
void describe(V& v, DeepshiftOptions& o) {
  v.key("penalty", o.penalty, RealRange{0, 1});
}

template <class V>
void describe(V& v, GuidanceOptions& o) {
  constexpr RealRange kWeight = {0, 1e6};
  constexpr RealRange kDecay = {0, 0.9999999};
  v.key("kind", o.kind);
  v.key("student_task", o.student_task, kWeight);
  v.key("student_match", o.student_match, kWeight);
  v.key("teacher_task", o.teacher_task, kWeight);
  v.key("teacher_match", o.teacher_match, kWeight);
  v.key("temperature", o.temperature, RealRange{1e-3, 1e3});
  v.bit_pairs("students", o.students);
  v.key("hint_layers", o.hint_layers);
  v.key("hint_quantized", o.hint_quantized);
  v.key("teacher_from", o.teacher_from);
  v.key("teacher_network", o.teacher_network);
  v.key("teacher_width", o.teacher_width, RealRange{0.03125, 32});
  v.key("teacher_optimizer", o.teacher_optimizer);
  v.key("teacher_momentum", o.teacher_momentum, kDecay);
  v.key("teacher_beta1", o.teacher_beta1, kDecay);
  v.key("teacher_beta2", o.teacher_beta2, kDecay);
  v.key("teacher_weight_decay", o.teacher_weight_decay, RealRange{0, 1});
  v.key("teacher_rate", o.teacher_rate, RealRange{0, 1e3});
  v.key("teacher_milestones", o.teacher_milestones, WholeRange{1, 1000000});
}

// The sections that a recipe has at its top level and that each [[phase]] may override.
template <class V>
void describe_phase_sections(V& v, Phase& o) {
  v.section("network", o.network);
  v.section("quantization", o.quantization);
  v.section("optimizer", o.optimizer);
  v.section("schedule", o.schedule);
  v.section("training", o.training);
  v.section("stochastic", o.stochastic);
  v.section("blend", o.blend);
  v.section("expansion", o.expansion);
  v.section("sparse_shift", o.sparse_shift);
  v.section("deepshift", o.deepshift);
  v.section("guidance", o.guidance);
}

template <class V>
void describe(V& v, Phase& o) {
  v.key("name", o.name);
  v.key("initialize_from", o.initialize_from);
  v.key("cycle", o.cycle, WholeRange{0, 1000000});
  describe_phase_sections(v, o);
}

// The keys before [[phase]]; `base` holds the top-level sections.
template <class V>
void describe_top_level(V& v, Recipe& o, Phase& base) {
  v.key("name", o.name);
  v.key("seed", o.seed, WholeRange{0, INT64_MAX});
  v.section("data", o.data);
  describe_phase_sections(v, base);
}

}  // namespace lowtide::trainer
