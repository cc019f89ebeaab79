// SPDX-License-Identifier: Apache-2.0
// The oracle of shaders/self_test. Floating-point inputs are chosen so that results are exact, or rounded alike to even
// and to zero: the specification leaves that choice to the driver.
#include "engine/verify/cases.hpp"

#include <algorithm>
#include <bit>
#include <cmath>

#include "engine/base/ints.hpp"
#include "engine/kernel/bank.hpp"

namespace lowtide::verify {
namespace {

using Words = std::vector<uint32_t>;
using Found = std::span<const uint32_t>;

constexpr uint32_t kWidth = 64;           // of kernels whose invocations are on their own
constexpr uint32_t kSubgroupWidth = 128;  // a multiple of every subgroup size
constexpr uint32_t kPairs = 100;          // more than one workgroup
constexpr std::string_view kPrefix = "self_test_";

uint32_t word_of(float value) {
  return std::bit_cast<uint32_t>(value);
}

// Words without pattern: a multiplicative sequence (Knuth 1998, vol. 2, sec. 3.3.4, multiplier 1664525).
Words scattered(uint32_t count) {
  Words words(count);
  uint32_t state = 0x10717de5u;
  for (uint32_t& word : words) word = state = state * 1664525u + 1013904223u;
  return words;
}

// `value` cut to `bits` bits of significand.
float cut(double value, int bits) {
  int exponent = 0;
  const double fraction = std::frexp(value, &exponent);
  return static_cast<float>(std::ldexp(std::trunc(std::ldexp(fraction, bits)), exponent - bits));
}

// f16 of a number that it holds exactly.
uint32_t half_bits(float value) {
  if (value == 0.0f) return 0;
  int exponent = 0;
  const float fraction = std::frexp(std::fabs(value), &exponent);  // in [0.5, 1)
  const auto significand = static_cast<uint32_t>(std::ldexp(fraction, 11)) & 0x3ffu;
  return (value < 0 ? 0x8000u : 0u) | static_cast<uint32_t>(exponent - 1 + 15) << 10 | significand;
}

Case fixed(Feature feature, std::string_view kernel, uint32_t count, Words input, Words expected) {
  Case out = {.feature = feature, .kernel = kernel, .spec = {kWidth}, .count = count, .input = std::move(input)};
  out.groups = ceil_div(count, kWidth);
  out.output_words = narrow<uint32_t>(expected.size());
  out.expected = [expected = std::move(expected)](Found) { return expected; };
  return out;
}

// a in odd sixteenths, b odd: nothing is zero, whose sign would be open, and products need 10 bits. The last pair, 2048
// + 1, tells 11 bits of significand from more.
Case float16_case() {
  Words input, expected;
  for (uint32_t i = 0; i < kPairs; ++i) {
    const bool is_last = i + 1 == kPairs;
    const float a = is_last ? 2048.0f : (static_cast<float>(2 * (i % 28)) - 27.0f) / 16.0f;
    const float b = is_last ? 1.0f : static_cast<float>(2 * (i % 22)) - 21.0f;
    input.insert(input.end(), {word_of(a), word_of(b)});
    expected.insert(expected.end(), {word_of(cut(double{a} * double{b}, 11)), word_of(cut(double{a} + double{b}, 11))});
  }
  return fixed(Feature::float16, "self_test_forward_float16", kPairs, std::move(input), std::move(expected));
}

// Whole numbers of up to 8 bits, and 257, which becomes 256 by either rounding.
Case bfloat16_case() {
  Words input, expected;
  for (uint32_t i = 0; i < kPairs; ++i) {
    const float x = i + 1 == kPairs ? 257.0f : static_cast<float>(i) * 2.5f;
    const float held = i + 1 == kPairs ? 256.0f : cut(x, 8);
    input.push_back(word_of(i + 1 == kPairs ? x : held));
    expected.push_back(word_of(2.0f * held));
  }
  return fixed(Feature::bfloat16, "self_test_forward_bfloat16", kPairs, std::move(input), std::move(expected));
}

template <class Integer>
Case narrow_integer_case(Feature feature, std::string_view kernel) {
  const Words input = scattered(2 * kPairs);
  Words expected;
  for (uint32_t i = 0; i < kPairs; ++i) {
    const int32_t a = static_cast<Integer>(input[2 * i] & 0xffffu),
                  b = static_cast<Integer>(input[2 * i + 1] & 0xffffu);
    for (const int32_t value : {a * b, a + b, a >> 1}) {
      expected.push_back(static_cast<uint32_t>(int32_t{static_cast<Integer>(value)}));
    }
  }
  return fixed(feature, kernel, kPairs, input, std::move(expected));
}

Case int64_case() {
  const Words input = scattered(2 * kPairs);
  Words expected;
  for (uint32_t i = 0; i < kPairs; ++i) {
    const uint64_t sum = uint64_t{input[2 * i]} * input[2 * i + 1] + input[2 * i];
    expected.insert(expected.end(), {static_cast<uint32_t>(sum), static_cast<uint32_t>(sum >> 32)});
  }
  return fixed(Feature::int64, "self_test_forward_int64", kPairs, input, std::move(expected));
}

// `elements` of 8 or 16 bits as words, the last one filled up with zeros.
Words packed(const Words& elements, uint32_t bits) {
  const uint32_t each = 32 / bits;
  Words words(ceil_div(elements.size(), size_t{each}));
  for (size_t i = 0; i < elements.size(); ++i) words[i / each] |= elements[i] << (i % each * bits);
  return words;
}

Case storage8_case() {
  constexpr uint32_t kCount = 125;
  Words elements = scattered(kCount), expected;
  for (uint32_t& element : elements) element >>= 24;
  for (uint32_t i = 0; i < kCount; ++i) expected.push_back((elements[kCount - 1 - i] + 3u) & 0xffu);
  return fixed(Feature::storage8, "self_test_forward_storage8", kCount, packed(elements, 8), packed(expected, 8));
}

Case storage16_case() {
  constexpr uint32_t kCount = 125;
  Words elements, expected;
  for (uint32_t i = 0; i < kCount; ++i) elements.push_back(half_bits(0.5f * static_cast<float>(i) - 17.0f));
  for (uint32_t i = 0; i < kCount; ++i) {
    expected.push_back(half_bits(2.0f * (0.5f * static_cast<float>(kCount - 1 - i) - 17.0f)));
  }
  return fixed(Feature::storage16, "self_test_forward_storage16", kCount, packed(elements, 16), packed(expected, 16));
}

int32_t signed_byte(uint32_t word, uint32_t i) {
  return static_cast<int8_t>((word >> (8 * i)) & 0xffu);
}

Case integer_dot_case() {
  const Words input = scattered(2 * kPairs);
  Words expected;
  for (uint32_t i = 0; i < kPairs; ++i) {
    const uint32_t a = input[2 * i], b = input[2 * i + 1];
    int32_t with_signs = 0;
    uint32_t without = 0;
    for (uint32_t j = 0; j < 4; ++j) {
      with_signs += signed_byte(a, j) * signed_byte(b, j);
      without += ((a >> (8 * j)) & 0xffu) * ((b >> (8 * j)) & 0xffu);
    }
    const int64_t sum = int64_t{with_signs} + INT32_MAX - int64_t{i};
    const int64_t saturated = std::clamp<int64_t>(sum, INT32_MIN, INT32_MAX);
    expected.insert(expected.end(), {static_cast<uint32_t>(with_signs), without, static_cast<uint32_t>(saturated)});
  }
  return fixed(Feature::integer_dot, "self_test_forward_integer_dot", kPairs, input, std::move(expected));
}

// Of kernels that write {subgroup, invocation, ...} of `row` words for each of kSubgroupWidth elements: `fill` gets the
// elements of one subgroup by invocation, and says what stands behind those two words in the row of each.
struct Member {
  uint32_t element;     // of x, and row of y
  uint32_t invocation;  // within the subgroup
};
using FillRows = std::function<void(const std::vector<Member>& subgroup, const Words& x, Words& y)>;

Case subgroup_case(Feature feature, std::string_view kernel, uint32_t row, FillRows fill) {
  Case out = {.feature = feature, .kernel = kernel, .spec = {kSubgroupWidth}, .count = kSubgroupWidth};
  out.input = scattered(kSubgroupWidth);
  for (uint32_t& word : out.input) word >>= 8;  // sums of 128 stay below 2^32
  out.output_words = kSubgroupWidth * row;
  out.expected = [row, fill = std::move(fill), x = out.input](Found found) {
    Words y(found.begin(), found.end());
    std::vector<std::vector<Member>> subgroups(kSubgroupWidth);
    for (uint32_t i = 0; i < kSubgroupWidth; ++i) {
      y[i * row] = std::min(found[i * row], kSubgroupWidth - 1);
      y[i * row + 1] = std::min(found[i * row + 1], kSubgroupWidth - 1);
      subgroups[y[i * row]].push_back({i, y[i * row + 1]});
    }
    for (std::vector<Member>& subgroup : subgroups) {
      std::sort(subgroup.begin(), subgroup.end(),
                [](const Member& a, const Member& b) { return a.invocation < b.invocation; });
      for (uint32_t i = 0; i < subgroup.size(); ++i) y[subgroup[i].element * row + 1] = i;  // each of them once
      fill(subgroup, x, y);
    }
    return y;
  };
  return out;
}

void fill_arithmetic(const std::vector<Member>& subgroup, const Words& x, Words& y) {
  uint32_t sum = 0, most = 0;
  for (const Member& member : subgroup) {
    sum += x[member.element];
    most = std::max(most, x[member.element]);
    y[member.element * 5 + 3] = sum;
  }
  for (const Member& member : subgroup) {
    y[member.element * 5 + 2] = sum;
    y[member.element * 5 + 4] = most;
  }
}

void fill_shuffle(const std::vector<Member>& subgroup, const Words& x, Words& y) {
  const size_t size = subgroup.size();
  for (size_t i = 0; i < size; ++i) {
    y[subgroup[i].element * 4 + 2] = x[subgroup[(i + 1) % size].element];
    y[subgroup[i].element * 4 + 3] = x[subgroup[std::min(i ^ 1u, size - 1)].element];
  }
}

void fill_ballot(const std::vector<Member>& subgroup, const Words& x, Words& y) {
  uint32_t odd[4] = {};
  for (size_t i = 0; i < subgroup.size(); ++i) odd[i / 32] |= (x[subgroup[i].element] & 1u) << (i % 32);
  for (const Member& member : subgroup) {
    std::copy_n(odd, 4, y.begin() + member.element * 7 + 2);
    y[member.element * 7 + 6] = x[subgroup.front().element];
  }
}

// Whole numbers below 8 in magnitude: sums are exact in any order.
Case cooperative_matrix_case(const DeviceCaps& caps) {
  const auto [m, n, k] = caps.matrix_f16;
  const Words random = scattered(m * k + k * n + m * n);
  std::vector<float> x;
  for (const uint32_t word : random) x.push_back(static_cast<float>(word >> 28) - 7.0f);
  Words input, expected;
  for (const float value : x) input.push_back(word_of(value));
  for (uint32_t row = 0; row < m; ++row) {
    for (uint32_t column = 0; column < n; ++column) {
      float sum = x[m * k + k * n + row * n + column];
      for (uint32_t i = 0; i < k; ++i) sum += x[row * k + i] * x[m * k + i * n + column];
      expected.push_back(word_of(sum == 0.0f ? 0.0f : sum));
    }
  }
  Case out = fixed(Feature::cooperative_matrix, "self_test_forward_cooperative_matrix", m * n, std::move(input),
                   std::move(expected));
  out.spec = {caps.subgroup_size, m, n, k};
  out.groups = 1;
  return out;
}

// Bytes of either sign; k is contiguous in a and in b.
Case cooperative_matrix_int8_case(const DeviceCaps& caps) {
  const auto [m, n, k] = caps.matrix_s8;
  const Words input = scattered((m * k + n * k) / 4 + m * n);
  const auto element = [&](uint32_t i) { return signed_byte(input[i / 4], i % 4); };
  Words expected;
  for (uint32_t row = 0; row < m; ++row) {
    for (uint32_t column = 0; column < n; ++column) {
      uint32_t sum = input[(m * k + n * k) / 4 + row * n + column];
      for (uint32_t i = 0; i < k; ++i) {
        sum += static_cast<uint32_t>(element(row * k + i) * element(m * k + column * k + i));
      }
      expected.push_back(sum);
    }
  }
  Case out = fixed(Feature::cooperative_matrix_int8, "self_test_forward_cooperative_matrix_int8", m * n, input,
                   std::move(expected));
  out.spec = {caps.subgroup_size, m, n, k};
  out.groups = 1;
  return out;
}

Case device_address_case() {
  const Words input = scattered(kPairs);
  Words expected;
  for (uint32_t i = 0; i < kPairs; ++i) expected.push_back(3u * input[kPairs - 1 - i] + i);
  Case out = fixed(Feature::device_address, "self_test_forward_words", kPairs, input, std::move(expected));
  out.by_device_address = true;
  return out;
}

}  // namespace

std::vector<Case> all_cases(const DeviceCaps& caps) {
  std::vector<Case> cases = {
      device_address_case(),
      float16_case(),
      bfloat16_case(),
      narrow_integer_case<int8_t>(Feature::int8, "self_test_forward_int8"),
      narrow_integer_case<int16_t>(Feature::int16, "self_test_forward_int16"),
      int64_case(),
      storage8_case(),
      storage16_case(),
      integer_dot_case(),
      subgroup_case(Feature::subgroup_arithmetic, "self_test_forward_subgroup_arithmetic", 5, fill_arithmetic),
      subgroup_case(Feature::subgroup_shuffle, "self_test_forward_subgroup_shuffle", 4, fill_shuffle),
      subgroup_case(Feature::subgroup_ballot, "self_test_forward_subgroup_ballot", 7, fill_ballot)};
  if (caps.matrix_f16.m > 0) cases.push_back(cooperative_matrix_case(caps));
  if (caps.matrix_s8.m > 0) cases.push_back(cooperative_matrix_int8_case(caps));
  return cases;
}

FeatureMask features_in_use() {
  FeatureMask mask = 0;
  for (const KernelInfo& kernel : kernel_bank()) {
    if (kernel.name.starts_with(kPrefix)) continue;
    mask |= kernel.features | (kernel.spirv_address.empty() ? 0 : bit(Feature::device_address));
  }
  return mask;
}

}  // namespace lowtide::verify
