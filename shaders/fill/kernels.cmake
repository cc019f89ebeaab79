lowtide_kernel(fill_forward SOURCE forward.comp)
lowtide_kernel(fill_forward_naive SOURCE forward_naive.comp)
lowtide_kernel(fill_forward_vec4 SOURCE forward.comp DEFINES LOWTIDE_VEC4)
