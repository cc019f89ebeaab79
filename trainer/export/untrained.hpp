// SPDX-License-Identifier: Apache-2.0
// A network as it starts, before any training, and images of noise to run it on: what timing a packed model needs,
// whose speed does not depend on what it has learned.
#pragma once

#include <cstdint>
#include <vector>

#include "trainer/checkpoint/checkpoint.hpp"
#include "trainer/data/dataset.hpp"
#include "trainer/recipe.hpp"

namespace lowtide::trainer {

// `count` test images of uniform noise and no training images; mean and deviation of every channel are 0.5. Pixels are
// a function of the seed alone.
Dataset noise_images(const ImageShape& image, uint32_t classes, uint32_t count, uint64_t seed);

// Parameters and running statistics as the recipe's last phase draws them. Error: the network has steps that are
// learned from data (LSQ, PACT, UNIQ), of which there is none yet.
Result<std::vector<NamedTensor>> untrained_tensors(const Recipe& recipe, const Dataset& dataset);

}  // namespace lowtide::trainer
