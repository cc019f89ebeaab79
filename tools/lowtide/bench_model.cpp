// SPDX-License-Identifier: Apache-2.0
// lowtide bench --model FILE: a whole packed model on noise, pixels in and logits out, as a user of a session sees it:
// upload, all dispatches, download. One submission at a time, so times are latencies.
#include <fmt/format.h>

#include <algorithm>
#include <numeric>

#include "engine/base/file.hpp"
#include "engine/base/rng.hpp"
#include "engine/base/stopwatch.hpp"
#include "engine/infer/session.hpp"
#include "tools/bench/quantile.hpp"
#include "tools/lowtide/command.hpp"

namespace lowtide::program {
namespace {

struct Timing {
  std::vector<double> seconds;   // of submissions, ascending
  double processor_seconds = 0;  // the least
};

Result<Timing> time_session(infer::Session& session, double seconds) {
  std::vector<uint8_t> pixels(session.batch() * session.image_elements());
  Rng rng(1, 0);
  for (uint8_t& pixel : pixels) pixel = static_cast<uint8_t>(rng.next() >> 24);
  std::vector<float> logits(size_t{session.batch()} * session.info().classes);
  LOWTIDE_TRY_VOID(session.run(std::span<const uint8_t>(pixels), logits));  // warm-up: pipelines, pages
  Timing timing = {.processor_seconds = INFINITY};
  const Stopwatch total;
  do {
    const Stopwatch watch;
    const ProcessorStopwatch processor_watch;
    LOWTIDE_TRY_VOID(session.run(std::span<const uint8_t>(pixels), logits));
    timing.seconds.push_back(watch.seconds());
    timing.processor_seconds = std::min(timing.processor_seconds, processor_watch.seconds());
  } while (timing.seconds.size() < 3 || total.seconds() < seconds);
  std::sort(timing.seconds.begin(), timing.seconds.end());
  return timing;
}

}  // namespace

void print_layers(const infer::Session& session) {
  fmt::print("images {}: {} bytes to the device a submission\n",
             to_string(session.graph().desc(session.graph().find(model::kInputName))), session.upload_bytes());
  fmt::print("{:<28} {:<36} {:>10} {:>10}  {}\n", "layer", "kernel", "dispatches", "ms", "chosen by");
  for (const infer::LayerRun& run : session.layers()) {
    fmt::print("{:<28} {:<36} {:>10} {:>10.3f}  {}\n", run.layer, run.kernel, run.dispatch_count, 1e3 * run.seconds,
               run.is_tuned ? "tuning" : "rules");
  }
}

Result<int> bench_model(const ModelOption& options) {
  LOWTIDE_TRY(const auto context, open_device(options.device));
  const infer::SessionOptions session_options = {.batch = options.batch, .naive_only = options.naive_only};
  LOWTIDE_TRY(const auto session, infer::Session::open(*context, options.path, session_options));
  LOWTIDE_TRY(const Timing timing, time_session(*session, options.seconds));
  const double best = timing.seconds.front(), median = bench::quantile(timing.seconds, 0.5);
  const double spread = bench::spread(timing.seconds);
  fmt::print(
      "{}, {}, batch {}: best {:.3f} ms, median {:.3f} ms (spread {:.0f}%, {} runs), processor {:.3f} ms; {:.3f} ms an "
      "image; {} dispatches\n",
      session->info().network, session->info().source, options.batch, 1e3 * best, 1e3 * median, 100 * spread,
      timing.seconds.size(), 1e3 * timing.processor_seconds, 1e3 * best / options.batch,
      session->program().dispatches.size());
  if (!options.csv.empty()) {
    LOWTIDE_TRY_VOID(write_file_atomically(
        options.csv,
        fmt::format("network,device,driver,batch,median_ms,best_ms,best_processor_ms,spread,repeats,dispatches\n"
                    "{},\"{}\",\"{}\",{},{:.4f},{:.4f},{:.4f},{:.4f},{},{}\n",
                    session->info().network, context->caps().name, context->caps().driver, options.batch, 1e3 * median,
                    1e3 * best, 1e3 * timing.processor_seconds, spread, timing.seconds.size(),
                    session->program().dispatches.size())));
  }
  if (!options.profile) return kDone;
  infer::SessionOptions profiled = session_options;
  profiled.profile = true;
  LOWTIDE_TRY(const auto by_layer, infer::Session::open(*context, options.path, profiled));
  LOWTIDE_TRY_VOID(time_session(*by_layer, options.seconds));
  print_layers(*by_layer);
  return kDone;
}

}  // namespace lowtide::program
