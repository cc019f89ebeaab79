// SPDX-License-Identifier: Apache-2.0
// libFuzzer target: the bytes of a packed model, read, then planned for two devices that are not there. Whatever the
// bytes are: an error or a program, never an abort. The mutator knows the container: it changes the header's text, the
// graph's text in it, or single numbers and inputs of nodes, and keeps the header's length true, so that most inputs
// get past the container.
#include <fmt/format.h>

#include <algorithm>
#include <cstdint>
#include <cstring>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "engine/base/check.hpp"
#include "engine/model/packed_model.hpp"
#include "engine/plan/plan.hpp"

extern "C" size_t LLVMFuzzerMutate(uint8_t* data, size_t size, size_t max_size);
extern "C" size_t LLVMFuzzerCustomMutator(uint8_t* data, size_t size, size_t max_size, unsigned int seed);
extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size);

namespace {

using namespace lowtide;
using Json = nlohmann::json;

// A few draws from the mutator's seed (linear congruential, Knuth 1981).
class Draws {
 public:
  explicit Draws(unsigned int seed) : state_(seed) {}
  uint32_t below(size_t count) {
    state_ = state_ * 6364136223846793005ull + 1442695040888963407ull;
    return static_cast<uint32_t>((state_ >> 33) % count);
  }

 private:
  uint64_t state_;
};

struct Container {
  std::string header;
  std::string data;
};

bool take_apart(const uint8_t* bytes, size_t size, Container& out) {
  uint64_t header_bytes = 0;
  if (size < sizeof header_bytes) return false;
  std::memcpy(&header_bytes, bytes, sizeof header_bytes);
  if (header_bytes > size - sizeof header_bytes) return false;
  const auto* text = reinterpret_cast<const char*>(bytes) + sizeof header_bytes;
  out.header.assign(text, static_cast<size_t>(header_bytes));
  out.data.assign(text + header_bytes, size - sizeof header_bytes - static_cast<size_t>(header_bytes));
  return true;
}

// 0 where the result is too long.
size_t put_together(const Container& parts, uint8_t* bytes, size_t max_size) {
  std::string header = parts.header;
  header.resize((header.size() + 8 + 63) / 64 * 64 - 8, ' ');  // the data stays aligned
  const uint64_t header_bytes = header.size();
  if (sizeof header_bytes + header.size() + parts.data.size() > max_size) return 0;
  std::memcpy(bytes, &header_bytes, sizeof header_bytes);
  std::memcpy(bytes + sizeof header_bytes, header.data(), header.size());
  std::memcpy(bytes + sizeof header_bytes + header.size(), parts.data.data(), parts.data.size());
  return sizeof header_bytes + header.size() + parts.data.size();
}

std::string mutated(const std::string& text, size_t room) {
  std::vector<uint8_t> bytes(text.begin(), text.end());
  bytes.resize(text.size() + room);
  bytes.resize(LLVMFuzzerMutate(bytes.data(), text.size(), bytes.size()));
  return {bytes.begin(), bytes.end()};
}

uint64_t number(Draws& draws) {
  constexpr uint64_t kNumbers[] = {
      0,   1,     2,     3,     4,     5,        7,          8,        31,         32,         33,         64,   255,
      256, 32767, 32768, 65535, 65536, 1u << 24, 0x7fffffff, 1u << 31, 0xffffffff, 1ull << 32, 1ull << 63, ~0ull};
  return kNumbers[draws.below(std::size(kNumbers))];
}

// Changes one number, input, op or shape of a graph.
void change_graph(Json& graph, Draws& draws) {
  Json& nodes = graph["nodes"];
  Json& values = graph["values"];
  if (!nodes.is_array() || nodes.empty() || !values.is_array() || values.empty()) return;
  Json& node = nodes[draws.below(nodes.size())];
  const uint32_t what = draws.below(8);
  if (what < 3 && node["params"].is_object() && !node["params"].empty()) {
    auto it = node["params"].begin();
    std::advance(it, draws.below(node["params"].size()));
    *it = number(draws);
  } else if (what == 3 && node["inputs"].is_array() && !node["inputs"].empty()) {
    node["inputs"][draws.below(node["inputs"].size())] = draws.below(values.size() + nodes.size());
  } else if (what == 4) {
    const Json copy = node;  // the vector may move
    nodes.insert(nodes.begin() + draws.below(nodes.size() + 1), copy);
  } else if (what == 5 && nodes.size() > 1) {
    nodes.erase(nodes.begin() + draws.below(nodes.size()));
  } else if (what == 6) {
    node["op"] = nodes[draws.below(nodes.size())]["op"];
  } else {
    Json& value = values[draws.below(values.size())];
    if (value["shape"].is_array() && !value["shape"].empty()) {
      value["shape"][draws.below(value["shape"].size())] = number(draws);
    }
  }
}

// Changes the graph of a header: its JSON, or its text. False: the header holds none.
bool mutate_graph(std::string& header, Draws& draws, size_t room) {
  Json json = Json::parse(header, nullptr, false);
  if (!json.is_object() || !json["__metadata__"].is_object() || !json["__metadata__"]["graph"].is_string())
    return false;
  auto text = json["__metadata__"]["graph"].get<std::string>();
  Json graph = Json::parse(text, nullptr, false);
  if (graph.is_object() && draws.below(4) != 0) {
    for (uint32_t i = 0; i <= draws.below(3); ++i) change_graph(graph, draws);
    text = graph.dump(-1, ' ', false, Json::error_handler_t::replace);
  } else {
    text = mutated(text, room);
  }
  json["__metadata__"]["graph"] = text;
  header = json.dump(-1, ' ', false, Json::error_handler_t::replace);
  return true;
}

void plan_model(std::span<const std::byte> bytes) {
  const auto model = model::PackedModel::parse(bytes, "fuzz");
  if (!model) {
    LOWTIDE_CHECK(!model.error().text.empty(), "an error without a sentence");
    return;
  }
  for (const auto& caps : {floor_caps(), software_caps()}) {
    const auto graph = model->make_graph(3);
    if (!graph) continue;  // too large with this batch
    const auto program = plan::make_program(*graph, {.caps = caps});
    if (!program) continue;  // too large for the device
    LOWTIDE_CHECK(program->placements.size() >= graph->values().size(), "a value without a place");
  }
}

}  // namespace

size_t LLVMFuzzerCustomMutator(uint8_t* data, size_t size, size_t max_size, unsigned int seed) {
  Draws draws(seed);
  Container parts;
  if (draws.below(8) == 0 || !take_apart(data, size, parts)) return LLVMFuzzerMutate(data, size, max_size);
  const size_t room = (max_size - size) / 2;
  const uint32_t what = draws.below(8);
  if (what == 0) {
    parts.header = mutated(parts.header, room);
  } else if (what == 1 && !parts.data.empty()) {
    parts.data = mutated(parts.data, 0);
  } else if (!mutate_graph(parts.header, draws, room)) {
    parts.header = mutated(parts.header, room);
  }
  const size_t bytes = put_together(parts, data, max_size);
  return bytes > 0 ? bytes : LLVMFuzzerMutate(data, size, max_size);
}

int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  std::vector<uint64_t> aligned(size / sizeof(uint64_t) + 1);
  if (size > 0) std::memcpy(aligned.data(), data, size);
  plan_model(std::as_bytes(std::span(aligned)).first(size));
  return 0;
}
