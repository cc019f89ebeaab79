// SPDX-License-Identifier: Apache-2.0
// [sparse_shift]: the keys of S3. What they do is in s3.hpp.
#pragma once

namespace lowtide::trainer {

enum class SparseShiftStart { dense, released };

struct SparseShiftOptions {
  double dense_regularizer = 1e-5;                   // lambda: the constant force on negative sparse latents
  SparseShiftStart start = SparseShiftStart::dense;  // dense: every weight is +-1; released: half of them are 0

  friend bool operator==(const SparseShiftOptions&, const SparseShiftOptions&) = default;
};

}  // namespace lowtide::trainer
