// SPDX-License-Identifier: Apache-2.0
// TOML text and --set overrides -> Recipe. All mistakes of a recipe are reported together.
#include <charconv>

#include "engine/base/file.hpp"
#include "trainer/methods/exp_net.hpp"
#include "trainer/recipe.hpp"
#include "trainer/recipe_check.hpp"
#include "trainer/recipe_reader.hpp"

namespace lowtide::trainer {
namespace {

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
