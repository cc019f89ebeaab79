// SPDX-License-Identifier: Apache-2.0
// One phase of a run: a network on a device, its epochs, evaluations and checkpoints. A phase knows nothing of the
// other phases but the tensors that it is given and leaves behind, by name.
#pragma once

#include <cstdio>
#include <functional>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "engine/runtime/context.hpp"
#include "trainer/checkpoint/checkpoint.hpp"
#include "trainer/data/dataset.hpp"
#include "trainer/loop/evaluate.hpp"
#include "trainer/loop/guided_report.hpp"
#include "trainer/loop/metrics.hpp"
#include "trainer/loop/progress.hpp"
#include "trainer/loop/run_folder.hpp"
#include "trainer/loop/stepper.hpp"
#include "trainer/methods/distillation.hpp"
#include "trainer/recipe.hpp"

namespace lowtide::trainer {

// What all phases of a run share.
struct RunEnvironment {
  runtime::Context& context;
  const Recipe& recipe;
  const Dataset& dataset;
  const RunFolder& folder;
  const graph::Tuning& tuning;  // of training steps; evaluation goes by the rules, as packed inference does
  MetricFile& metrics;
  Progress& progress;
  std::function<bool()> should_stop;  // asked between steps
  uint64_t stop_after_epochs = 0;     // of the phase; 0: never
};

struct PhaseResult {
  Checkpoint end;   // position: behind the phase, or where it was stopped
  Evaluation last;  // evaluation after the last epoch; no images where no epoch ended
  bool is_interrupted = false;
  bool is_stopped = false;  // by stop_after_epochs
};

// What a phase begins with; all of them null: fresh parameters.
struct PhaseStart {
  const Checkpoint* resume = nullptr;  // of this phase, which goes on
  const Checkpoint* before = nullptr;  // the end of the phase before: the best so far is carried along
  const Checkpoint* from = nullptr;    // a phase or a file that hands its parameters over
  bool is_continued = false;           // `from` hands over moments and the step count too
};

NetInput net_input(const Dataset& dataset, uint32_t batch);

class PhaseRun {
 public:
  // Plans both programs and sets the parameters.
  static Result<std::unique_ptr<PhaseRun>> create(const RunEnvironment& environment, uint32_t phase,
                                                  const PhaseStart& start);
  Result<PhaseResult> run();

 private:
  PhaseRun(const RunEnvironment& environment, uint32_t phase);
  Result<void> set_parameters(const PhaseStart& start);
  Result<void> resume(const Checkpoint& checkpoint);
  Result<std::set<std::string>> hand_over(const PhaseStart& start, std::vector<NamedTensor>& fresh);
  Result<void> prepare(const PhaseStart& start, const std::set<std::string>& handed_over,
                       std::vector<NamedTensor>& tensors);
  StepValues values_of(uint64_t step) const;  // of the optimiser's step `step`
  Result<Checkpoint> checkpoint();
  Result<void> run_epoch();
  Result<void> submit_step();
  Result<void> finish_step();
  Result<void> drain();
  MetricLine metric_line(const char* kind, uint64_t step) const;
  Result<void> note_overflow(const StepMetrics& metrics);
  Result<void> judge(const StepMetrics& metrics);
  Result<void> end_epoch();
  Result<void> save(bool is_best);
  void show_progress();
  double teacher_accuracy() const;  // of the epoch so far; -1 without a teacher
  bool is_time_to_stop() const;

  RunEnvironment env_;
  const Phase& phase_;
  RunState state_;
  std::unique_ptr<Stepper> stepper_;
  std::unique_ptr<Evaluator> evaluator_;
  TeacherStart teacher_;
  std::vector<GuidedEvaluator> guided_;  // the networks beside the recipe's own
  std::unique_ptr<BatchQueue> train_queue_;
  std::unique_ptr<BatchQueue> eval_queue_;
  uint64_t first_step_ = 0;  // the optimiser's step count when the phase began
  Evaluation last_;
  Stopwatch epoch_watch_;
  uint64_t epoch_start_batch_ = 0;  // of the current epoch, where this process began
};

}  // namespace lowtide::trainer
