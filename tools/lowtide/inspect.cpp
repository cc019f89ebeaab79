// SPDX-License-Identifier: Apache-2.0
// lowtide inspect: what a recipe's network becomes before any device sees it (layers with packed sizes, graph, memory
// plan, barriers), or what a safetensors file holds. Needs no Vulkan device.
#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <filesystem>
#include <memory>
#include <numeric>

#include "engine/graph/dump.hpp"
#include "engine/model/layer_sizes.hpp"
#include "engine/model/packed_model.hpp"
#include "engine/model/safetensors.hpp"
#include "engine/plan/dump.hpp"
#include "engine/plan/plan.hpp"
#include "tools/lowtide/command.hpp"
#include "trainer/export/analysis.hpp"
#include "trainer/loop/evaluate.hpp"
#include "trainer/loop/run.hpp"
#include "trainer/loop/train_step.hpp"
#include "trainer/methods/distillation.hpp"
#include "trainer/nets/registry.hpp"

namespace lowtide::program {
namespace {

struct Options {
  RecipeOption recipe;
  InputOption input;
  std::string caps = "software";
  bool show_graph = false;
  bool show_plan = false;
  bool is_training = false;
};

DeviceCaps stored_caps(const std::string& name) {
  if (name == "floor") return floor_caps();
  return name == "data-centre" ? data_centre_caps() : software_caps();
}

std::string bits_text(uint32_t bits) {
  return bits == trainer::kFloatBits ? "fp32" : fmt::format("{}", bits);
}

// Bytes of a layer's weights in the model file.
uint64_t packed_bytes(const trainer::NetLayer& layer, const graph::Graph& graph,
                      const trainer::ExportAnalysis& analysis) {
  const auto node = std::find_if(graph.nodes().begin(), graph.nodes().end(),
                                 [&](const graph::Node& candidate) { return candidate.name == layer.name; });
  LOWTIDE_CHECK(node != graph.nodes().end(), "a layer without a node");
  const Shape x = trainer::codes_shape(graph, analysis, node->in(0));
  return trainer::weight_form(graph, analysis, *node, x).bytes;
}

void print_layers(const trainer::EvalGraph& eval) {
  fmt::print("{:<20} {:>4} {:>4} {:>12} {:>14} {:>14} {:>14}\n", "layer", "W", "A", "weights", "fp32 bytes",
             "packed bytes", "MAC per image");
  const trainer::ExportAnalysis analysis(eval.graph);
  uint64_t weights = 0, packed = 0, multiply_adds = 0;
  for (const trainer::NetLayer& layer : eval.layers) {
    const uint64_t bytes = packed_bytes(layer, eval.graph, analysis);
    fmt::print("{:<20} {:>4} {:>4} {:>12} {:>14} {:>14} {:>14}\n", layer.name, bits_text(layer.precision.weight_bits),
               layer.is_image_input ? "8" : bits_text(layer.precision.activation_bits), layer.weight_count,
               layer.weight_count * 4, bytes, layer.multiply_adds);
    weights += layer.weight_count;
    packed += bytes;
    multiply_adds += layer.multiply_adds;
  }
  fmt::print("{:<20} {:>4} {:>4} {:>12} {:>14} {:>14} {:>14}\n", "together", "", "", weights, weights * 4, packed,
             multiply_adds);
}

uint64_t all_bytes(const plan::Program& program) {
  return std::accumulate(program.arena_bytes.begin(), program.arena_bytes.end(), uint64_t{0});
}

// What the step needs where every op stands alone and keeps what its gradient reads in f32.
Result<uint64_t> unfused_bytes(trainer::Phase phase, const trainer::NetInput& input, const trainer::Phase* fixed,
                               const Options& options) {
  phase.training.recompute = trainer::Recompute::none;
  LOWTIDE_TRY(const trainer::TrainGraph train, trainer::make_train_graph(phase, input, fixed, false));
  LOWTIDE_TRY(const plan::Program program, plan::make_program(train.graph, {.caps = stored_caps(options.caps)}));
  return all_bytes(program);
}

Result<void> print_graph(const graph::Graph& graph, const Options& options) {
  if (options.show_graph) fmt::print("\n{}", graph::dump(graph));
  LOWTIDE_TRY(const plan::Program program, plan::make_program(graph, {.caps = stored_caps(options.caps)}));
  if (options.show_plan) fmt::print("\n{}", plan::dump(program));
  fmt::print("\n{} nodes, {} dispatches, {} barriers\n", graph.nodes().size(), program.dispatches.size(),
             program.barriers.size());
  for (uint32_t i = 0; i < plan::kArenaCount; ++i) {
    if (program.arena_bytes[i] == 0) continue;
    fmt::print("{:<12} {:>14} bytes\n", plan::arena_name(static_cast<plan::Arena>(i)), program.arena_bytes[i]);
  }
  fmt::print("{:<12} {:>14} bytes\n", "together", all_bytes(program));
  return {};
}

Result<int> inspect_recipe(const Options& options) {
  LOWTIDE_TRY(const trainer::Recipe recipe, read_recipe_option(options.recipe));
  const uint32_t batch = options.is_training ? recipe.data.batch : recipe.data.eval_batch;
  LOWTIDE_TRY(const trainer::NetInput input, input_of(options.input, recipe.data, batch));
  for (const trainer::Phase& phase : recipe.phases) {
    fmt::print("phase {}: network {}, {} images of {}x{}x{}, {} classes\n", phase.name, phase.network.name, input.batch,
               input.height, input.width, input.channels, input.classes);
    LOWTIDE_TRY(const trainer::EvalGraph eval, trainer::make_eval_graph(phase, input));
    print_layers(eval);
    if (options.is_training) {
      const auto index = static_cast<uint32_t>(&phase - recipe.phases.data());
      LOWTIDE_TRY(const trainer::TeacherStart teacher, trainer::find_teacher(recipe, index, {}));
      const trainer::Phase* fixed = teacher.fixed ? &*teacher.fixed : nullptr;
      LOWTIDE_TRY(const trainer::TrainGraph train, trainer::make_train_graph(phase, input, fixed));
      LOWTIDE_TRY_VOID(print_graph(train.graph, options));
      LOWTIDE_TRY(const uint64_t unfused, unfused_bytes(phase, input, fixed, options));
      fmt::print("{:<12} {:>14} bytes by single ops that keep f32 for their gradients\n", "unfused", unfused);
    } else {
      LOWTIDE_TRY_VOID(print_graph(eval.graph, options));
    }
  }
  return kDone;
}

double ratio(uint64_t bytes, uint64_t needed) {
  return needed == 0 ? 1.0 : static_cast<double>(bytes) / static_cast<double>(needed);
}

// What each layer takes in the file beside what its numbers need, and so for the whole in file and device memory.
Result<void> print_sizes(const model::PackedModel& packed, const Options& options) {
  LOWTIDE_TRY(const std::vector<model::LayerSize> rows, model::layer_sizes(packed));
  fmt::print("\n{:<24} {:<14} {:>4} {:>10} {:>12} {:>10} {:>10} {:>12} {:>12} {:>6}\n", "layer", "op", "W", "weights",
             "their bytes", "thresholds", "other", "needed", "in the file", "ratio");
  uint64_t needed = 0, tensors = 0, thresholds = 0, range_bits = 0;
  for (const model::LayerSize& row : rows) {
    fmt::print("{:<24} {:<14} {:>4} {:>10} {:>12} {:>10} {:>10} {:>12} {:>12} {:>6.3f}\n", row.name, row.op,
               row.weight_bits == 0 ? "" : fmt::format("{}", row.weight_bits), row.weights, row.weight_bytes(),
               row.threshold_bytes, row.other_bytes, row.needed_bytes(), row.file_bytes,
               ratio(row.file_bytes, row.needed_bytes()));
    needed += row.needed_bytes();
    tensors += row.file_bytes;
    thresholds += row.threshold_bytes;
    range_bits += row.threshold_range_bits;
  }
  const uint64_t data = model::data_bytes(packed.file());
  LOWTIDE_TRY(const graph::Graph graph, packed.make_graph(1));
  LOWTIDE_TRY(const plan::Program program, plan::make_program(graph, {.caps = stored_caps(options.caps)}));
  const uint64_t device = program.arena_bytes[static_cast<size_t>(plan::Arena::constant)];
  uint64_t at_rest = 0;  // what codes save in the file and not on the device, where they are f32
  for (const auto& [name, codes] : packed.coded()) {
    at_rest += graph.desc(graph.find(name)).bytes() - packed.constant(name).size();
  }
  fmt::print("needed {} bytes; tensors {}, {:.3f} times that; with the space between them {}, {:.3f} times\n", needed,
             tensors, ratio(tensors, needed), data, ratio(data, needed));
  fmt::print(
      "constants in device memory ({}) {} bytes, {:.3f} times what is needed there ({}: weights at rest are f32)\n",
      options.caps, device, ratio(device, needed + at_rest), needed + at_rest);
  fmt::print("thresholds {} bytes; the ranges of their accumulators need {}\n", thresholds,
             ceil_div(range_bits, uint64_t{8}));
  return {};
}

Result<int> inspect_file(const Options& options) {
  const std::filesystem::path path = options.recipe.path;
  LOWTIDE_TRY(const model::Safetensors file, model::Safetensors::open(path));
  for (const auto& [key, value] : file.metadata()) {
    const bool is_long = value.size() > 80 || value.find('\n') != std::string::npos;
    fmt::print("{} = {}\n", key, is_long ? fmt::format("({} characters)", value.size()) : value);
  }
  uint64_t bytes = 0;
  for (const model::StoredTensor& tensor : file.tensors()) {
    fmt::print("{:<40} {:<28} {:>12} bytes\n", tensor.name, to_string(tensor.desc), tensor.bytes.size());
    bytes += tensor.bytes.size();
  }
  fmt::print("{} tensors, {} bytes\n", file.tensors().size(), bytes);
  const auto packed = model::PackedModel::open(path);
  if (packed) {
    LOWTIDE_TRY_VOID(print_sizes(*packed, options));
  } else if (file.metadata().contains("graph")) {
    return tl::unexpected(packed.error());
  }
  return kDone;
}

Result<int> inspect(const Options& options) {
  const std::filesystem::path path = options.recipe.path;
  return path.extension() == ".safetensors" ? inspect_file(options) : inspect_recipe(options);
}

Result<int> networks() {
  for (const trainer::NetworkInfo& row : trainer::all_networks()) fmt::print("{:<10} {}\n", row.name, row.summary);
  return kDone;
}

}  // namespace

void add_inspect(CLI::App& app, Program& program) {
  auto options = std::make_shared<Options>();
  auto show_networks = std::make_shared<bool>(false);
  CLI::App& command =
      *app.add_subcommand("inspect", "layers, packed sizes, graph, memory plan and barriers; or a safetensors file");
  add_recipe_option(command, options->recipe, "recipe file, folder of a run, or a .safetensors file");
  command.get_option("recipe")->required(false);
  add_input_option(command, options->input);
  command.add_flag("--graph", options->show_graph, "print the graph");
  command.add_flag("--plan", options->show_plan, "print placements, dispatches and barriers");
  command.add_flag("--training", options->is_training, "the training step instead of the evaluation");
  command.add_option("--caps", options->caps, "device to lower for: floor, software or data-centre")
      ->check(CLI::IsMember({"floor", "software", "data-centre"}));
  command.add_flag("--networks", *show_networks, "list the networks that a recipe may name");
  set_body(command, program, [options, show_networks]() -> Result<int> {
    if (*show_networks) return networks();
    if (!options->recipe.path.empty()) return inspect(*options);
    return fail(ErrorCode::invalid_argument, "inspect needs a recipe, a run folder or a .safetensors file");
  });
}

}  // namespace lowtide::program
