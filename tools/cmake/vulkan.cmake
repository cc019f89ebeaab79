# The Vulkan side of the build: LOWTIDE_GLSLANG and LOWTIDE_SPIRV_VAL (programs), lowtide_volk (headers and loader of
# entry points, nothing is linked to a Vulkan library), lowtide_program(TARGET) for every program that may reach a
# device. What to use comes from build/setup.cmake, which tools/setup writes; without it from VULKAN_SDK or the system.

include(${PROJECT_SOURCE_DIR}/build/setup.cmake OPTIONAL RESULT_VARIABLE LOWTIDE_SETUP_FILE)
if(LOWTIDE_SETUP_FILE)
  # Another toolchain than last time: programs and headers found then are void.
  if(DEFINED CACHE{LOWTIDE_VULKAN_USED} AND NOT LOWTIDE_VULKAN_USED STREQUAL LOWTIDE_VULKAN_TOOLS)
    unset(LOWTIDE_GLSLANG CACHE)
    unset(LOWTIDE_SPIRV_VAL CACHE)
    unset(LOWTIDE_VOLK_FOLDER CACHE)
    unset(LOWTIDE_VULKAN_HEADERS CACHE)
  endif()
  set(LOWTIDE_VULKAN_USED "${LOWTIDE_VULKAN_TOOLS}" CACHE INTERNAL "Tools that were found by the last configuration")
  set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS ${LOWTIDE_SETUP_FILE})
endif()
if(CMAKE_CROSSCOMPILING)  # tools and headers are of use to every machine, the rest to the one that builds
  foreach(name PROGRAM_INTERPRETER PROGRAM_RPATH LAVAPIPE_ICD SWIFTSHADER_ICD LAYER_PATH ADD_DRIVER_FILES DISABLE_DRIVERS
               ADD_LAYER_PATH VECTOR_WIDTH)
    set(LOWTIDE_${name} "")
  endforeach()
endif()

set(LOWTIDE_SETUP_HINT "Run tools/setup, or set VULKAN_SDK to an unpacked Vulkan SDK, and configure again.")
set(sdk "$ENV{VULKAN_SDK}")
find_program(LOWTIDE_GLSLANG glslang HINTS ${LOWTIDE_VULKAN_TOOLS} ${sdk}/bin DOC "GLSL to SPIR-V compiler")
find_program(LOWTIDE_SPIRV_VAL spirv-val HINTS ${LOWTIDE_VULKAN_TOOLS} ${sdk}/bin DOC "SPIR-V validator")
find_path(LOWTIDE_VULKAN_HEADERS vulkan/vulkan.h HINTS ${LOWTIDE_VULKAN_INCLUDE} ${sdk}/include NO_CMAKE_FIND_ROOT_PATH
          DOC "Vulkan headers")
find_path(LOWTIDE_VOLK_FOLDER volk.c HINTS ${LOWTIDE_VULKAN_INCLUDE} ${sdk}/include ${sdk}/include/volk
          PATH_SUFFIXES volk Volk NO_CMAKE_FIND_ROOT_PATH DOC "Folder of volk.c and volk.h")
foreach(need "LOWTIDE_GLSLANG|the shader compiler 'glslang'" "LOWTIDE_SPIRV_VAL|the shader validator 'spirv-val'"
             "LOWTIDE_VULKAN_HEADERS|the headers 'vulkan/vulkan.h'" "LOWTIDE_VOLK_FOLDER|the loader source 'volk.c'")
  string(REPLACE "|" ";" need "${need}")
  list(GET need 0 variable)
  list(GET need 1 name)
  if(NOT ${variable})
    message(FATAL_ERROR "Cannot find ${name}. ${LOWTIDE_SETUP_HINT}")
  endif()
endforeach()

execute_process(COMMAND ${LOWTIDE_GLSLANG} --version OUTPUT_VARIABLE version ERROR_QUIET)
if(NOT version MATCHES "Glslang Version: [0-9]+:([0-9]+)\\.")
  message(FATAL_ERROR "${LOWTIDE_GLSLANG} does not run or does not say its version. ${LOWTIDE_SETUP_HINT}")
elseif(CMAKE_MATCH_1 LESS 15)
  message(FATAL_ERROR "${LOWTIDE_GLSLANG} is version ${CMAKE_MATCH_1}; at least 15 is needed. ${LOWTIDE_SETUP_HINT}")
endif()
string(REGEX MATCH "[0-9.]+\\.[0-9.]+" LOWTIDE_GLSLANG_VERSION "${version}")

add_library(lowtide_volk STATIC ${LOWTIDE_VOLK_FOLDER}/volk.c)
set_target_properties(lowtide_volk PROPERTIES POSITION_INDEPENDENT_CODE ON EXPORT_NAME volk)
target_compile_definitions(lowtide_volk PUBLIC VK_NO_PROTOTYPES)
target_include_directories(lowtide_volk SYSTEM PUBLIC
  "$<BUILD_INTERFACE:${LOWTIDE_VULKAN_HEADERS}>" "$<BUILD_INTERFACE:${LOWTIDE_VOLK_FOLDER}>")
target_link_libraries(lowtide_volk PUBLIC ${CMAKE_DL_LIBS})

set(LOWTIDE_PROGRAM_DEFAULTS ${PROJECT_BINARY_DIR}/program_defaults.c)
configure_file(${PROJECT_SOURCE_DIR}/tools/cmake/program_defaults.c.in ${LOWTIDE_PROGRAM_DEFAULTS} @ONLY)

# lowtide_program(TARGET): for an executable that may reach a device. Where the toolchain is private, its drivers want
# its own C library: the program starts with that one's loader and looks there first (an RPATH, not a RUNPATH: it must
# hold for what the drivers load in turn). Its libraries may want more of the C library than the system's has, which the
# linker looks at: their symbols are left to the loader.
function(lowtide_program target)
  target_sources(${target} PRIVATE ${LOWTIDE_PROGRAM_DEFAULTS})
  if(LOWTIDE_PROGRAM_INTERPRETER)
    target_link_options(${target} PRIVATE
      -Wl,--dynamic-linker=${LOWTIDE_PROGRAM_INTERPRETER} -Wl,--disable-new-dtags -Wl,--allow-shlib-undefined)
  endif()
  if(LOWTIDE_PROGRAM_RPATH)
    set_target_properties(${target} PROPERTIES BUILD_WITH_INSTALL_RPATH ON INSTALL_RPATH ${LOWTIDE_PROGRAM_RPATH})
  endif()
endfunction()
