// SPDX-License-Identifier: Apache-2.0
// The single include of the Vulkan headers. Entry points come from volk: instance-level ones are volk's globals,
// device-level ones are in the table of each vk::Device, so that no call goes through the loader's trampoline.
#pragma once

#ifndef VK_NO_PROTOTYPES
#define VK_NO_PROTOTYPES
#endif
#include <volk.h>
