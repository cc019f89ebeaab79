// SPDX-License-Identifier: Apache-2.0
// Where a teacher comes from, and its tensors.
#include "trainer/methods/distillation.hpp"

#include <fmt/format.h>

#include <set>

#include "trainer/methods/guided.hpp"

namespace lowtide::trainer {
namespace {

// A recipe whose one phase makes the teacher.
std::string text_of(const Recipe& recipe, Phase phase) {
  phase.name = Phase{}.name;
  phase.initialize_from = "fresh";
  phase.cycle = 0;
  phase.guidance = {};
  Recipe one = recipe;
  one.phases = {std::move(phase)};
  return recipe_text(one);
}

Result<TeacherStart> fixed_teacher(std::string text, std::string_view source) {
  LOWTIDE_TRY(const Recipe recipe, parse_recipe(text, source));
  TeacherStart start;
  start.recipe = std::move(text);
  start.fixed = recipe.phases.front();
  return start;
}

// The teacher of a checkpoint that this or an earlier phase of the run wrote.
Result<TeacherStart> stored_teacher(const Checkpoint& checkpoint) {
  if (checkpoint.teacher.empty()) {
    return fail(ErrorCode::format,
                "the checkpoint that the run goes on from holds no fixed teacher, but the recipe's phase is a "
                "distillation; use the recipe that it was made with");
  }
  return fixed_teacher(checkpoint.teacher, "the teacher's recipe in the checkpoint");
}

Result<TeacherStart> teacher_in_file(const Recipe& recipe, const std::string& path, bool is_fixed) {
  LOWTIDE_TRY(Checkpoint file, load_checkpoint(path));
  TeacherStart start;
  if (is_fixed) {
    const std::string source = "the recipe in " + path;
    LOWTIDE_TRY(const Recipe made, parse_recipe(file.recipe, source));
    if (file.state.position.phase >= made.phases.size()) {
      return fail(ErrorCode::format, fmt::format("{} has {} phases, but the checkpoint stands in phase {}", source,
                                                 made.phases.size(), file.state.position.phase + 1));
    }
    if (made.data.normalize != recipe.data.normalize) {
      return fail(
          ErrorCode::invalid_argument,
          fmt::format("the teacher {} saw images with data.normalize = \"{}\", this recipe has \"{}\"; both must "
                      "see the same images",
                      path, to_string(made.data.normalize), to_string(recipe.data.normalize)));
    }
    LOWTIDE_TRY(start, fixed_teacher(text_of(made, made.phases[file.state.position.phase]), source));
  }
  start.file = std::move(file);
  return start;
}

}  // namespace

Result<TeacherStart> find_teacher(const Recipe& recipe, uint32_t index, const TeacherSources& sources) {
  const Phase& phase = recipe.phases[index];
  const std::string from = teacher_source(phase);
  const bool is_fixed = is_guided(phase) && !has_trained_teacher(phase);
  if (!is_guided(phase)) return TeacherStart{};
  if (sources.resume != nullptr) return is_fixed ? stored_teacher(*sources.resume) : TeacherStart{};
  if (from != "fresh" && from != "previous" && from != "network") return teacher_in_file(recipe, from, is_fixed);
  if (!is_fixed) return TeacherStart{};
  LOWTIDE_CHECK(index > 0, "a fixed teacher of nowhere");  // refused when the recipe was read
  if (from == "network") return fixed_teacher(text_of(recipe, recipe.phases[index - 1]), "the phase before");
  if (sources.before != nullptr) return stored_teacher(*sources.before);
  LOWTIDE_TRY(TeacherStart start, find_teacher(recipe, index - 1, {}));
  start.file.reset();  // the tensors are handed over
  return start;
}

Result<void> start_teacher(const Phase& phase, const TeacherStart& start, const Checkpoint* from,
                           const std::vector<NetParameter>& parameters, std::vector<NamedTensor>& fresh) {
  const Checkpoint* source = start.file ? &*start.file : nullptr;
  if (source == nullptr && is_guided(phase) && teacher_source(phase) == "network") source = from;
  if (source == nullptr) return {};
  std::vector<NamedTensor> wanted;
  std::set<std::string_view> names;
  for (const NetParameter& parameter : parameters) {
    // A trained teacher is in full precision: its only steps are those of hints, which calibration sets.
    const bool is_step = has_trained_teacher(phase) && parameter.learned;
    if (!parameter.name.starts_with(kTeacherPrefix) || is_step) continue;
    names.insert(parameter.name);
    wanted.push_back({std::string(parameter.local_name()), f32_desc(parameter.shape), {}});
  }
  LOWTIDE_TRY_VOID(
      match_tensors(*source, wanted, true, fmt::format("that the teacher of phase '{}' starts from", phase.name)));
  for (NamedTensor& tensor : fresh) {
    if (!names.contains(tensor.name)) continue;
    tensor.bytes = source->find(tensor.name.substr(kTeacherPrefix.size()))->bytes;
  }
  return {};
}

}  // namespace lowtide::trainer
