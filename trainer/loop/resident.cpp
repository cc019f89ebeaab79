// SPDX-License-Identifier: Apache-2.0
// Whether images stay on the device, and their upload.
#include "trainer/loop/resident.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <string>
#include <vector>

#include "trainer/data/augment.hpp"

namespace lowtide::trainer {
namespace {

constexpr uint64_t kShareOfDevice = 4;  // at most one in so many bytes of its memory

// Why the images cannot stay on the device; empty if they can.
std::string obstacle(const DataOptions& data, const Dataset& dataset, const DeviceCaps& caps) {
  const uint64_t bytes = dataset.train.pixels.size();
  if (bytes == 0) return "its images are decoded from files on demand";
  if (data.brightness > 0 || data.contrast > 0) return "data.brightness and data.contrast are applied on the host";
  const uint64_t limit =
      std::min({caps.device_memory_bytes / kShareOfDevice, caps.max_storage_buffer_bytes, caps.max_allocation_bytes});
  if (bytes <= limit) return {};
  return fmt::format("its {} bytes are more than the {} that {} keeps of images", bytes, limit, caps.name);
}

}  // namespace

Result<uint32_t> resident_images(const DataOptions& data, const Dataset& dataset, const DeviceCaps& caps) {
  if (data.resident == Residency::never) return 0u;
  const std::string why = obstacle(data, dataset, caps);
  if (why.empty()) return dataset.train.count();
  if (data.resident == Residency::automatic) return 0u;
  return fail(ErrorCode::invalid_argument,
              fmt::format("data.resident is \"always\", but the training images of {} cannot stay on the device: {}; "
                          "choose \"auto\" or \"never\"",
                          dataset.name, why));
}

Result<void> write_resident_images(const TrainGraph& train, runtime::Executor& executor, const Dataset& dataset,
                                   const DataOptions& data) {
  if (!train.pixels.is_valid()) return {};
  std::vector<std::byte> words(train.graph.desc(train.pixels).element_count() * 4);
  const auto pixels = std::as_bytes(std::span(dataset.train.pixels));
  LOWTIDE_CHECK(pixels.size() <= words.size() && words.size() - pixels.size() < 4, "images of another data set");
  std::copy(pixels.begin(), pixels.end(), words.begin());
  LOWTIDE_TRY_VOID(executor.write(train.pixels, words));
  const PixelTable table(dataset, data.normalize);
  std::vector<float> values;
  for (uint32_t c = 0; c < dataset.image.channels; ++c) {
    for (uint32_t pixel = 0; pixel < 256; ++pixel) values.push_back(table.value(c, static_cast<uint8_t>(pixel)));
  }
  return executor.write(train.table, std::as_bytes(std::span(values)));
}

}  // namespace lowtide::trainer
