// SPDX-License-Identifier: Apache-2.0
// Cutting words into instructions and joining them again.
#include "spirv.hpp"

#include <cstring>

#include "engine/base/file.hpp"

namespace lowtide::kernel_bank::spirv {

std::string literal_string(const Instruction& instruction, size_t first) {
  std::string text;
  for (size_t i = first; i < instruction.operands.size(); ++i) {
    for (uint32_t shift = 0; shift < 32; shift += 8) {
      const char c = static_cast<char>((instruction[i] >> shift) & 0xffu);
      if (c == '\0') return text;
      text += c;
    }
  }
  return text;
}

Result<Module> parse(std::span<const uint32_t> words) {
  if (words.size() < kHeaderWords || words[0] != kMagic) {
    return fail(ErrorCode::format, "not a SPIR-V module of this machine's byte order");
  }
  Module module{words[1], words[2], words[3], {}};
  for (size_t at = kHeaderWords; at < words.size();) {
    const size_t count = words[at] >> 16;
    if (count == 0 || count > words.size() - at) return fail(ErrorCode::format, "a SPIR-V module that is cut short");
    const auto operands = words.subspan(at + 1, count - 1);
    module.instructions.push_back({static_cast<Op>(words[at] & 0xffffu), {operands.begin(), operands.end()}});
    at += count;
  }
  return module;
}

std::vector<uint32_t> words_of(const Module& module) {
  std::vector<uint32_t> words = {kMagic, module.version, module.generator, module.bound, 0};
  for (const Instruction& instruction : module.instructions) {
    words.push_back((static_cast<uint32_t>(instruction.operands.size() + 1) << 16) |
                    static_cast<uint32_t>(instruction.op));
    words.insert(words.end(), instruction.operands.begin(), instruction.operands.end());
  }
  return words;
}

Result<std::vector<uint32_t>> read_words(const std::filesystem::path& path) {
  LOWTIDE_TRY(const MappedFile file, MappedFile::open(path));
  if (file.bytes().size() % 4 != 0) {
    return fail(ErrorCode::format, path.string() + ": not a SPIR-V module, its size is no multiple of 4 bytes");
  }
  std::vector<uint32_t> words(file.bytes().size() / 4);
  std::memcpy(words.data(), file.bytes().data(), file.bytes().size());
  return words;
}

}  // namespace lowtide::kernel_bank::spirv
