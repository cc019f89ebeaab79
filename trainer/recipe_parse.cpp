// SPDX-License-Identifier: Apache-2.0
// TOML text and --set overrides -> Recipe. The only file that knows the TOML library, which is used without exceptions.
// All mistakes of a recipe are reported together.
#define TOML_HEADER_ONLY 1
#define TOML_EXCEPTIONS 0
#define TOML_ENABLE_FORMATTERS 0
// Text such as "[!]" reaches the parser's own assertions before its error branches: with them on it would abort, and
// where they become assumptions of the optimiser the error branch would vanish. So they are switched off.
// clang-format off
#include <toml++/impl/preprocessor.h>
#undef TOML_ASSERT
#undef TOML_ASSERT_ASSUME
#define TOML_ASSERT(expression) static_assert(true)
#define TOML_ASSERT_ASSUME(expression) static_assert(true)
// clang-format on
#include <fmt/format.h>
#include <fmt/ranges.h>
#include <toml++/toml.h>

#include <algorithm>
#include <charconv>
#include <cmath>
#include <set>
#include <type_traits>

#include "engine/base/file.hpp"
#include "engine/quant/quantizer.hpp"
#include "trainer/edit_distance.hpp"
#include "trainer/method_keys.hpp"
#include "trainer/methods/exp_net.hpp"
#include "trainer/recipe.hpp"
#include "trainer/recipe_check.hpp"
#include "trainer/recipe_keys.hpp"

namespace lowtide::trainer {
namespace {

// What a mistake says was found: the value of a small scalar, else its kind.
std::string found(const toml::node& node) {
  if (const auto value = node.value<bool>(); node.is_boolean()) return *value ? "true" : "false";
  if (node.is_integer()) return fmt::format("{}", *node.value<int64_t>());
  if (node.is_floating_point()) return fmt::format("{}", *node.value<double>());
  if (node.is_string()) return fmt::format("\"{}\"", *node.value<std::string>());
  if (node.is_table()) return "a table";
  if (node.is_array()) return "a list";
  return "a date or time";
}

// A visitor that takes what a table holds; members whose key is absent keep their value.
class Reader {
 public:
  Reader(const toml::table& table, std::string_view source) : table_(&table), source_(source) {}

  template <class Describe>
  void read(Describe describe_all) {
    describe_all(*this);
    report_unknown();
  }
  std::vector<std::string> take_mistakes() { return std::move(mistakes_); }

  void key(const char* name, std::string& value) {
    if (const toml::node* node = find(name)) take_string(*node, name, value);
  }
  void key(const char* name, bool& value) {
    const toml::node* node = find(name);
    if (node == nullptr) return;
    if (!node->is_boolean()) return mistake(*node, name, "expected true or false");
    value = *node->value<bool>();
  }
  template <class T>
  requires(std::is_same_v<T, uint32_t> || std::is_same_v<T, uint64_t>)  //
      void key(const char* name, T& value, WholeRange range) {
    if (const toml::node* node = find(name)) take_whole(*node, name, value, range);
  }
  void key(const char* name, double& value, RealRange range) {
    if (const toml::node* node = find(name)) take_real(*node, name, value, range);
  }
  void key(const char* name, std::vector<double>& values) {
    take_list(name, "numbers", values, [&](const toml::node& item, double& value) {
      if (!item.is_number()) return mistake(item, name, "expected a number");
      value = *item.value<double>();
    });
  }
  void key(const char* name, std::vector<std::string>& values) {
    take_list(name, "strings", values,
              [&](const toml::node& item, std::string& value) { take_string(item, name, value); });
  }
  void key(const char* name, std::vector<uint32_t>& values, WholeRange range) {
    take_list(name, "whole numbers", values,
              [&](const toml::node& item, uint32_t& value) { take_whole(item, name, value, range); });
  }
  template <class E>
  requires std::is_enum_v<E>
  void key(const char* name, E& value) {
    const toml::node* node = find(name);
    if (node == nullptr) return;
    std::vector<std::string> choices;
    for (const auto& row : words_of(E{})) {
      if (node->is_string() && *node->value<std::string>() == row.text) {
        value = row.value;
        return;
      }
      choices.push_back(fmt::format("\"{}\"", row.text));
    }
    mistake(*node, name, fmt::format("expected one of {}", fmt::join(choices, ", ")));
  }
  template <class T, class... Range>
  void key(const char* name, std::optional<T>& value, Range... range) {
    if (!table_->contains(name)) return;
    key(name, value.emplace(), range...);
  }
  template <class Range>
  void numbers(const char* name, std::vector<double>& values, Range range) {
    take_numbers(name, values, [&](const toml::node& item, double& value) { take_real(item, name, value, range); });
  }
  template <class Range>
  void numbers(const char* name, std::vector<uint32_t>& values, Range range) {
    take_numbers(name, values, [&](const toml::node& item, uint32_t& value) { take_whole(item, name, value, range); });
  }
  void bits(const char* name, uint32_t& value) {
    if (const toml::node* node = find(name)) take_bits(*node, name, value);
  }
  void bits(const char* name, std::vector<uint32_t>& values) {
    take_list(name, "bits", values, [&](const toml::node& item, uint32_t& value) { take_bits(item, name, value); });
  }
  void bit_pairs(const char* name, std::vector<BitPair>& values) {
    take_list(name, "bits", values, [&](const toml::node& item, BitPair& pair) {
      const toml::array* both = item.as_array();
      if (both == nullptr) {
        take_bits(item, name, pair.weights);
        pair.activations = pair.weights;
      } else if (both->size() == 2) {
        take_bits(*both->get(0), name, pair.weights);
        take_bits(*both->get(1), name, pair.activations);
      } else {
        mistake(item, name, "expected bits, or [weight bits, activation bits]");
      }
    });
  }
  void bits(const char* name, std::optional<uint32_t>& value) {
    if (!table_->contains(name)) return;
    bits(name, value.emplace());
  }
  template <class T>
  void section(const char* name, std::optional<T>& value) {
    if (table_->contains(name)) section(name, value.emplace());
  }
  template <class T>
  void section(const char* name, T& value) {
    const toml::node* node = find(name);
    if (node == nullptr) return;
    if (!node->is_table()) return mistake(*node, name, fmt::format("expected a table, written [{}{}]", path_, name));
    if constexpr (requires { value.is_on; }) value.is_on = true;  // a method whose section is there is meant
    enter(*node->as_table(), name, value);
  }
  template <class T>
  void sections(const char* name, std::vector<T>& values) {
    values_from(name, values, [](size_t) { return T{}; });
  }
  // The same; each entry starts from initial(index).
  template <class T, class Initial>
  void values_from(const char* name, std::vector<T>& values, Initial initial) {
    const toml::node* node = find(name);
    if (node == nullptr) return;
    const toml::array* list = node->as_array();
    const bool holds_tables = list != nullptr && std::all_of(list->begin(), list->end(),
                                                             [](const toml::node& item) { return item.is_table(); });
    if (!holds_tables) return mistake(*node, name, fmt::format("expected tables, each written [[{}{}]]", path_, name));
    values.clear();
    for (const toml::node& item : *list) {
      values.push_back(initial(values.size()));
      enter(*item.as_table(), name, values.back());
    }
  }

 private:
  const toml::node* find(const char* name) {
    known_.insert(name);
    return table_->get(name);
  }

  template <class T>
  void enter(const toml::table& table, const char* name, T& value) {
    Reader inner(table, source_);
    inner.path_ = path_ + name + ".";
    inner.read([&](Reader& reader) { describe(reader, value); });
    mistakes_.insert(mistakes_.end(), inner.mistakes_.begin(), inner.mistakes_.end());
  }

  // Nodes of the file know their line; nodes that came from --set have none.
  std::string place(const toml::source_region& region) const {
    return region.begin.line == 0 ? "--set" : fmt::format("{} line {}", source_, region.begin.line);
  }

  void mistake(const toml::node& node, const char* name, std::string_view expected) {
    mistakes_.push_back(
        fmt::format("{}: {}{}: {}, found {}", place(node.source()), path_, name, expected, found(node)));
  }

  void take_string(const toml::node& node, const char* name, std::string& value) {
    if (!node.is_string()) return mistake(node, name, "expected a string in quotes");
    value = *node.value<std::string>();
  }

  template <class T>
  void take_whole(const toml::node& node, const char* name, T& value, WholeRange range) {
    const bool fits = node.is_integer() && *node.value<int64_t>() >= range.low && *node.value<int64_t>() <= range.high;
    if (!fits) {
      return mistake(node, name, fmt::format("expected a whole number from {} to {}", range.low, range.high));
    }
    value = static_cast<T>(*node.value<int64_t>());
  }

  void take_real(const toml::node& node, const char* name, double& value, RealRange range) {
    const double number = node.is_number() ? *node.value<double>() : std::nan("");
    if (!(number >= range.low && number <= range.high)) {
      return mistake(node, name, fmt::format("expected a number from {} to {}", range.low, range.high));
    }
    value = number;
  }

  void take_bits(const toml::node& node, const char* name, uint32_t& value) {
    const int64_t count = node.is_integer() ? *node.value<int64_t>() : 0;
    if ((count >= 1 && count <= 32 && quant::has_level_bits(static_cast<uint32_t>(count))) || count == kFloatBits) {
      value = static_cast<uint32_t>(count);
    } else if (node.is_string() && *node.value<std::string>() == "fp32") {
      value = kFloatBits;
    } else {
      mistake(node, name, "expected bits: 1 to 8, 16 (which only trains), or 32 or \"fp32\" for full precision");
    }
  }

  template <class T, class TakeItem>
  void take_numbers(const char* name, std::vector<T>& values, TakeItem take_item) {
    const toml::node* node = find(name);
    if (node == nullptr) return;
    if (node->is_array()) return take_list(name, "numbers", values, take_item);
    values.clear();
    take_item(*node, values.emplace_back());
  }

  template <class T, class TakeItem>
  void take_list(const char* name, const char* kind, std::vector<T>& values, TakeItem take_item) {
    const toml::node* node = find(name);
    if (node == nullptr) return;
    if (!node->is_array()) return mistake(*node, name, fmt::format("expected a list of {} in [ ]", kind));
    values.clear();
    for (const toml::node& item : *node->as_array()) take_item(item, values.emplace_back());
  }

  void report_unknown() {
    for (const auto& [key, node] : *table_) {
      if (known_.contains(std::string(key.str()))) continue;
      const std::string path = path_ + std::string(key.str());
      const bool is_section = node.is_table() || node.is_array_of_tables();
      const std::string nearest = nearest_key(path, is_section ? recipe_sections() : recipe_keys());
      mistakes_.push_back(fmt::format("{}: unknown {} {}; the nearest known {} is {}", place(node.source()),
                                      is_section ? "section" : "key", path, is_section ? "section" : "key", nearest));
    }
  }

  const toml::table* table_;
  std::string_view source_;
  std::string path_;  // "" or "section."
  std::set<std::string> known_;
  std::vector<std::string> mistakes_;
};

tl::unexpected<Error> bad_override(const std::string& text, std::string_view why) {
  return fail(ErrorCode::invalid_argument, fmt::format("--set {}: {}", text, why));
}

// Stores the value of --set: a TOML value where it is one, else the text itself as a string.
Result<void> store(toml::table& parent, std::string_view name, const std::string& text, std::string_view value) {
  const toml::parse_result as_value = toml::parse(fmt::format("v = {}", value));
  if (as_value.succeeded() && as_value.table().size() == 1) {
    parent.insert_or_assign(name, *as_value.table().get("v"));
    return {};
  }
  const toml::parse_result as_text = toml::parse(fmt::format("v = '''{}'''", value));
  if (as_text.failed()) return bad_override(text, "the value is neither TOML nor plain UTF-8 text");
  parent.insert_or_assign(name, std::string(value));
  return {};
}

// The table or list entry `word` of `node`; made where a table lacks it, none where there can be no such thing.
toml::node* descend(toml::node& node, std::string_view word) {
  if (toml::table* table = node.as_table()) {
    if (!table->contains(word)) table->insert(word, toml::table{});
    return table->get(word);
  }
  size_t index = 0;
  const auto [end, error] = std::from_chars(word.data(), word.data() + word.size(), index);
  toml::array* list = node.as_array();
  if (list == nullptr || error != std::errc() || end != word.data() + word.size()) return nullptr;
  return list->get(index);
}

Result<void> apply_override(toml::table& root, const std::string& text) {
  const size_t equals = text.find('=');
  if (equals == std::string::npos || equals == 0) {
    return bad_override(text, "expected section.key=value, for example --set training.epochs=3");
  }
  std::string_view path = std::string_view(text).substr(0, equals);
  toml::node* node = &root;
  for (size_t dot = path.find('.'); dot != std::string_view::npos; dot = path.find('.')) {
    node = descend(*node, path.substr(0, dot));
    if (node == nullptr) return bad_override(text, fmt::format("there is no \"{}\" to look into", path.substr(0, dot)));
    path.remove_prefix(dot + 1);
  }
  toml::table* parent = node->as_table();
  if (parent == nullptr || path.empty()) {
    return bad_override(text, "the key must lead to one value, for example training.epochs");
  }
  return store(*parent, path, text, std::string_view(text).substr(equals + 1));
}

tl::unexpected<Error> mistakes_error(std::string_view source, std::vector<std::string> mistakes) {
  if (mistakes.size() == 1) return fail(ErrorCode::invalid_argument, mistakes.front());
  std::string text = fmt::format("{} has {} mistakes:", source, mistakes.size());
  return fail(ErrorCode::invalid_argument, std::move(text), std::move(mistakes));
}

}  // namespace

Result<Recipe> parse_recipe(std::string_view text, std::string_view source, std::span<const std::string> overrides) {
  toml::parse_result parsed = toml::parse(text);
  if (parsed.failed()) {
    const toml::parse_error& error = parsed.error();
    return fail(ErrorCode::format,
                fmt::format("{} line {}: not TOML: {}", source, error.source().begin.line, error.description()));
  }
  toml::table root = std::move(parsed).table();
  for (const std::string& text_of_override : overrides) LOWTIDE_TRY_VOID(apply_override(root, text_of_override));

  Recipe recipe;
  Phase base;
  Staging staging;
  Reader reader(root, source);
  recipe.phases.clear();
  reader.read([&](Reader& r) {
    describe_top_level(r, recipe, base);
    describe_staging(r, staging);
    r.values_from("phase", recipe.phases, [&](size_t index) {
      Phase phase = base;
      phase.name = fmt::format("phase{}", index);
      phase.initialize_from = index == 0 ? "fresh" : "previous";
      return phase;
    });
  });
  std::vector<std::string> mistakes = reader.take_mistakes();
  const auto add = [&](const std::vector<std::string>& sentences) {
    for (const std::string& sentence : sentences) mistakes.push_back(fmt::format("{}: {}", source, sentence));
  };
  if (mistakes.empty() && is_staged(staging)) {
    add(staging_contradictions(base, staging, !recipe.phases.empty()));
    if (mistakes.empty()) recipe.phases = staged_phases(base, staging);
  }
  if (recipe.phases.empty()) recipe.phases.push_back(base);
  if (mistakes.empty()) add(recipe_contradictions(recipe));
  if (!mistakes.empty()) return mistakes_error(source, std::move(mistakes));
  split_expansions(recipe.phases);
  return recipe;
}

Result<Recipe> read_recipe(const std::filesystem::path& path, std::span<const std::string> overrides) {
  constexpr uint64_t kMaxBytes = 1 << 20;
  LOWTIDE_TRY(const std::string text, read_text(path, kMaxBytes));
  return parse_recipe(text, path.string(), overrides);
}

}  // namespace lowtide::trainer
