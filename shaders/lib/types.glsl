// SPDX-License-Identifier: Apache-2.0
// store_t: what lies in buffers; math_t: what elementwise arithmetic uses; acc_t: what sums use. fp32 unless a kernel's
// DEFINES say otherwise: LOWTIDE_STORE_FLOAT16 needs FEATURES storage16, LOWTIDE_MATH_FLOAT16 needs FEATURES float16.
// Convert explicitly at every border: math_t(x[i]), store_t(sum). Sums are never narrower than fp32.
#ifndef LOWTIDE_TYPES_GLSL
#define LOWTIDE_TYPES_GLSL

#ifdef LOWTIDE_STORE_FLOAT16
#extension GL_EXT_shader_16bit_storage : require
#define store_t float16_t
#define store4_t f16vec4
#else
#define store_t float
#define store4_t vec4
#endif

#ifdef LOWTIDE_MATH_FLOAT16
#extension GL_EXT_shader_explicit_arithmetic_types_float16 : require
#define math_t float16_t
#define math4_t f16vec4
#else
#define math_t float
#define math4_t vec4
#endif

#define acc_t float
#define acc4_t vec4

#endif
