# lowtide_options: what every target of the project compiles with (public).  lowtide_warnings: our own sources only.
# -ffp-contract=off is part of the numeric definition: a multiply and an add are never contracted on the host.

add_library(lowtide_options INTERFACE)
target_compile_features(lowtide_options INTERFACE cxx_std_20)
target_compile_options(lowtide_options INTERFACE -ffp-contract=off)

add_library(lowtide_warnings INTERFACE)
target_compile_options(lowtide_warnings INTERFACE -Wall -Wextra -Wshadow -Wconversion
  -Wno-missing-field-initializers  # designated initialisers leave the other members at their defaults on purpose
  $<$<AND:$<CXX_COMPILER_ID:GNU>,$<VERSION_LESS:$<CXX_COMPILER_VERSION>,13>>:-Wno-restrict>  # false on "text" + std::string (GCC bug 105651)
  $<$<BOOL:${LOWTIDE_WERROR}>:-Werror>)
