// SPDX-License-Identifier: Apache-2.0
// Cuts of a program by hand.
#include "engine/runtime/pieces.hpp"

#include <gtest/gtest.h>

namespace lowtide::runtime {
namespace {

using Ends = std::vector<uint32_t>;

TEST(Pieces, HoldAsManyDispatchesAsTheLimitAllows) {
  const std::vector<double> seconds = {0.2, 0.2, 0.2, 0.1, 0.5, 0.4, 0.1};
  EXPECT_EQ(piece_ends(seconds, 10.0), Ends({7}));
  EXPECT_EQ(piece_ends(seconds, 0.5), Ends({2, 4, 5, 7}));
  EXPECT_EQ(piece_ends(seconds, 0.1), Ends({1, 2, 3, 4, 5, 6, 7}));
}

TEST(Pieces, OfOneLongDispatchIsThatDispatch) {
  EXPECT_EQ(piece_ends(std::vector<double>{7.0}, 0.5), Ends({1}));
  EXPECT_EQ(piece_ends(std::vector<double>{0.1, 7.0, 0.1}, 0.5), Ends({1, 2, 3}));
}

TEST(Pieces, OfNothingIsOneEmptyPiece) {
  EXPECT_EQ(piece_ends({}, 0.5), Ends({0}));
}

}  // namespace
}  // namespace lowtide::runtime
