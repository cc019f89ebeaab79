// SPDX-License-Identifier: Apache-2.0
// The table of networks.
#include "trainer/nets/registry.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

#include "trainer/edit_distance.hpp"
#include "trainer/nets/builders.hpp"

namespace lowtide::trainer {
namespace {

constexpr NetworkInfo kNetworks[] = {
    // clang-format off
    {"lenet5", "LeNet-5: 2 convolutions 5x5, 3 linear layers", nets::lenet5, 12},
    {"cnv", "CNV of BNN-PYNQ/FINN: 6 valid convolutions 3x3, 3 linear layers; 32x32 images", nets::cnv, 32},
    {"minw_a", "AQE/MINW model A: 128-128-256-256-512-512, linear 1024-1024", nets::minw_a, 10},
    {"minw_b", "AQE/MINW model B: half of A's convolution channels", nets::minw_b, 10},
    {"minw_c", "AQE/MINW model C: B with linear 512-512", nets::minw_c, 10},
    {"minw_d", "AQE/MINW model D: B with linear 256-256", nets::minw_d, 10},
    {"vgg_small", "VGG-small: 6 convolutions 3x3, 1 linear layer", nets::vgg_small, 8},
    {"resnet20", "ResNet-20 for CIFAR, parameter-free shortcuts", nets::resnet20, 4},
    {"resnet32", "ResNet-32 for CIFAR, parameter-free shortcuts", nets::resnet32, 4},
    {"resnet56", "ResNet-56 for CIFAR, parameter-free shortcuts", nets::resnet56, 4},
    {"preresnet20", "pre-activation ResNet-20 for CIFAR, 1x1 convolutions as shortcuts", nets::preresnet20, 4},
    {"resnet18_cifar", "ResNet-18 for 32x32 images: 3x3 stem, no pool", nets::resnet18_cifar, 8},
    {"resnet18", "ResNet-18 for 224x224 images", nets::resnet18, 32},
    {"resnet34", "ResNet-34 for 224x224 images", nets::resnet34, 32},
    {"svhn", "SVHN network of DoReFa-Net and EXP-Net: 7 convolutions; 40x40 images (data.resize)", nets::svhn, 40},
    {"birealnet20", "Bi-Real net for CIFAR: ResNet-20 with a shortcut around every convolution", nets::birealnet20, 4},
    {"birealnet18", "Bi-Real net 18 for 224x224 images", nets::birealnet18, 32},
    {"reactnet20", "Bi-Real net 20 with ReActNet's shifted signs and PReLUs", nets::reactnet20, 4},
    {"reactnet18", "Bi-Real net 18 with ReActNet's shifted signs and PReLUs", nets::reactnet18, 32},
    // clang-format on
};

// A pattern that means no layer is a slip of the pen, which would pass unseen.
Result<void> check_patterns(const NetContext& net) {
  std::vector<std::string> names;
  for (const NetLayer& layer : net.layers()) names.push_back(layer.name);
  for (const LayerQuantization& entry : net.quantization().layers) {
    const auto is_meant = [&](const std::string& name) { return matches_layer(entry.pattern, name); };
    if (std::any_of(names.begin(), names.end(), is_meant)) continue;
    return fail(ErrorCode::invalid_argument,
                fmt::format("quantization.layers: the pattern \"{}\" matches no layer of {}; its layers are {}",
                            entry.pattern, net.network().name, fmt::join(names, ", ")));
  }
  return {};
}

}  // namespace

std::span<const NetworkInfo> all_networks() {
  return kNetworks;
}

Result<const NetworkInfo*> find_network(std::string_view name) {
  std::vector<std::string> names;
  for (const NetworkInfo& row : kNetworks) {
    if (row.name == name) return &row;
    names.emplace_back(row.name);
  }
  return fail(ErrorCode::not_found, fmt::format("there is no network '{}'; the nearest name is '{}', all names are {}",
                                                name, nearest_name(name, names), fmt::join(names, ", ")));
}

Result<std::vector<std::string>> network_places(const Phase& phase) {
  LOWTIDE_TRY(const NetworkInfo* info, find_network(phase.network.name));
  graph::Graph graph;
  const uint32_t edge = info->min_image_size;
  const ValueId image = graph.input("image", f32_desc(Shape{1, edge, edge, 3}));
  NetContext net(graph, NetMode::evaluation, phase);
  LOWTIDE_TRY_VOID(build_network(net, image, 2));
  std::vector<std::string> names;
  for (const NetPlace& place : net.places()) names.push_back(place.name);
  return names;
}

Result<ValueId> build_network(NetContext& net, ValueId image, uint32_t classes) {
  LOWTIDE_TRY(const NetworkInfo* info, find_network(net.network().name));
  const TensorDesc desc = net.graph().desc(image);
  LOWTIDE_CHECK(desc.shape.rank() == 4 && classes > 0, "a network takes images [n, h, w, c] and at least one class");
  const uint32_t edge = std::min(desc.shape[1], desc.shape[2]);
  if (edge < info->min_image_size) {
    return fail(ErrorCode::invalid_argument,
                fmt::format("the network {} needs images of at least {} pixels a side, but these are {}x{}; choose "
                            "another data set or network",
                            info->name, info->min_image_size, desc.shape[1], desc.shape[2]));
  }
  const Signal logits = info->build(net, {.value = image, .pending = Activation::none, .is_image = true}, classes);
  if (net.error()) return tl::unexpected(*net.error());
  LOWTIDE_TRY_VOID(check_patterns(net));
  LOWTIDE_CHECK(logits.pending == Activation::none, "logits with an activation that was never applied");
  net.graph().rename(logits.value, net.graph().scope() + "logits");
  return logits.value;
}

}  // namespace lowtide::trainer
