// SPDX-License-Identifier: Apache-2.0
// The one place that says how a kernel declares what it is given: storage buffers and push constants.
// After BUFFER_READ(0, float, x) the shader writes x[i]. The name is the binding's name in the generated C++ struct.
// tools/kernel_bank derives the device-address form from the compiled module (address_form.hpp), so a shader never
// mentions addresses. What that form cannot do: x.length(), passing a buffer to a function.
#ifndef LOWTIDE_BUFFER_GLSL
#define LOWTIDE_BUFFER_GLSL

// element: float, uint, int, vec2, vec4, uvec2, uvec4, ... and structs of them in std430 layout. Never vec3.
#define BUFFER_READ(slot, element, name) \
  layout(set = 0, binding = slot, std430) restrict readonly buffer name##_buffer { element name[]; };
#define BUFFER_WRITE(slot, element, name) \
  layout(set = 0, binding = slot, std430) writeonly buffer name##_buffer { element name[]; };
// Must be listed IN_PLACE in kernels.cmake: the dispatch reads what was there before.
#define BUFFER_READ_WRITE(slot, element, name) \
  layout(set = 0, binding = slot, std430) buffer name##_buffer { element name[]; };

// Likewise IN_PLACE: what one workgroup writes and another one of the same dispatch reads (lib/last_workgroup.glsl).
#define BUFFER_EXCHANGE(slot, element, name) \
  layout(set = 0, binding = slot, std430) coherent buffer name##_buffer { element name[]; };

// The same binding seen with another element type, beside its main declaration: BUFFER_READ_VIEW(0, vec4, x4).
// x4[i] covers x[4*i .. 4*i+3]; the buffer holds whole vec4s only where the element count is a multiple of 4, and
// reading past its end is an error. Never write one element through both names in one dispatch.
#define BUFFER_READ_VIEW(slot, element, name) \
  layout(set = 0, binding = slot, std430) restrict readonly buffer name##_view { element name[]; };
#define BUFFER_WRITE_VIEW(slot, element, name) \
  layout(set = 0, binding = slot, std430) writeonly buffer name##_view { element name[]; };
#define BUFFER_READ_WRITE_VIEW(slot, element, name) \
  layout(set = 0, binding = slot, std430) buffer name##_view { element name[]; };

// PUSH_CONSTANTS(FillParams, p): the struct comes from <op>.params.h and is read as p.count.
#define PUSH_CONSTANTS(type, name) \
  layout(push_constant, std430) uniform push_constants { type name; };

// WORKGROUP_WIDTH(64): spec id 0, whose default is 64. One-dimensional workgroups only. Functions of lib/ reach the width
// through workgroup_width(), because GLSL lets gl_WorkGroupSize be read only below this line.
#define WORKGROUP_WIDTH(width) \
  layout(local_size_x_id = 0, local_size_x = width, local_size_y = 1, local_size_z = 1) in; \
  uint workgroup_width() { return gl_WorkGroupSize.x; }

#endif
