// SPDX-License-Identifier: Apache-2.0
// Rows and what they are compared with.
#include "tools/lowtide/bench_rows.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "tools/bench/ceilings.hpp"
#include "tools/bench/native_peak.hpp"

namespace lowtide::program {
namespace {

double ceiling_of(bench::Arithmetic arithmetic, const Peaks& peaks) {
  switch (arithmetic) {
    case bench::Arithmetic::f32:
      return peaks.fma;
    case bench::Arithmetic::matrix_f16:
      return peaks.matrix;
    case bench::Arithmetic::codes:
      return 32 * peaks.popcount;
  }
  return 0;
}

}  // namespace

Result<void> Peaks::measure(runtime::Context& context) {
  if (context.caps().is_software()) {
    const bench::NativePeak now = bench::measure_native_peak(0.2);
    fma = std::max(fma, now.fma_per_second);
    popcount = std::max(popcount, now.popcount_per_second);
    source = fmt::format("a native loop ({}) on the same cores in this run", now.instructions);
    return {};
  }
  if (!source.empty()) return {};
  constexpr double kSeconds = 0.2;
  LOWTIDE_TRY(const std::vector<bench::Ceiling> ceilings, bench::measure_ceilings(context, kSeconds));
  fma = bench::rate_of(ceilings, "fma_f32");
  matrix = bench::rate_of(ceilings, "matrix_f16");
  popcount = bench::rate_of(ceilings, "popcount");
  source = "kernels that do nothing else, on this device in this run";
  return {};
}

std::string Peaks::describe() const {
  std::string text = fmt::format("ceiling: {:.0f} G f32 multiply-adds/s, {:.0f} G words/s of xor, bit count and add",
                                 1e-9 * fma, 1e-9 * popcount);
  if (matrix > 0) text += fmt::format(", {:.0f} G multiply-adds/s of f16 matrices", 1e-9 * matrix);
  return text + ": " + source;
}

Row make_row(bench::OpTiming timing, const Peaks& peaks) {
  Row row;
  row.rate = timing.multiply_adds / timing.best_seconds;
  const double ceiling = ceiling_of(timing.arithmetic, peaks);
  if (ceiling > 0 && timing.multiply_adds > 0) row.share = row.rate / ceiling;
  row.timing = std::move(timing);
  return row;
}

void print_row_heads(const char* first) {
  fmt::print("{:<58} {:>9} {:>9} {:>6} {:>9} {:>8} {:>7}\n", first, "median ms", "best ms", "spread", "GMAC/s", "GB/s",
             "share");
}

void print_row(const Row& row) {
  const bench::OpTiming& t = row.timing;
  fmt::print("{:<58} {:>9.3f} {:>9.3f} {:>5.0f}% {:>9} {:>8.2f} {:>7}\n", t.name, 1e3 * t.seconds, 1e3 * t.best_seconds,
             100 * t.spread, t.multiply_adds > 0 ? fmt::format("{:.1f}", 1e-9 * row.rate) : "-",
             1e-9 * t.bytes / t.best_seconds, row.share ? fmt::format("{:.3f}", *row.share) : "-");
  std::fflush(stdout);
}

std::string rows_csv(const std::vector<Row>& rows, const runtime::Context& context) {
  std::string out =
      "op,device,driver,median_ms,best_ms,spread,repeats,multiply_adds_per_second,bytes_per_second,share,kernels\n";
  for (const Row& row : rows) {
    const bench::OpTiming& t = row.timing;
    out += fmt::format("{},\"{}\",\"{}\",{:.6f},{:.6f},{:.4f},{},{:.6g},{:.6g},{},{}\n", t.name, context.caps().name,
                       context.caps().driver, 1e3 * t.seconds, 1e3 * t.best_seconds, t.spread, t.repeats, row.rate,
                       t.bytes / t.best_seconds, row.share ? fmt::format("{:.5f}", *row.share) : "", t.kernels);
  }
  return out;
}

}  // namespace lowtide::program
