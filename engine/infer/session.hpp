// SPDX-License-Identifier: Apache-2.0
// Session: a packed model on a device: images in, logits out. The C++ face of what lowtide.h gives to C. Everything is
// planned, allocated and recorded when a session is opened or its batch changes; a run only fills memory and submits.
// It is planned for 8-bit pixels, which go to the device as they are; a plan for f32 images is made when the first of
// them come, and takes the place of one that has not run.
// One thread at a time per session; sessions that share a context may run on different threads.
#pragma once

#include <array>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "engine/base/result.hpp"
#include "engine/graph/graph.hpp"
#include "engine/graph/tuning.hpp"
#include "engine/model/packed_model.hpp"
#include "engine/runtime/context.hpp"
#include "engine/runtime/executor.hpp"

namespace lowtide::infer {

inline constexpr uint32_t kMaxInFlight = 64;  // submissions of one session: each has memory for its images and logits

struct SessionOptions {
  std::string device;                                 // as runtime::ContextOptions; only where the session opens one
  uint32_t batch = 1;                                 // images per submission
  uint32_t in_flight = 2;                             // submissions at once: the host fills one while another runs
  bool profile = false;                               // times every dispatch, which slows the run
  std::optional<bool> validation = {};                // as runtime::ContextOptions; likewise
  std::optional<std::filesystem::path> cache_folder;  // likewise
  bool naive_only = false;                            // the readable kernel of every op: tests, comparisons
  // Measured choices of kernels: a file of `lowtide tune`, or "off"; empty: $LOWTIDE_TUNING, or else the file beside
  // the pipeline cache, if there is one. They never change a result: only ops whose kernels give the same bits follow
  // them.
  std::string tuning = {};
};

// What one layer runs with: one row per layer and kernel, in the order of execution.
struct LayerRun {
  std::string layer;            // the node of the graph
  std::string op;               // the node's
  std::string kernel;           // of the kernel bank
  bool is_fallback = false;     // plan/kernel_choices.hpp
  bool is_tuned = false;        // chosen by tuning, not by the op's rules
  uint64_t constant_bytes = 0;  // that the node reads; in its first row
  uint32_t dispatch_count = 0;  // per submission
  double seconds = 0.0;         // mean per submission since the batch was set; 0 without SessionOptions::profile
};

// What a session opens a device with.
runtime::ContextOptions context_options(const SessionOptions& options);

class Session {
 public:
  // Opens a device of its own for a model file, or for the bytes of one, which are copied; `source` names them in
  // messages. Errors: those of PackedModel, Context and set_batch.
  static Result<std::unique_ptr<Session>> open(const std::filesystem::path& path, const SessionOptions& options = {});
  static Result<std::unique_ptr<Session>> open(std::span<const std::byte> bytes, std::string_view source,
                                               const SessionOptions& options = {});
  // The same on a device that is open already; the context must outlive the session.
  static Result<std::unique_ptr<Session>> open(runtime::Context& context, const std::filesystem::path& path,
                                               const SessionOptions& options = {});
  static Result<std::unique_ptr<Session>> open(runtime::Context& context, std::span<const std::byte> bytes,
                                               std::string_view source, const SessionOptions& options = {});
  // From a model that was read; bytes that PackedModel::parse was given must outlive the session too.
  static Result<std::unique_ptr<Session>> create(runtime::Context& context, model::PackedModel model,
                                                 const SessionOptions& options = {});
  ~Session();
  Session(const Session&) = delete;
  Session& operator=(const Session&) = delete;

  const model::ModelInfo& info() const { return model_.info(); }
  uint64_t image_elements() const;  // height * width * channels: elements of one image
  uint32_t batch() const { return batch_; }

  // Plans anew for `batch` images per submission, when what is in flight has finished; no work where it is the batch
  // already. On an error the session stays as it was. Errors: `batch` is 0 (invalid_argument), the device cannot hold
  // it (unsupported, out_of_memory).
  Result<void> set_batch(uint32_t batch);

  // images [n, height, width, channels] f32, normalised as ModelInfo says -> logits [n, classes]. Any n, 0 included:
  // it is cut into batches, of which the last one is filled up with zeros. An image's logits depend on that image
  // alone. Errors: sizes that do not fit (invalid_argument), device_lost.
  Result<void> run(std::span<const float> images, std::span<float> logits);
  // The same from 8-bit pixels, whose values (pixel / 255 - mean) / deviation the device looks up in a table: computed
  // in double, rounded once to f32, as training does.
  Result<void> run(std::span<const uint8_t> pixels, std::span<float> logits);
  Result<std::vector<float>> run(std::span<const float> images);
  Result<std::vector<float>> run(std::span<const uint8_t> pixels);

  // The same without waiting, for at most batch() images: they are copied and submitted, and the answer is a number for
  // finish(). `logits` must live until finish() says that the submission is done, or the session dies: only finish(),
  // run() and set_batch() write to it. No number: as many submissions as may be are in flight, finish the oldest first.
  Result<std::optional<uint64_t>> submit(std::span<const float> images, std::span<float> logits);
  Result<std::optional<uint64_t>> submit(std::span<const uint8_t> pixels, std::span<float> logits);
  // Waits for at most so many nanoseconds, 0 included, for a submission and all before it, and delivers their logits;
  // false: it is not done yet. A submission that is done stays so. Errors: a number that was never given
  // (invalid_argument), device_lost.
  Result<bool> finish(uint64_t number, uint64_t nanoseconds);

  runtime::Context& context() const { return *context_; }
  // Of the plan that ran last, of the current batch; before the first run, of that for pixels.
  std::vector<LayerRun> layers() const;
  const graph::Graph& graph() const { return *plan_->graph; }
  const plan::Program& program() const { return plan_->executor->program(); }
  const runtime::Profile& profile() const { return plan_->executor->profile(); }
  uint64_t upload_bytes() const;  // of one submission's images

 private:
  enum class Element : uint32_t { pixel, real };
  // The caller's.
  struct Images {
    Element element;
    std::span<const std::byte> bytes;
  };
  // The model for images of one kind.
  struct Plan {
    std::unique_ptr<graph::Graph> graph;
    std::unique_ptr<runtime::Executor> executor;
    ValueId images;
    ValueId logits;
    uint64_t submit_count = 0;
  };
  struct InFlight {
    uint64_t number;
    Plan* plan;
    uint32_t slot;
    runtime::Ticket ticket;
    std::span<float> logits;
  };

  explicit Session(model::PackedModel model, const SessionOptions& options);
  static Result<std::unique_ptr<Session>> over_copy(std::span<const std::byte> bytes, std::string_view source,
                                                    const SessionOptions& options);
  static Result<std::unique_ptr<Session>> start(std::unique_ptr<Session> session, runtime::Context* context);
  Result<uint64_t> image_count(size_t elements, size_t logit_count) const;
  Result<std::unique_ptr<Plan>> make_plan(Element element, uint32_t batch);
  Result<void> choose_plan(Element element);
  Result<void> start_batch(uint64_t first, uint64_t count, const Images& images, std::span<float> logits);
  Result<bool> finish_oldest(uint64_t nanoseconds);
  Result<void> finish_all();
  Result<void> run_batches(uint64_t count, const Images& images, std::span<float> logits);
  Result<std::optional<uint64_t>> submit_batch(uint64_t count, const Images& images, std::span<float> logits);

  std::vector<uint64_t> owned_bytes_;                // the model's, where the session copied them; 8-byte aligned
  std::unique_ptr<runtime::Context> owned_context_;  // where the session opened the device
  runtime::Context* context_ = nullptr;
  model::PackedModel model_;
  SessionOptions options_;
  graph::Tuning tuning_;
  uint32_t batch_ = 0;
  uint64_t last_number_ = 0;                    // of submissions, since the session was opened
  std::vector<InFlight> in_flight_;             // oldest first; has room for all that may be
  std::array<std::unique_ptr<Plan>, 2> plans_;  // by Element; empty: not needed yet
  Plan* plan_ = nullptr;                        // the one that ran last
};

}  // namespace lowtide::infer
