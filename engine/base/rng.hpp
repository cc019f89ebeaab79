// SPDX-License-Identifier: Apache-2.0
// Counter-based random numbers: a pure function of (seed, stream, counter), so that any element of any step can be
// drawn again in any order. Philox 4x32, 10 rounds (Salmon et al. 2011, "Parallel random numbers: as easy as 1, 2, 3").
// shaders/lib/rng.glsl is its twin and gives the same words.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

namespace lowtide {

// Four random words of the 128-bit counter (index, stream, step, 0) under the 64-bit key `seed`.
constexpr std::array<uint32_t, 4> philox(uint64_t seed, uint32_t index, uint32_t stream, uint32_t step) {
  std::array<uint32_t, 4> c = {index, stream, step, 0u};
  uint32_t k0 = static_cast<uint32_t>(seed);
  uint32_t k1 = static_cast<uint32_t>(seed >> 32);
  for (int round = 0; round < 10; ++round) {
    const uint64_t p0 = uint64_t{0xD2511F53u} * c[0];
    const uint64_t p1 = uint64_t{0xCD9E8D57u} * c[2];
    c = {static_cast<uint32_t>(p1 >> 32) ^ c[1] ^ k0, static_cast<uint32_t>(p1),
         static_cast<uint32_t>(p0 >> 32) ^ c[3] ^ k1, static_cast<uint32_t>(p0)};
    k0 += 0x9E3779B9u;
    k1 += 0xBB67AE85u;
  }
  return c;
}

// [0, 1) with 24 bits, the same on host and device.
constexpr float unit_float(uint32_t word) {
  return static_cast<float>(word >> 8) * (1.0f / 16777216.0f);
}

// A sequence over philox: one stream per purpose. Its whole state is (seed, stream, position), which a checkpoint can
// hold.
class Rng {
 public:
  constexpr Rng(uint64_t seed, uint32_t stream) : seed_(seed), stream_(stream) {}

  constexpr uint32_t next() {
    const uint64_t block = position_ / 4;
    const auto words = philox(seed_, static_cast<uint32_t>(block), stream_, static_cast<uint32_t>(block >> 32));
    return words[static_cast<size_t>(position_++ % 4)];
  }
  constexpr float uniform() { return unit_float(next()); }                            // [0, 1)
  constexpr float uniform(float lo, float hi) { return lo + (hi - lo) * uniform(); }  // [lo, hi)
  // [0, bound), unbiased up to 2^-32; bound > 0.
  constexpr uint32_t below(uint32_t bound) { return static_cast<uint32_t>((uint64_t{next()} * bound) >> 32); }
  float normal();  // mean 0, standard deviation 1 (Box and Muller 1958)

  constexpr uint64_t position() const { return position_; }
  constexpr void seek(uint64_t position) { position_ = position; }

 private:
  uint64_t seed_;
  uint32_t stream_;
  uint64_t position_ = 0;
};

}  // namespace lowtide
