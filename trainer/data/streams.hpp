// SPDX-License-Identifier: Apache-2.0
// Streams of the counter-based generator (engine/base/rng.hpp) that the data layer draws from: one number a purpose, so
// that no two purposes ever see the same words. Networks draw from streams below 2^31.
#pragma once

#include <cstdint>

namespace lowtide::trainer {

inline constexpr uint32_t kShuffleStream = 0x80000001u;  // order of an epoch; step word = epoch
inline constexpr uint32_t kAugmentStream = 0x80000002u;  // placement of a sample; step word = epoch
inline constexpr uint32_t kToneStream = 0x80000004u;     // brightness and contrast of a sample; step word = epoch
inline constexpr uint32_t kNoiseStream = 0x80000003u;    // images of noise
inline constexpr uint32_t kGlyphStream = 0x80000010u;    // + split; step word = image

}  // namespace lowtide::trainer
