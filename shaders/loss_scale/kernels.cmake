lowtide_kernel(loss_scale_update SOURCE update.comp IN_PLACE scale count)
