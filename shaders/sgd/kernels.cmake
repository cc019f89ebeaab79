lowtide_kernel(sgd_update SOURCE update.comp DEFINES LOWTIDE_VEC4 IN_PLACE w m)
lowtide_kernel(sgd_update_naive SOURCE update_naive.comp IN_PLACE w m)
