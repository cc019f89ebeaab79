// SPDX-License-Identifier: Apache-2.0
// inspect_program [MODEL [BATCH]]: a network as data, then its dispatches, its memory plan and its barriers as data.
// Needs no device: the plan is made for the limits of one that is stored. MODEL is a packed model file; without it the
// network is a small one with its gradients.
#include <cstdio>
#include <cstdlib>

#include "engine/graph/autodiff.hpp"
#include "engine/graph/dump.hpp"
#include "engine/model/packed_model.hpp"
#include "engine/ops/autodiff_ops.hpp"
#include "engine/ops/bias/bias.hpp"
#include "engine/ops/conv2d/conv2d.hpp"
#include "engine/ops/linear/linear.hpp"
#include "engine/ops/pool2d/pool2d.hpp"
#include "engine/ops/relu/relu.hpp"
#include "engine/ops/reshape/reshape.hpp"
#include "engine/ops/softmax_cross_entropy/softmax_cross_entropy.hpp"
#include "engine/plan/dump.hpp"
#include "engine/plan/plan.hpp"

namespace {

using namespace lowtide;

// 28 x 28 grey images to ten classes, and the gradient of the loss for every parameter.
Result<graph::Graph> small_network() {
  constexpr uint32_t kBatch = 8, kChannels = 16, kClasses = 10;
  graph::Graph graph;
  const ValueId images = graph.input("images", f32_desc({kBatch, 28, 28, 1}));
  const ValueId labels = graph.input("labels", {DType::u32, Shape{kBatch}});
  const ValueId filters = graph.parameter("conv.weight", {kChannels, 5, 5, 1});
  const ValueId offsets = graph.parameter("conv.bias", {kChannels});
  LOWTIDE_TRY(ValueId x, ops::conv2d(graph, "conv", images, filters, {.pad_h = 2, .pad_w = 2}));
  LOWTIDE_TRY(x, ops::bias(graph, "conv.add_bias", x, offsets));
  LOWTIDE_TRY(x, ops::relu(graph, "conv.relu", x));
  LOWTIDE_TRY(x, ops::max_pool2d(graph, "pool", x, ops::square_pool(4, 4)));
  LOWTIDE_TRY(x, ops::flatten(graph, "flatten", x));
  const ValueId weights = graph.parameter("classifier.weight", {kClasses, graph.desc(x).shape[1]});
  LOWTIDE_TRY(x, ops::linear(graph, "classifier", x, weights, {}));
  LOWTIDE_TRY(const ValueId loss, ops::softmax_cross_entropy(graph, "loss", x, labels));
  graph.make_metric(loss, "loss");
  const float weight = 1.0f;
  LOWTIDE_TRY_VOID(graph::differentiate(graph, {&loss, 1}, {&weight, 1}, ops::autodiff_ops()));
  return graph;
}

Result<graph::Graph> packed_network(const char* path, uint32_t batch) {
  LOWTIDE_TRY(const model::PackedModel packed, model::PackedModel::open(path));
  return packed.make_graph(batch);
}

Result<void> inspect(const char* path, uint32_t batch) {
  LOWTIDE_TRY(const graph::Graph graph, path == nullptr ? small_network() : packed_network(path, batch));
  const DeviceCaps caps = software_caps();
  LOWTIDE_TRY(const plan::Program program, plan::make_program(graph, {.caps = caps}));
  std::printf("-- graph: %zu values, %zu nodes\n%s", graph.values().size(), graph.nodes().size(),
              graph::dump(graph).c_str());
  std::printf("\n-- program for %s: %zu dispatches, %zu barriers\n%s", caps.name.c_str(), program.dispatches.size(),
              program.barriers.size(), plan::dump(program).c_str());
  return {};
}

}  // namespace

int main(int argc, char** argv) {
  const int batch = argc > 2 ? std::atoi(argv[2]) : 1;
  if (argc > 3 || batch < 1) {
    std::fprintf(stderr, "usage: inspect_program [MODEL [BATCH]]\n");
    return 2;
  }
  const Result<void> done = inspect(argc > 1 ? argv[1] : nullptr, static_cast<uint32_t>(batch));
  if (!done) std::fprintf(stderr, "inspect_program: %s\n", done.error().to_string().c_str());
  return done ? 0 : 1;
}
