// SPDX-License-Identifier: Apache-2.0
// Opening by name, reading one image, taking parts of splits.
#include "trainer/data/dataset.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdlib>
#include <system_error>

#include "engine/base/check.hpp"
#include "trainer/data/cifar.hpp"
#include "trainer/data/class_names.hpp"
#include "trainer/data/glyphs.hpp"
#include "trainer/data/idx.hpp"
#include "trainer/data/image_file.hpp"
#include "trainer/data/image_folder.hpp"
#include "trainer/data/resize.hpp"
#include "trainer/data/svhn.hpp"
#include "trainer/edit_distance.hpp"

namespace lowtide::trainer {
namespace {

constexpr std::string_view kFolderPrefix = "folder:";

Result<std::filesystem::path> find_folder(const std::filesystem::path& root, const char* folder, std::string_view set) {
  if (root.empty()) {
    return fail(
        ErrorCode::not_found,
        fmt::format("the data set {} is read from files, but no folder was named; set LOWTIDE_DATA or --data to "
                    "the folder that holds {}/ (tools/get_data fetches it)",
                    set, folder));
  }
  std::error_code error;
  const std::filesystem::path path = root / folder;
  if (!std::filesystem::is_directory(path, error)) {
    return fail(ErrorCode::not_found,
                fmt::format("the data set {} was looked for in {}, which is no folder; fetch it with tools/get_data or "
                            "point LOWTIDE_DATA or --data to the folder that holds {}/",
                            set, path.string(), folder));
  }
  return path;
}

// The file itself, or the file with .gz.
std::filesystem::path plain_or_gzip(const std::filesystem::path& folder, const std::string& name) {
  std::error_code error;
  const std::filesystem::path plain = folder / name;
  return std::filesystem::exists(plain, error) ? plain : folder / (name + ".gz");
}

Result<Dataset> open_mnist_like(std::string_view name, const std::filesystem::path& root, const char* folder,
                                std::vector<std::string> class_names, float mean, float deviation) {
  LOWTIDE_TRY(const std::filesystem::path path, find_folder(root, folder, name));
  Dataset dataset;
  dataset.name = name;
  dataset.image = {28, 28, 1};
  dataset.class_names = std::move(class_names);
  dataset.mean = {mean};
  dataset.deviation = {deviation};
  const auto read = [&](const char* prefix) {
    return read_idx_split(plain_or_gzip(path, std::string(prefix) + "-images-idx3-ubyte"),
                          plain_or_gzip(path, std::string(prefix) + "-labels-idx1-ubyte"), dataset.image,
                          dataset.class_count());
  };
  LOWTIDE_TRY(dataset.train, read("train"));
  LOWTIDE_TRY(dataset.test, read("t10k"));
  return dataset;
}

Result<Dataset> open_mnist(const std::filesystem::path& root) {
  return open_mnist_like("mnist", root, "mnist", mnist_class_names(), 0.1307f, 0.3081f);
}

Result<Dataset> open_fashion_mnist(const std::filesystem::path& root) {
  return open_mnist_like("fashion-mnist", root, "fashion-mnist", fashion_mnist_class_names(), 0.2860f, 0.3530f);
}

Result<Dataset> open_cifar10(const std::filesystem::path& root) {
  LOWTIDE_TRY(const std::filesystem::path path, find_folder(root, "cifar-10-batches-bin", "cifar10"));
  constexpr uint32_t kRecords = 10000;
  Dataset dataset;
  dataset.name = "cifar10";
  dataset.image = kCifarImage;
  dataset.class_names = cifar10_class_names();
  dataset.mean = {0.4914f, 0.4822f, 0.4465f};
  dataset.deviation = {0.2470f, 0.2435f, 0.2616f};
  for (int i = 1; i <= 5; ++i) {
    LOWTIDE_TRY_VOID(read_cifar(path / fmt::format("data_batch_{}.bin", i), kCifar10, kRecords, dataset.train));
  }
  LOWTIDE_TRY_VOID(read_cifar(path / "test_batch.bin", kCifar10, kRecords, dataset.test));
  return dataset;
}

Result<Dataset> open_cifar100(const std::filesystem::path& root) {
  LOWTIDE_TRY(const std::filesystem::path path, find_folder(root, "cifar-100-binary", "cifar100"));
  Dataset dataset;
  dataset.name = "cifar100";
  dataset.image = kCifarImage;
  dataset.class_names = cifar100_class_names();
  dataset.mean = {0.5071f, 0.4865f, 0.4409f};
  dataset.deviation = {0.2673f, 0.2564f, 0.2762f};
  LOWTIDE_TRY_VOID(read_cifar(path / "train.bin", kCifar100, 50000, dataset.train));
  LOWTIDE_TRY_VOID(read_cifar(path / "test.bin", kCifar100, 10000, dataset.test));
  return dataset;
}

Result<Dataset> open_glyphs(const std::filesystem::path&) {
  return make_glyphs();
}

// svhn-extra trains on the easier extra images too, as most results on SVHN do.
Result<Dataset> open_svhn_with(const std::filesystem::path& root, bool has_extra) {
  LOWTIDE_TRY(const std::filesystem::path path, find_folder(root, "svhn", has_extra ? "svhn-extra" : "svhn"));
  Dataset dataset;
  dataset.name = has_extra ? "svhn-extra" : "svhn";
  dataset.image = kSvhnImage;
  dataset.class_names = mnist_class_names();
  LOWTIDE_TRY_VOID(read_svhn(path / "train_32x32.mat", dataset.train));
  if (has_extra) LOWTIDE_TRY_VOID(read_svhn(path / "extra_32x32.mat", dataset.train));
  LOWTIDE_TRY_VOID(read_svhn(path / "test_32x32.mat", dataset.test));
  measure_channels(dataset);
  return dataset;
}

Result<Dataset> open_svhn(const std::filesystem::path& root) {
  return open_svhn_with(root, false);
}

Result<Dataset> open_svhn_extra(const std::filesystem::path& root) {
  return open_svhn_with(root, true);
}

struct NamedSet {
  const char* name;
  Result<Dataset> (*open)(const std::filesystem::path& root);
};
constexpr std::array kSets = {NamedSet{"cifar10", open_cifar10},
                              NamedSet{"cifar100", open_cifar100},
                              NamedSet{"fashion-mnist", open_fashion_mnist},
                              NamedSet{"glyphs", open_glyphs},
                              NamedSet{"mnist", open_mnist},
                              NamedSet{"svhn", open_svhn},
                              NamedSet{"svhn-extra", open_svhn_extra}};

void resize_pixels(Split& split, const ImageShape& image, uint32_t edge) {
  std::vector<uint8_t> pixels(uint64_t{split.count()} * edge * edge * 3);
  for (uint64_t i = 0; i < split.count(); ++i) {
    resize_and_crop(std::span(split.pixels).subspan(i * image.bytes(), image.bytes()), image.height, image.width, edge,
                    std::span(pixels).subspan(i * edge * edge * 3, uint64_t{edge} * edge * 3));
  }
  split.pixels = std::move(pixels);
}

// The samples of `split` at the given indices, in that order.
Split pick(Split& split, uint64_t image_bytes, std::span<const uint32_t> indices) {
  Split out;
  out.labels.reserve(indices.size());
  if (split.files.empty()) out.pixels.reserve(indices.size() * image_bytes);
  for (const uint32_t index : indices) {
    out.labels.push_back(split.labels[index]);
    if (!split.files.empty()) {
      out.files.push_back(std::move(split.files[index]));
      continue;
    }
    const auto first = split.pixels.begin() + static_cast<std::ptrdiff_t>(index * image_bytes);
    out.pixels.insert(out.pixels.end(), first, first + static_cast<std::ptrdiff_t>(image_bytes));
  }
  return out;
}

}  // namespace

Result<Dataset> open_dataset(std::string_view name, const std::filesystem::path& root, uint32_t image_size) {
  if (name.starts_with(kFolderPrefix)) {
    return open_image_folder(std::filesystem::path(name.substr(kFolderPrefix.size())), image_size);
  }
  std::vector<std::string> names;
  for (const NamedSet& set : kSets) {
    if (name == set.name) return set.open(root);
    names.emplace_back(set.name);
  }
  return fail(ErrorCode::invalid_argument,
              fmt::format("unknown data set \"{}\"; the nearest known one is {} (known: {}, folder:<path>)", name,
                          nearest_name(name, names), fmt::join(names, ", ")));
}

std::filesystem::path data_root(const std::filesystem::path& argument) {
  if (!argument.empty()) return argument;
  const char* environment = std::getenv("LOWTIDE_DATA");
  return environment == nullptr ? std::filesystem::path() : std::filesystem::path(environment);
}

Result<void> read_image(const Dataset& dataset, const Split& split, uint32_t index, std::span<uint8_t> out) {
  LOWTIDE_CHECK(index < split.count() && out.size() == dataset.image.bytes(), "no such image, or no room for it");
  if (!split.files.empty()) return decode_image_file(split.files[index], dataset.image.height, out);
  const auto pixels = std::span(split.pixels).subspan(index * out.size(), out.size());
  std::copy(pixels.begin(), pixels.end(), out.begin());
  return {};
}

Result<void> resize_images(Dataset& dataset, uint32_t edge) {
  if (edge == 0 || (dataset.image.height == edge && dataset.image.width == edge)) return {};
  if (dataset.image.channels != 3 || !dataset.train.files.empty() || !dataset.test.files.empty()) {
    return fail(ErrorCode::invalid_argument,
                fmt::format("data.resize is for colour images in memory, but the data set {} has {}; leave it at 0",
                            dataset.name,
                            dataset.image.channels == 3 ? "image files, whose edge is data.image_size"
                                                        : fmt::format("{} channel", dataset.image.channels)));
  }
  resize_pixels(dataset.train, dataset.image, edge);
  resize_pixels(dataset.test, dataset.image, edge);
  dataset.image.height = dataset.image.width = edge;
  return {};
}

void limit_split(Split& split, const ImageShape& image, uint32_t limit) {
  const uint32_t count = split.count();
  if (limit == 0 || limit >= count) return;
  std::vector<uint32_t> kept(limit);
  for (uint64_t i = 0; i < limit; ++i) kept[i] = static_cast<uint32_t>(i * count / limit);
  split = pick(split, image.bytes(), kept);
}

void hold_out_validation(Dataset& dataset, double share) {
  const uint32_t count = dataset.train.count();
  const auto held_count = static_cast<uint32_t>(std::floor(share * count));
  if (held_count == 0) return;
  LOWTIDE_CHECK(held_count < count, "the share held out for validation is below 1");
  std::vector<uint32_t> held;
  std::vector<uint32_t> rest;
  for (uint32_t index = 0; index < count; ++index) {
    const bool is_held = held.size() < held_count && index == uint64_t{held.size()} * count / held_count;
    (is_held ? held : rest).push_back(index);
  }
  dataset.test = pick(dataset.train, dataset.image.bytes(), held);
  dataset.train = pick(dataset.train, dataset.image.bytes(), rest);
}

void measure_channels(Dataset& dataset) {
  const uint32_t channels = dataset.image.channels;
  std::vector<uint64_t> sum(channels);
  std::vector<uint64_t> squares(channels);
  for (size_t i = 0; i < dataset.train.pixels.size(); ++i) {
    const uint64_t pixel = dataset.train.pixels[i];
    sum[i % channels] += pixel;
    squares[i % channels] += pixel * pixel;
  }
  const double count = static_cast<double>(dataset.train.pixels.size()) / channels;
  LOWTIDE_CHECK(count > 0, "channels are measured on resident images");
  constexpr double kLeastDeviation = 1e-3;
  dataset.mean.clear();
  dataset.deviation.clear();
  for (uint32_t c = 0; c < channels; ++c) {
    const double mean = static_cast<double>(sum[c]) / count;
    const double variance = static_cast<double>(squares[c]) / count - mean * mean;
    dataset.mean.push_back(static_cast<float>(mean / 255.0));
    dataset.deviation.push_back(
        static_cast<float>(std::max(std::sqrt(std::max(variance, 0.0)) / 255.0, kLeastDeviation)));
  }
}

}  // namespace lowtide::trainer
