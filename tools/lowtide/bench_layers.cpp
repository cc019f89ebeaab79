// SPDX-License-Identifier: Apache-2.0
// lowtide bench --layers RECIPE: the distinct ops of a recipe's training step, each alone, with how often the step has
// it. The graph is the step's before fusion, so that rows are ops that other frameworks have too.
#include <fmt/format.h>

#include "engine/base/file.hpp"
#include "tools/bench/layer_table.hpp"
#include "tools/lowtide/bench_rows.hpp"
#include "tools/lowtide/command.hpp"
#include "trainer/loop/train_step.hpp"

namespace lowtide::program {
namespace {

std::string csv_of(const std::vector<bench::LayerBench>& layers, const std::vector<Row>& rows,
                   const runtime::Context& context) {
  std::string out = "kind,node,count,inputs,outputs,parameters,";
  const std::string table = rows_csv(rows, context);
  size_t at = table.find('\n') + 1;
  out += table.substr(0, at);
  for (const bench::LayerBench& layer : layers) {
    const size_t end = table.find('\n', at) + 1;
    out += fmt::format("{},{},{},\"{}\",\"{}\",\"{}\",{}", layer.op, layer.node, layer.count, layer.inputs,
                       layer.outputs, layer.parameters, table.substr(at, end - at));
    at = end;
  }
  return out;
}

}  // namespace

Result<int> bench_layers(const LayersOption& options) {
  LOWTIDE_TRY(const trainer::Recipe recipe, read_recipe_option(options.recipe));
  LOWTIDE_TRY(const trainer::NetInput input, input_of(options.input, recipe.data, recipe.data.batch));
  LOWTIDE_TRY(const trainer::TrainGraph train,
              trainer::make_train_graph(recipe.phases.front(), input, nullptr, /*is_fused=*/false));
  std::vector<bench::LayerBench> layers = bench::layer_benches(train.graph);
  std::erase_if(layers, [&](const bench::LayerBench& layer) {
    return layer.bench.name.find(options.filter) == std::string::npos;
  });
  if (layers.empty()) {
    return fail(ErrorCode::invalid_argument,
                fmt::format("no op of a step of {} has '{}' in its name; expected a part of OP/NODE, as conv2d/",
                            options.recipe.path, options.filter));
  }
  LOWTIDE_TRY(const auto context, open_device(options.device));
  fmt::print("{} images of {}x{}x{}, {} classes; {} distinct ops\n", input.batch, input.height, input.width,
             input.channels, input.classes, layers.size());
  print_row_heads("op, how often");
  Peaks peaks;
  std::vector<bench::LayerBench> timed;
  std::vector<Row> rows;
  double together = 0;
  for (const bench::LayerBench& layer : layers) {
    LOWTIDE_TRY_VOID(peaks.measure(*context));
    auto timing = bench::time_op(*context, layer.bench, options.seconds, options.naive_only);
    if (!timing && timing.error().code == ErrorCode::numeric) {  // numbers without meaning may suit no op's every shape
      fmt::print("{:<58} not timed: {}\n", layer.bench.name, timing.error().text);
      continue;
    }
    if (!timing) return tl::unexpected(timing.error());
    Row row = make_row(std::move(*timing), peaks);
    together += layer.count * row.timing.best_seconds;
    Row shown = row;
    shown.timing.name += fmt::format(", {} x", layer.count);
    print_row(shown);
    rows.push_back(std::move(row));
    timed.push_back(layer);
  }
  fmt::print("together, each as often as a step has it: {:.3f} ms\n{}\n", 1e3 * together, peaks.describe());
  if (!options.csv.empty()) LOWTIDE_TRY_VOID(write_file_atomically(options.csv, csv_of(timed, rows, *context)));
  return kDone;
}

}  // namespace lowtide::program
