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
#include "engine/infer/read_pixels.hpp"
#include "engine/kernel/bank.hpp"
#include "engine/plan/kernel_choices.hpp"
#include "engine/plan/plan.hpp"
#include "engine/tune/tuning_file.hpp"
#include "engine/verify/open_device.hpp"

namespace lowtide::infer {
namespace {

// Weights at rest are decoded here, once, and not in the convolution's loader: the f32 layer is bound by arithmetic,
// and so it is evaluation's own kernel on evaluation's own numbers, bit for bit, whatever kernel that is. Their price
// is f32 weights in the device's memory.
Result<void> write_constants(runtime::Executor& executor, const graph::Graph& graph, const model::PackedModel& model,
                             std::span<const PixelGraph::Made> made) {
  for (const PixelGraph::Made& constant : made) {
    LOWTIDE_TRY_VOID(executor.write(constant.id, std::as_bytes(std::span(constant.elements))));
  }
  for (const ValueId id : graph.with_role(graph::Role::constant)) {
    const bool is_made = std::any_of(made.begin(), made.end(), [&](const auto& constant) { return constant.id == id; });
    if (is_made || executor.program().placement(id).bytes == 0) continue;
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
    : model_(std::move(model)), options_(options) {}

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

Result<std::unique_ptr<Session::Plan>> Session::make_plan(Element element, uint32_t batch) {
  LOWTIDE_TRY(const graph::Graph network, model_.make_graph(batch));
  const graph::LowerTarget target = {.caps = context_->caps(), .naive_only = options_.naive_only, .tuning = &tuning_};
  PixelGraph planned;
  LOWTIDE_TRY(planned.graph, fuse_epilogues(network, target));
  if (element == Element::pixel) {
    LOWTIDE_TRY(planned, read_pixels(planned.graph, model_, target));
  }
  auto plan = std::make_unique<Plan>();
  plan->graph = std::make_unique<graph::Graph>(std::move(planned.graph));
  LOWTIDE_TRY(plan::Program program, plan::make_program(*plan->graph, target));
  LOWTIDE_TRY(plan->executor, runtime::Executor::create(*context_, std::move(program), {},
                                                        {.slots = options_.in_flight, .profile = options_.profile}));
  LOWTIDE_TRY_VOID(write_constants(*plan->executor, *plan->graph, model_, planned.made));
  plan->images = plan->graph->find(model::kInputName);
  plan->logits = plan->graph->find(model::kOutputName);
  return plan;
}

// Only the plan in use is made anew; the other one is when it is needed.
Result<void> Session::set_batch(uint32_t batch) {
  if (batch == batch_ && batch > 0) return {};
  if (batch == 0) return fail(ErrorCode::invalid_argument, "a batch has at least one image, and 0 were asked for");
  LOWTIDE_TRY_VOID(finish_all());
  const bool is_real = plan_ != nullptr && plan_ == plans_[static_cast<size_t>(Element::real)].get();
  const Element element = is_real ? Element::real : Element::pixel;
  LOWTIDE_TRY(std::unique_ptr<Plan> plan, make_plan(element, batch));
  plan_ = plan.get();
  plans_ = {};
  plans_[static_cast<size_t>(element)] = std::move(plan);
  batch_ = batch;
  return {};
}

// Makes plan_ the one for such images.
Result<void> Session::choose_plan(Element element) {
  std::unique_ptr<Plan>& plan = plans_[static_cast<size_t>(element)];
  if (plan == nullptr) {
    LOWTIDE_TRY(plan, make_plan(element, batch_));
    std::unique_ptr<Plan>& other = plans_[1 - static_cast<size_t>(element)];
    if (other != nullptr && other->submit_count == 0) other.reset();
  }
  plan_ = plan.get();
  return {};
}

uint64_t Session::upload_bytes() const {
  return program().placement(plan_->images).bytes;
}

std::vector<LayerRun> Session::layers() const {
  std::map<std::string, double, std::less<>> seconds;
  for (const runtime::ProfileRow& row : profile().rows()) seconds[row.label] = row.seconds;
  const double submits = static_cast<double>(std::max<uint64_t>(plan_->submit_count, 1));
  std::map<std::pair<NodeId, KernelId>, size_t> known;
  std::vector<LayerRun> rows;
  NodeId last;
  for (size_t i = 0; i < program().dispatches.size(); ++i) {
    const Dispatch& dispatch = program().dispatches[i];
    const NodeId id = program().nodes[i];
    const auto [it, is_new] = known.emplace(std::pair(id, dispatch.kernel), rows.size());
    if (is_new) {
      const graph::Node& node = graph().node(id);
      const std::string_view kernel = kernel_info(dispatch.kernel).name;
      const auto time = seconds.find(std::string_view(dispatch.label.data()));
      rows.push_back({.layer = node.name,
                      .op = std::string(node.op->name),
                      .kernel = std::string(kernel),
                      .is_fallback = plan::is_fallback(kernel),
                      .is_tuned = std::binary_search(program().tuned_nodes.begin(), program().tuned_nodes.end(), id),
                      .constant_bytes = id == last ? 0 : constant_bytes(graph(), node),
                      .dispatch_count = 0,
                      .seconds = time == seconds.end() ? 0.0 : time->second / submits});
      last = id;
    }
    ++rows[it->second].dispatch_count;
  }
  return rows;
}

}  // namespace lowtide::infer
