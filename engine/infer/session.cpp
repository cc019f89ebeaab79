// SPDX-License-Identifier: Apache-2.0
// Planning a model for a batch, and running images through it.
#include "engine/infer/session.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cstring>
#include <map>
#include <utility>

#include "engine/base/ints.hpp"
#include "engine/kernel/bank.hpp"
#include "engine/plan/plan.hpp"

namespace lowtide::infer {
namespace {

constexpr uint32_t kPixelValues = 256;
constexpr uint32_t kSlots = 2;  // the host fills one while the device works on the other

// table[channel * 256 + pixel]. In double with one rounding at the end: bit for bit what training feeds the network.
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

std::span<float> as_floats(std::span<std::byte> bytes) {
  return {reinterpret_cast<float*>(bytes.data()), bytes.size() / sizeof(float)};
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

// The node that a dispatch belongs to: labels are "<node> <kernel>", cut where they are too long.
std::string layer_of(const Dispatch& dispatch) {
  const std::string_view label = dispatch.label.data();
  return std::string(label.substr(0, label.find(' ')));
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
  if (context == nullptr) {
    LOWTIDE_TRY(session->owned_context_, runtime::Context::create(context_options(session->options_)));
    context = session->owned_context_.get();
  }
  session->context_ = context;
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
  LOWTIDE_TRY(graph::Graph network, model_.make_graph(batch));
  auto graph = std::make_unique<graph::Graph>(std::move(network));
  LOWTIDE_TRY(plan::Program program,
              plan::make_program(*graph, {.caps = context_->caps(), .naive_only = options_.naive_only}));
  LOWTIDE_TRY(auto executor, runtime::Executor::create(*context_, std::move(program), {},
                                                       {.slots = kSlots, .profile = options_.profile}));
  LOWTIDE_TRY_VOID(write_constants(*executor, *graph, model_));
  graph_ = std::move(graph);
  executor_ = std::move(executor);
  images_ = graph_->find(model::kInputName);
  logits_ = graph_->find(model::kOutputName);
  batch_ = batch;
  submit_count_ = 0;
  return {};
}

Result<uint64_t> Session::image_count(size_t elements, size_t logit_count) const {
  const uint64_t count = elements / image_elements();
  if (count * image_elements() != elements) {
    return fail(ErrorCode::invalid_argument, fmt::format("{} elements are no whole number of images of {} x {} x {}",
                                                         elements, info().height, info().width, info().channels));
  }
  if (count * info().classes == logit_count) return count;
  return fail(ErrorCode::invalid_argument,
              fmt::format("{} images of {} classes have {} logits, but there is room for {}", count, info().classes,
                          count * info().classes, logit_count));
}

Result<void> Session::run_batches(uint64_t count, const FillImages& fill, std::span<float> logits) {
  struct InFlight {
    uint32_t slot;
    runtime::Ticket ticket;
    std::span<float> logits;
  };
  const auto collect = [&](const InFlight& work) -> Result<void> {
    LOWTIDE_TRY_VOID(executor_->wait(work.ticket));
    std::memcpy(work.logits.data(), executor_->output(work.slot, logits_).data(), work.logits.size_bytes());
    return {};
  };
  std::optional<InFlight> last;
  for (uint64_t first = 0; first < count; first += batch_) {
    const uint64_t filled = std::min<uint64_t>(batch_, count - first);
    LOWTIDE_TRY(const uint32_t slot, executor_->acquire());
    const std::span<float> target = as_floats(executor_->input(slot, images_));
    const size_t filled_elements = static_cast<size_t>(filled * image_elements());
    fill(first, filled, target.first(filled_elements));
    std::fill(target.begin() + static_cast<std::ptrdiff_t>(filled_elements), target.end(), 0.0f);
    LOWTIDE_TRY(const runtime::Ticket ticket, executor_->submit(slot));
    ++submit_count_;
    if (last) LOWTIDE_TRY_VOID(collect(*last));
    last = InFlight{
        slot, ticket,
        logits.subspan(static_cast<size_t>(first * info().classes), static_cast<size_t>(filled * info().classes))};
  }
  if (last) return collect(*last);
  return {};
}

Result<void> Session::run(std::span<const float> images, std::span<float> logits) {
  LOWTIDE_TRY(const uint64_t count, image_count(images.size(), logits.size()));
  const auto fill = [&](uint64_t first, uint64_t, std::span<float> target) {
    std::memcpy(target.data(), images.data() + first * image_elements(), target.size_bytes());
  };
  return run_batches(count, fill, logits);
}

Result<void> Session::run(std::span<const uint8_t> pixels, std::span<float> logits) {
  LOWTIDE_TRY(const uint64_t count, image_count(pixels.size(), logits.size()));
  const auto fill = [&](uint64_t first, uint64_t, std::span<float> target) {
    const uint8_t* from = pixels.data() + first * image_elements();
    for (size_t i = 0; i < target.size(); i += info().channels) {
      for (size_t c = 0; c < info().channels; ++c) target[i + c] = pixel_table_[c * kPixelValues + from[i + c]];
    }
  };
  return run_batches(count, fill, logits);
}

Result<std::vector<float>> Session::run(std::span<const float> images) {
  std::vector<float> logits(static_cast<size_t>(images.size() / image_elements() * info().classes));
  LOWTIDE_TRY_VOID(run(images, logits));
  return logits;
}

Result<std::vector<float>> Session::run(std::span<const uint8_t> pixels) {
  std::vector<float> logits(static_cast<size_t>(pixels.size() / image_elements() * info().classes));
  LOWTIDE_TRY_VOID(run(pixels, logits));
  return logits;
}

std::vector<LayerRun> Session::layers() const {
  std::map<std::string, double, std::less<>> seconds;
  for (const runtime::ProfileRow& row : profile().rows()) seconds[row.label] = row.seconds;
  std::map<std::string, size_t, std::less<>> rows_by_label;
  std::vector<LayerRun> rows;
  for (const Dispatch& dispatch : program().dispatches) {
    const auto [it, is_new] = rows_by_label.emplace(dispatch.label.data(), rows.size());
    if (is_new) {
      const auto time = seconds.find(it->first);
      const double total = time == seconds.end() ? 0.0 : time->second;
      rows.push_back({layer_of(dispatch), std::string(kernel_info(dispatch.kernel).name), 0,
                      submit_count_ == 0 ? 0.0 : total / static_cast<double>(submit_count_)});
    }
    ++rows[it->second].dispatch_count;
  }
  return rows;
}

}  // namespace lowtide::infer
