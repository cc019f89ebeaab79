// SPDX-License-Identifier: Apache-2.0
// Every case of every op on the device against the reference, forward and backward: once with naive kernels in the
// storage-buffer form, once with the kernels and the form that the device prefers, once with the kernels that it would
// get if it were a GPU: the software drivers of CI take other paths by themselves. Packed layers also with every kernel
// that fits.
#include <gtest/gtest.h>

#include <set>

#include "engine/graph/tuning.hpp"
#include "engine/kernel/bank.hpp"
#include "engine/plan/lower.hpp"
#include "engine/plan/plan.hpp"
#include "tests/harness/compare.hpp"
#include "tests/harness/device/device_case.hpp"

namespace lowtide {
namespace {

using harness::DifferentiatedCase;

struct Expected {
  DifferentiatedCase built;
  std::unique_ptr<reference::Interpreter> interpreter;
};

Result<Expected> evaluate_reference(const cases::OpCase& op_case) {
  Expected expected;
  if (op_case.check_gradient) {
    LOWTIDE_TRY(expected.built, harness::build_differentiated(op_case.build));
  } else {
    LOWTIDE_TRY(expected.built, harness::build_forward(op_case));
  }
  expected.interpreter = std::make_unique<reference::Interpreter>(*expected.built.graph);
  harness::set_inputs(*expected.interpreter, expected.built);
  LOWTIDE_TRY_VOID(expected.interpreter->evaluate());
  return expected;
}

class OpCaseOnDevice : public testing::TestWithParam<cases::OpCase> {
 protected:
  void run(const graph::LowerTarget& target, runtime::KernelForm form) {
    const cases::OpCase& op_case = GetParam();
    auto expected = evaluate_reference(op_case);
    ASSERT_TRUE(expected.has_value()) << expected.error().to_string();
    const DifferentiatedCase& built = expected->built;
    const auto found = harness::run_on_device(built, target, form);
    ASSERT_TRUE(found.has_value()) << found.error().to_string();
    EXPECT_TRUE(found->guards_are_intact) << "a kernel wrote beside its output";
    const auto compare = [&](ValueId id, bool exactly, const char* what, size_t i) {
      const auto wanted = expected->interpreter->elements(id);
      const std::vector<double>& got = found->elements.at(id.index);
      const std::string difference =
          exactly ? harness::compare_exactly(wanted, got) : harness::compare_closely(wanted, got, op_case.tolerance);
      EXPECT_EQ(difference, "") << what << ' ' << i << ' ' << to_string(built.graph->desc(id));
    };
    for (size_t i = 0; i < built.outputs.size(); ++i) compare(built.outputs[i], op_case.outputs_are_exact, "output", i);
    for (size_t i = 0; i < built.input_gradients.size(); ++i) {
      if (built.input_gradients[i].is_valid()) compare(built.input_gradients[i], false, "gradient of input", i);
    }
  }
};

TEST_P(OpCaseOnDevice, NaiveKernelsEqualTheReference) {
  run({.caps = harness::test_context().caps(), .naive_only = true}, runtime::KernelForm::storage_buffer);
}

TEST_P(OpCaseOnDevice, TunedKernelsEqualTheReference) {
  run({.caps = harness::test_context().caps()}, runtime::KernelForm::preferred);
}

TEST_P(OpCaseOnDevice, KernelsForGpusEqualTheReference) {
  DeviceCaps caps = harness::test_context().caps();
  caps.kind = DeviceKind::discrete;
  run({.caps = caps}, runtime::KernelForm::preferred);
}

// Every kernel that tuning may name for a packed layer, each once.
class PackedCaseOnDevice : public OpCaseOnDevice {};

TEST_P(PackedCaseOnDevice, EveryVariantEqualsTheReference) {
  auto built = harness::build_forward(GetParam());
  ASSERT_TRUE(built) << built.error().to_string();
  const DeviceCaps& caps = harness::test_context().caps();
  std::set<std::string> done;
  for (const graph::Node& node : built->graph->nodes()) {
    for (const std::string& variant : plan::fitting_variants(node, *built->graph, {.caps = caps})) {
      graph::Tuning tuning;
      tuning.by_op[std::string(node.op->name)] = variant;
      const graph::LowerTarget target = {.caps = caps, .tuning = &tuning};
      const auto program = plan::make_program(*built->graph, target);
      ASSERT_TRUE(program) << variant << ": " << program.error().to_string();
      std::string kernels;
      for (const Dispatch& dispatch : program->dispatches) kernels += kernel_info(dispatch.kernel).name;
      if (!done.insert(kernels).second) continue;
      SCOPED_TRACE(variant + ": " + kernels);
      run(target, runtime::KernelForm::preferred);
    }
  }
}

std::vector<cases::OpCase> packed_layer_cases() {
  std::vector<cases::OpCase> out = cases::all_cases();
  std::erase_if(out, [](const cases::OpCase& c) {
    return !c.name.starts_with("packed_conv2d/") && !c.name.starts_with("packed_linear/");
  });
  return out;
}

INSTANTIATE_TEST_SUITE_P(Cases, PackedCaseOnDevice, testing::ValuesIn(packed_layer_cases()),
                         [](const auto& test) { return harness::test_name(test.param.name); });

INSTANTIATE_TEST_SUITE_P(Cases, OpCaseOnDevice, testing::ValuesIn(cases::all_cases()),
                         [](const auto& test) { return harness::test_name(test.param.name); });

}  // namespace
}  // namespace lowtide
