// SPDX-License-Identifier: Apache-2.0
// The list of phases, and what is handed from one to the next.
#include "trainer/loop/run.hpp"

#include <fmt/format.h>

#include <memory>
#include <optional>
#include <system_error>

#include "engine/base/file.hpp"
#include "engine/tune/tuning_file.hpp"
#include "trainer/loop/phase.hpp"

namespace lowtide::trainer {
namespace {

struct CloseFile {
  void operator()(std::FILE* file) const { std::fclose(file); }
};

// Makes the folder ready: an earlier run in it is gone on with, dropped, or an error.
Result<void> prepare_folder(const RunOptions& options) {
  const RunFolder& folder = options.folder;
  LOWTIDE_TRY_VOID(folder.make());
  if (options.resume) return {};
  std::error_code error;
  const bool is_used =
      std::filesystem::exists(folder.last(), error) || std::filesystem::exists(folder.metrics(), error);
  if (is_used && !options.replace) {
    return fail(
        ErrorCode::invalid_argument,
        fmt::format("{} already holds a run; go on with it (--resume), drop it (--replace) or name another folder "
                    "(--run-dir)",
                    folder.path.string()));
  }
  for (const auto& path :
       {folder.metrics(), folder.log(), folder.last(), folder.best(), folder.model(), folder.tuning()}) {
    std::filesystem::remove(path, error);
  }
  return write_file_atomically(folder.recipe(), recipe_text(options.recipe));
}

Result<std::optional<Checkpoint>> load_resume(const RunOptions& options, Progress& progress) {
  if (!options.resume) return std::optional<Checkpoint>();
  LOWTIDE_TRY(Checkpoint checkpoint, load_checkpoint(options.folder.last()));
  const RunState& state = checkpoint.state;
  if (state.position.phase >= options.recipe.phases.size() || state.seed != options.recipe.seed) {
    return fail(
        ErrorCode::format,
        fmt::format("the checkpoint {} has seed {} and stands in phase {}, the recipe has seed {} and {} phases; "
                    "use the recipe that it was made with",
                    options.folder.last().string(), state.seed, state.position.phase + 1, options.recipe.seed,
                    options.recipe.phases.size()));
  }
  if (checkpoint.recipe != recipe_text(options.recipe)) {
    progress.line("note: the recipe differs from the one that the checkpoint was made with");
  }
  progress.line(fmt::format("resuming {} at phase {}, epoch {}, batch {}", options.folder.path.string(),
                            state.position.phase + 1, state.position.epoch + 1, state.position.batch + 1));
  return std::optional(std::move(checkpoint));
}

// Kernels may sum in other orders, so a run keeps to the choices that it began with, whatever was tuned since: then a
// resumed run computes the same bits.
Result<graph::Tuning> fix_tuning(const runtime::Context& context, const RunOptions& options, Progress& progress) {
  const tune::Subject subject = tune::subject_of(context);
  if (!options.resume) {
    if (!options.tuning.is_empty()) {
      LOWTIDE_TRY_VOID(tune::save_tuning_file(options.folder.tuning(), options.tuning, subject));
    }
    return options.tuning;
  }
  auto kept = tune::load_tuning_file(options.folder.tuning(), subject);
  if (kept) return kept;
  if (kept.error().code == ErrorCode::not_found) return graph::Tuning();
  if (kept.error().code != ErrorCode::unsupported) return kept;
  progress.line("note: the run goes on with other kernels, and so not bit for bit: " + kept.error().text);
  return graph::Tuning();
}

// The checkpoint file that a phase starts from; none where it starts from something else.
Result<std::optional<Checkpoint>> load_start(const Phase& phase) {
  const std::string& from = phase.initialize_from;
  if (from == "fresh" || from == "previous" || from == "continue") return std::optional<Checkpoint>();
  LOWTIDE_TRY(Checkpoint checkpoint, load_checkpoint(from));
  return std::optional(std::move(checkpoint));
}

PhaseStart start_of(const Phase& phase, const Checkpoint* before, const std::optional<Checkpoint>& file) {
  PhaseStart start = {.before = before};
  start.is_continued = phase.initialize_from == "continue";
  if (start.is_continued || phase.initialize_from == "previous") start.from = before;
  if (file) start.from = &*file;
  return start;
}

}  // namespace

Result<Dataset> open_recipe_data(const Recipe& recipe, const std::filesystem::path& root) {
  LOWTIDE_TRY(Dataset dataset, open_dataset(recipe.data.set, root, recipe.data.image_size));
  limit_split(dataset.train, dataset.image, recipe.data.train_limit);
  limit_split(dataset.test, dataset.image, recipe.data.test_limit);
  hold_out_validation(dataset, recipe.data.validation);
  LOWTIDE_TRY_VOID(resize_images(dataset, recipe.data.resize));
  return dataset;
}

std::string best_text(const Recipe& recipe, const RunSummary& summary) {
  const bool has_phases = recipe.phases.size() > 1;
  const char* of_target = has_phases ? " of the target network" : "";
  if (summary.best_accuracy < 0) return fmt::format("best test accuracy{}: no epoch of it was done yet", of_target);
  uint64_t epoch = summary.best_epoch;
  size_t phase = 0;
  while (phase + 1 < recipe.phases.size() && epoch > recipe.phases[phase].training.epochs) {
    epoch -= recipe.phases[phase++].training.epochs;
  }
  return fmt::format("best test accuracy{}: {:.2f} % after epoch {}{}", of_target, 100 * summary.best_accuracy, epoch,
                     has_phases ? " of phase " + phase_title(recipe, phase) : "");
}

Result<RunSummary> run_training(runtime::Context& context, const RunOptions& options) {
  LOWTIDE_TRY(const Dataset dataset, open_recipe_data(options.recipe, options.data));
  LOWTIDE_TRY_VOID(prepare_folder(options));
  LOWTIDE_TRY(MetricFile metrics, MetricFile::open(options.folder.metrics()));
  const std::unique_ptr<std::FILE, CloseFile> log(std::fopen(options.folder.log().c_str(), "ab"));
  Progress progress(options.output, log.get());
  LOWTIDE_TRY(const std::optional<Checkpoint> resume, load_resume(options, progress));

  LOWTIDE_TRY(const graph::Tuning tuning, fix_tuning(context, options, progress));

  const RunEnvironment environment = {.context = context,
                                      .recipe = options.recipe,
                                      .dataset = dataset,
                                      .folder = options.folder,
                                      .tuning = tuning,
                                      .metrics = metrics,
                                      .progress = progress,
                                      .should_stop = options.should_stop,
                                      .stop_after_epochs = options.stop_after_epochs};
  RunSummary summary;
  Checkpoint before;  // the end of the phase before
  const auto first = static_cast<uint32_t>(resume ? resume->state.position.phase : 0);
  for (uint32_t phase = first; phase < options.recipe.phases.size(); ++phase) {
    const Phase& description = options.recipe.phases[phase];
    if (options.recipe.phases.size() > 1) progress.line("phase " + phase_title(options.recipe, phase));
    const bool is_resumed = resume && phase == first;  // then nothing of what the phase once started from is needed
    std::optional<Checkpoint> file;
    if (!is_resumed) {
      LOWTIDE_TRY(file, load_start(description));
    }
    PhaseStart start = start_of(description, phase == first ? nullptr : &before, file);
    if (is_resumed) start.resume = &*resume;
    LOWTIDE_TRY(auto run, PhaseRun::create(environment, phase, start));
    LOWTIDE_TRY(PhaseResult result, run->run());
    summary = {.last = result.last,
               .best_accuracy = result.end.state.best_accuracy,
               .best_epoch = result.end.state.best_epoch,
               .is_interrupted = result.is_interrupted};
    if (result.is_interrupted || result.is_stopped) break;
    before = std::move(result.end);
  }
  return summary;
}

}  // namespace lowtide::trainer
