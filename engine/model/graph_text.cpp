// SPDX-License-Identifier: Apache-2.0
// Graph <-> JSON. Decoding appends node by node, so every op's shape rule judges every node; bounds that shape rules do
// not check are checked before (packed_ops.hpp).
#include "engine/model/graph_text.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cstring>
#include <nlohmann/json.hpp>
#include <set>

#include "engine/graph/op_info.hpp"
#include "engine/model/packed_ops.hpp"

namespace lowtide::model {
namespace {

using graph::FieldType;
using graph::Graph;
using graph::Node;
using graph::Role;
using graph::Value;
using Json = nlohmann::json;

constexpr uint64_t kMaxElements = uint64_t{1} << 31;  // of one value
constexpr size_t kMaxNodes = 1u << 14;                // and values: names are looked up one by one
constexpr int kMaxJsonDepth = 8;

tl::unexpected<Error> bad(std::string text) {
  return fail(ErrorCode::format, "the graph: " + std::move(text));
}

Json encode_params(const Node& node) {
  Json params = Json::object();
  for (const graph::ParamField& field : node.op->fields) {
    uint32_t word = 0;
    std::memcpy(&word, node.param_storage.data() + field.offset, sizeof word);
    if (field.is_for_training) {
      LOWTIDE_CHECK(word == 0, "a graph for training cannot be written as a model");
      continue;
    }
    if (field.type == FieldType::f32) {
      float value = 0;
      std::memcpy(&value, &word, sizeof value);
      params[field.name] = static_cast<double>(value);  // a double holds every float exactly
    } else if (field.type == FieldType::i32) {
      params[field.name] = static_cast<int32_t>(word);
    } else {
      params[field.name] = word;
    }
  }
  return params;
}

Json encode_shape(const Shape& shape) {
  Json out = Json::array();
  for (uint32_t axis = 0; axis < shape.rank(); ++axis) out.push_back(shape[axis]);
  return out;
}

Result<Shape> decode_shape(const Json& json) {
  if (!json.is_array() || json.size() > Shape::kMaxRank) return bad("a shape must be a list of at most four extents");
  std::vector<uint32_t> e;
  uint64_t count = 1;
  for (const Json& extent : json) {
    if (!extent.is_number_unsigned() || extent.get<uint64_t>() == 0 || extent.get<uint64_t>() > kMaxElements) {
      return bad("an extent must be a whole number from 1 to 2^31");
    }
    e.push_back(static_cast<uint32_t>(extent.get<uint64_t>()));
    count *= e.back();  // below 2^62: checked after each factor
    if (count > kMaxElements) return bad("a value has more than 2^31 elements");
  }
  switch (e.size()) {
    case 0:
      return Shape{};
    case 1:
      return Shape{e[0]};
    case 2:
      return Shape{e[0], e[1]};
    case 3:
      return Shape{e[0], e[1], e[2]};
    default:
      return Shape{e[0], e[1], e[2], e[3]};
  }
}

// The member of an object, of the wanted kind; nullptr when it is missing or another kind.
const Json* member(const Json& object, const char* name, Json::value_t kind) {
  if (!object.is_object()) return nullptr;
  const auto it = object.find(name);
  return it != object.end() && it->type() == kind ? &*it : nullptr;
}

// The codes of a constant, if it has any.
Result<void> decode_codes(const std::string& name, const TensorDesc& desc, const Json& json, CodedWeights& coded) {
  const auto it = json.find("codes");
  if (it == json.end()) return {};
  const Json* kind = member(*it, "kind", Json::value_t::number_unsigned);
  const Json* bits = member(*it, "bits", Json::value_t::number_unsigned);
  if (kind == nullptr || bits == nullptr || it->size() != 2) {
    return bad(fmt::format("the codes of '{}' need kind and bits, and nothing else", name));
  }
  const auto small = [](const Json& number) {
    return static_cast<uint32_t>(std::min<uint64_t>(number.get<uint64_t>(), 0xffu));
  };
  const quant::WeightCodes codes = {.kind = static_cast<quant::CodeKind>(small(*kind)), .bits = small(*bits)};
  if (desc.dtype != DType::f32 || !quant::is_valid(codes)) {
    return bad(
        fmt::format("'{}' {} has codes of kind {} with {} bits: kinds are 0 .. 3, with 1 to 8, 2 to 5, 2 to 8 "
                    "and 2 to 5 bits, and stand for f32",
                    name, to_string(desc), small(*kind), small(*bits)));
  }
  coded.emplace(name, codes);
  return {};
}

Result<void> decode_value(GraphOfText& out, const Json& json, uint32_t batch, std::set<std::string>& names) {
  Graph& graph = out.graph;
  const Json* name = member(json, "name", Json::value_t::string);
  const Json* role = member(json, "role", Json::value_t::string);
  const Json* dtype = member(json, "dtype", Json::value_t::string);
  const Json* shape = member(json, "shape", Json::value_t::array);
  if (name == nullptr || role == nullptr || dtype == nullptr || shape == nullptr) {
    return bad("a value needs name, role, dtype and shape");
  }
  const auto text = name->get<std::string>();
  if (text.empty() || text == kOutputName || !names.insert(text).second) {
    return bad(fmt::format("the name '{}' is empty, reserved or used twice", text));
  }
  const std::optional<DType> type = dtype_from_name(dtype->get<std::string>());
  if (!type || is_packed(*type)) return bad(fmt::format("'{}' has an unknown dtype", text));
  LOWTIDE_TRY(const Shape extents, decode_shape(*shape));
  if (*role == "constant") {
    LOWTIDE_TRY_VOID(decode_codes(text, {*type, extents}, json, out.coded));
    graph.constant(text, {*type, extents});
  } else if (*role == "input" && text == kInputName && *type == DType::f32 && extents.rank() == 4 && extents[0] == 1) {
    if (uint64_t{batch} * extents.element_count() > kMaxElements) return bad("the batch is too large");
    graph.input(text, f32_desc(Shape{batch, extents[1], extents[2], extents[3]}));
  } else {
    return bad(
        fmt::format("'{}' must be a constant, or the input '{}' f32 [1, height, width, channels]", text, kInputName));
  }
  return {};
}

Result<void> decode_param(const graph::OpInfo& op, const graph::ParamField& field, const Json& json,
                          std::byte* storage) {
  uint32_t word = 0;
  if (field.type == FieldType::f32) {
    if (!json.is_number()) return bad(fmt::format("{} of {} must be a number", field.name, op.name));
    const auto value = static_cast<float>(json.get<double>());
    LOWTIDE_TRY_VOID(check_model_param(op.name, field.name, value));
    std::memcpy(&word, &value, sizeof word);
  } else {
    const bool fits = json.is_number_unsigned() && json.get<uint64_t>() <= 0xffffffffu;
    if (!fits) return bad(fmt::format("{} of {} must be a whole number below 2^32", field.name, op.name));
    word = static_cast<uint32_t>(json.get<uint64_t>());
    LOWTIDE_TRY_VOID(check_model_param(op.name, field.name, word));
  }
  std::memcpy(storage + field.offset, &word, sizeof word);
  return {};
}

// The first extent of a reshape or a fill is the batch, which the file gives as 1.
void replace_batch(const graph::OpInfo& op, std::byte* storage, uint32_t batch) {
  for (const graph::ParamField& field : op.fields) {
    if (std::string_view(field.name) == "extent0") std::memcpy(storage + field.offset, &batch, sizeof batch);
  }
}

Result<void> decode_node(Graph& graph, const Json& json, uint32_t batch) {
  const Json* name = member(json, "name", Json::value_t::string);
  const Json* op_name = member(json, "op", Json::value_t::string);
  const Json* params = member(json, "params", Json::value_t::object);
  const Json* inputs = member(json, "inputs", Json::value_t::array);
  if (name == nullptr || op_name == nullptr || params == nullptr || inputs == nullptr) {
    return bad("a node needs name, op, params and inputs");
  }
  LOWTIDE_TRY(const graph::OpInfo* op, find_model_op(op_name->get<std::string>(), inputs->size()));
  const auto wanted = static_cast<size_t>(std::count_if(
      op->fields.begin(), op->fields.end(), [](const graph::ParamField& field) { return !field.is_for_training; }));
  if (params->size() != wanted) {
    return bad(fmt::format("{} has {} parameters, but a node gives {}", op->name, wanted, params->size()));
  }
  std::array<std::byte, graph::kMaxOpParamBytes> storage = {};
  for (const graph::ParamField& field : op->fields) {
    if (field.is_for_training) continue;
    const auto it = params->find(field.name);
    if (it == params->end()) return bad(fmt::format("a node of {} lacks the parameter {}", op->name, field.name));
    LOWTIDE_TRY_VOID(decode_param(*op, field, *it, storage.data()));
  }
  if (op->name == "reshape" || op->name == "fill") replace_batch(*op, storage.data(), batch);
  std::vector<ValueId> ids;
  for (const Json& input : *inputs) {
    if (!input.is_number_unsigned() || input.get<uint64_t>() >= graph.values().size()) {
      return bad(fmt::format("a node of {} reads a value that does not exist before it", op->name));
    }
    ids.push_back(ValueId(static_cast<uint32_t>(input.get<uint64_t>())));
  }
  LOWTIDE_TRY(const Node* node, graph.append(*op, name->get<std::string>(), storage.data(), op->param_bytes, ids));
  for (const ValueId id : node->outputs) {
    uint64_t count = 1;
    const Shape& shape = graph.desc(id).shape;
    for (uint32_t axis = 0; axis < shape.rank(); ++axis) {
      count *= shape[axis];
      if (count > kMaxElements || count == 0) return bad(fmt::format("'{}' has no or too many elements", node->name));
    }
  }
  return {};
}

}  // namespace

std::string encode_graph(const Graph& graph, const CodedWeights& coded) {
  std::vector<uint32_t> ids(graph.values().size());
  uint32_t next = 0;
  Json values = Json::array(), nodes = Json::array();
  for (size_t i = 0; i < graph.values().size(); ++i) {
    const Value& value = graph.values()[i];
    if (value.producer.is_valid()) continue;
    LOWTIDE_CHECK(value.role == Role::input || value.role == Role::constant,
                  "a packed model holds inputs and constants only");
    ids[i] = next++;
    values.push_back({{"name", value.name},
                      {"role", graph::role_name(value.role)},
                      {"dtype", dtype_name(value.desc.dtype)},
                      {"shape", encode_shape(value.desc.shape)}});
    const auto codes = coded.find(value.name);
    if (codes == coded.end()) continue;
    values.back()["codes"] = {{"kind", static_cast<uint32_t>(codes->second.kind)}, {"bits", codes->second.bits}};
  }
  for (const Node& node : graph.nodes()) {
    Json inputs = Json::array();
    for (const ValueId id : node.inputs) inputs.push_back(ids[id.index]);
    for (const ValueId id : node.outputs) ids[id.index] = next++;
    nodes.push_back({{"name", node.name}, {"op", node.op->name}, {"params", encode_params(node)}, {"inputs", inputs}});
  }
  const ValueId output = graph.find(kOutputName);
  LOWTIDE_CHECK(output.is_valid(), "a packed model has the output 'logits'");
  return Json{{"values", values}, {"nodes", nodes}, {"output", ids[output.index]}}.dump();
}

Result<GraphOfText> decode_graph(std::string_view text, uint32_t batch) {
  LOWTIDE_CHECK(batch > 0, "a batch of no images");
  bool is_deep = false;
  const auto watch = [&](int depth, Json::parse_event_t, Json&) {
    is_deep = is_deep || depth > kMaxJsonDepth;
    return !is_deep;
  };
  const Json json = Json::parse(text, watch, false);
  if (is_deep) return bad("it is nested deeper than any graph");
  const Json* values = member(json, "values", Json::value_t::array);
  const Json* nodes = member(json, "nodes", Json::value_t::array);
  const Json* output = member(json, "output", Json::value_t::number_unsigned);
  if (values == nullptr || nodes == nullptr || output == nullptr) return bad("it must hold values, nodes and output");
  if (nodes->size() > kMaxNodes || values->size() > kMaxNodes) return bad("it has absurdly many nodes or values");
  GraphOfText out;
  Graph& graph = out.graph;
  std::set<std::string> names;
  for (const Json& value : *values) LOWTIDE_TRY_VOID(decode_value(out, value, batch, names));
  if (!graph.find(kInputName).is_valid()) return bad(fmt::format("it has no input '{}'", kInputName));
  for (const Json& node : *nodes) LOWTIDE_TRY_VOID(decode_node(graph, node, batch));
  const uint64_t id = output->get<uint64_t>();
  if (id >= graph.values().size()) return bad("its output does not exist");
  const ValueId logits(static_cast<uint32_t>(id));
  const Value& value = graph.value(logits);
  if (value.role != Role::activation || value.view_of.is_valid() || value.desc.dtype != DType::f32 ||
      value.desc.shape.rank() != 2 || value.desc.shape[0] != batch) {
    return bad("its output must be what a node writes, f32 [n, classes]");
  }
  graph.make_metric(logits, std::string(kOutputName));
  return out;
}

}  // namespace lowtide::model
