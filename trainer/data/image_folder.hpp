// SPDX-License-Identifier: Apache-2.0
// Folders of images: <path>/train/<class>/* and <path>/val/<class>/*, files *.jpg, *.jpeg, *.png. Classes are the
// folder names of train in sorted order. Images stay on disk and are decoded when a batch needs them.
#pragma once

#include <cstdint>
#include <filesystem>

#include "engine/base/result.hpp"
#include "trainer/data/dataset.hpp"

namespace lowtide::trainer {

// Mean and deviation are those of ImageNet (0.485, 0.456, 0.406; 0.229, 0.224, 0.225). Errors: no such folder, no
// classes, a class without images, a class in val that train lacks.
Result<Dataset> open_image_folder(const std::filesystem::path& path, uint32_t image_size);

}  // namespace lowtide::trainer
