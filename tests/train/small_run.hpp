// SPDX-License-Identifier: Apache-2.0
// Runs that take seconds: a narrow LeNet-5 on a few hundred glyphs.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "trainer/checkpoint/checkpoint.hpp"
#include "trainer/loop/run.hpp"

namespace lowtide::trainer {

// A fresh folder below the test's temporary folder.
RunFolder fresh_folder(const std::string& name);

// 2-bit network, 15 steps of 20 images an epoch, 4 epochs, cosine schedule; what `changes` ("section.key=value") say.
Recipe small_recipe(const std::vector<std::string>& changes = {});

RunOptions small_run(const Recipe& recipe, const RunFolder& folder);

std::vector<double> elements_of(const NamedTensor& tensor);  // f32 tensors

std::vector<std::byte> file_bytes(const std::filesystem::path& path);

}  // namespace lowtide::trainer
