lowtide_kernel(relu_backward_input SOURCE backward_input.comp)
lowtide_kernel(relu_forward SOURCE forward.comp)
