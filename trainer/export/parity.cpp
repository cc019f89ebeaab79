// SPDX-License-Identifier: Apache-2.0
// Parity: the same images through the evaluation executor, normalised by the recipe, and as pixels through a session.
#include "trainer/export/parity.hpp"

#include <algorithm>
#include <cstring>
#include <vector>

#include "engine/base/ints.hpp"
#include "engine/base/stopwatch.hpp"
#include "engine/infer/session.hpp"
#include "trainer/data/batch_queue.hpp"
#include "trainer/loop/load_evaluator.hpp"
#include "trainer/loop/run.hpp"

namespace lowtide::trainer {
namespace {

Result<std::vector<float>> evaluate(Evaluator& evaluator, std::span<const float> images) {
  runtime::Executor& executor = evaluator.executor();
  LOWTIDE_TRY(const uint32_t slot, executor.acquire());
  const std::span<std::byte> input = executor.input(slot, evaluator.eval().images);
  std::memcpy(input.data(), images.data(), images.size_bytes());
  LOWTIDE_TRY(const runtime::Ticket ticket, executor.submit(slot));
  LOWTIDE_TRY_VOID(executor.wait(ticket));
  const std::span<const std::byte> output = executor.output(slot, evaluator.eval().logits);
  std::vector<float> logits(output.size() / sizeof(float));
  std::memcpy(logits.data(), output.data(), output.size());
  return logits;
}

// What a packed model is given: the bytes of test images first .. first + count.
Result<std::vector<uint8_t>> pixels_of(const Dataset& dataset, uint64_t first, uint32_t count) {
  const size_t image = dataset.image.bytes();
  std::vector<uint8_t> pixels(count * image);
  for (uint32_t i = 0; i < count; ++i) {
    LOWTIDE_TRY_VOID(
        read_image(dataset, dataset.test, narrow<uint32_t>(first + i), std::span(pixels).subspan(i * image, image)));
  }
  return pixels;
}

size_t prediction(std::span<const float> logits) {
  return static_cast<size_t>(std::max_element(logits.begin(), logits.end()) - logits.begin());
}

void compare(std::span<const float> wanted, std::span<const float> found, uint32_t label, Parity& parity) {
  ++parity.images;
  parity.correct += prediction(found) == label ? 1 : 0;
  parity.different_predictions += prediction(wanted) != prediction(found) ? 1 : 0;
  parity.different_logits += std::memcmp(wanted.data(), found.data(), wanted.size_bytes()) != 0 ? 1 : 0;
}

}  // namespace

Result<Parity> prove_parity(runtime::Context& context, const Recipe& recipe, const Dataset& dataset,
                            const std::vector<NamedTensor>& tensors, const std::filesystem::path& packed_model,
                            uint64_t limit) {
  LOWTIDE_TRY(const auto evaluator, make_evaluator(context, recipe, dataset, tensors));
  LOWTIDE_TRY(const auto session, infer::Session::open(context, packed_model, {.batch = recipe.data.eval_batch}));
  LOWTIDE_TRY(const auto queue, BatchQueue::open(dataset, dataset.test, eval_batch_options(recipe.data)));
  const size_t classes = dataset.class_count();
  const uint64_t total = limit == 0 ? dataset.test.count() : std::min<uint64_t>(limit, dataset.test.count());
  Parity parity;
  while (parity.images < total) {
    LOWTIDE_TRY(const Batch batch, queue->next());
    Stopwatch watch;
    LOWTIDE_TRY(const std::vector<float> wanted, evaluate(*evaluator, batch.images));
    parity.evaluation_seconds += watch.seconds();
    LOWTIDE_TRY(const std::vector<uint8_t> pixels, pixels_of(dataset, parity.images, batch.valid));
    watch.restart();
    LOWTIDE_TRY(const std::vector<float> found, session->run(std::span<const uint8_t>(pixels)));
    parity.packed_seconds += watch.seconds();
    for (uint32_t i = 0; i < batch.valid && parity.images < total; ++i) {
      compare(std::span(wanted).subspan(i * classes, classes), std::span(found).subspan(i * classes, classes),
              batch.labels[i], parity);
    }
  }
  return parity;
}

Result<Parity> prove_parity(runtime::Context& context, const Recipe& recipe, const Dataset& dataset,
                            const std::filesystem::path& checkpoint, const std::filesystem::path& packed_model,
                            uint64_t limit) {
  LOWTIDE_TRY(const std::vector<NamedTensor> tensors, load_tensors(recipe, dataset, checkpoint));
  return prove_parity(context, recipe, dataset, tensors, packed_model, limit);
}

}  // namespace lowtide::trainer
