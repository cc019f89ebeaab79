# Toolchain file: 64-bit ARM Linux by the distribution's cross compiler (Debian: g++-aarch64-linux-gnu). Programs run
# under qemu where that is installed (Debian: qemu-user-static), so that ctest works. The preset 'aarch64' uses it.
set(CMAKE_SYSTEM_NAME Linux)
set(CMAKE_SYSTEM_PROCESSOR aarch64)

find_program(LOWTIDE_CROSS_CXX aarch64-linux-gnu-g++)
if(NOT LOWTIDE_CROSS_CXX)
  message(FATAL_ERROR "Expected the cross compiler 'aarch64-linux-gnu-g++', found none. Install g++-aarch64-linux-gnu, or run tools/setup --cross.")
endif()
set(CMAKE_C_COMPILER aarch64-linux-gnu-gcc)
set(CMAKE_CXX_COMPILER ${LOWTIDE_CROSS_CXX})

set(CMAKE_FIND_ROOT_PATH /usr/aarch64-linux-gnu)
set(CMAKE_FIND_ROOT_PATH_MODE_PROGRAM NEVER)
foreach(kind LIBRARY INCLUDE PACKAGE)
  set(CMAKE_FIND_ROOT_PATH_MODE_${kind} ONLY)
endforeach()

find_program(LOWTIDE_QEMU NAMES qemu-aarch64-static qemu-aarch64)
if(LOWTIDE_QEMU)
  set(CMAKE_CROSSCOMPILING_EMULATOR ${LOWTIDE_QEMU} -L /usr/aarch64-linux-gnu)
endif()
