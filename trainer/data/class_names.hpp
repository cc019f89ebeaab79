// SPDX-License-Identifier: Apache-2.0
// Class names of the public data sets, in the order of their labels.
#pragma once

#include <string>
#include <vector>

namespace lowtide::trainer {

std::vector<std::string> mnist_class_names();
std::vector<std::string> fashion_mnist_class_names();
std::vector<std::string> cifar10_class_names();
std::vector<std::string> cifar100_class_names();  // the fine labels

}  // namespace lowtide::trainer
