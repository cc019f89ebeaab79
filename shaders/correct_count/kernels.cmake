lowtide_kernel(correct_count_forward SOURCE forward.comp)
