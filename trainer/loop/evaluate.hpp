// SPDX-License-Identifier: Apache-2.0
// The evaluation graph and its runs over a data set. It is made by the same builder as the training graph and computes
// what packed inference computes: exact integer accumulators, batch norm as one multiply and one add.
#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "engine/plan/program.hpp"
#include "engine/runtime/executor.hpp"
#include "trainer/data/batch_queue.hpp"
#include "trainer/loop/train_step.hpp"

namespace lowtide::trainer {

struct EvalGraph {
  graph::Graph graph;
  ValueId images;  // input f32 [batch, height, width, channels]
  ValueId logits;  // metric f32 [batch, classes]
  std::vector<NetParameter> parameters;
  std::vector<NetLayer> layers;
};

// `scope`: of a network that trained beside the recipe's own.
Result<EvalGraph> make_eval_graph(const Phase& phase, const NetInput& input, const NetScope& scope = {});

struct Evaluation {
  double loss = 0;  // mean cross entropy, without label smoothing
  uint64_t correct = 0;
  uint64_t images = 0;
  double seconds = 0;
  std::vector<uint32_t> predictions;  // the class with the largest logit, the first of equals; in the split's order

  double accuracy() const { return images == 0 ? 0.0 : static_cast<double>(correct) / static_cast<double>(images); }
};

class Evaluator {
 public:
  // `shared`: the executor of the training graph, whose parameters and running statistics are then used in place; null:
  // the evaluator has its own, to be written through net_state.hpp.
  static Result<std::unique_ptr<Evaluator>> create(runtime::Context& context, EvalGraph eval,
                                                   const runtime::Executor* shared = nullptr);

  // One epoch of the queue, which must be at the start of one. Logits are judged on the host, in double: only valid
  // images count. `keep_predictions`: fill Evaluation::predictions.
  Result<Evaluation> evaluate(BatchQueue& queue, bool keep_predictions = false);

  const EvalGraph& eval() const { return eval_; }
  runtime::Executor& executor() { return *executor_; }

 private:
  struct Submitted {
    runtime::Ticket ticket;
    uint32_t slot = 0;
    uint32_t valid = 0;
    std::vector<uint32_t> labels;
  };

  explicit Evaluator(EvalGraph eval) : eval_(std::move(eval)) {}
  Result<Submitted> submit(const Batch& batch);
  Result<void> finish(const Submitted& submitted, bool keep_predictions, Evaluation& out);

  EvalGraph eval_;
  std::unique_ptr<runtime::Executor> executor_;
};

}  // namespace lowtide::trainer
