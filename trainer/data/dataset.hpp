// SPDX-License-Identifier: Apache-2.0
// Dataset: labelled 8-bit images for training and test, resident in memory or decoded from files on demand. Not here:
// normalisation, augmentation and batches (augment.hpp, batch_queue.hpp). A dataset that was opened is consistent:
// every label is below the class count, and each split has an image and a label for each index.
#pragma once

#include <cstdint>
#include <filesystem>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "engine/base/result.hpp"

namespace lowtide::trainer {

struct ImageShape {
  uint32_t height = 0;
  uint32_t width = 0;
  uint32_t channels = 0;

  constexpr uint64_t bytes() const { return uint64_t{height} * width * channels; }  // of one 8-bit image
  friend constexpr bool operator==(const ImageShape&, const ImageShape&) = default;
};

// One of `pixels` and `files` is empty.
struct Split {
  std::vector<uint8_t> pixels;               // resident: [count, h, w, c]
  std::vector<std::filesystem::path> files;  // decoded on demand: one image file each
  std::vector<uint32_t> labels;              // [count], below the class count

  uint32_t count() const { return static_cast<uint32_t>(labels.size()); }
};

struct Dataset {
  std::string name;
  ImageShape image;
  std::vector<std::string> class_names;
  std::vector<float> mean;       // [c] of pixel / 255 over the training images
  std::vector<float> deviation;  // [c], standard deviation, above 0
  Split train;
  Split test;

  uint32_t class_count() const { return static_cast<uint32_t>(class_names.size()); }
};

// Copies or decodes one image, [h, w, c], into `out` of image.bytes() bytes. Any thread; many at once.
Result<void> read_image(const Dataset& dataset, const Split& split, uint32_t index, std::span<uint8_t> out);

// Opens a data set by name: glyphs (drawn by the program), mnist, fashion-mnist, cifar10, cifar100, svhn, svhn-extra
// (read below `root`), or folder:<path> (trainer/data/image_folder.hpp; images become squares of `image_size` pixels).
// Errors: an unknown name (with the nearest known one), missing files (with the folder looked in), malformed files.
Result<Dataset> open_dataset(std::string_view name, const std::filesystem::path& root, uint32_t image_size = 224);

// The folder that holds the data sets: `argument` where it is not empty, else the environment's LOWTIDE_DATA, else
// empty.
std::filesystem::path data_root(const std::filesystem::path& argument);

// Resizes every image to `edge` x `edge`; 0 does nothing. Mean and deviation stay those of the originals. Error: images
// that are not resident or have one channel.
Result<void> resize_images(Dataset& dataset, uint32_t edge);

// Keeps `limit` images, spread evenly so that files sorted by class keep all their classes; 0 or too many keeps all.
void limit_split(Split& split, const ImageShape& image, uint32_t limit);

// Moves a share of the training images, spread evenly, into the test split, whose own images are dropped; 0 does
// nothing.
void hold_out_validation(Dataset& dataset, double share);

// Fills mean and deviation from the resident training images: exact integer sums, so the same on every machine.
void measure_channels(Dataset& dataset);

}  // namespace lowtide::trainer
