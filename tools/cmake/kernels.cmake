# Shaders to C++: compile every kernel that shaders/<op>/kernels.cmake declares, validate it, derive its device-address
# form, reflect and embed it. Gives lowtide_kernel_headers (INTERFACE, "gen/kernels/<op>.hpp") and the sources in
# LOWTIDE_KERNEL_SOURCES, which layer_libraries.cmake adds to lowtide_kernel.
#
# lowtide_kernel(<op>_<pass>[_<variant>] SOURCE <file>.comp [DEFINES A=1 ...] [FEATURES float16 ...]
#                [IN_PLACE <binding> ...] [NO_DEVICE_ADDRESS] [TARGET vulkan1.3])
# is what the kernels.cmake files call; shaders/README.md explains the arguments. LOWTIDE_GLSLANG and LOWTIDE_SPIRV_VAL
# come from vulkan.cmake.

if(CMAKE_CROSSCOMPILING)  # the generator runs on the machine that builds
  include(ExternalProject)
  set(folder ${PROJECT_BINARY_DIR}/host_tools)
  set(launchers)
  if(CMAKE_CXX_COMPILER_LAUNCHER)
    set(launchers -DCMAKE_C_COMPILER_LAUNCHER=${CMAKE_C_COMPILER_LAUNCHER} -DCMAKE_CXX_COMPILER_LAUNCHER=${CMAKE_CXX_COMPILER_LAUNCHER})
  endif()
  ExternalProject_Add(lowtide_host_tools SOURCE_DIR ${PROJECT_SOURCE_DIR}/tools/cmake/host_tools PREFIX ${folder}
    BINARY_DIR ${folder}/build CMAKE_ARGS -DCMAKE_BUILD_TYPE=Release ${launchers} INSTALL_COMMAND "" BUILD_ALWAYS ON
    BUILD_BYPRODUCTS ${folder}/build/kernel_bank/lowtide_kernel_bank)
  add_executable(lowtide_kernel_bank IMPORTED GLOBAL)
  set_target_properties(lowtide_kernel_bank PROPERTIES IMPORTED_LOCATION ${folder}/build/kernel_bank/lowtide_kernel_bank)
  add_dependencies(lowtide_kernel_bank lowtide_host_tools)
else()
  add_subdirectory(${PROJECT_SOURCE_DIR}/tools/kernel_bank)
endif()

set(LOWTIDE_SHADERS_DIR ${PROJECT_SOURCE_DIR}/shaders)
set(LOWTIDE_SPIRV_DIR ${PROJECT_BINARY_DIR}/spirv)
set(LOWTIDE_GENERATED_DIR ${PROJECT_BINARY_DIR}/generated)  # include directory; files lie in gen/
file(MAKE_DIRECTORY ${LOWTIDE_SPIRV_DIR} ${LOWTIDE_GENERATED_DIR}/gen/kernels ${LOWTIDE_GENERATED_DIR}/manifests)

# Sets `result` to the names among `features` whose probe shader this glslang cannot compile.
function(lowtide_missing_features features result)
  set(missing)
  foreach(feature IN LISTS features)
    set(probe ${LOWTIDE_SHADERS_DIR}/lib/probe/${feature}.comp)
    if(EXISTS ${probe} AND NOT DEFINED LOWTIDE_PROBE_${feature})
      execute_process(COMMAND ${LOWTIDE_GLSLANG} -V --target-env vulkan1.3 -S comp -o ${LOWTIDE_SPIRV_DIR}/probe_${feature}.spv ${probe}
        RESULT_VARIABLE status OUTPUT_QUIET ERROR_QUIET)
      set(LOWTIDE_PROBE_${feature} ${status} PARENT_SCOPE)
      set(LOWTIDE_PROBE_${feature} ${status})
    endif()
    if(DEFINED LOWTIDE_PROBE_${feature} AND NOT LOWTIDE_PROBE_${feature} EQUAL 0)
      list(APPEND missing ${feature})
    endif()
  endforeach()
  set(${result} "${missing}" PARENT_SCOPE)
endfunction()

# Called once per kernel while shaders/<op>/kernels.cmake is included; reads LOWTIDE_OP.
function(lowtide_kernel name)
  cmake_parse_arguments(arg "NO_DEVICE_ADDRESS" "SOURCE;TARGET" "DEFINES;FEATURES;IN_PLACE" ${ARGN})
  if(arg_UNPARSED_ARGUMENTS OR NOT arg_SOURCE)
    message(FATAL_ERROR "shaders/${LOWTIDE_OP}/kernels.cmake: lowtide_kernel(${name} ...) needs SOURCE and knows no '${arg_UNPARSED_ARGUMENTS}'")
  endif()
  if(NOT name MATCHES "^${LOWTIDE_OP}_[a-z0-9_]+$")
    message(FATAL_ERROR "shaders/${LOWTIDE_OP}/kernels.cmake: the kernel '${name}' must be named ${LOWTIDE_OP}_<pass>[_<variant>]")
  endif()
  lowtide_missing_features("${arg_FEATURES}" missing)
  if(missing)
    message(STATUS "kernel ${name} is left out: ${LOWTIDE_GLSLANG} cannot compile ${missing}")
    return()
  endif()
  if(NOT arg_TARGET)
    set(arg_TARGET vulkan1.3)
  endif()
  set(source ${LOWTIDE_SHADERS_DIR}/${LOWTIDE_OP}/${arg_SOURCE})
  set(module ${LOWTIDE_SPIRV_DIR}/${name}.spv)
  set(address_module)
  list(TRANSFORM arg_DEFINES PREPEND -D)
  add_custom_command(OUTPUT ${module}
    COMMAND ${LOWTIDE_GLSLANG} --quiet -V --target-env ${arg_TARGET} -S comp ${arg_DEFINES}
      -I${LOWTIDE_SHADERS_DIR} -I${PROJECT_SOURCE_DIR} --depfile ${module}.d -o ${module} ${source}
    COMMAND ${LOWTIDE_SPIRV_VAL} --target-env ${arg_TARGET} ${module}
    DEPENDS ${source} DEPFILE ${module}.d COMMENT "Compiling kernel ${name}" VERBATIM)
  set(modules ${module})
  if(NOT arg_NO_DEVICE_ADDRESS)
    set(address_module ${LOWTIDE_SPIRV_DIR}/${name}.address.spv)
    add_custom_command(OUTPUT ${address_module}
      COMMAND lowtide_kernel_bank address ${module} ${address_module}
      COMMAND ${LOWTIDE_SPIRV_VAL} --target-env ${arg_TARGET} ${address_module}
      DEPENDS ${module} lowtide_kernel_bank COMMENT "Deriving the device-address form of ${name}" VERBATIM)
    list(APPEND modules ${address_module})
  endif()
  list(JOIN arg_FEATURES " " features)
  list(JOIN arg_IN_PLACE " " in_place)
  set_property(GLOBAL APPEND PROPERTY LOWTIDE_MANIFEST_${LOWTIDE_OP} "${name}|${module}|${address_module}|${features}|${in_place}")
  set_property(GLOBAL APPEND PROPERTY LOWTIDE_MODULES_${LOWTIDE_OP} ${modules})
endfunction()

file(GLOB lowtide_kernel_lists CONFIGURE_DEPENDS ${LOWTIDE_SHADERS_DIR}/*/kernels.cmake)
list(SORT lowtide_kernel_lists)
set(LOWTIDE_KERNEL_SOURCES)
set(lowtide_manifests)
set(lowtide_headers)
foreach(file IN LISTS lowtide_kernel_lists)
  get_filename_component(folder ${file} DIRECTORY)
  get_filename_component(LOWTIDE_OP ${folder} NAME)
  include(${file})
  get_property(lines GLOBAL PROPERTY LOWTIDE_MANIFEST_${LOWTIDE_OP})
  get_property(modules GLOBAL PROPERTY LOWTIDE_MODULES_${LOWTIDE_OP})
  list(JOIN lines "\n" lines)
  set(manifest ${LOWTIDE_GENERATED_DIR}/manifests/${LOWTIDE_OP}.txt)
  file(CONFIGURE OUTPUT ${manifest} CONTENT "${lines}" @ONLY)  # keeps the time stamp when nothing changed
  set(header ${LOWTIDE_GENERATED_DIR}/gen/kernels/${LOWTIDE_OP}.hpp)
  set(source ${LOWTIDE_GENERATED_DIR}/gen/kernels/${LOWTIDE_OP}.cpp)
  add_custom_command(OUTPUT ${header} ${source}
    COMMAND lowtide_kernel_bank op ${manifest} ${header} ${source} ${folder}/${LOWTIDE_OP}.params.h
    DEPENDS ${manifest} ${modules} lowtide_kernel_bank COMMENT "Embedding the kernels of ${LOWTIDE_OP}" VERBATIM)
  list(APPEND lowtide_manifests ${manifest})
  list(APPEND lowtide_headers ${header})
  list(APPEND LOWTIDE_KERNEL_SOURCES ${source})
endforeach()

set(lowtide_table ${LOWTIDE_GENERATED_DIR}/gen/kernel_table.cpp)
add_custom_command(OUTPUT ${lowtide_table}
  COMMAND lowtide_kernel_bank table ${lowtide_table} ${lowtide_manifests}
  DEPENDS ${lowtide_manifests} lowtide_kernel_bank COMMENT "Writing the table of all kernels" VERBATIM)
list(APPEND LOWTIDE_KERNEL_SOURCES ${lowtide_table})

add_custom_target(lowtide_kernel_generation DEPENDS ${lowtide_headers})
add_library(lowtide_kernel_headers INTERFACE)
add_dependencies(lowtide_kernel_headers lowtide_kernel_generation)
target_include_directories(lowtide_kernel_headers INTERFACE $<BUILD_INTERFACE:${LOWTIDE_GENERATED_DIR}>)
