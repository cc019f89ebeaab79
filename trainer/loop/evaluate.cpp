// SPDX-License-Identifier: Apache-2.0
// Evaluation: a graph without labels, its logits judged on the host.
#include "trainer/loop/evaluate.hpp"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <deque>
#include <optional>

#include "engine/base/stopwatch.hpp"
#include "engine/plan/plan.hpp"
#include "trainer/nets/registry.hpp"

namespace lowtide::trainer {
namespace {

constexpr uint32_t kSlots = 2;

// -log softmax(logits)[label], with the maximum taken out first.
double cross_entropy(std::span<const float> logits, uint32_t label) {
  const double largest = *std::max_element(logits.begin(), logits.end());
  double sum = 0;
  for (const float logit : logits) sum += std::exp(static_cast<double>(logit) - largest);
  return largest + std::log(sum) - static_cast<double>(logits[label]);
}

// The arenas that outlive a submit, of another executor.
runtime::ArenaSet shareable(const runtime::ArenaSet& arenas) {
  runtime::ArenaSet out = {};
  for (uint32_t i = 0; i < plan::kArenaCount; ++i) {
    if (plan::is_shareable(static_cast<plan::Arena>(i))) out[i] = arenas[i];
  }
  return out;
}

}  // namespace

Result<EvalGraph> make_eval_graph(const Phase& phase, const NetInput& input, const NetScope& scope) {
  EvalGraph eval;
  eval.images = eval.graph.input("images", f32_desc(Shape{input.batch, input.height, input.width, input.channels}));
  NetContext net(eval.graph, NetMode::evaluation, phase, scope);
  LOWTIDE_TRY(eval.logits, build_network(net, eval.images, input.classes));
  eval.graph.make_metric(eval.logits, "logits");
  eval.parameters = net.parameters();
  eval.layers = net.layers();
  return eval;
}

Result<std::unique_ptr<Evaluator>> Evaluator::create(runtime::Context& context, EvalGraph eval,
                                                     const runtime::Executor* shared) {
  std::unique_ptr<Evaluator> evaluator(new Evaluator(std::move(eval)));
  const plan::PlanOptions options = {.shared = shared != nullptr ? &shared->program() : nullptr};
  LOWTIDE_TRY(plan::Program program, plan::make_program(evaluator->eval_.graph, {.caps = context.caps()}, options));
  const runtime::ArenaSet arenas = shared != nullptr ? shareable(shared->arenas()) : runtime::ArenaSet{};
  LOWTIDE_TRY(evaluator->executor_, runtime::Executor::create(context, std::move(program), arenas, {.slots = kSlots}));
  return evaluator;
}

Result<Evaluator::Submitted> Evaluator::submit(const Batch& batch) {
  LOWTIDE_TRY(const uint32_t slot, executor_->acquire());
  const std::span<std::byte> images = executor_->input(slot, eval_.images);
  LOWTIDE_CHECK(batch.images.size_bytes() == images.size(), "a batch of another size than the network's");
  std::memcpy(images.data(), batch.images.data(), images.size());
  LOWTIDE_TRY(const runtime::Ticket ticket, executor_->submit(slot));
  return Submitted{ticket, slot, batch.valid, {batch.labels.begin(), batch.labels.end()}};
}

Result<void> Evaluator::finish(const Submitted& submitted, bool keep_predictions, Evaluation& out) {
  LOWTIDE_TRY_VOID(executor_->wait(submitted.ticket));
  const std::span<const std::byte> bytes = executor_->output(submitted.slot, eval_.logits);
  const size_t classes = eval_.graph.desc(eval_.logits).shape.last();
  std::vector<float> logits(classes);
  for (size_t i = 0; i < submitted.valid; ++i) {
    std::memcpy(logits.data(), bytes.data() + i * classes * sizeof(float), classes * sizeof(float));
    // A NaN is no largest logit: the image counts as wrong and the loss says why.
    const auto best = static_cast<uint32_t>(std::max_element(logits.begin(), logits.end()) - logits.begin());
    const bool is_finite = std::all_of(logits.begin(), logits.end(), [](float x) { return std::isfinite(x); });
    out.loss += is_finite ? cross_entropy(logits, submitted.labels[i]) : std::nan("");
    out.correct += is_finite && best == submitted.labels[i] ? 1 : 0;
    if (keep_predictions) out.predictions.push_back(best);
  }
  out.images += submitted.valid;
  return {};
}

Result<Evaluation> Evaluator::evaluate(BatchQueue& queue, bool keep_predictions) {
  LOWTIDE_CHECK(queue.position().index == 0, "an evaluation starts with the first batch");
  const Stopwatch watch;
  Evaluation out;
  std::deque<Submitted> unfinished;
  const auto finish_oldest = [&]() -> Result<void> {
    const Submitted oldest = std::move(unfinished.front());
    unfinished.pop_front();
    return finish(oldest, keep_predictions, out);
  };
  for (uint64_t i = 0; i < queue.batches_per_epoch(); ++i) {
    LOWTIDE_TRY(const Batch batch, queue.next());
    if (unfinished.size() == kSlots) LOWTIDE_TRY_VOID(finish_oldest());
    LOWTIDE_TRY(Submitted submitted, submit(batch));
    unfinished.push_back(std::move(submitted));
  }
  while (!unfinished.empty()) LOWTIDE_TRY_VOID(finish_oldest());
  out.loss /= static_cast<double>(std::max<uint64_t>(out.images, 1));
  out.seconds = watch.seconds();
  return out;
}

}  // namespace lowtide::trainer
