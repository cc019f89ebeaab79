// SPDX-License-Identifier: Apache-2.0
// Every network that a recipe may name, as a written-out table.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "trainer/nets/net.hpp"

namespace lowtide::trainer {

struct NetworkInfo {
  std::string_view name;
  std::string_view summary;  // one line for `lowtide inspect --networks`
  // image [n, h, w, c], real values -> logits [n, classes].
  Signal (*build)(NetContext& net, Signal image, uint32_t classes);
  uint32_t min_image_size = 1;  // smaller edges leave nothing to pool
};

// In the order of the table: small to large.
std::span<const NetworkInfo> all_networks();

// The network of that name, or an error that lists the names.
Result<const NetworkInfo*> find_network(std::string_view name);

// The places that a phase's network marks (NetContext::mark), in order.
Result<std::vector<std::string>> network_places(const Phase& phase);

// Builds the network that the context's options name behind `image` and returns its logits [n, classes]. Errors: an
// unknown name, an image that is too small, a layer that does not fit (the op's sentence), a pattern of
// [[quantization.layers]] that matches no layer.
Result<ValueId> build_network(NetContext& net, ValueId image, uint32_t classes);

}  // namespace lowtide::trainer
