// SPDX-License-Identifier: Apache-2.0
// Contradictions between keys, phase by phase.
#include "trainer/recipe_check.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "trainer/methods/aqe.hpp"
#include "trainer/methods/deepshift.hpp"
#include "trainer/methods/exp_net.hpp"
#include "trainer/methods/guided.hpp"
#include "trainer/methods/learned_step.hpp"
#include "trainer/methods/loss_scaling.hpp"
#include "trainer/methods/quantizer_bits.hpp"
#include "trainer/methods/s3.hpp"
#include "trainer/methods/stochastic.hpp"

namespace lowtide::trainer {
namespace {

using Sentences = std::vector<std::string>;

void check_name(const std::string& name, Sentences& out) {
  constexpr size_t kLongest = 64;
  const bool has_only_safe_characters = std::all_of(name.begin(), name.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' || c == '-' ||
           c == '.';
  });
  if (name.empty() || name.size() > kLongest || name.front() == '.' || !has_only_safe_characters) {
    out.push_back(fmt::format(
        "name names the run folder and must have 1 to {} letters, digits, '_', '-' or '.', not starting with '.'; "
        "found \"{}\"",
        kLongest, name));
  }
}

void check_precision(std::string_view where, const LayerPrecision& p, Sentences& out) {
  if (p.activation_quantizer == ActivationQuantizer::none && p.activation_bits != kFloatBits) {
    out.push_back(
        fmt::format("{}: activation_quantizer = \"none\" leaves activations in fp32, but activation_bits is "
                    "{}; set it to 32 or name a quantizer",
                    where, p.activation_bits));
  }
}

// Clipping without rounding is that of a quantiser whose range is fixed.
void check_clipping(const std::string& where, const QuantizationOptions& q, Sentences& out) {
  if (q.activations != ActivationStage::clipped || !learns_range(q)) return;
  out.push_back(where +
                "quantization.activations = \"clipped\" clips to a fixed range, but a quantiser of activations learns "
                "its range; use \"full_precision\", or dorefa");
}

void check_quantization(const std::string& where, const QuantizationOptions& q, Sentences& out) {
  const std::string section = where + "quantization";
  const LayerPrecision base = {q.weight_bits, q.activation_bits, q.weight_quantizer, q.activation_quantizer};
  check_precision(section, base, out);
  check_bits(where, q, out);
  check_clipping(where, q, out);
  const bool has_activations = q.activation_bits != kFloatBits || q.last_layer != kFloatBits || !q.layers.empty();
  if (q.activations == ActivationStage::clipped && !has_activations) {
    out.push_back(section +
                  ".activations = \"clipped\" clips what would be quantised, but activation_bits and last_layer are "
                  "fp32; set the bits, or leave activations out");
  }
  for (size_t i = 0; i < q.layers.size(); ++i) {
    const LayerQuantization& layer = q.layers[i];
    const std::string entry = fmt::format("{}.layers entry {}", section, i);
    if (layer.pattern.empty()) {
      out.push_back(entry + ": pattern is missing; it names the layers, for example \"conv*\"");
      continue;
    }
    const LayerPrecision precision = {layer.weight_bits.value_or(base.weight_bits),
                                      layer.activation_bits.value_or(base.activation_bits),
                                      layer.weight_quantizer.value_or(base.weight_quantizer),
                                      layer.activation_quantizer.value_or(base.activation_quantizer)};
    check_precision(entry, precision, out);
  }
}

// Pixels are levels of [0, 1] and of nothing else.
void check_image_bits(const std::string& where, Normalization normalize, uint32_t bits, Sentences& out) {
  constexpr uint32_t kPixelBits = 8;
  if (bits == kFloatBits) return;
  if (bits != kPixelBits) {
    out.push_back(fmt::format("{}quantization.image_bits is {}, but pixels have {}; use {}, or 32 for real images",
                              where, bits, kPixelBits, kPixelBits));
  }
  if (normalize != Normalization::unit) {
    out.push_back(
        fmt::format("{}quantization.image_bits = {} makes levels of images in [0, 1], but data.normalize is "
                    "\"{}\"; set data.normalize = \"unit\"",
                    where, bits, to_string(normalize)));
  }
}

// Levels below 0 would never be seen behind |x|.
void check_hidden_activation(const std::string& where, const Phase& phase, Sentences& out) {
  if (phase.network.activation != HiddenActivation::magnitude) return;
  const auto is_signed = [](ActivationQuantizer quantizer) {
    return quantizer == ActivationQuantizer::sign || quantizer == ActivationQuantizer::threshold;
  };
  const QuantizationOptions& q = phase.quantization;
  bool has_signed = is_signed(q.activation_quantizer);
  for (const LayerQuantization& layer : q.layers) {
    has_signed = has_signed || (layer.activation_quantizer && is_signed(*layer.activation_quantizer));
  }
  if (!has_signed) return;
  out.push_back(where +
                "network.activation = \"magnitude\" is never negative, but quantization.activation_quantizer \"sign\" "
                "and \"threshold\" have levels on both sides of 0; use \"own\", or dorefa");
}

void check_optimizer(const std::string& where, const OptimizerOptions& o, Sentences& out) {
  if (o.nesterov && (o.name != OptimizerKind::sgd || o.momentum == 0)) {
    out.push_back(where + "optimizer.nesterov needs name = \"sgd\" and a momentum above 0");
  }
  for (const std::string& word : o.weight_decay_exclude) {
    if (word.empty()) {
      out.push_back(where + "optimizer.weight_decay_exclude holds an empty word, which would exclude everything");
    }
  }
}

void check_schedule(const std::string& where, const Phase& phase, Sentences& out) {
  const ScheduleOptions& s = phase.schedule;
  if (std::adjacent_find(s.milestones.begin(), s.milestones.end(), std::greater_equal<>()) != s.milestones.end()) {
    out.push_back(where + "schedule.milestones must rise from one to the next");
  }
  if (s.name == ScheduleKind::step && s.milestones.empty()) {
    out.push_back(where + "schedule.name = \"step\" needs milestones, for example [60, 80]");
  }
  const uint32_t total = schedule_epochs(phase);
  if (s.warmup_epochs > total) {
    out.push_back(fmt::format("{}schedule.warmup_epochs is {}, longer than the {} epochs of training", where,
                              s.warmup_epochs, total));
  }
  if (s.first_epoch + phase.training.epochs > total) {
    out.push_back(
        fmt::format("{}schedule.first_epoch = {} and training.epochs = {} go beyond schedule.total_epochs = {}", where,
                    s.first_epoch, phase.training.epochs, s.total_epochs));
  }
  const bool falls = s.name != ScheduleKind::constant && s.name != ScheduleKind::step;
  if (falls && s.final_rate > s.rate) {
    out.push_back(fmt::format("{}schedule.final_rate is {}, above schedule.rate = {}", where, s.final_rate, s.rate));
  }
}

// A phase that goes on where the one before ended keeps its network and its optimiser.
void check_continuation(const std::string& where, const Phase& before, const Phase& phase, Sentences& out) {
  if (before.network.name != phase.network.name || before.network.width != phase.network.width) {
    out.push_back(
        fmt::format("{}initialize_from = \"continue\" keeps the network, but network.name is \"{}\" of width "
                    "{} and was \"{}\" of width {}; use \"previous\" or the same network",
                    where, phase.network.name, phase.network.width, before.network.name, before.network.width));
  }
  check_continued_steps(where, before, phase, out);
  if (before.optimizer.name != phase.optimizer.name) {
    out.push_back(
        fmt::format("{}initialize_from = \"continue\" keeps the optimiser's moments, but optimizer.name is "
                    "\"{}\" and was \"{}\"; use \"previous\" or the same optimiser",
                    where, to_string(phase.optimizer.name), to_string(before.optimizer.name)));
  }
}

void check_phase(const Recipe& recipe, size_t index, Sentences& out) {
  const Phase& phase = recipe.phases[index];
  const std::string where = recipe.phases.size() == 1 ? "" : fmt::format("phase {} ({}): ", index, phase.name);
  if (phase.network.name.empty()) out.push_back(where + "network.name is empty; name a network");
  check_quantization(where, phase.quantization, out);
  check_image_bits(where, recipe.data.normalize, phase.quantization.image_bits, out);
  check_hidden_activation(where, phase, out);
  check_guidance(where, index > 0 ? &recipe.phases[index - 1] : nullptr, phase, out);
  for (size_t i = 0; is_guided(phase) && i < phase.guidance.students.size(); ++i) {
    QuantizationOptions student = phase.quantization;
    student.weight_bits = phase.guidance.students[i].weights;
    student.activation_bits = phase.guidance.students[i].activations;
    check_quantization(fmt::format("{}guidance.students entry {}: ", where, i), student, out);
  }
  check_optimizer(where, phase.optimizer, out);
  check_schedule(where, phase, out);
  check_aqe(where, phase, out);
  check_loss_scaling(where, phase, out);
  check_expansion(where, phase, out);
  check_stochastic(where, phase, out);
  check_sparse_shift(where, phase, out);
  check_deepshift(where, phase, out);
  if (phase.training.label_smoothing > 0 && phase.training.loss != LossKind::cross_entropy) {
    out.push_back(where + "training.label_smoothing belongs to loss = \"cross_entropy\"");
  }
  if (phase.initialize_from.empty()) {
    out.push_back(where +
                  "initialize_from is empty; it is \"fresh\", \"previous\", \"continue\" or the path of a checkpoint");
  }
  if (index == 0 && (phase.initialize_from == "previous" || phase.initialize_from == "continue")) {
    out.push_back(where + "the first phase has none before it; initialize_from must be \"fresh\" or a path");
  }
  if (index > 0 && phase.initialize_from == "continue") {
    check_continuation(where, recipe.phases[index - 1], phase, out);
  }
}

}  // namespace

std::vector<std::string> recipe_contradictions(const Recipe& recipe) {
  Sentences out;
  check_name(recipe.name, out);
  if (recipe.data.set.empty()) out.push_back("data.set is empty; name a data set, for example \"glyphs\"");
  for (size_t i = 0; i < recipe.phases.size(); ++i) check_phase(recipe, i, out);
  return out;
}

}  // namespace lowtide::trainer
