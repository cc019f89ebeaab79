// SPDX-License-Identifier: Apache-2.0
// ds of an item, the gradient behind the norm, from what reaches its value and its levels. Included behind
// activation.glsl and the buffers codes, dvalue and dlevels of vec4s.
layout(constant_id = 3) const uint has_dvalue = 0;
layout(constant_id = 4) const uint has_dlevels = 0;
layout(constant_id = 5) const uint has_ds = 0;  // ds is written by the first pass and read by the last

vec4 gradient_of(uint i) {
  const uint code = codes[i];
  vec4 d = vec4(0.0);
  if (has_dvalue != 0u) d = dvalue[i];
  if (has_dlevels != 0u) {
    const vec4 through = through_quantizer(dlevels[i], code);
    d = has_dvalue != 0u ? d + through : through;
  }
  return through_activation(d, code);
}
