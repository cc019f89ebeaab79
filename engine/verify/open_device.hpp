// SPDX-License-Identifier: Apache-2.0
// Opens a device that computes right: at its first use every optional feature that it claims and some kernel needs runs
// a self-test, and what fails is switched off with a warning. Verdicts are kept on disk, so a later start runs none.
// LOWTIDE_SELF_TEST=0 believes the driver; =again ignores old verdicts.
#pragma once

#include <functional>
#include <memory>
#include <vector>

#include "engine/base/result.hpp"
#include "engine/runtime/context.hpp"
#include "engine/verify/verdicts.hpp"

namespace lowtide::verify {

struct VerifyOptions {
  FeatureMask features = 0;  // to test, where the device claims them; 0: those in use by kernels
  // For tests.
  FeatureMask lies = 0;                      // features whose expected numbers are spoilt
  std::function<void(Feature)> before = {};  // called when a test is marked and about to run
};

// A context without the features that failed. Errors: those of Context::create.
Result<std::unique_ptr<runtime::Context>> open_device(const runtime::ContextOptions& options = {},
                                                      const VerifyOptions& verify = {});

// Lines for people: "self-tests passed: float16 ..." and a line for each feature that failed.
std::vector<std::string> describe_verdicts(const Verdicts& verdicts);

// What an open context was found to do right, from the disk, or by running what is missing there.
Result<Verdicts> verdicts_of(runtime::Context& context, const VerifyOptions& verify = {});

}  // namespace lowtide::verify
