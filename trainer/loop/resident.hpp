// SPDX-License-Identifier: Apache-2.0
// Training images that stay on the device as bytes, so that a step is told no more than 16 bytes an image. The device
// gives the same numbers as the host (ops::place_images, trainer/data/augment.hpp).
#pragma once

#include <cstdint>

#include "engine/base/result.hpp"
#include "engine/kernel/caps.hpp"
#include "engine/runtime/executor.hpp"
#include "trainer/data/dataset.hpp"
#include "trainer/loop/train_step.hpp"
#include "trainer/recipe.hpp"

namespace lowtide::trainer {

// How many training images to keep on the device: all or none. They are kept where they are in memory, no larger than a
// quarter of the device's and what one buffer may hold, and changed by nothing but crop, flip and normalisation.
// Error: data.resident = "always" where that does not hold.
Result<uint32_t> resident_images(const DataOptions& data, const Dataset& dataset, const DeviceCaps& caps);

// Fills TrainGraph::pixels and table; does nothing without resident images.
Result<void> write_resident_images(const TrainGraph& train, runtime::Executor& executor, const Dataset& dataset,
                                   const DataOptions& data);

}  // namespace lowtide::trainer
