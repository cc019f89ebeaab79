// SPDX-License-Identifier: Apache-2.0
// Export: the numbers come from the device, because weight levels (tanh) and folded batch norm (1 / sqrt) are only as
// exact as a device's own functions, and the packed model must hold what that device's evaluation used.
#include "trainer/export/export_model.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cstring>
#include <map>

#include "engine/plan/plan.hpp"
#include "engine/quant/quantizer.hpp"
#include "engine/runtime/executor.hpp"
#include "trainer/loop/evaluate.hpp"
#include "trainer/loop/load_evaluator.hpp"
#include "trainer/loop/net_state.hpp"
#include "trainer/loop/phase.hpp"

namespace lowtide::trainer {
namespace {

using graph::Graph;
using graph::Role;
using Elements = std::vector<float>;

// Contents of every static value that the exporter will ask for.
Result<std::map<ValueId, Elements>> evaluate_static(runtime::Context& context, EvalGraph& eval,
                                                    const std::vector<NamedTensor>& tensors) {
  const std::vector<ValueId> wanted = static_inputs(eval.graph);
  for (const ValueId id : wanted) {
    const ValueId storage = eval.graph.storage_of(id);
    if (eval.graph.value(storage).role != Role::activation) continue;
    eval.graph.make_metric(storage, fmt::format("static/{}", storage.index));
  }
  LOWTIDE_TRY(plan::Program program, plan::make_program(eval.graph, {.caps = context.caps()}));
  LOWTIDE_TRY(const auto executor, runtime::Executor::create(context, std::move(program), {}, {.slots = 1}));
  LOWTIDE_TRY_VOID(write_persistent(eval.graph, *executor, tensors));
  LOWTIDE_TRY(const uint32_t slot, executor->acquire());
  const std::span<std::byte> image = executor->input(slot, eval.images);
  std::fill(image.begin(), image.end(), std::byte{0});
  LOWTIDE_TRY(const runtime::Ticket ticket, executor->submit(slot));
  LOWTIDE_TRY_VOID(executor->wait(ticket));
  std::map<ValueId, Elements> contents;
  for (const ValueId id : wanted) {
    Elements elements(eval.graph.desc(id).element_count());
    LOWTIDE_TRY_VOID(executor->read(id, std::as_writable_bytes(std::span(elements))));
    contents.emplace(id, std::move(elements));
  }
  return contents;
}

// (pixel / 255 - mean) / deviation is the recipe's normalisation, of whichever kind, to the last bit: with 0.5 and 0.5
// both of its operations round as those of 2 pixel / 255 - 1 do.
struct Affine {
  std::vector<float> mean, deviation;
};
Affine normalization_of(const Recipe& recipe, const Dataset& dataset) {
  const size_t channels = dataset.image.channels;
  switch (recipe.data.normalize) {
    case Normalization::symmetric:
      return {std::vector(channels, 0.5f), std::vector(channels, 0.5f)};
    case Normalization::unit:
      return {std::vector(channels, 0.0f), std::vector(channels, 1.0f)};
    case Normalization::standard:
      break;
  }
  return {dataset.mean, dataset.deviation};
}

// Levels of more bits than codes have exist in training alone.
Result<void> expect_packable(const EvalGraph& eval) {
  for (const NetLayer& layer : eval.layers) {
    const auto is_wide = [](uint32_t bits) { return bits > quant::kMaxBits && bits != kFloatBits; };
    if (!is_wide(layer.precision.weight_bits) && !is_wide(layer.precision.activation_bits)) continue;
    return fail(ErrorCode::unsupported,
                fmt::format("layer {} has {}-bit weights and {}-bit activations, but packed models hold 1 to {} bits; "
                            "{} bits only train, as a step towards fewer",
                            layer.name, layer.precision.weight_bits, layer.precision.activation_bits, quant::kMaxBits,
                            quant::kWideBits));
  }
  return {};
}

model::ModelInfo info_of(const Recipe& recipe, const Dataset& dataset) {
  const Phase& phase = recipe.phases.back();
  const Affine normalization = normalization_of(recipe, dataset);
  return {.network = phase.network.name,
          .height = dataset.image.height,
          .width = dataset.image.width,
          .channels = dataset.image.channels,
          .classes = dataset.class_count(),
          .mean = normalization.mean,
          .deviation = normalization.deviation,
          .class_names = dataset.class_names,
          .source = fmt::format("{}, W={} A={}, {}", recipe.name, phase.quantization.weight_bits,
                                phase.quantization.activation_bits, dataset.name)};
}

}  // namespace

Result<ExportReport> export_model(runtime::Context& context, const Recipe& recipe, const Dataset& dataset,
                                  const std::vector<NamedTensor>& tensors, const std::filesystem::path& target) {
  LOWTIDE_TRY(EvalGraph eval, make_eval_graph(recipe.phases.back(), net_input(dataset, 1)));
  LOWTIDE_TRY_VOID(expect_packable(eval));
  LOWTIDE_TRY(const auto contents, evaluate_static(context, eval, tensors));
  LOWTIDE_TRY(const PackedGraph packed,
              fold_and_pack(eval.graph, eval.images, eval.logits, [&](ValueId id) { return contents.at(id); }));
  LOWTIDE_TRY_VOID(model::write_model(target, info_of(recipe, dataset), packed.graph, packed.constants, packed.coded));
  ExportReport report = {.layers = packed.layers};
  for (const NamedTensor& tensor : persistent_tensors(eval.graph)) report.float_bytes += tensor.desc.bytes();
  std::error_code error;
  report.file_bytes = std::filesystem::file_size(target, error);
  return report;
}

Result<ExportReport> export_model(runtime::Context& context, const Recipe& recipe, const Dataset& dataset,
                                  const std::filesystem::path& checkpoint, const std::filesystem::path& target) {
  LOWTIDE_TRY(const std::vector<NamedTensor> tensors, load_tensors(recipe, dataset, checkpoint));
  return export_model(context, recipe, dataset, tensors, target);
}

}  // namespace lowtide::trainer
