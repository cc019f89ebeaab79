lowtide_kernel(pack_forward SOURCE forward.comp)
lowtide_kernel(pack_unpack_forward SOURCE unpack_forward.comp)
