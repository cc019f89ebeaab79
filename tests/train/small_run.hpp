// SPDX-License-Identifier: Apache-2.0
// Runs that take seconds: a narrow LeNet-5 on a few hundred glyphs.
#pragma once

#include <filesystem>
#include <functional>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "trainer/checkpoint/checkpoint.hpp"
#include "trainer/loop/run.hpp"

namespace lowtide::trainer {

// A fresh folder below the test's temporary folder.
RunFolder fresh_folder(const std::string& name);

// 2-bit network, 15 steps of 20 images an epoch, 4 epochs, cosine schedule; what `changes` ("section.key=value") say.
Recipe small_recipe(const std::vector<std::string>& changes = {});

// The changes that give a small recipe quantisers with learned steps: "lsq", "uniq", or "pact" with DoReFa weights.
std::vector<std::string> with_steps(const char* quantizer, const char* weight_bits, const char* activation_bits,
                                    std::vector<std::string> more = {});

RunOptions small_run(const Recipe& recipe, const RunFolder& folder);

std::vector<double> elements_of(const NamedTensor& tensor);  // f32 tensors

std::vector<std::byte> file_bytes(const std::filesystem::path& path);

// The lines of a run's metrics of that kind.
std::vector<nlohmann::json> metric_lines(const RunFolder& folder, const std::string& kind);

// Trains to the end; the bytes of the last checkpoint.
std::vector<std::byte> uninterrupted(const Recipe& recipe, const RunFolder& folder);

// False until it was asked so often, whoever asks.
std::function<bool()> stop_at(int times);

// A run that `stop` ends early and that is then resumed leaves the checkpoints of an uninterrupted one, byte for byte.
void expect_resumed_equals(const Recipe& recipe, const char* name, const std::function<void(RunOptions&)>& stop);

}  // namespace lowtide::trainer
