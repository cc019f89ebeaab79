lowtide_kernel(adam_update SOURCE update.comp IN_PLACE w m v)
