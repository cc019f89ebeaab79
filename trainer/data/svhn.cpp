// SPDX-License-Identifier: Apache-2.0
// MATLAB arrays -> images. What the library hands over is checked before it is used: the file may come from anywhere.
#include "trainer/data/svhn.hpp"

#include <fmt/format.h>

#ifdef LOWTIDE_HAS_MATIO
#include <matio.h>

#include <memory>
#endif

namespace lowtide::trainer {

#ifdef LOWTIDE_HAS_MATIO
namespace {

constexpr size_t kEdge = 32, kChannels = 3;
constexpr size_t kMaxImages = size_t{1} << 22;

struct CloseFile {
  void operator()(mat_t* file) const { Mat_Close(file); }
};
struct FreeVariable {
  void operator()(matvar_t* variable) const { Mat_VarFree(variable); }
};
using Variable = std::unique_ptr<matvar_t, FreeVariable>;

tl::unexpected<Error> malformed(const std::filesystem::path& path, std::string_view why) {
  return fail(ErrorCode::format,
              fmt::format("{}: {}; get the file again from the authors of SVHN (format 2, cropped digits)",
                          path.string(), why));
}

// A real, dense array of the type, of bytes that are there.
bool is_array(const matvar_t* variable, matio_classes type) {
  return variable != nullptr && variable->class_type == type && variable->isComplex == 0 && variable->data != nullptr;
}

size_t count_of(const matvar_t& variable) {
  size_t count = 1;
  for (int i = 0; i < variable.rank; ++i) count *= variable.dims[i];
  return count;
}

bool is_images(const matvar_t* x) {
  return is_array(x, MAT_C_UINT8) && x->rank == 4 && x->dims[0] == kEdge && x->dims[1] == kEdge &&
         x->dims[2] == kChannels && x->dims[3] > 0 && x->dims[3] <= kMaxImages && x->nbytes == count_of(*x);
}

// The label of image i, or 10 where there is no digit.
uint32_t digit(const matvar_t& y, size_t i) {
  const double value =
      y.class_type == MAT_C_UINT8 ? static_cast<const uint8_t*>(y.data)[i] : static_cast<const double*>(y.data)[i];
  if (value == 10) return 0;
  return value >= 1 && value <= 9 && value == static_cast<double>(static_cast<uint32_t>(value))
             ? static_cast<uint32_t>(value)
             : 10;
}

bool is_labels(const matvar_t* y, size_t count) {
  if (is_array(y, MAT_C_UINT8)) return count_of(*y) == count && y->nbytes == count;
  return is_array(y, MAT_C_DOUBLE) && y->data_type == MAT_T_DOUBLE && count_of(*y) == count &&
         y->nbytes == count * sizeof(double);
}

}  // namespace

Result<void> read_svhn(const std::filesystem::path& path, Split& split) {
  std::error_code error;
  if (!std::filesystem::is_regular_file(path, error)) {
    return fail(ErrorCode::not_found, fmt::format("{} is missing; SVHN has train_32x32.mat, test_32x32.mat and "
                                                  "extra_32x32.mat (cropped digits)",
                                                  path.string()));
  }
  Mat_LogInitFunc("lowtide", [](int, auto*) {});  // what is wrong is said here, in one sentence
  const std::unique_ptr<mat_t, CloseFile> file(Mat_Open(path.c_str(), MAT_ACC_RDONLY));
  if (file == nullptr) return malformed(path, "it is not a MATLAB file");
  const Variable x(Mat_VarRead(file.get(), "X"));
  if (!is_images(x.get())) return malformed(path, "expected an array X of uint8 [32, 32, 3, n], found none");
  const size_t count = x->dims[3];
  const Variable y(Mat_VarRead(file.get(), "y"));
  if (!is_labels(y.get(), count)) {
    return malformed(path, fmt::format("expected an array y of {} labels, found none", count));
  }
  split.pixels.reserve(split.pixels.size() + count * kSvhnImage.bytes());
  split.labels.reserve(split.labels.size() + count);
  const auto* pixels = static_cast<const uint8_t*>(x->data);
  for (size_t n = 0; n < count; ++n, pixels += kSvhnImage.bytes()) {
    const uint32_t label = digit(*y, n);
    if (label > 9) return malformed(path, fmt::format("the label of image {} is not 1 to 10", n));
    split.labels.push_back(label);
    for (size_t h = 0; h < kEdge; ++h) {
      for (size_t w = 0; w < kEdge; ++w) {
        for (size_t c = 0; c < kChannels; ++c) split.pixels.push_back(pixels[h + kEdge * (w + kEdge * c)]);
      }
    }
  }
  return {};
}

#else

Result<void> read_svhn(const std::filesystem::path& path, Split&) {
  return fail(ErrorCode::unsupported,
              fmt::format("{} is a MATLAB file, and this lowtide was built without libmatio; install it (Debian: "
                          "libmatio-dev) and build again",
                          path.string()));
}

#endif

}  // namespace lowtide::trainer
