// SPDX-License-Identifier: Apache-2.0
// The line that says which kernels were chosen: a convolution of thin groups and more taps than registers is naive for
// its shape, a large one on a software device that does not unroll loops is naive for the device.
#include "engine/plan/kernel_choices.hpp"

#include <gtest/gtest.h>

#include "engine/graph/graph.hpp"
#include "engine/ops/conv2d/conv2d.hpp"

namespace lowtide::plan {
namespace {

std::string line_on(const DeviceCaps& caps, uint32_t groups, uint32_t kernel = 3) {
  graph::Graph graph;
  const ValueId x = graph.input("x", f32_desc(Shape{8, 56, 56, 64}));
  const ValueId w = graph.parameter("w", Shape{64, kernel, kernel, 64 / groups});
  const auto y = ops::conv2d(graph, "conv", x, w, {.pad_h = 1, .pad_w = 1, .groups = groups});
  graph.make_metric(*y, "y");
  const auto choices = kernel_choices(graph, {.caps = caps});
  EXPECT_TRUE(choices) << choices.error().to_string();
  return choices ? describe(*choices) : "";
}

TEST(KernelChoices, SayWhatDecided) {
  DeviceCaps does_not_unroll = software_caps();
  does_not_unroll.prefers_device_address = false;  // as SwiftShader
  EXPECT_EQ(line_on(data_centre_caps(), 1), "kernels: 1 of 1 nodes tuned");
  EXPECT_EQ(line_on(does_not_unroll, 1), "kernels: 0 of 1 nodes tuned; naive on this device: conv2d 1");
  EXPECT_EQ(line_on(data_centre_caps(), 32), "kernels: 1 of 1 nodes tuned");
  EXPECT_EQ(line_on(does_not_unroll, 64), "kernels: 1 of 1 nodes tuned");
  EXPECT_EQ(line_on(data_centre_caps(), 32, 9), "kernels: 0 of 1 nodes tuned; naive for their shape: conv2d 1");
}

TEST(KernelChoices, AreInAlphabeticalOrder) {
  const KernelChoice choices[] = {{.op = "add", .tuned = 2}, {.op = "pool2d", .naive_by_device = 3}};
  EXPECT_EQ(describe(choices), "kernels: 2 of 5 nodes tuned; naive on this device: pool2d 3");
  EXPECT_EQ(describe({}), "kernels: 0 of 0 nodes tuned");
}

}  // namespace
}  // namespace lowtide::plan
