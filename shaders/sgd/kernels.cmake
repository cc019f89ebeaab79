lowtide_kernel(sgd_update SOURCE update.comp IN_PLACE w m)
