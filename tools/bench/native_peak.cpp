// SPDX-License-Identifier: Apache-2.0
// Native loops. Vector extensions of the compiler instead of intrinsics, cloned for the instruction sets worth having.
#include "tools/bench/native_peak.hpp"

#include <algorithm>
#include <atomic>
#include <cstdint>
#include <thread>
#include <vector>

#include "engine/base/stopwatch.hpp"

namespace lowtide::bench {
namespace {

constexpr int kChains = 10;  // independent accumulators: more than latency times throughput of any unit here
constexpr int kLanes = 16;
constexpr uint64_t kIterations = 4000000;  // some ten milliseconds, beside which starting a thread is nothing

#if defined(__x86_64__)
#define LOWTIDE_TARGET(features) __attribute__((target(features), noinline))
#else
#define LOWTIDE_TARGET(features) __attribute__((noinline))
#endif

using Floats [[gnu::vector_size(kLanes * sizeof(float))]] = float;
using Words [[gnu::vector_size(kLanes * sizeof(uint32_t))]] = uint32_t;

// a = a * b + c in every chain. This file is compiled with -ffp-contract=fast (CMakeLists.txt), because the fused
// instruction is what is measured; nothing here is part of the numeric definition.
#define LOWTIDE_FMA_LOOP(name, features)                             \
  LOWTIDE_TARGET(features) float name(uint64_t count) {              \
    Floats a[kChains] = {};                                          \
    for (int i = 0; i < kChains; ++i) a[i] += static_cast<float>(i); \
    const Floats b = Floats{} + 0.999f, c = Floats{} + 1e-3f;        \
    for (uint64_t t = 0; t < count; ++t) {                           \
      for (int i = 0; i < kChains; ++i) a[i] = a[i] * b + c;         \
    }                                                                \
    float sum = 0;                                                   \
    for (int i = 0; i < kChains; ++i) sum += a[i][0];                \
    return sum;                                                      \
  }

// s += bit count of (a ^ w), lane by lane; compilers know the vector instruction from __builtin_popcount over a fixed
// loop.
#define LOWTIDE_POPCOUNT_LOOP(name, features)                                                                  \
  LOWTIDE_TARGET(features) uint32_t name(uint64_t count) {                                                     \
    uint32_t sums[kLanes * 8] = {}, words[kLanes * 8] = {};                                                    \
    for (int i = 0; i < kLanes * 8; ++i) words[i] = static_cast<uint32_t>(i) * 2654435761u;                    \
    for (uint64_t t = 0; t < count; ++t) {                                                                     \
      const auto w = static_cast<uint32_t>(t);                                                                 \
      for (int i = 0; i < kLanes * 8; ++i) sums[i] += static_cast<uint32_t>(__builtin_popcount(words[i] ^ w)); \
    }                                                                                                          \
    uint32_t sum = 0;                                                                                          \
    for (const uint32_t s : sums) sum += s;                                                                    \
    return sum;                                                                                                \
  }

LOWTIDE_FMA_LOOP(fma_plain, "sse2")
LOWTIDE_POPCOUNT_LOOP(popcount_plain, "sse2")
#if defined(__x86_64__)
LOWTIDE_FMA_LOOP(fma_avx2, "avx2,fma")
LOWTIDE_FMA_LOOP(fma_avx512, "avx512f")
LOWTIDE_POPCOUNT_LOOP(popcount_avx2, "avx2,popcnt")
LOWTIDE_POPCOUNT_LOOP(popcount_avx512, "avx512f,avx512vpopcntdq")
#endif

// Operations per second of `loop` on all cores, best of several runs within `seconds`.
template <class Loop>
double best_rate(Loop loop, double operations_per_iteration, double seconds) {
  const unsigned cores = std::max(1u, std::thread::hardware_concurrency());
  std::atomic<double> sink = 0;
  double best = 0;
  const Stopwatch total;
  do {
    const Stopwatch watch;
    std::vector<std::thread> threads;
    for (unsigned i = 0; i < cores; ++i)
      threads.emplace_back([&] { sink = sink + static_cast<double>(loop(kIterations)); });
    for (std::thread& thread : threads) thread.join();
    best = std::max(best, cores * operations_per_iteration * static_cast<double>(kIterations) / watch.seconds());
  } while (total.seconds() < seconds);
  return best;
}

}  // namespace

NativePeak measure_native_peak(double seconds) {
  constexpr double kFma = kChains * kLanes, kWords = kLanes * 8;
  NativePeak peak = {.instructions = "plain C++"};
  const auto take = [&](auto fma, auto popcount, const char* name) {
    const double f = best_rate(fma, kFma, seconds / 6), p = best_rate(popcount, kWords, seconds / 6);
    if (f > peak.fma_per_second) peak.instructions = name;
    peak.fma_per_second = std::max(peak.fma_per_second, f);
    peak.popcount_per_second = std::max(peak.popcount_per_second, p);
  };
#if defined(__x86_64__)
  if (__builtin_cpu_supports("avx512vpopcntdq") != 0) {
    take(fma_avx512, popcount_avx512, "AVX-512, VPOPCNTDQ");
  }
  if (__builtin_cpu_supports("avx2") != 0 && __builtin_cpu_supports("fma") != 0)
    take(fma_avx2, popcount_avx2, "AVX2, FMA");
  if (peak.fma_per_second > 0) return peak;
#endif
  take(fma_plain, popcount_plain, "plain C++");
  return peak;
}

}  // namespace lowtide::bench
