// SPDX-License-Identifier: Apache-2.0
// libFuzzer target: a recipe's text and, after a line "--set", one override. A recipe that is read survives the round
// trip through its text, and every layer of it has a precision; all else is an error with a sentence.
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "engine/base/check.hpp"
#include "trainer/recipe.hpp"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace lowtide;
  constexpr std::string_view kOverride = "\n--set ";
  std::string_view text(reinterpret_cast<const char*>(data), size);
  std::vector<std::string> overrides;
  if (const size_t at = text.rfind(kOverride); at != std::string_view::npos) {
    overrides.emplace_back(text.substr(at + kOverride.size()));
    text = text.substr(0, at);
  }
  const auto recipe = trainer::parse_recipe(text, "fuzz", overrides);
  if (!recipe) {
    LOWTIDE_CHECK(!recipe.error().to_string().empty(), "an error without a sentence");
    return 0;
  }
  const std::string written = trainer::recipe_text(*recipe);
  const auto again = trainer::parse_recipe(written, "its text");
  LOWTIDE_CHECK(again.has_value(), again ? "" : again.error().to_string() + "\n" + written);
  LOWTIDE_CHECK(*again == *recipe, "the text of a recipe gives another recipe:\n" + written);
  return 0;
}
