// SPDX-License-Identifier: Apache-2.0
// Evaluation and metrics of the other networks.
#include "trainer/loop/guided_report.hpp"

#include <fmt/format.h>

namespace lowtide::trainer {

Result<std::vector<GuidedEvaluator>> make_guided_evaluators(runtime::Context& context, const Phase& phase,
                                                            const Phase* fixed_teacher, const NetInput& input,
                                                            const runtime::Executor& shared) {
  std::vector<GuidedEvaluator> evaluators;
  const std::vector<GuidedNetwork> networks = guided_networks(phase, fixed_teacher);
  for (size_t i = 1; i < networks.size(); ++i) {
    const GuidedNetwork& network = networks[i];
    LOWTIDE_TRY(EvalGraph eval, make_eval_graph(network.phase, input, network.scope));
    LOWTIDE_TRY(auto evaluator, Evaluator::create(context, std::move(eval), &shared));
    const std::string& prefix = network.scope.prefix;
    evaluators.push_back({.name = prefix.substr(0, prefix.size() - 1),
                          .is_trained = !network.scope.is_frozen,
                          .evaluator = std::move(evaluator)});
  }
  return evaluators;
}

Result<void> evaluate_guided(std::vector<GuidedEvaluator>& evaluators, BatchQueue& queue) {
  for (GuidedEvaluator& each : evaluators) {
    if (!each.is_trained && each.last.images > 0) continue;
    LOWTIDE_TRY(each.last, each.evaluator->evaluate(queue));
  }
  return {};
}

void add_step_metrics(MetricLine& line, const std::vector<GuidedEvaluator>& evaluators, const StepMetrics& metrics,
                      uint32_t batch) {
  if (evaluators.empty()) return;
  line.real("match", static_cast<double>(metrics.match));
  for (size_t i = 0; i < evaluators.size(); ++i) {
    const std::string& name = evaluators[i].name;
    const NetMetrics& other = metrics.others[i];
    line.real(name + "_loss", static_cast<double>(other.loss));
    line.real(name + "_accuracy", static_cast<double>(other.correct) / batch);
    if (!evaluators[i].is_trained) continue;
    line.real(name + "_match", static_cast<double>(other.match));
    line.real(name + "_gradient_norm", static_cast<double>(other.gradient_norm));
  }
}

void add_test_metrics(MetricLine& line, const std::vector<GuidedEvaluator>& evaluators) {
  for (const GuidedEvaluator& each : evaluators) {
    line.real(each.name + "_test_loss", each.last.loss).real(each.name + "_test_accuracy", each.last.accuracy());
  }
}

std::string guided_text(const std::vector<GuidedEvaluator>& evaluators) {
  std::string text;
  for (const GuidedEvaluator& each : evaluators) {
    text += fmt::format("{}{}: accuracy {:.2f} %", text.empty() ? "  " : ", ", each.name, 100 * each.last.accuracy());
  }
  return text;
}

}  // namespace lowtide::trainer
