// SPDX-License-Identifier: Apache-2.0
// How a program is cut into submissions. Drivers and operating systems end a submission that takes too long (Windows
// after 2 seconds, Linux drivers after some 10), and the device is lost with it; a slow device must therefore be given
// a step in pieces. How long a piece takes is measured, not guessed: an executor's first submission runs dispatch by
// dispatch, and what was measured decides the cuts of all later ones. Pure.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

namespace lowtide::runtime {

// A quarter of the shortest time-out known.
inline constexpr double kSubmitSeconds = 0.5;

// Ends of the pieces, ascending, the last one the count of dispatches: each piece as many dispatches as take at most
// `limit` seconds together, and at least one. No dispatches are one empty piece.
std::vector<uint32_t> piece_ends(std::span<const double> seconds, double limit);

}  // namespace lowtide::runtime
