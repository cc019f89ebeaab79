// SPDX-License-Identifier: Apache-2.0
// The C++ face of the runtime library compiles with nothing else installed.
#include "engine/infer/session.hpp"

static_assert(lowtide::infer::kMaxInFlight > 0);
