// SPDX-License-Identifier: Apache-2.0
// OpInfo: what an op supplies, as a row of plain functions. No base class, no registration by static initialisers:
// engine/ops/registry.cpp lists every op.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "engine/base/result.hpp"
#include "engine/graph/graph.hpp"
#include "engine/kernel/caps.hpp"
#include "engine/kernel/dispatch.hpp"

namespace lowtide::graph {

class GradientBuilder;
struct Tuning;

// A field of a parameter struct; every field is 4 bytes. Dumps, files and comparisons go by these.
enum class FieldType : uint8_t { u32, i32, f32 };
struct ParamField {
  const char* name;
  uint32_t offset;
  FieldType type;
  bool is_for_training = false;  // 0 wherever a network is evaluated: not in model files, in dumps where it is not 0
};

// The parameter struct of an op that has none.
struct NoParams {
  uint32_t reserved = 0;
};

// What lowering may depend on.
struct LowerTarget {
  DeviceCaps caps;
  bool naive_only = false;         // take the last entry of every selection list (tests, `lowtide bench --naive`)
  const Tuning* tuning = nullptr;  // choices in place of the rules (graph/tuning.hpp)
  // Set for each node by the driver of the lowering: the variant to take, which fits; empty: the rules decide.
  std::string_view wanted = {};
  std::vector<std::string>* fitting = nullptr;  // not null: the names of all variants that fit go here
};

// Arithmetic and unavoidable traffic of a node, for benches and rooflines.
struct Cost {
  uint64_t multiply_adds = 0;  // in the op's own arithmetic: of f32, or of codes for packed ops
  uint64_t bytes = 0;          // each operand once
};

struct OpInfo {
  std::string_view name;
  std::span<const ParamField> fields;
  size_t param_bytes = 0;

  // Shape rule: the descriptions of the outputs, or a sentence that says what does not fit. Called before the node is
  // appended; must check the number of inputs and every property that `lower` and the reference rely on.
  Result<std::vector<TensorDesc>> (*infer)(const Node& node, const Graph& graph) = nullptr;

  // Gradient rule: appends gradient nodes through the builder. nullptr: no gradient flows to any input.
  Result<void> (*differentiate)(const Node& node, GradientBuilder& builder) = nullptr;

  // Lowering: the dispatches of the node. nullptr for views.
  Result<void> (*lower)(const Node& node, const Graph& graph, const LowerTarget& target, DispatchList& out) = nullptr;

  // nullptr: the bytes of all operands and no arithmetic.
  Cost (*cost)(const Node& node, const Graph& graph) = nullptr;

  bool is_exact = false;  // all its kernels give the same bits
  bool is_view = false;   // output 0 shares the storage of input 0; no dispatch
};

Cost cost_of(const Node& node, const Graph& graph);

// "stride_h=1 stride_w=1 ...": a node's parameters by name; floats are written so that they read back exactly.
std::string describe_params(const Node& node);

}  // namespace lowtide::graph
