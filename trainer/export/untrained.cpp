// SPDX-License-Identifier: Apache-2.0
// Noise and initial tensors.
#include "trainer/export/untrained.hpp"

#include <fmt/format.h>

#include "engine/base/rng.hpp"
#include "trainer/data/streams.hpp"
#include "trainer/loop/evaluate.hpp"
#include "trainer/loop/net_state.hpp"
#include "trainer/loop/phase.hpp"

namespace lowtide::trainer {

Dataset noise_images(const ImageShape& image, uint32_t classes, uint32_t count, uint64_t seed) {
  Dataset dataset = {.name = "noise", .image = image};
  dataset.mean.assign(image.channels, 0.5f);
  dataset.deviation.assign(image.channels, 0.5f);
  for (uint32_t c = 0; c < classes; ++c) dataset.class_names.push_back(fmt::format("class {}", c));
  Rng rng(seed, kNoiseStream);
  dataset.test.pixels.resize(count * image.bytes());
  for (uint8_t& pixel : dataset.test.pixels) pixel = static_cast<uint8_t>(rng.next() >> 24);
  for (uint32_t i = 0; i < count; ++i) dataset.test.labels.push_back(i % classes);
  return dataset;
}

Result<std::vector<NamedTensor>> untrained_tensors(const Recipe& recipe, const Dataset& dataset) {
  LOWTIDE_TRY(const EvalGraph eval, make_eval_graph(recipe.phases.back(), net_input(dataset, 1)));
  for (const NetParameter& parameter : eval.parameters) {
    if (!parameter.learned) continue;
    return fail(ErrorCode::unsupported,
                fmt::format("'{}' is learned from data, so the untrained network has none; train it, or choose "
                            "quantisers without learned steps (dorefa, sign)",
                            parameter.name));
  }
  return initial_tensors(eval.graph, eval.parameters, recipe.seed);
}

}  // namespace lowtide::trainer
