// SPDX-License-Identifier: Apache-2.0
// Every kernel's SPIR-V against a list of digests, tests/golden/spirv.txt: a change that means to leave kernels alone
// (an include, a flag, the address form's rewriting) shows that it did. Another glslang makes other words, so the list
// names the one that it was made with, and with any other one the test is skipped.
// A kernel that is missing in the list is only printed: it has no past that could have changed, and work on several
// kernels at once would meet in this file otherwise. LOWTIDE_UPDATE_GOLDEN=1 writes the list.
#include <fmt/format.h>

#include <map>
#include <sstream>

#include "engine/base/file.hpp"
#include "engine/kernel/bank.hpp"
#include "tests/host/golden.hpp"

namespace lowtide {
namespace {

constexpr const char* kFile = "spirv.txt";
constexpr std::string_view kMadeWith = "glslang ";

// "<storage-buffer form> <device-address form>", "-" where there is no such form.
std::string digests_of(const KernelInfo& info) {
  const auto text = [](std::span<const uint32_t> words) {
    return words.empty() ? std::string("-") : fmt::format("{:016x}", golden::digest(std::as_bytes(words)));
  };
  return text(info.spirv) + " " + text(info.spirv_address);
}

struct List {
  std::string glslang;
  std::map<std::string, std::string> digests;  // by kernel
};

List parse(const std::string& text) {
  List list;
  std::istringstream lines(text);
  for (std::string line; std::getline(lines, line);) {
    if (line.starts_with(kMadeWith)) {
      list.glslang = line.substr(kMadeWith.size());
    } else if (const size_t space = line.find(' '); space != std::string::npos) {
      list.digests[line.substr(0, space)] = line.substr(space + 1);
    }
  }
  return list;
}

std::string current_list() {
  std::string out = fmt::format("{}{}\n", kMadeWith, LOWTIDE_TEST_GLSLANG_VERSION);
  for (const KernelInfo& info : kernel_bank()) out += fmt::format("{} {}\n", info.name, digests_of(info));
  return out;
}

TEST(GoldenSpirv, KernelsHaveTheWordsOfTheList) {
  if (golden::is_updating()) {
    ASSERT_TRUE(write_file_atomically(golden::path_of(kFile), current_list()).has_value());
    return;
  }
  const auto text = read_text(golden::path_of(kFile));
  ASSERT_TRUE(text.has_value()) << text.error().to_string();
  const List wanted = parse(*text);
  const List found = parse(current_list());
  ASSERT_FALSE(wanted.digests.empty());
  if (wanted.glslang != found.glslang) {
    GTEST_SKIP() << "the list was made with glslang " << wanted.glslang << ", this build has " << found.glslang;
  }
  for (const auto& [kernel, digests] : wanted.digests) {
    const auto it = found.digests.find(kernel);
    if (it == found.digests.end()) {
      ADD_FAILURE() << kernel << " is in " << kFile << " but no longer in the bank; LOWTIDE_UPDATE_GOLDEN=1 drops it";
    } else {
      EXPECT_EQ(it->second, digests) << "the SPIR-V of " << kernel
                                     << " changed; where that is meant, LOWTIDE_UPDATE_GOLDEN=1 takes it over";
    }
  }
  for (const auto& [kernel, digests] : found.digests) {
    if (!wanted.digests.contains(kernel)) fmt::print("{} is not yet in {}\n", kernel, kFile);
  }
}

}  // namespace
}  // namespace lowtide
