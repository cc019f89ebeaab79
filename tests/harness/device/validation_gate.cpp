// SPDX-License-Identifier: Apache-2.0
// Any message of the validation layers fails the test during which it came. Linked into every program of device tests.
#include <gtest/gtest.h>

#include "engine/vk/validation.hpp"

namespace lowtide::harness {
namespace {

class ValidationGate : public testing::EmptyTestEventListener {
 public:
  void OnTestStart(const testing::TestInfo&) override { before_ = vk::validation_message_count(); }
  void OnTestEnd(const testing::TestInfo&) override {
    const uint64_t count = vk::validation_message_count() - before_;
    EXPECT_EQ(count, 0u) << "validation messages during this test; they are in its output";
  }

 private:
  uint64_t before_ = 0;
};

[[maybe_unused]] const bool is_installed = [] {
  testing::UnitTest::GetInstance()->listeners().Append(new ValidationGate());
  return true;
}();

}  // namespace
}  // namespace lowtide::harness
