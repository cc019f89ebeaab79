lowtide_kernel(radam_update SOURCE update.comp DEFINES LOWTIDE_VEC4 IN_PLACE w m v)
lowtide_kernel(radam_update_naive SOURCE update_naive.comp IN_PLACE w m v)
