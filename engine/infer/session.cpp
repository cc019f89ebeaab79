// SPDX-License-Identifier: Apache-2.0
// Opening a model and planning it for a batch.
#include "engine/infer/session.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cstring>
#include <map>
#include <utility>

#include "engine/base/ints.hpp"
#include "engine/infer/fuse_epilogues.hpp"
#include "engine/kernel/bank.hpp"
#include "engine/plan/kernel_choices.hpp"
#include "engine/plan/plan.hpp"
#include "engine/tune/tuning_file.hpp"
#include "engine/verify/open_device.hpp"

namespace lowtide::infer {
namespace {

// table[channel * kPixelValues + pixel]. In double with one rounding at the end: bit for bit what training feeds the
// network.
std::vector<float> make_pixel_table(const model::ModelInfo& info) {
  std::vector<float> table;
  table.reserve(size_t{info.channels} * kPixelValues);
  for (uint32_t c = 0; c < info.channels; ++c) {
    for (uint32_t pixel = 0; pixel < kPixelValues; ++pixel) {
      const double unit = static_cast<double>(pixel) / 255.0;
      table.push_back(
          static_cast<float>((unit - static_cast<double>(info.mean[c])) / static_cast<double>(info.deviation[c])));
    }
  }
  return table;
}

// Weights at rest are decoded here, once, and not in the convolution's loader: the f32 layer is bound by arithmetic,
// and so it is evaluation's own kernel on evaluation's own numbers, bit for bit, whatever kernel that is. Their price
// is f32 weights in the device's memory.
Result<void> write_constants(runtime::Executor& executor, const graph::Graph& graph, const model::PackedModel& model) {
  for (const ValueId id : graph.with_role(graph::Role::constant)) {
    if (executor.program().placement(id).bytes == 0) continue;
    const graph::Value& value = graph.value(id);
    if (model.coded().contains(value.name)) {
      const std::vector<float> levels = model.decoded(value);
      LOWTIDE_TRY_VOID(executor.write(id, std::as_bytes(std::span(levels))));
      continue;
    }
    LOWTIDE_TRY_VOID(executor.write(id, model.constant(value.name)));
  }
  return {};
}

uint64_t constant_bytes(const graph::Graph& graph, const graph::Node& node) {
  uint64_t bytes = 0;
  for (const ValueId id : node.inputs) {
    if (graph.value(id).role == graph::Role::constant) bytes += graph.desc(id).bytes();
  }
  return bytes;
}

}  // namespace

runtime::ContextOptions context_options(const SessionOptions& options) {
  runtime::ContextOptions context;
  context.device = options.device;
  context.validation = options.validation;
  context.cache_folder = options.cache_folder;
  return context;
}

Session::Session(model::PackedModel model, const SessionOptions& options)
    : model_(std::move(model)), options_(options), pixel_table_(make_pixel_table(model_.info())) {}

Session::~Session() = default;

Result<std::unique_ptr<Session>> Session::over_copy(std::span<const std::byte> bytes, std::string_view source,
                                                    const SessionOptions& options) {
  std::vector<uint64_t> copy(ceil_div(bytes.size(), sizeof(uint64_t)));
  if (!bytes.empty()) std::memcpy(copy.data(), bytes.data(), bytes.size());
  LOWTIDE_TRY(model::PackedModel model,
              model::PackedModel::parse(std::as_bytes(std::span(copy)).first(bytes.size()), source));
  auto session = std::unique_ptr<Session>(new Session(std::move(model), options));
  session->owned_bytes_ = std::move(copy);  // the bytes stay where they are
  return session;
}

Result<std::unique_ptr<Session>> Session::start(std::unique_ptr<Session> session, runtime::Context* context) {
  const uint32_t in_flight = session->options_.in_flight;
  if (in_flight == 0 || in_flight > kMaxInFlight) {
    return fail(ErrorCode::invalid_argument,
                fmt::format("1 .. {} submissions may be in flight, and {} were asked for", kMaxInFlight, in_flight));
  }
  session->in_flight_.reserve(in_flight);
  if (context == nullptr) {
    LOWTIDE_TRY(session->owned_context_, verify::open_device(context_options(session->options_)));
    context = session->owned_context_.get();
  }
  session->context_ = context;
  LOWTIDE_TRY(session->tuning_, tune::find_tuning(*context, session->options_.tuning));
  session->tuning_.exact_only = true;
  LOWTIDE_TRY_VOID(session->set_batch(session->options_.batch));
  return session;
}

Result<std::unique_ptr<Session>> Session::create(runtime::Context& context, model::PackedModel model,
                                                 const SessionOptions& options) {
  return start(std::unique_ptr<Session>(new Session(std::move(model), options)), &context);
}

Result<std::unique_ptr<Session>> Session::open(runtime::Context& context, const std::filesystem::path& path,
                                               const SessionOptions& options) {
  LOWTIDE_TRY(model::PackedModel model, model::PackedModel::open(path));
  return create(context, std::move(model), options);
}

Result<std::unique_ptr<Session>> Session::open(runtime::Context& context, std::span<const std::byte> bytes,
                                               std::string_view source, const SessionOptions& options) {
  LOWTIDE_TRY(auto session, over_copy(bytes, source, options));
  return start(std::move(session), &context);
}

Result<std::unique_ptr<Session>> Session::open(const std::filesystem::path& path, const SessionOptions& options) {
  LOWTIDE_TRY(model::PackedModel model, model::PackedModel::open(path));
  return start(std::unique_ptr<Session>(new Session(std::move(model), options)), nullptr);
}

Result<std::unique_ptr<Session>> Session::open(std::span<const std::byte> bytes, std::string_view source,
                                               const SessionOptions& options) {
  LOWTIDE_TRY(auto session, over_copy(bytes, source, options));
  return start(std::move(session), nullptr);
}

uint64_t Session::image_elements() const {
  return uint64_t{info().height} * info().width * info().channels;
}

Result<void> Session::set_batch(uint32_t batch) {
  if (batch == batch_ && batch > 0) return {};
  if (batch == 0) return fail(ErrorCode::invalid_argument, "a batch has at least one image, and 0 were asked for");
  LOWTIDE_TRY_VOID(finish_all());
  LOWTIDE_TRY(const graph::Graph network, model_.make_graph(batch));
  const graph::LowerTarget target = {.caps = context_->caps(), .naive_only = options_.naive_only, .tuning = &tuning_};
  LOWTIDE_TRY(graph::Graph fused, fuse_epilogues(network, target));
  auto graph = std::make_unique<graph::Graph>(std::move(fused));
  LOWTIDE_TRY(plan::Program program, plan::make_program(*graph, target));
  LOWTIDE_TRY(auto executor, runtime::Executor::create(*context_, std::move(program), {},
                                                       {.slots = options_.in_flight, .profile = options_.profile}));
  LOWTIDE_TRY_VOID(write_constants(*executor, *graph, model_));
  graph_ = std::move(graph);
  executor_ = std::move(executor);
  images_ = graph_->find(model::kInputName);
  logits_ = graph_->find(model::kOutputName);
  batch_ = batch;
  submit_count_ = 0;
  return {};
}

std::vector<LayerRun> Session::layers() const {
  std::map<std::string, double, std::less<>> seconds;
  for (const runtime::ProfileRow& row : profile().rows()) seconds[row.label] = row.seconds;
  const double submits = static_cast<double>(std::max<uint64_t>(submit_count_, 1));
  std::map<std::pair<NodeId, KernelId>, size_t> known;
  std::vector<LayerRun> rows;
  NodeId last;
  for (size_t i = 0; i < program().dispatches.size(); ++i) {
    const Dispatch& dispatch = program().dispatches[i];
    const NodeId id = program().nodes[i];
    const auto [it, is_new] = known.emplace(std::pair(id, dispatch.kernel), rows.size());
    if (is_new) {
      const graph::Node& node = graph_->node(id);
      const std::string_view kernel = kernel_info(dispatch.kernel).name;
      const auto time = seconds.find(std::string_view(dispatch.label.data()));
      rows.push_back({.layer = node.name,
                      .op = std::string(node.op->name),
                      .kernel = std::string(kernel),
                      .is_fallback = plan::is_fallback(kernel),
                      .is_tuned = std::binary_search(program().tuned_nodes.begin(), program().tuned_nodes.end(), id),
                      .constant_bytes = id == last ? 0 : constant_bytes(*graph_, node),
                      .dispatch_count = 0,
                      .seconds = time == seconds.end() ? 0.0 : time->second / submits});
      last = id;
    }
    ++rows[it->second].dispatch_count;
  }
  return rows;
}

}  // namespace lowtide::infer
