// SPDX-License-Identifier: Apache-2.0
// Lowering, with the checks that keep an op's mistake from reaching a device.
#include "engine/plan/lower.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "engine/graph/tuning.hpp"
#include "engine/kernel/bank.hpp"

namespace lowtide::plan {
namespace {

// What the device must have for this dispatch; an op that picks a kernel the device cannot run has a wrong predicate.
void check_dispatch(const Dispatch& d, const graph::LowerTarget& target, uint32_t value_limit) {
  const KernelInfo& info = kernel_info(d.kernel);
  LOWTIDE_CHECK(target.caps.has(info.features), fmt::format("{} needs a feature that the device lacks", info.name));
  LOWTIDE_CHECK(d.value_count == info.bindings.size() && d.param_bytes == info.param_bytes,
                fmt::format("{} was given other values or parameters than it declares", info.name));
  for (uint32_t i = 0; i < d.value_count; ++i) {
    LOWTIDE_CHECK(d.values[i].index < value_limit, fmt::format("binding {} of {} is not set", i, info.name));
  }
  LOWTIDE_CHECK(d.spec_count == 0 || d.spec[0] <= target.caps.max_workgroup_invocations,
                fmt::format("{} asks for a workgroup that is too wide for the device", info.name));
  LOWTIDE_CHECK(d.groups.x <= target.caps.max_workgroup_count[0] && d.groups.y <= target.caps.max_workgroup_count[1] &&
                    d.groups.z <= target.caps.max_workgroup_count[2],
                fmt::format("{} asks for too many workgroups", info.name));
}

// What tuning names for a node, where that fits; a file may name anything.
std::string_view wanted_variant(const graph::Node& node, const graph::Graph& graph, const graph::LowerTarget& target) {
  if (target.tuning == nullptr || target.naive_only) return {};
  const std::string_view wanted = target.tuning->variant_for(node, graph);
  if (wanted.empty() || wanted == graph::kNaiveVariant) return wanted;
  const std::vector<std::string> fitting = fitting_variants(node, graph, target);
  return std::find(fitting.begin(), fitting.end(), wanted) == fitting.end() ? std::string_view() : wanted;
}

}  // namespace

std::vector<std::string> fitting_variants(const graph::Node& node, const graph::Graph& graph,
                                          const graph::LowerTarget& target) {
  std::vector<std::string> fitting;
  graph::LowerTarget asking = {.caps = target.caps};
  asking.fitting = &fitting;
  DispatchList unused(narrow<uint32_t>(graph.values().size()));
  if (!node.op->is_view) static_cast<void>(node.op->lower(node, graph, asking, unused));
  return fitting;
}

Result<Lowered> lower(const graph::Graph& graph, const graph::LowerTarget& target) {
  Lowered out;
  DispatchList list(narrow<uint32_t>(graph.values().size()));
  size_t scratch_done = 0;
  graph::LowerTarget own = target;
  for (size_t i = 0; i < graph.nodes().size(); ++i) {
    const graph::Node& node = graph.nodes()[i];
    if (node.op->is_view) continue;
    LOWTIDE_CHECK(node.op->lower != nullptr, fmt::format("the op {} has no lowering", node.op->name));
    list.set_node_name(node.name);
    const NodeId id(static_cast<uint32_t>(i));
    own.wanted = wanted_variant(node, graph, target);
    own.naive_only = target.naive_only || own.wanted == graph::kNaiveVariant;
    if (!own.wanted.empty()) out.tuned.push_back(id);
    LOWTIDE_TRY_VOID(node.op->lower(node, graph, own, list));
    for (; scratch_done < list.scratches().size(); ++scratch_done) {
      const Scratch& scratch = list.scratches()[scratch_done];
      out.scratch.push_back({scratch.id, scratch.bytes, id, scratch.is_counter, scratch.contents});
    }
    const uint32_t value_limit = narrow<uint32_t>(graph.values().size() + list.scratches().size());
    for (size_t d = out.nodes.size(); d < list.dispatches().size(); ++d) {
      check_dispatch(list.dispatches()[d], target, value_limit);
      out.nodes.push_back(id);
    }
  }
  out.dispatches = list.dispatches();
  return out;
}

}  // namespace lowtide::plan
