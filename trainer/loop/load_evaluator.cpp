// SPDX-License-Identifier: Apache-2.0
// Checkpoint -> evaluator.
#include "trainer/loop/load_evaluator.hpp"

#include "trainer/loop/net_state.hpp"
#include "trainer/loop/phase.hpp"

namespace lowtide::trainer {

Result<std::vector<NamedTensor>> load_tensors(const Recipe& recipe, const Dataset& dataset,
                                              const std::filesystem::path& checkpoint) {
  LOWTIDE_TRY(Checkpoint loaded, load_checkpoint(checkpoint));
  LOWTIDE_TRY(const EvalGraph eval, make_eval_graph(recipe.phases.back(), net_input(dataset, 1)));
  LOWTIDE_TRY_VOID(match_tensors(loaded, persistent_tensors(eval.graph), true, checkpoint.string()));
  return std::move(loaded.tensors);
}

Result<std::unique_ptr<Evaluator>> make_evaluator(runtime::Context& context, const Recipe& recipe,
                                                  const Dataset& dataset, const std::vector<NamedTensor>& tensors) {
  LOWTIDE_TRY(EvalGraph eval, make_eval_graph(recipe.phases.back(), net_input(dataset, recipe.data.eval_batch)));
  LOWTIDE_TRY(auto evaluator, Evaluator::create(context, std::move(eval)));
  LOWTIDE_TRY_VOID(write_persistent(evaluator->eval().graph, evaluator->executor(), tensors));
  return evaluator;
}

Result<std::unique_ptr<Evaluator>> load_evaluator(runtime::Context& context, const Recipe& recipe,
                                                  const Dataset& dataset, const std::filesystem::path& checkpoint) {
  LOWTIDE_TRY(const std::vector<NamedTensor> tensors, load_tensors(recipe, dataset, checkpoint));
  return make_evaluator(context, recipe, dataset, tensors);
}

}  // namespace lowtide::trainer
