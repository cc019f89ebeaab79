// SPDX-License-Identifier: Apache-2.0
// What a test may tell the validation gate.
#pragma once

namespace lowtide::harness {

// The running test provokes a validation message and fails when none comes: to test the gate itself.
void expect_validation_messages();

}  // namespace lowtide::harness
