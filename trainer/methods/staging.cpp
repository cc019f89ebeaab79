// SPDX-License-Identifier: Apache-2.0
// Which staging methods stand together, and who makes the phases.
#include "trainer/methods/staging.hpp"

#include <fmt/format.h>

#include "engine/base/check.hpp"

namespace lowtide::trainer {
namespace {

using Sentences = std::vector<std::string>;

const char* first_section(const Staging& staging) {
  if (staging.cyclic) return "[cyclic]";
  return staging.progressive ? "[progressive]" : "[two_stage]";
}

// What a staging method sets itself.
void check_target(const Phase& target, const char* section, Sentences& out) {
  const QuantizationOptions& q = target.quantization;
  if (q.weights != WeightStage::quantized) {
    out.push_back(
        fmt::format("{} decides when weights are quantised, and so does quantization.weights = \"{}\"; drop "
                    "one of them",
                    section, to_string(q.weights)));
  }
  if (q.activations != ActivationStage::quantized) {
    out.push_back(
        fmt::format("{} decides when activations are quantised, and so does quantization.activations = "
                    "\"{}\"; drop one of them",
                    section, to_string(q.activations)));
  }
  if (target.schedule.first_epoch > 0 || target.schedule.total_epochs > 0) {
    out.push_back(
        fmt::format("{} runs [schedule] from its beginning in each phase, but schedule.first_epoch = {} and "
                    "schedule.total_epochs = {} spread it over phases; leave them out",
                    section, target.schedule.first_epoch, target.schedule.total_epochs));
  }
}

}  // namespace

bool is_staged(const Staging& staging) {
  return staging.two_stage || staging.progressive || staging.cyclic;
}

Sentences staging_contradictions(const Phase& target, const Staging& staging, bool has_phases) {
  Sentences out;
  if (has_phases) {
    out.push_back(fmt::format("{} makes the list of phases, and [[phase]] writes one out; drop one of them",
                              first_section(staging)));
  }
  if (staging.cyclic && staging.progressive) {
    out.push_back("[progressive] and [cyclic] both claim the sequence of bits; drop one of them");
  }
  if (staging.cyclic && staging.two_stage) {
    out.push_back(
        "[cyclic] lowers weights and activations together, [two_stage] one after the other; drop one of them");
  }
  if (staging.progressive && staging.two_stage && staging.two_stage->initialize_from != Phase{}.initialize_from) {
    out.push_back(
        "two_stage.initialize_from and [progressive] both say what stages start from; say it in "
        "progressive.initialize_from");
  }
  if (!out.empty()) return out;
  check_target(target, first_section(staging), out);
  if (staging.two_stage) check_two_stage(target, *staging.two_stage, out);
  if (staging.progressive) check_progressive(target, *staging.progressive, staging.two_stage.has_value(), out);
  if (staging.cyclic) check_cyclic(target, *staging.cyclic, out);
  return out;
}

std::vector<Phase> staged_phases(const Phase& target, const Staging& staging) {
  LOWTIDE_CHECK(is_staged(staging), "no staging section");
  if (staging.cyclic) return cyclic_phases(target, *staging.cyclic);
  const TwoStageOptions* stages = staging.two_stage ? &*staging.two_stage : nullptr;
  if (staging.progressive) return progressive_phases(target, *staging.progressive, stages);
  return two_stage_phases(target, *stages);
}

}  // namespace lowtide::trainer
