// SPDX-License-Identifier: Apache-2.0
// Selection gives no reasons, since predicates see shape and device together. The reason is found from outside, by
// lowering the same node for another device.
#include "engine/plan/kernel_choices.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <map>

#include "engine/kernel/bank.hpp"
#include "engine/plan/lower.hpp"

namespace lowtide::plan {
namespace {

constexpr std::string_view kNaive = "_naive";

// Where the pass begins in a kernel's name, <op>_<pass>[_<variant>], and where its first word ends.
struct PassWord {
  size_t begin = std::string_view::npos;
  size_t end = std::string_view::npos;
};
PassWord pass_word(std::string_view kernel) {
  for (const std::string_view word : {"_forward", "_backward", "_update"}) {
    if (const size_t at = kernel.find(word); at != std::string_view::npos) return {at, at + word.size()};
  }
  return {};
}

bool has_tuned_kernel(std::string_view kernel) {
  const std::string_view pass = kernel.substr(0, pass_word(kernel).end);
  const auto bank = kernel_bank();
  return std::any_of(bank.begin(), bank.end(), [&](const KernelInfo& info) {
    return info.name.starts_with(pass) && !info.name.ends_with(kNaive);
  });
}

// By node: the op, and whether a naive kernel was taken where there are tuned ones.
struct Rung {
  std::string_view op;  // empty: the node has no dispatch, or only one kernel to choose from
  bool is_naive = false;
};

Result<std::vector<Rung>> rungs_of(const graph::Graph& graph, const graph::LowerTarget& target) {
  LOWTIDE_TRY(const Lowered lowered, lower(graph, target));
  std::vector<Rung> rungs(graph.nodes().size());
  for (size_t i = 0; i < lowered.dispatches.size(); ++i) {
    const std::string_view kernel = kernel_info(lowered.dispatches[i].kernel).name;
    if (!has_tuned_kernel(kernel)) continue;
    Rung& rung = rungs[lowered.nodes[i].index];
    rung.op = kernel.substr(0, pass_word(kernel).begin);
    rung.is_naive = rung.is_naive || kernel.ends_with(kNaive);
  }
  return rungs;
}

std::string list_of(std::span<const KernelChoice> choices, uint32_t KernelChoice::*count) {
  std::string out;
  for (const KernelChoice& choice : choices) {
    if (choice.*count > 0) out += fmt::format("{}{} {}", out.empty() ? "" : ", ", choice.op, choice.*count);
  }
  return out;
}

}  // namespace

bool is_fallback(std::string_view kernel) {
  return kernel.ends_with(kNaive) && has_tuned_kernel(kernel);
}

Result<std::vector<KernelChoice>> kernel_choices(const graph::Graph& graph, const graph::LowerTarget& target) {
  LOWTIDE_TRY(const std::vector<Rung> here, rungs_of(graph, target));
  LOWTIDE_TRY(const std::vector<Rung> elsewhere, rungs_of(graph, {.caps = data_centre_caps()}));
  std::map<std::string_view, KernelChoice> by_op;
  for (size_t i = 0; i < here.size(); ++i) {
    if (here[i].op.empty()) continue;
    KernelChoice& choice = by_op[here[i].op];
    choice.op = here[i].op;
    ++(!here[i].is_naive ? choice.tuned : elsewhere[i].is_naive ? choice.naive_by_shape : choice.naive_by_device);
  }
  std::vector<KernelChoice> choices;
  for (const auto& [op, choice] : by_op) choices.push_back(choice);
  return choices;
}

std::string describe(std::span<const KernelChoice> choices) {
  uint32_t tuned = 0, nodes = 0;
  for (const KernelChoice& choice : choices) {
    tuned += choice.tuned;
    nodes += choice.tuned + choice.naive_by_shape + choice.naive_by_device;
  }
  std::string out = fmt::format("kernels: {} of {} nodes tuned", tuned, nodes);
  const std::string by_shape = list_of(choices, &KernelChoice::naive_by_shape);
  const std::string by_device = list_of(choices, &KernelChoice::naive_by_device);
  if (!by_shape.empty()) out += "; naive for their shape: " + by_shape;
  if (!by_device.empty()) out += "; naive on this device: " + by_device;
  return out;
}

}  // namespace lowtide::plan
