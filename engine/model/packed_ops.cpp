// SPDX-License-Identifier: Apache-2.0
// The table of ops that packed models are made of.
#include "engine/model/packed_ops.hpp"

#include <fmt/format.h>

#include <cmath>

#include "engine/ops/registry.hpp"

namespace lowtide::model {
namespace {

struct Row {
  std::string_view op;
  size_t min_inputs;
  size_t max_inputs;
};

constexpr Row kRows[] = {
    {"absolute", 1, 1},      {"add", 2, 2},
    {"affine", 3, 3},        {"average_pool2d", 1, 1},
    {"bias", 2, 2},          {"clip", 1, 1},
    {"concat", 2, 2},        {"conv2d", 2, 2},
    {"fill", 0, 0},          {"global_average_pool", 1, 1},
    {"linear", 2, 2},        {"max_pool2d", 1, 1},
    {"pack", 1, 4},          {"packed_conv2d", 2, 4},
    {"packed_linear", 2, 4}, {"packed_max_pool2d", 1, 1},
    {"prelu", 2, 2},         {"relu", 1, 1},
    {"reshape", 1, 1},       {"residual_signs", 2, 2},
    {"scale", 2, 2},         {"tap_conv2d", 3, 3},
    {"unpack", 1, 1},
};

struct Range {
  uint32_t lo;
  uint32_t hi;
};

bool starts_with_any(std::string_view text, std::initializer_list<std::string_view> prefixes) {
  for (const std::string_view prefix : prefixes) {
    if (text.starts_with(prefix)) return true;
  }
  return false;
}

Range range_of(std::string_view field) {
  if (field.ends_with("bits")) return {1, 8};
  if (field == "activation" || field == "output_activation" || field == "kind") return {0, 2};
  if (field == "weight") return {0, 2};
  if (field == "output") return {0, 3};
  if (field == "rule" || field == "count_includes_pad") return {0, 1};
  if (starts_with_any(field, {"stride", "kernel", "window", "dilation", "groups"})) return {1, 0xffff};
  if (starts_with_any(field, {"extent", "first", "count"})) return {0, 0x7fffffff};
  return {0, 0xffff};
}

}  // namespace

std::vector<std::string_view> model_op_names() {
  std::vector<std::string_view> names;
  for (const Row& row : kRows) names.push_back(row.op);
  return names;
}

Result<const graph::OpInfo*> find_model_op(std::string_view name, size_t input_count) {
  for (const Row& row : kRows) {
    const graph::OpInfo* op = row.op == name ? ops::find_op(name) : nullptr;
    if (op == nullptr) continue;
    if (input_count >= row.min_inputs && input_count <= row.max_inputs) return op;
    return fail(ErrorCode::format, fmt::format("{} takes {} to {} inputs, but a node has {}", name, row.min_inputs,
                                               row.max_inputs, input_count));
  }
  return fail(ErrorCode::format,
              fmt::format("'{}' is not an op of packed models; the file may be of a newer lowtide", name));
}

Result<void> check_model_param(std::string_view op, std::string_view field, uint32_t value) {
  const Range range = range_of(field);
  if (value >= range.lo && value <= range.hi) return {};
  return fail(ErrorCode::format,
              fmt::format("{} of {} must be {} .. {}, but is {}", field, op, range.lo, range.hi, value));
}

Result<void> check_model_param(std::string_view op, std::string_view field, float value) {
  if (std::isfinite(value)) return {};
  return fail(ErrorCode::format, fmt::format("{} of {} is not a finite number", field, op));
}

}  // namespace lowtide::model
