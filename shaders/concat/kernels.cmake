lowtide_kernel(concat_forward SOURCE forward.comp)
lowtide_kernel(concat_forward_naive SOURCE forward_naive.comp)
lowtide_kernel(concat_forward_vec4 SOURCE forward.comp DEFINES LOWTIDE_VEC4)
