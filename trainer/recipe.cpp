// SPDX-License-Identifier: Apache-2.0
// What needs no TOML library: writing, the list of keys, the words, and the precision of a layer.
#include "trainer/recipe.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <type_traits>

#include "engine/base/check.hpp"
#include "trainer/method_keys.hpp"
#include "trainer/methods/learned_step.hpp"
#include "trainer/methods/quantizer_bits.hpp"
#include "trainer/recipe_keys.hpp"

namespace lowtide::trainer {
namespace {

std::string toml_string(std::string_view text) {
  std::string out = "\"";
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (c == '"' || c == '\\') {
      out += '\\';
      out += c;
    } else if (byte < 0x20 || byte == 0x7f) {
      out += fmt::format("\\u{:04X}", byte);
    } else {
      out += c;
    }
  }
  return out + '"';
}

std::string bits_text(uint32_t bits) {
  return bits == kFloatBits ? "\"fp32\"" : fmt::format("{}", bits);
}

template <class E>
const char* word(E value) {
  for (const auto& row : words_of(E{})) {
    if (row.value == value) return row.text;
  }
  LOWTIDE_CHECK(false, "an enumeration of the recipe holds a value without a word");
  return "";
}

// A visitor that writes TOML.
class Writer {
 public:
  std::string take() { return std::move(text_); }

  void key(const char* name, const std::string& value) { line(name, toml_string(value)); }
  void key(const char* name, bool value) { line(name, value ? "true" : "false"); }
  void key(const char* name, uint32_t value, WholeRange) { line(name, fmt::format("{}", value)); }
  void key(const char* name, uint64_t value, WholeRange) { line(name, fmt::format("{}", value)); }
  void key(const char* name, double value, RealRange) { line(name, fmt::format("{}", value)); }
  void key(const char* name, const std::vector<std::string>& values) {
    std::vector<std::string> items;
    for (const std::string& value : values) items.push_back(toml_string(value));
    line(name, fmt::format("[{}]", fmt::join(items, ", ")));
  }
  void key(const char* name, const std::vector<uint32_t>& values, WholeRange) {
    line(name, fmt::format("[{}]", fmt::join(values, ", ")));
  }
  void key(const char* name, const std::vector<double>& values) {
    line(name, fmt::format("[{}]", fmt::join(values, ", ")));
  }
  template <class E>
  requires std::is_enum_v<E>
  void key(const char* name, E value) { line(name, toml_string(word(value))); }
  template <class T, class... Range>
  void key(const char* name, const std::optional<T>& value, Range... range) {
    if (value) key(name, *value, range...);
  }
  void bits(const char* name, uint32_t value) { line(name, bits_text(value)); }
  void bits(const char* name, const std::optional<uint32_t>& value) {
    if (value) bits(name, *value);
  }
  void bit_pairs(const char* name, const std::vector<BitPair>& values) {
    std::vector<std::string> items;
    for (const BitPair& pair : values) {
      items.push_back(fmt::format("[{}, {}]", bits_text(pair.weights), bits_text(pair.activations)));
    }
    line(name, fmt::format("[{}]", fmt::join(items, ", ")));
  }
  template <class T>
  void section(const char* name, T& value) {
    enter(name, "[", "]", value);
  }
  template <class T>
  void sections(const char* name, std::vector<T>& values) {
    if (values.empty()) line(name, "[]");
    for (T& value : values) enter(name, "[[", "]]", value);
  }
  // A phase with its own keys and those of its sections that differ from the ones at the top level.
  void phase(Phase& phase, Phase& top) {
    text_ += "\n[[phase]]\n";
    key("name", phase.name);
    key("initialize_from", phase.initialize_from);
    if (phase.cycle > 0) key("cycle", phase.cycle, WholeRange{});
    const std::vector<std::string> sections = section_texts(phase), known = section_texts(top);
    for (size_t i = 0; i < sections.size(); ++i) {
      if (sections[i] != known[i]) text_ += sections[i];
    }
  }

 private:
  struct Collector {
    std::vector<std::string> texts = {};
    template <class T>
    void section(const char* name, T& value) {
      Writer writer;
      writer.path_ = "phase";
      writer.section(name, value);
      texts.push_back(writer.take());
    }
  };
  // Each section of a phase as text.
  static std::vector<std::string> section_texts(Phase& phase) {
    Collector collector;
    describe_phase_sections(collector, phase);
    return std::move(collector.texts);
  }

  void line(const char* name, std::string_view value) { text_ += fmt::format("{} = {}\n", name, value); }

  template <class T>
  void enter(const char* name, const char* open, const char* close, T& value) {
    const std::string outer = path_;
    if (!path_.empty()) path_ += '.';
    path_ += name;
    text_ += fmt::format("\n{}{}{}\n", open, path_, close);
    describe(*this, value);
    path_ = outer;
  }

  std::string text_;
  std::string path_;
};

// A visitor that lists the keys and the sections.
class Lister {
 public:
  std::vector<std::string> take_keys() { return std::move(keys_); }
  std::vector<std::string> take_sections() { return std::move(sections_); }

  template <class... Rest>
  void key(const char* name, Rest&&...) {
    keys_.push_back(path_ + name);
  }
  template <class T>
  void bits(const char* name, T&) {
    keys_.push_back(path_ + name);
  }
  template <class T, class Range>
  void numbers(const char* name, std::vector<T>&, Range) {
    keys_.push_back(path_ + name);
  }
  template <class T>
  void section(const char* name, std::optional<T>&) {
    T value;
    section(name, value);
  }
  void bit_pairs(const char* name, const std::vector<BitPair>&) { keys_.push_back(path_ + name); }
  template <class T>
  void section(const char* name, T& value) {
    const std::string outer = path_;
    path_ += name;
    sections_.push_back(path_);
    path_ += '.';
    describe(*this, value);
    path_ = outer;
  }
  template <class T>
  void sections(const char* name, std::vector<T>&) {
    T value;
    section(name, value);
  }

 private:
  std::vector<std::string> keys_;
  std::vector<std::string> sections_;
  std::string path_;
};

Lister list_recipe() {
  Recipe recipe;
  Lister lister;
  describe_top_level(lister, recipe, recipe.phases.front());
  Staging staging;
  describe_staging(lister, staging);
  lister.sections("phase", recipe.phases);
  return lister;
}

// Learned steps and staircases are what their edges are too: bits that they do not have are refused.
bool gives_way(WeightQuantizer quantizer) {
  return quantizer != WeightQuantizer::threshold && !has_learned_step(quantizer);
}

void set_edge_bits(LayerPrecision& precision, uint32_t bits, bool sets_activation) {
  precision.weight_bits = bits;
  if (gives_way(precision.weight_quantizer) && !has_bits(precision.weight_quantizer, bits, sets_activation)) {
    precision.weight_quantizer = WeightQuantizer::dorefa;
    precision.weight_estimator = Estimator::own;
  }
  if (!sets_activation) return;
  precision.activation_bits = bits;
  if (precision.activation_quantizer == ActivationQuantizer::sign && bits != 1) {
    precision.activation_quantizer = ActivationQuantizer::dorefa;
    precision.activation_estimator = Estimator::own;
  }
}

template <class T>
void override_with(T& value, const std::optional<T>& entry) {
  if (entry) value = *entry;
}

void override_weights(LayerPrecision& precision, const LayerQuantization& entry) {
  override_with(precision.weight_bits, entry.weight_bits);
  override_with(precision.weight_quantizer, entry.weight_quantizer);
  override_with(precision.weight_estimator, entry.weight_estimator);
  override_with(precision.thresholds.weight_rule, entry.weight_threshold_rule);
  override_with(precision.thresholds.two_bits, entry.thresholds_2bit);
  override_with(precision.thresholds.three_bits, entry.thresholds_3bit);
  override_with(precision.thresholds.four_bits, entry.thresholds_4bit);
}

void override_activations(LayerPrecision& precision, const LayerQuantization& entry) {
  override_with(precision.activation_bits, entry.activation_bits);
  override_with(precision.activation_quantizer, entry.activation_quantizer);
  override_with(precision.activation_estimator, entry.activation_estimator);
  override_with(precision.thresholds.activation_rule, entry.activation_threshold_rule);
}

}  // namespace

std::string recipe_text(const Recipe& recipe) {
  LOWTIDE_CHECK(!recipe.phases.empty(), "a recipe has at least one phase");
  Recipe copy = recipe;
  Phase& first = copy.phases.front();
  Writer writer;
  const bool is_plain =
      copy.phases.size() == 1 && first.name == Phase{}.name && first.initialize_from == "fresh" && first.cycle == 0;
  describe_top_level(writer, copy, first);
  if (!is_plain) {
    for (Phase& phase : copy.phases) writer.phase(phase, first);
  }
  return writer.take();
}

uint32_t schedule_epochs(const Phase& phase) {
  return phase.schedule.total_epochs > 0 ? phase.schedule.total_epochs : phase.training.epochs;
}

std::string phase_title(const Recipe& recipe, size_t phase) {
  const size_t count = recipe.phases.size();
  return count == 1 ? "" : fmt::format("{}/{} {}", phase + 1, count, recipe.phases[phase].name);
}

bool is_target(const Recipe& recipe, const Phase& phase) {
  const Phase& last = recipe.phases.back();
  return phase.network == last.network && phase.quantization == last.quantization;
}

std::vector<std::string> recipe_keys() {
  return list_recipe().take_keys();
}

std::vector<std::string> recipe_sections() {
  return list_recipe().take_sections();
}

// `*` stands for any text, `?` for one character. Greedy with one point to return to, so linear times pattern length.
bool matches_layer(std::string_view pattern, std::string_view text) {
  size_t p = 0;
  size_t t = 0;
  size_t star = std::string_view::npos;
  size_t resume = 0;
  while (t < text.size()) {
    if (p < pattern.size() && pattern[p] == '*') {
      star = p++;
      resume = t;
    } else if (p < pattern.size() && (pattern[p] == '?' || pattern[p] == text[t])) {
      ++p;
      ++t;
    } else if (star != std::string_view::npos) {
      p = star + 1;
      t = ++resume;
    } else {
      return false;
    }
  }
  return pattern.find_first_not_of('*', p) == std::string_view::npos;
}

LayerPrecision layer_precision(const QuantizationOptions& options, std::string_view layer, LayerPosition position) {
  LayerPrecision precision = {.weight_bits = options.weight_bits,
                              .activation_bits = options.activation_bits,
                              .weight_quantizer = options.weight_quantizer,
                              .activation_quantizer = options.activation_quantizer,
                              .weight_estimator = options.weight_estimator,
                              .activation_estimator = options.activation_estimator,
                              .thresholds = options.thresholds,
                              .image_bits = options.image_bits,
                              .clip_window = options.clip_window};
  if (position == LayerPosition::first) {
    set_edge_bits(precision, options.first_layer, false);
    precision.activation_bits = kFloatBits;
  }
  if (position == LayerPosition::last) set_edge_bits(precision, options.last_layer, true);
  if (position == LayerPosition::real) precision.weight_bits = precision.activation_bits = kFloatBits;
  for (const LayerQuantization& entry : options.layers) {
    if (!matches_layer(entry.pattern, layer)) continue;
    override_weights(precision, entry);
    override_with(precision.clip_window, entry.clip_window);
    if (position != LayerPosition::first) override_activations(precision, entry);  // the image is never quantised
  }
  if (options.weights == WeightStage::full_precision) precision.weight_bits = kFloatBits;
  if (options.activations != ActivationStage::quantized) {
    precision.is_clipped = options.activations == ActivationStage::clipped && precision.activation_bits != kFloatBits;
    precision.activation_bits = kFloatBits;
  }
  return precision;
}

const char* to_string(Normalization value) {
  return word(value);
}
const char* to_string(WeightQuantizer value) {
  return word(value);
}
const char* to_string(ActivationQuantizer value) {
  return word(value);
}
const char* to_string(WeightStage value) {
  return word(value);
}
const char* to_string(ActivationStage value) {
  return word(value);
}
const char* to_string(OptimizerKind value) {
  return word(value);
}
const char* to_string(ScheduleKind value) {
  return word(value);
}
const char* to_string(LossKind value) {
  return word(value);
}
const char* to_string(LossScaling value) {
  return word(value);
}
const char* to_string(HiddenActivation value) {
  return word(value);
}
const char* to_string(NanPolicy value) {
  return word(value);
}
const char* to_string(ThresholdRule value) {
  return word(value);
}
const char* to_string(Estimator value) {
  return word(value);
}
const char* to_string(BlendSchedule value) {
  return word(value);
}
const char* to_string(SparseShiftStart value) {
  return word(value);
}
const char* to_string(ExpansionMerge value) {
  return word(value);
}
const char* to_string(ExpansionSchedule value) {
  return word(value);
}
const char* to_string(GuidanceKind value) {
  return word(value);
}

}  // namespace lowtide::trainer
