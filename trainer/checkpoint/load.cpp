// SPDX-License-Identifier: Apache-2.0
// File -> checkpoint, and whether it fits. The container is checked by engine/model; here the entries are.
#include <fmt/format.h>

#include <charconv>
#include <cmath>
#include <set>

#include "engine/model/safetensors.hpp"
#include "trainer/checkpoint/checkpoint.hpp"
#include "trainer/checkpoint/keys.hpp"

namespace lowtide::trainer {
namespace {

constexpr uint64_t kMaxCount = uint64_t{1} << 48;  // epochs, batches, steps: far beyond any run

tl::unexpected<Error> bad(const std::filesystem::path& path, std::string text) {
  return fail(ErrorCode::format, fmt::format("{} is not a usable checkpoint: {}", path.string(), text));
}

template <class Number>
bool parse_number(std::string_view text, Number& number) {
  const auto result = std::from_chars(text.data(), text.data() + text.size(), number);
  return result.ec == std::errc() && result.ptr == text.data() + text.size();
}

Result<std::string> entry(const model::Safetensors& file, const char* key, const std::filesystem::path& path) {
  const auto it = file.metadata().find(key);
  if (it == file.metadata().end()) return bad(path, fmt::format("its metadata has no entry '{}'", key));
  return it->second;
}

Result<void> check_kind(const model::Safetensors& file, const std::filesystem::path& path) {
  const auto it = file.metadata().find(checkpoint_keys::kKind);
  if (it == file.metadata().end() || it->second != checkpoint_keys::kKindValue) {
    return bad(path, fmt::format("it is a safetensors file of another kind ('{}'); give a file of a run's checkpoints "
                                 "folder",
                                 it == file.metadata().end() ? "unknown" : it->second));
  }
  LOWTIDE_TRY(const std::string version, entry(file, checkpoint_keys::kVersion, path));
  if (version == checkpoint_keys::kVersionValue) return {};
  return bad(path, fmt::format("it has format version '{}', this program reads version {}", version,
                               checkpoint_keys::kVersionValue));
}

Result<void> check_ranges(const RunState& state, const std::filesystem::path& path) {
  const RunPosition& p = state.position;
  if (p.phase > kMaxCount || p.epoch > kMaxCount || p.batch > kMaxCount || p.step > kMaxCount) {
    return bad(path, "its position is absurdly far");
  }
  if (!std::isfinite(state.rate_factor) || state.rate_factor <= 0 || state.rate_factor > 1 ||
      !std::isfinite(state.best_accuracy) || state.best_accuracy > 1 || std::isnan(state.sums.loss) ||
      std::isnan(state.sums.match) || state.sums.correct > state.sums.images ||
      state.sums.teacher_correct > state.sums.images) {
    return bad(path, "its rate factor, best accuracy or sums are out of range");
  }
  return {};
}

std::set<std::string_view> names_of(const std::vector<NamedTensor>& tensors) {
  std::set<std::string_view> names;
  for (const NamedTensor& tensor : tensors) names.insert(tensor.name);
  return names;
}

}  // namespace

Result<Checkpoint> load_checkpoint(const std::filesystem::path& path) {
  LOWTIDE_TRY(const model::Safetensors file, model::Safetensors::open(path));
  LOWTIDE_TRY_VOID(check_kind(file, path));
  Checkpoint checkpoint;
  LOWTIDE_TRY(checkpoint.network, entry(file, checkpoint_keys::kNetwork, path));
  LOWTIDE_TRY(checkpoint.recipe, entry(file, checkpoint_keys::kRecipe, path));
  const auto teacher = file.metadata().find(checkpoint_keys::kTeacher);
  if (teacher != file.metadata().end()) checkpoint.teacher = teacher->second;
  Result<void> status;
  checkpoint_keys::for_each_number(checkpoint.state, [&](const char* key, auto& number) {
    if (!status) return;
    const auto it = file.metadata().find(key);
    if (it == file.metadata().end()) {
      status = bad(path, fmt::format("its metadata has no entry '{}'", key));
    } else if (!parse_number(it->second, number)) {
      status = bad(path, fmt::format("its entry '{}' is '{}', which is not a number of its kind", key, it->second));
    }
  });
  if (!status) return tl::unexpected(std::move(status).error());
  LOWTIDE_TRY_VOID(check_ranges(checkpoint.state, path));
  for (const model::StoredTensor& tensor : file.tensors()) {
    checkpoint.tensors.push_back({tensor.name, tensor.desc, {tensor.bytes.begin(), tensor.bytes.end()}});
  }
  return checkpoint;
}

Result<void> match_tensors(const Checkpoint& checkpoint, const std::vector<NamedTensor>& wanted, bool allow_more,
                           std::string_view source) {
  std::vector<std::string> reasons;
  for (const NamedTensor& tensor : wanted) {
    const NamedTensor* found = checkpoint.find(tensor.name);
    if (found == nullptr) {
      reasons.push_back(fmt::format("'{}' {} is missing", tensor.name, to_string(tensor.desc)));
    } else if (found->desc != tensor.desc) {
      reasons.push_back(
          fmt::format("'{}' is {}, the network has {}", tensor.name, to_string(found->desc), to_string(tensor.desc)));
    }
  }
  const auto names = names_of(wanted);
  for (const NamedTensor& tensor : checkpoint.tensors) {
    if (!allow_more && !names.contains(tensor.name)) {
      reasons.push_back(fmt::format("'{}' {} has no place in the network", tensor.name, to_string(tensor.desc)));
    }
  }
  if (reasons.empty()) return {};
  constexpr size_t kShown = 8;
  if (reasons.size() > kShown) {
    const size_t rest = reasons.size() - kShown;
    reasons.resize(kShown);
    reasons.push_back(fmt::format("and {} more", rest));
  }
  return fail(
      ErrorCode::format,
      fmt::format("the checkpoint {} (network '{}') does not fit the network of the recipe; use the recipe that "
                  "it was made with",
                  source, checkpoint.network),
      std::move(reasons));
}

}  // namespace lowtide::trainer
