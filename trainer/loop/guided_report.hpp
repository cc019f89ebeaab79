// SPDX-License-Identifier: Apache-2.0
// What is measured and said of the networks that train beside the recipe's own.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "trainer/loop/evaluate.hpp"
#include "trainer/loop/metrics.hpp"
#include "trainer/loop/stepper.hpp"
#include "trainer/methods/guided.hpp"

namespace lowtide::trainer {

// One of the others, in place: it shares the training graph's parameters.
struct GuidedEvaluator {
  std::string name;  // "teacher", "student2", ...
  bool is_trained = true;
  std::unique_ptr<Evaluator> evaluator;
  Evaluation last = {};  // no images before the first evaluation
};

// Evaluators of all networks but the recipe's own, in the order of TrainGraph::networks.
Result<std::vector<GuidedEvaluator>> make_guided_evaluators(runtime::Context& context, const Phase& phase,
                                                            const Phase* fixed_teacher, const NetInput& input,
                                                            const runtime::Executor& shared);

// Evaluates each; a network that is not trained only once.
Result<void> evaluate_guided(std::vector<GuidedEvaluator>& evaluators, BatchQueue& queue);

// Adds "match", and "<network>_loss", "_accuracy", "_match", "_gradient_norm" for each other network.
void add_step_metrics(MetricLine& line, const std::vector<GuidedEvaluator>& evaluators, const StepMetrics& metrics,
                      uint32_t batch);
// Adds "<network>_test_loss" and "<network>_test_accuracy".
void add_test_metrics(MetricLine& line, const std::vector<GuidedEvaluator>& evaluators);
// "  teacher: accuracy 91.20 %, student2: accuracy 88.10 %"; empty without guidance.
std::string guided_text(const std::vector<GuidedEvaluator>& evaluators);

}  // namespace lowtide::trainer
