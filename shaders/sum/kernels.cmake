lowtide_kernel(sum_forward SOURCE forward.comp)
lowtide_kernel(sum_forward_naive SOURCE forward_naive.comp)
