// SPDX-License-Identifier: Apache-2.0
// Evaluation: the device's logits are the reference's, partial batches count only their valid images, and a checkpoint
// evaluates like the run that wrote it.
#include <gtest/gtest.h>

#include <algorithm>

#include "engine/reference/interpreter.hpp"
#include "tests/harness/device/device_case.hpp"
#include "tests/train/small_run.hpp"
#include "trainer/loop/load_evaluator.hpp"
#include "trainer/loop/net_state.hpp"

namespace lowtide::trainer {
namespace {

TEST(Evaluate, CheckpointsLogitsAreTheReferences) {
  const Recipe recipe = small_recipe({"training.epochs=2"});
  const RunFolder folder = fresh_folder("evaluate");
  const auto summary = run_training(harness::test_context(), small_run(recipe, folder));
  ASSERT_TRUE(summary) << summary.error().to_string();
  EXPECT_EQ(summary->last.images, 100u);  // four batches of 24 and a rest of 4

  const auto dataset = open_recipe_data(recipe, {});
  ASSERT_TRUE(dataset) << dataset.error().to_string();
  auto evaluator = load_evaluator(harness::test_context(), recipe, *dataset, folder.last());
  ASSERT_TRUE(evaluator) << evaluator.error().to_string();
  auto queue = BatchQueue::open(*dataset, dataset->test, eval_batch_options(recipe.data));
  ASSERT_TRUE(queue) << queue.error().to_string();
  const auto found = (*evaluator)->evaluate(**queue, true);
  ASSERT_TRUE(found) << found.error().to_string();
  EXPECT_EQ(found->correct, summary->last.correct);
  EXPECT_EQ(found->loss, summary->last.loss);
  EXPECT_EQ(found->predictions.size(), 100u);

  const EvalGraph& eval = (*evaluator)->eval();
  const auto tensors = read_persistent(eval.graph, (*evaluator)->executor());
  ASSERT_TRUE(tensors) << tensors.error().to_string();
  reference::Interpreter interpreter(eval.graph);
  for (const NamedTensor& t : *tensors) interpreter.set(eval.graph.find(t.name), elements_of(t));
  const auto batch = (*queue)->next();
  ASSERT_TRUE(batch);
  interpreter.set(eval.images, std::vector<double>(batch->images.begin(), batch->images.end()));
  const auto evaluated = interpreter.evaluate();
  ASSERT_TRUE(evaluated) << evaluated.error().to_string();
  const std::span<const double> logits = interpreter.elements(eval.logits);
  const size_t classes = dataset->class_count();
  // The reference works in double: an activation that lies on a rounding boundary may fall to the other side there.
  uint32_t equal = 0;
  for (size_t i = 0; i < batch->valid; ++i) {
    const auto row = logits.subspan(i * classes, classes);
    const auto best = static_cast<uint32_t>(std::max_element(row.begin(), row.end()) - row.begin());
    equal += best == found->predictions[i] ? 1 : 0;
  }
  EXPECT_GE(equal, batch->valid - 1);
}

}  // namespace
}  // namespace lowtide::trainer
