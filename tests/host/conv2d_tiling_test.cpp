// SPDX-License-Identifier: Apache-2.0
// What the tuned convolution kernels rely on, for many extents and several devices: tilings keep the constraints that
// engine/ops/conv2d/tiling.hpp states at each field.
#include <gtest/gtest.h>

#include <algorithm>

#include "engine/base/ints.hpp"
#include "engine/ops/conv2d/tiling.hpp"

namespace lowtide {
namespace {

const uint32_t kExtents[] = {1, 2, 3, 7, 16, 31, 32, 57, 64, 131, 1024, 50176};
const uint32_t kSteps[] = {1, 2, 3, 5, 40};
const DeviceCaps kDevices[] = {floor_caps(), software_caps(), data_centre_caps()};

TEST(Conv2dTiling, GatherTilesKeepTheirConstraints) {
  for (const DeviceCaps& caps : kDevices) {
    for (const uint32_t width : kExtents) {
      for (const uint32_t granule : kSteps) {
        for (const uint32_t channels : kExtents) {
          for (const uint32_t images : {1u, 5u, 37u}) {
            for (const uint32_t taps : kSteps) {
              const ops::GatherTile tile =
                  ops::choose_gather_tile({images, 5, width, granule, 1, channels, channels, taps}, caps);
              SCOPED_TRACE(testing::Message() << caps.name << " width " << width << " granule " << granule
                                              << " channels " << channels << " images " << images << " taps " << taps);
              EXPECT_TRUE(tile.columns % granule == 0 || tile.columns >= width);
              EXPECT_TRUE(tile.columns >= 1 && tile.columns <= 128 + granule);
              EXPECT_TRUE(tile.images >= 1 && tile.images <= images);
              EXPECT_LE(tile.images * tile.columns, 128 + granule);
              EXPECT_EQ(channels % tile.step, 0u);
              EXPECT_LE(tile.step * taps, std::max(48u, taps));
              EXPECT_TRUE(tile.lanes >= 1 && tile.lanes <= caps.max_workgroup_invocations);
            }
          }
        }
      }
    }
  }
}

TEST(Conv2dTiling, WeightTilesKeepTheirConstraints) {
  for (const DeviceCaps& caps : kDevices) {
    for (const uint32_t width : kExtents) {
      for (const uint32_t stride : kSteps) {
        for (const uint32_t channels : kExtents) {
          for (const uint32_t taps : {1u, 3u, 11u}) {
            const uint32_t dy_width = ceil_div(width, stride);
            const ops::WeightWork work = {3, 9, width, 9, dy_width, stride, 1, channels, 33, taps, taps};
            SCOPED_TRACE(testing::Message() << caps.name << " width " << width << " stride " << stride << " channels "
                                            << channels << " taps " << taps);
            const ops::WeightTile tile = ops::choose_weight_tile(work, caps);
            EXPECT_TRUE(tile.columns % stride == 0 || tile.columns >= width);
            EXPECT_TRUE(tile.out >= 1 && tile.out <= 33);
            EXPECT_LE(tile.out * taps, 96u);
            EXPECT_TRUE(tile.slices >= 1 && tile.slices <= 3 * 9 * ceil_div(width, tile.columns));
            EXPECT_TRUE(tile.lanes >= 1 && tile.lanes <= caps.max_workgroup_invocations);
            if (!ops::fits_narrow_tile(work)) continue;
            const ops::NarrowTile narrow_tile = ops::choose_narrow_tile(work, caps);
            EXPECT_TRUE(narrow_tile.rows >= 1 && narrow_tile.rows <= taps);
            EXPECT_LE(narrow_tile.rows * channels * taps, 64u);
            EXPECT_TRUE(narrow_tile.columns >= 1 && narrow_tile.columns <= 16);
            EXPECT_TRUE(narrow_tile.slices >= 1 && narrow_tile.slices <= 3 * 9 * dy_width);
          }
        }
      }
    }
  }
}

TEST(Conv2dTiling, GroupedTilesKeepTheirConstraints) {
  for (const DeviceCaps& caps : kDevices) {
    for (const uint32_t height : kExtents) {
      for (const uint32_t width : kExtents) {
        for (const uint32_t granule : kSteps) {
          for (const uint32_t taps : {1u, 9u, 25u, 49u}) {
            SCOPED_TRACE(testing::Message()
                         << caps.name << ' ' << height << " x " << width << " granule " << granule << " taps " << taps);
            const ops::GroupedTile tile = ops::choose_grouped_tile({height, width, granule, granule, taps}, caps);
            EXPECT_TRUE(tile.rows >= 1 && (tile.rows % granule == 0 || tile.rows >= height));
            EXPECT_TRUE(tile.columns >= 1 && (tile.columns % granule == 0 || tile.columns >= width));
            EXPECT_LE(tile.rows * tile.columns, 64 * granule * granule);
            const ops::WeightWork work = {3, height, width, height, width, 1, 12, 1, 2, taps, 1};
            const ops::GroupedWeightTile weights = ops::choose_grouped_weight_tile(work, caps);
            EXPECT_TRUE(weights.columns >= 1 && weights.columns <= 16);
            EXPECT_TRUE(weights.slices >= 1 && weights.slices <= 3 * height * ceil_div(width, weights.columns));
            const uint32_t slices = ops::choose_depthwise_slices(work, caps);
            EXPECT_TRUE(slices >= 1 && slices <= 3 * height);
          }
        }
      }
    }
  }
}

TEST(Conv2dTiling, ASliceStaysInTheCacheOfASoftwareDevice) {
  // 64 -> 64 channels, 3x3, 56x56, batch 16: 25.7 MB of x and dy.
  const ops::WeightTile tile = ops::choose_weight_tile({16, 56, 56, 56, 56, 1, 1, 64, 64, 3, 3}, software_caps());
  EXPECT_GE(tile.slices, 24u);
  EXPECT_LE(tile.slices, 26u);
}

}  // namespace
}  // namespace lowtide
