lowtide_kernel(finite_gate_forward SOURCE forward.comp)
