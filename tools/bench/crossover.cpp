// SPDX-License-Identifier: Apache-2.0
// Formulations from variants, and the table.
#include "tools/bench/crossover.hpp"

#include <fmt/format.h>

#include <optional>

namespace lowtide::bench {
namespace {

std::optional<Formulation> formulation_of(std::string_view variant) {
  if (variant == graph::kNaiveVariant) return std::nullopt;
  if (variant.starts_with("ballot")) return Formulation::ballot;
  if (variant.starts_with("dot")) return Formulation::dot;
  if (variant.starts_with("matrix")) return Formulation::matrix;
  return Formulation::popcount;
}

const CrossoverCell& cell_of(const CrossoverRow& row, Formulation formulation) {
  return row.cells[static_cast<size_t>(formulation)];
}

std::string milliseconds(const CrossoverCell& cell) {
  return cell.seconds > 0 ? fmt::format("{:.4f}", 1e3 * cell.seconds) : std::string();
}

}  // namespace

Formulation CrossoverRow::fastest() const {
  size_t best = 0;
  for (size_t i = 1; i < cells.size(); ++i) {
    const bool is_faster = cells[best].seconds == 0 || cells[i].seconds < cells[best].seconds;
    if (cells[i].seconds > 0 && is_faster) best = i;
  }
  return static_cast<Formulation>(best);
}

CrossoverRow crossover_row(std::string name, const tune::NodeTimes& times) {
  CrossoverRow row = {.name = std::move(name), .cells = {}, .rule = times.variants.front().name};
  for (const tune::VariantTime& variant : times.variants) {
    const std::optional<Formulation> formulation = formulation_of(variant.name);
    if (!formulation || !variant.is_right || !variant.error.empty() || variant.passes == 0) continue;
    CrossoverCell& cell = row.cells[static_cast<size_t>(*formulation)];
    if (cell.seconds == 0 || variant.seconds < cell.seconds) cell = {variant.seconds, variant.name};
  }
  return row;
}

Result<CrossoverRow> measure_crossover(runtime::Context& context, const OpBench& bench, double seconds) {
  graph::Graph graph;
  LOWTIDE_TRY_VOID(bench.build(graph));
  LOWTIDE_TRY(const tune::NodeTimes times, tune::measure_node(context, graph.nodes().back(), graph, seconds));
  return crossover_row(bench.name, times);
}

std::string crossover_table(const std::vector<CrossoverRow>& rows) {
  std::string out = fmt::format("{:<58}", "packed layer, best ms");
  for (const char* name : kFormulationNames) out += fmt::format(" {:>9}", name);
  out += fmt::format(" {:>16}  {:<9} {}\n", "popcount/matrix", "fastest", "by rule");
  for (const CrossoverRow& row : rows) {
    out += fmt::format("{:<58}", row.name);
    for (const CrossoverCell& cell : row.cells) out += fmt::format(" {:>9}", milliseconds(cell));
    const double popcount = cell_of(row, Formulation::popcount).seconds;
    const double matrix = cell_of(row, Formulation::matrix).seconds;
    const bool has_both = popcount > 0 && matrix > 0;
    const CrossoverCell& best = cell_of(row, row.fastest());
    out += fmt::format(" {:>16}  {:<9} {}\n", has_both ? fmt::format("{:.2f}", popcount / matrix) : "", best.variant,
                       row.rule);
  }
  return out;
}

std::string crossover_csv(const std::vector<CrossoverRow>& rows, const DeviceCaps& caps) {
  std::string out = "layer,device,driver";
  for (const char* name : kFormulationNames) out += fmt::format(",{0}_ms,{0}_variant", name);
  out += ",fastest,rule\n";
  for (const CrossoverRow& row : rows) {
    out += fmt::format("{},\"{}\",\"{}\"", row.name, caps.name, caps.driver);
    for (const CrossoverCell& cell : row.cells) out += fmt::format(",{},{}", milliseconds(cell), cell.variant);
    out += fmt::format(",{},{}\n", cell_of(row, row.fastest()).variant, row.rule);
  }
  return out;
}

}  // namespace lowtide::bench
