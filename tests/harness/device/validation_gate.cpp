// SPDX-License-Identifier: Apache-2.0
// Any message of the validation layers fails the test during which it came. Linked into every program of device tests.
#include "tests/harness/device/validation_gate.hpp"

#include <gtest/gtest.h>

#include "engine/vk/validation.hpp"

namespace lowtide::harness {
namespace {

bool are_messages_expected = false;

class ValidationGate : public testing::EmptyTestEventListener {
 public:
  void OnTestStart(const testing::TestInfo&) override { before_ = vk::validation_message_count(); }
  void OnTestEnd(const testing::TestInfo&) override {
    const uint64_t count = vk::validation_message_count() - before_;
    if (are_messages_expected) {
      EXPECT_GT(count, 0u) << "this test provokes a validation message, but none came";
    } else {
      EXPECT_EQ(count, 0u) << "validation messages during this test; they are in its output";
    }
    are_messages_expected = false;
  }

 private:
  uint64_t before_ = 0;
};

[[maybe_unused]] const bool is_installed = [] {
  testing::UnitTest::GetInstance()->listeners().Append(new ValidationGate());
  return true;
}();

}  // namespace

void expect_validation_messages() {
  are_messages_expected = true;
}

}  // namespace lowtide::harness
