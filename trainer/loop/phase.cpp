// SPDX-License-Identifier: Apache-2.0
// The epochs of a phase. Two steps are in flight; everything that a checkpoint holds is read when none is.
#include "trainer/loop/phase.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <set>

#include "engine/ops/conv2d/lower_matrix.hpp"
#include "engine/plan/kernel_choices.hpp"
#include "trainer/loop/net_state.hpp"
#include "trainer/loop/prepare.hpp"
#include "trainer/loop/resident.hpp"
#include "trainer/methods/loss_scaling.hpp"
#include "trainer/schedule/step_values.hpp"

namespace lowtide::trainer {
namespace {

// Epochs of the phases before this one: shuffles go on where they ended.
uint64_t epochs_before(const Recipe& recipe, uint32_t phase) {
  uint64_t epochs = 0;
  for (uint32_t i = 0; i < phase; ++i) epochs += recipe.phases[i].training.epochs;
  return epochs;
}

// Why a phase cannot start from a checkpoint; `error` has a reason for each tensor.
tl::unexpected<Error> does_not_fit(const Phase& phase, const Checkpoint& from, Error error) {
  const std::string& source = phase.initialize_from;
  const bool is_phase = source == "previous" || source == "continue";
  error.text = fmt::format(
      "phase '{}' (network '{}') cannot start from {} (network '{}'), whose tensors do not fit; give both the same "
      "network and width, or set initialize_from to \"fresh\" or to a checkpoint that fits",
      phase.name, phase.network.name, is_phase ? "the phase before" : source, from.network);
  return tl::unexpected(std::move(error));
}

}  // namespace

NetInput net_input(const Dataset& dataset, uint32_t batch) {
  return {.batch = batch,
          .height = dataset.image.height,
          .width = dataset.image.width,
          .channels = dataset.image.channels,
          .classes = dataset.class_count()};
}

PhaseRun::PhaseRun(const RunEnvironment& environment, uint32_t phase)
    : env_(environment), phase_(environment.recipe.phases[phase]) {
  state_.seed = environment.recipe.seed;
  state_.position.phase = phase;
}

Result<std::unique_ptr<PhaseRun>> PhaseRun::create(const RunEnvironment& environment, uint32_t phase,
                                                   const PhaseStart& start) {
  std::unique_ptr<PhaseRun> run(new PhaseRun(environment, phase));
  const Recipe& recipe = environment.recipe;
  const Dataset& dataset = environment.dataset;
  LOWTIDE_TRY(run->teacher_, find_teacher(recipe, phase, {.resume = start.resume, .before = start.before}));
  const Phase* fixed_teacher = run->teacher_.fixed ? &*run->teacher_.fixed : nullptr;
  const NetInput eval_input = net_input(dataset, recipe.data.eval_batch);
  NetInput train_input = net_input(dataset, recipe.data.batch);
  LOWTIDE_TRY(train_input.resident_images, resident_images(recipe.data, dataset, environment.context.caps()));
  LOWTIDE_TRY(TrainGraph train, make_train_graph(run->phase_, train_input, fixed_teacher));
  LOWTIDE_TRY(EvalGraph eval, make_eval_graph(run->phase_, eval_input));
  LOWTIDE_TRY(run->stepper_, Stepper::create(environment.context, std::move(train), {.tuning = &environment.tuning}));
  LOWTIDE_TRY(const auto choices,
              plan::kernel_choices(run->stepper_->train().graph, {.caps = environment.context.caps()}));
  environment.progress.line(plan::describe(choices));
  if (run->phase_.training.precision == TrainingPrecision::mixed &&
      !ops::multiplies_matrices(environment.context.caps())) {
    environment.progress.line("mixed precision: this device multiplies no f16 matrices; products are computed in f32");
  }
  LOWTIDE_TRY(run->evaluator_, Evaluator::create(environment.context, std::move(eval), &run->stepper_->executor()));
  LOWTIDE_TRY(run->guided_, make_guided_evaluators(environment.context, run->phase_, fixed_teacher, eval_input,
                                                   run->stepper_->executor()));
  LOWTIDE_TRY(run->eval_queue_, BatchQueue::open(dataset, dataset.test, eval_batch_options(recipe.data)));
  BatchOptions batches = train_batch_options(recipe.data, recipe.seed);
  batches.places_only = train_input.resident_images > 0;
  LOWTIDE_TRY(run->train_queue_, BatchQueue::open(dataset, dataset.train, batches));
  LOWTIDE_TRY_VOID(write_resident_images(run->stepper_->train(), run->stepper_->executor(), dataset, recipe.data));
  LOWTIDE_TRY_VOID(run->set_parameters(start));
  const RunPosition& at = run->state_.position;
  run->train_queue_->seek({.epoch = epochs_before(recipe, phase) + at.epoch, .index = at.batch});
  return run;
}

Result<void> PhaseRun::set_parameters(const PhaseStart& start) {
  if (start.resume != nullptr) return resume(*start.resume);
  if (start.before != nullptr) {
    state_.best_accuracy = start.before->state.best_accuracy;
    state_.best_epoch = start.before->state.best_epoch;
  }
  const graph::Graph& graph = stepper_->train().graph;
  std::vector<NamedTensor> tensors = initial_tensors(graph, stepper_->train().parameters, env_.recipe.seed);
  std::set<std::string> handed_over;
  if (start.from != nullptr) {
    LOWTIDE_TRY(handed_over, hand_over(start, tensors));
  }
  LOWTIDE_TRY_VOID(start_teacher(phase_, teacher_, start.from, stepper_->train().parameters, tensors));
  LOWTIDE_TRY_VOID(prepare(start, handed_over, tensors));
  return write_persistent(graph, stepper_->executor(), tensors);
}

Result<void> PhaseRun::resume(const Checkpoint& checkpoint) {
  const graph::Graph& graph = stepper_->train().graph;
  LOWTIDE_TRY_VOID(match_tensors(checkpoint, persistent_tensors(graph), false, env_.folder.last().string()));
  const RunPosition& at = checkpoint.state.position;
  const uint64_t batches = train_queue_->batches_per_epoch();
  if (at.epoch > phase_.training.epochs || at.batch >= batches || at.step < at.epoch * batches + at.batch) {
    return fail(ErrorCode::format,
                fmt::format("the checkpoint {} stands at epoch {}, batch {}, step {}, but the recipe has {} epochs of "
                            "{} batches; use the recipe that it was made with",
                            env_.folder.last().string(), at.epoch, at.batch, at.step, phase_.training.epochs, batches));
  }
  state_ = checkpoint.state;
  first_step_ = at.step - (at.epoch * batches + at.batch);
  return write_persistent(graph, stepper_->executor(), checkpoint.tensors);
}

// Required parameters must be there; all others start afresh where they are not handed over. The names of those that
// are.
Result<std::set<std::string>> PhaseRun::hand_over(const PhaseStart& start, std::vector<NamedTensor>& fresh) {
  std::vector<NamedTensor> required;
  std::set<std::string_view> kept;
  std::map<std::string_view, std::string_view> further;  // a further student without a start takes the first one's
  for (const NetParameter& parameter : stepper_->train().parameters) {
    if (parameter.hand_over == HandOver::required) {
      required.push_back({parameter.name, f32_desc(parameter.shape), {}});
    }
    if (parameter.hand_over == HandOver::never) kept.insert(parameter.name);
    const bool is_further = parameter.scope_length > 0 && !parameter.name.starts_with(kTeacherPrefix);
    if (is_further) further.emplace(parameter.name, parameter.local_name());
  }
  if (auto fits = match_tensors(*start.from, required, true, phase_.initialize_from); !fits) {
    return does_not_fit(phase_, *start.from, std::move(fits).error());
  }
  std::set<std::string> handed_over;
  for (NamedTensor& tensor : fresh) {
    const NamedTensor* found = start.from->find(tensor.name);
    if (found == nullptr && further.contains(tensor.name)) found = start.from->find(further.at(tensor.name));
    const bool is_local = tensor.name.starts_with("moment") || kept.contains(tensor.name);
    const bool is_handed_over = found != nullptr && found->desc == tensor.desc && (start.is_continued || !is_local);
    if (!is_handed_over) continue;
    tensor.bytes = found->bytes;
    handed_over.insert(tensor.name);
  }
  if (start.is_continued) first_step_ = state_.position.step = start.from->state.position.step;
  return handed_over;
}

// A phase that goes on keeps its running statistics; steps that it does not find are calibrated all the same.
Result<void> PhaseRun::prepare(const PhaseStart& start, const std::set<std::string>& handed_over,
                               std::vector<NamedTensor>& tensors) {
  Phase phase = phase_;
  if (start.is_continued) phase.training.reestimate_norm_batches = 0;
  const Preparation preparation = {.context = env_.context,
                                   .phase = phase,
                                   .input = net_input(env_.dataset, env_.recipe.data.batch),
                                   .seed = env_.recipe.seed,
                                   .dataset = env_.dataset,
                                   .batches = train_batch_options(env_.recipe.data, env_.recipe.seed),
                                   .epoch = epochs_before(env_.recipe, static_cast<uint32_t>(state_.position.phase)),
                                   .fixed_teacher = teacher_.fixed ? &*teacher_.fixed : nullptr};
  return prepare_phase(preparation, stepper_->train().parameters, handed_over, tensors);
}

bool PhaseRun::is_time_to_stop() const {
  return env_.should_stop && env_.should_stop();
}

Result<PhaseResult> PhaseRun::run() {
  PhaseResult result;
  const uint64_t first_epoch = state_.position.epoch;
  while (state_.position.epoch < phase_.training.epochs && !result.is_interrupted && !result.is_stopped) {
    LOWTIDE_TRY_VOID(run_epoch());
    result.is_interrupted = is_time_to_stop();
    result.is_stopped = env_.stop_after_epochs > 0 && state_.position.epoch - first_epoch >= env_.stop_after_epochs;
  }
  result.is_interrupted = result.is_interrupted && state_.position.epoch < phase_.training.epochs;
  result.last = last_;
  LOWTIDE_TRY(result.end, checkpoint());
  return result;
}

Result<void> PhaseRun::run_epoch() {
  epoch_watch_.restart();
  epoch_start_batch_ = state_.position.batch;
  while (state_.position.batch < train_queue_->batches_per_epoch()) {
    if (is_time_to_stop()) {
      LOWTIDE_TRY_VOID(drain());
      return save(false);
    }
    LOWTIDE_TRY_VOID(submit_step());
  }
  LOWTIDE_TRY_VOID(drain());
  return end_epoch();
}

StepValues PhaseRun::values_of(uint64_t step) const {
  StepValues values = step_values(phase_, train_queue_->batches_per_epoch(), step - first_step_);
  values.rate *= state_.rate_factor;
  values.second_rate *= state_.rate_factor;
  return values;
}

Result<void> PhaseRun::submit_step() {
  // Where a NaN changes the rate, the next step must know: then there is only one step in flight.
  const size_t limit = phase_.training.nan_policy == NanPolicy::lower_rate ? 1 : Stepper::kSlots;
  LOWTIDE_TRY(const Batch batch, train_queue_->next());
  while (stepper_->unfinished() >= limit) LOWTIDE_TRY_VOID(finish_step());
  const uint64_t step = state_.position.step;
  LOWTIDE_TRY_VOID(
      stepper_->submit(batch, make_step_block(phase_, env_.recipe.seed, step, values_of(step), batch.valid)));
  ++state_.position.step;
  ++state_.position.batch;
  return {};
}

Result<void> PhaseRun::drain() {
  while (stepper_->unfinished() > 0) LOWTIDE_TRY_VOID(finish_step());
  return {};
}

Result<void> PhaseRun::finish_step() {
  LOWTIDE_TRY(const StepMetrics metrics, stepper_->finish());
  if (metrics.has_overflowed()) return note_overflow(metrics);
  if (metrics.first_not_finite() != nullptr) return judge(metrics);
  state_.sums.loss += static_cast<double>(metrics.loss);
  state_.sums.match += static_cast<double>(metrics.match);
  if (!metrics.others.empty()) state_.sums.teacher_correct += metrics.others.front().correct;
  state_.sums.correct += metrics.correct;
  state_.sums.images += env_.recipe.data.batch;
  ++state_.sums.steps;
  show_progress();
  if ((metrics.step + 1) % phase_.training.log_every != 0) return {};
  MetricLine line = metric_line("step", metrics.step);
  line.real("loss", static_cast<double>(metrics.loss));
  line.real("accuracy", static_cast<double>(metrics.correct) / env_.recipe.data.batch);
  const StepValues values = values_of(metrics.step);
  line.real("gradient_norm", static_cast<double>(metrics.gradient_norm)).real("rate", values.rate);
  if (loss_scaling_of(phase_) == LossScaling::dynamic) line.real("loss_scale", static_cast<double>(metrics.loss_scale));
  add_step_metrics(line, guided_, metrics, env_.recipe.data.batch);
  if (has_trained_teacher(phase_)) line.real("teacher_rate", values.second_rate);
  return env_.metrics.write(line);
}

// What every line says: the phase and its bits, where the run stands.
MetricLine PhaseRun::metric_line(const char* kind, uint64_t step) const {
  const LayerPrecision precision = layer_precision(phase_.quantization, "", LayerPosition::inner);
  MetricLine line(kind);
  line.text("phase", phase_.name);
  if (phase_.cycle > 0) line.count("cycle", phase_.cycle);
  line.count("weight_bits", precision.weight_bits).count("activation_bits", precision.activation_bits);
  line.count("epoch", state_.position.epoch).count("step", step);
  return line;
}

// A step whose gradient was too large at its loss scale; it is left out, and the device has halved the scale.
Result<void> PhaseRun::note_overflow(const StepMetrics& metrics) {
  env_.progress.line(
      fmt::format("step {}: a gradient overflows at the loss scale {:g}; the step is skipped, the scale halved",
                  metrics.step, metrics.loss_scale));
  MetricLine line = metric_line("overflow", metrics.step);
  return env_.metrics.write(line.real("loss_scale", static_cast<double>(metrics.loss_scale)));
}

// A step whose loss or gradient is not finite; the optimiser has left it out.
Result<void> PhaseRun::judge(const StepMetrics& metrics) {
  const NetMetrics& bad = *metrics.first_not_finite();
  if (phase_.training.nan_policy == NanPolicy::stop) {
    const bool is_own = &bad == &metrics;
    const bool has_fixed_scale = loss_scaling_of(phase_) == LossScaling::fixed && loss_scale_of(phase_) > 1;
    return fail(
        ErrorCode::numeric,
        fmt::format("step {} of phase '{}' has the loss {} and the gradient norm {}{}; lower schedule.rate{}, set "
                    "optimizer.gradient_clip_norm, or choose training.nan_policy = \"skip\" or \"lower_rate\"",
                    metrics.step, phase_.name, bad.loss, bad.gradient_norm,
                    is_own ? "" : " in a network that trains beside its own",
                    has_fixed_scale ? " or training.loss_scale" : ""));
  }
  if (phase_.training.nan_policy == NanPolicy::lower_rate) state_.rate_factor *= phase_.training.nan_rate_factor;
  env_.progress.line(fmt::format("step {}: the loss or the gradient is not finite; the step is skipped{}", metrics.step,
                                 phase_.training.nan_policy == NanPolicy::lower_rate
                                     ? fmt::format(", the rate is now {:g} of the schedule's", state_.rate_factor)
                                     : ""));
  MetricLine line = metric_line("not_finite", metrics.step);
  return env_.metrics.write(line.real("rate_factor", state_.rate_factor));
}

double PhaseRun::teacher_accuracy() const {
  if (guided_.empty()) return -1;
  return static_cast<double>(state_.sums.teacher_correct) / static_cast<double>(state_.sums.images);
}

void PhaseRun::show_progress() {
  const uint64_t steps = train_queue_->batches_per_epoch();
  const uint64_t done = state_.position.batch - stepper_->unfinished();
  const double seconds = epoch_watch_.seconds();
  const double per_step = seconds / static_cast<double>(std::max<uint64_t>(done - epoch_start_batch_, 1));
  const uint64_t left = (phase_.training.epochs - state_.position.epoch) * steps - done;
  env_.progress.show({.phase = phase_title(env_.recipe, static_cast<size_t>(state_.position.phase)),
                      .epoch = state_.position.epoch,
                      .epochs = phase_.training.epochs,
                      .step = done,
                      .steps = steps,
                      .loss = state_.sums.loss / static_cast<double>(state_.sums.steps),
                      .accuracy = static_cast<double>(state_.sums.correct) / static_cast<double>(state_.sums.images),
                      .teacher_accuracy = teacher_accuracy(),
                      .images_per_second = env_.recipe.data.batch / per_step,
                      .seconds_left = per_step * static_cast<double>(left)});
}

Result<void> PhaseRun::end_epoch() {
  if (state_.sums.steps == 0) {
    return fail(ErrorCode::numeric,
                fmt::format("no step of epoch {} had a finite loss and gradient; lower schedule.rate",
                            state_.position.epoch + 1));
  }
  const double seconds = epoch_watch_.seconds();
  LOWTIDE_TRY(last_, evaluator_->evaluate(*eval_queue_));
  LOWTIDE_TRY_VOID(evaluate_guided(guided_, *eval_queue_));
  const double loss = state_.sums.loss / static_cast<double>(state_.sums.steps);
  const double accuracy = static_cast<double>(state_.sums.correct) / static_cast<double>(state_.sums.images);
  const double speed =
      env_.recipe.data.batch * static_cast<double>(state_.position.batch - epoch_start_batch_) / seconds;
  env_.progress.line(fmt::format(
      "epoch {}/{}  train: loss {:.4f}, accuracy {:.2f} %  test: loss {:.4f}, accuracy {:.2f} %{}  {:.0f} images/s  {}",
      state_.position.epoch + 1, phase_.training.epochs, loss, 100 * accuracy, last_.loss, 100 * last_.accuracy(),
      guided_text(guided_), speed, duration_text(seconds)));
  MetricLine line = metric_line("epoch", state_.position.step);
  line.count("target", is_target(env_.recipe, phase_) ? 1 : 0);
  line.real("train_loss", loss).real("train_accuracy", accuracy);
  line.real("test_loss", last_.loss).real("test_accuracy", last_.accuracy());
  if (!guided_.empty()) {
    line.real("train_match", state_.sums.match / static_cast<double>(state_.sums.steps));
    line.real("teacher_train_accuracy", teacher_accuracy());
    add_test_metrics(line, guided_);
  }
  line.real("rate", values_of(state_.position.step - 1).rate).real("images_per_second", speed).real("seconds", seconds);
  LOWTIDE_TRY_VOID(env_.metrics.write(line));

  ++state_.position.epoch;
  state_.position.batch = 0;
  state_.sums = {};
  const bool is_best = is_target(env_.recipe, phase_) && last_.accuracy() > state_.best_accuracy;
  if (is_best) {
    state_.best_accuracy = last_.accuracy();
    state_.best_epoch =
        epochs_before(env_.recipe, static_cast<uint32_t>(state_.position.phase)) + state_.position.epoch;
  }
  const bool is_due =
      state_.position.epoch % phase_.training.checkpoint_every == 0 || state_.position.epoch == phase_.training.epochs;
  return is_due || (is_best && phase_.training.keep_best) ? save(is_best && phase_.training.keep_best) : Result<void>();
}

Result<Checkpoint> PhaseRun::checkpoint() {
  Checkpoint checkpoint = {
      .state = state_, .network = phase_.network.name, .recipe = recipe_text(env_.recipe), .teacher = teacher_.recipe};
  LOWTIDE_TRY(checkpoint.tensors, read_persistent(stepper_->train().graph, stepper_->executor()));
  return checkpoint;
}

Result<void> PhaseRun::save(bool is_best) {
  LOWTIDE_TRY(const Checkpoint now, checkpoint());
  if (is_best) LOWTIDE_TRY_VOID(save_checkpoint(env_.folder.best(), now));
  return save_checkpoint(env_.folder.last(), now);
}

}  // namespace lowtide::trainer
