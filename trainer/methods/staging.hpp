// SPDX-License-Identifier: Apache-2.0
// Methods that train in stages: top-level sections of a recipe that become a list of phases when it is read. After that
// only phases exist. A section that is present switches its method on. [two_stage] may stand in [progressive]'s steps;
// [cyclic] goes its own way.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "trainer/methods/cyclic.hpp"
#include "trainer/methods/progressive.hpp"
#include "trainer/methods/two_stage.hpp"
#include "trainer/recipe.hpp"

namespace lowtide::trainer {

struct Staging {
  std::optional<TwoStageOptions> two_stage = {};
  std::optional<ProgressiveOptions> progressive = {};
  std::optional<CyclicOptions> cyclic = {};
};

bool is_staged(const Staging& staging);

// A sentence for each pair of things that cannot stand together. `target`: the phase of the top-level sections;
// `has_phases`: the recipe lists phases of its own.
std::vector<std::string> staging_contradictions(const Phase& target, const Staging& staging, bool has_phases);

// The phases of a staging without contradictions. A pure function; the last phase is the target network.
std::vector<Phase> staged_phases(const Phase& target, const Staging& staging);

}  // namespace lowtide::trainer
