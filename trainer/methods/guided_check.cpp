// SPDX-License-Identifier: Apache-2.0
// Contradictions of [guidance] with itself and with the phase around it.
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

#include "trainer/methods/guided.hpp"
#include "trainer/nets/registry.hpp"

namespace lowtide::trainer {
namespace {

using Sentences = std::vector<std::string>;

void check_weights(const std::string& where, const GuidanceOptions& g, Sentences& out) {
  const LossWeights weights = loss_weights(g);
  const auto check = [&](const char* side, double task, double match) {
    if (task == 0 && match == 0) {
      out.push_back(fmt::format("{}{}_task and {}_match are both 0, so the {} would learn nothing; raise one", where,
                                side, side, side));
    } else if (task == 0 && g.kind == GuidanceKind::hint) {
      out.push_back(
          fmt::format("{}{}_task is 0, but kind = \"hint\" looks at feature maps only and would never train "
                      "the {}'s classifier; raise it, or choose a kind that compares logits",
                      where, side, side));
    }
  };
  check("student", weights.student_task, weights.student_match);
  if (g.kind != GuidanceKind::distillation) check("teacher", weights.teacher_task, weights.teacher_match);
  const bool has_temperature = g.kind == GuidanceKind::mutual_kl || g.kind == GuidanceKind::distillation;
  if (g.temperature && !has_temperature) {
    out.push_back(fmt::format("{}temperature belongs to \"mutual_kl\" and \"distillation\", but kind is \"{}\"", where,
                              to_string(g.kind)));
  }
}

// A fixed teacher takes no orders.
void check_fixed_teacher(const std::string& where, const GuidanceOptions& g, Sentences& out) {
  const struct {
    const char* key;
    bool is_set;
  } keys[] = {{"teacher_task", g.teacher_task.has_value()},
              {"teacher_match", g.teacher_match.has_value()},
              {"teacher_network", !g.teacher_network.empty()},
              {"teacher_width", g.teacher_width.has_value()},
              {"teacher_optimizer", g.teacher_optimizer.has_value()},
              {"teacher_momentum", g.teacher_momentum.has_value()},
              {"teacher_beta1", g.teacher_beta1.has_value()},
              {"teacher_beta2", g.teacher_beta2.has_value()},
              {"teacher_weight_decay", g.teacher_weight_decay.has_value()},
              {"teacher_rate", g.teacher_rate.has_value()},
              {"teacher_milestones", !g.teacher_milestones.empty()}};
  for (const auto& row : keys) {
    if (!row.is_set) continue;
    out.push_back(
        fmt::format("{}{} is set, but kind = \"distillation\" has a teacher that stays as its checkpoint has "
                    "it; leave the key out or choose a kind that trains both",
                    where, row.key));
  }
}

void check_start(const std::string& where, const Phase* before, const Phase& phase, Sentences& out) {
  const std::string from = teacher_source(phase);
  const bool starts_fresh = phase.initialize_from == "fresh";
  const bool is_fixed = !has_trained_teacher(phase);
  if (from.empty()) {
    out.push_back(where + "teacher_from is empty; it is \"fresh\", \"previous\", \"network\" or a checkpoint's path");
  } else if (from == "network" && starts_fresh) {
    out.push_back(where +
                  "teacher_from = \"network\" takes the network that the phase starts from, but "
                  "initialize_from is \"fresh\"; name a checkpoint or a phase for one of them");
  } else if (is_fixed && from == "network" && phase.initialize_from != "previous") {
    out.push_back(
        fmt::format("{}teacher_from = \"network\" of a distillation is the network of the phase before, but "
                    "initialize_from is \"{}\"; give the checkpoint's path as teacher_from",
                    where, phase.initialize_from));
  } else if (is_fixed && from == "fresh") {
    out.push_back(where +
                  "kind = \"distillation\" needs a trained teacher, but teacher_from is \"fresh\"; give the "
                  "path of a checkpoint");
  } else if (is_fixed && from == "previous") {
    const bool has_teacher = before != nullptr && before->guidance.kind == GuidanceKind::distillation && !starts_fresh;
    if (!has_teacher) {
      out.push_back(where +
                    "kind = \"distillation\" needs a trained teacher, but teacher_from is \"previous\" and the "
                    "phase starts from no distillation; give the path of a checkpoint");
    }
  }
}

// A phase that goes on where the one before ended has the same networks and moments.
void check_continuation(const std::string& where, const Phase& before, const Phase& phase, Sentences& out) {
  const GuidanceOptions &a = before.guidance, &b = phase.guidance;
  const bool has_same_networks =
      is_guided(before) == is_guided(phase) && has_trained_teacher(before) == has_trained_teacher(phase) &&
      a.teacher_network == b.teacher_network && a.teacher_width == b.teacher_width && a.students == b.students;
  if (!has_same_networks) {
    out.push_back(
        fmt::format("{}initialize_from = \"continue\" keeps all networks, but kind \"{}\" and the phase "
                    "before, \"{}\", do not train the same ones; use \"previous\"",
                    where, to_string(b.kind), to_string(a.kind)));
  }
  if (!is_guided(phase)) return;
  if (has_trained_teacher(phase) && teacher_optimizer(before).name != teacher_optimizer(phase).name) {
    out.push_back(where +
                  "initialize_from = \"continue\" keeps the optimisers' moments, but teacher_optimizer is "
                  "another than in the phase before; use \"previous\" or the same optimiser");
  }
  if (b.teacher_from != "previous" && b.teacher_from != a.teacher_from) {
    out.push_back(
        fmt::format("{}initialize_from = \"continue\" keeps the teacher, but teacher_from is \"{}\"; leave "
                    "it out",
                    where, b.teacher_from));
  }
}

// Unknown networks are left to the registry, which says so when the network is made.
void check_hint(const std::string& where, const Phase& phase, Sentences& out) {
  const GuidanceOptions& g = phase.guidance;
  if (g.kind != GuidanceKind::hint) {
    if (!g.hint_layers.empty()) {
      out.push_back(
          fmt::format("{}hint_layers belong to kind = \"hint\", but kind is \"{}\"", where, to_string(g.kind)));
    }
    return;
  }
  const std::vector<GuidedNetwork> networks = guided_networks(phase, nullptr);
  const NetworkOptions &student = phase.network, &teacher = networks[1].phase.network;
  if (student.width != teacher.width) {
    out.push_back(
        fmt::format("{}kind = \"hint\" compares feature maps of one shape, but teacher_width is {} and "
                    "network.width is {}",
                    where, teacher.width, student.width));
  }
  for (size_t i = 0; i < 2; ++i) {
    const auto places = network_places(networks[i].phase);
    if (!places) continue;
    if (places->empty()) out.push_back(fmt::format("{}the network {} has no place for a hint", where, student.name));
    for (const std::string& name : g.hint_layers) {
      if (std::find(places->begin(), places->end(), name) != places->end()) continue;
      out.push_back(fmt::format("{}hint_layers names '{}', but the places of the network {} are {}", where, name,
                                networks[i].phase.network.name, fmt::join(*places, ", ")));
    }
  }
}

}  // namespace

void check_guidance(const std::string& where, const Phase* before, const Phase& phase, Sentences& out) {
  const std::string section = where + "guidance: ";
  if (before != nullptr && phase.initialize_from == "continue") check_continuation(section, *before, phase, out);
  if (!is_guided(phase)) return;
  const GuidanceOptions& g = phase.guidance;
  check_weights(section, g, out);
  check_start(section, before, phase, out);
  if (!has_trained_teacher(phase)) {
    check_fixed_teacher(section, g, out);
    if (!g.hint_layers.empty()) out.push_back(section + "hint_layers belong to kind = \"hint\"");
    return;
  }
  check_hint(section, phase, out);
  if (!g.teacher_milestones.empty() && phase.schedule.name != ScheduleKind::step) {
    out.push_back(fmt::format("{}teacher_milestones need schedule.name = \"step\", but it is \"{}\"", section,
                              to_string(phase.schedule.name)));
  }
  if (std::adjacent_find(g.teacher_milestones.begin(), g.teacher_milestones.end(), std::greater_equal<>()) !=
      g.teacher_milestones.end()) {
    out.push_back(section + "teacher_milestones must rise from one to the next");
  }
}

}  // namespace lowtide::trainer
