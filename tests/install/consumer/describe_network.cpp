// SPDX-License-Identifier: Apache-2.0
// describe_network MODEL: reads a packed model, plans it for a stored device and draws a training image. No device.
#include <cstdio>

#include "engine/infer/session.hpp"
#include "engine/plan/plan.hpp"
#include "trainer/data/dataset.hpp"
#include "trainer/recipe.hpp"

int main(int argc, char** argv) {
  if (argc != 2) return 2;
  const auto model = lowtide::model::PackedModel::open(argv[1]);
  if (!model) {
    std::fprintf(stderr, "%s\n", model.error().to_string().c_str());
    return 1;
  }
  const auto graph = model->make_graph(4);
  const auto program = lowtide::plan::make_program(graph.value(), {.caps = lowtide::software_caps()});
  lowtide::trainer::Recipe recipe;
  std::printf("%s: %zu dispatches; the default data set is %s\n", model->info().network.c_str(),
              program->dispatches.size(), recipe.data.set.c_str());
  return program->dispatches.size() < 4 ? 1 : 0;
}
