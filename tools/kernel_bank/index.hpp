// SPDX-License-Identifier: Apache-2.0
// One pass over a module that remembers, by id, what reflection asks for: definitions, names and decorations of
// everything outside functions. Points into the module, which must outlive it.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

#include "spirv.hpp"

namespace lowtide::kernel_bank {

struct Index {
  explicit Index(const spirv::Module& module);

  const uint32_t* decoration(uint32_t id, spirv::Decoration d) const { return find(decorations, {id, d}); }
  const uint32_t* member_decoration(uint32_t id, uint32_t member, spirv::Decoration d) const {
    return find(member_decorations, {id, member, d});
  }
  std::string name(uint32_t id) const { return names.count(id) ? names.at(id) : std::string(); }
  std::string member_name(uint32_t id, uint32_t member) const {
    const auto it = member_names.find({id, member});
    return it == member_names.end() ? std::string() : it->second;
  }
  const spirv::Instruction& type(uint32_t id) const { return *definitions.at(id); }

  std::map<uint32_t, const spirv::Instruction*> definitions;  // types, constants and global variables by result id
  std::vector<const spirv::Instruction*> variables;           // global
  std::map<uint32_t, std::string> names;
  std::map<std::pair<uint32_t, uint32_t>, std::string> member_names;
  std::map<std::pair<uint32_t, spirv::Decoration>, uint32_t> decorations;  // value: first literal or 0
  std::map<std::tuple<uint32_t, uint32_t, spirv::Decoration>, uint32_t> member_decorations;

 private:
  template <class Map>
  static const uint32_t* find(const Map& map, const typename Map::key_type& key) {
    const auto it = map.find(key);
    return it == map.end() ? nullptr : &it->second;
  }
};

}  // namespace lowtide::kernel_bank
