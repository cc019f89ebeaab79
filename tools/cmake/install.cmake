# What applications link and what `cmake --install` installs:
#   lowtide::infer    packed models: Session and the C API, <lowtide.h>
#   lowtide::trainer  training on top of it
#   lowtide::shared   the C API alone as a shared library, for programs that know nothing of C++
# Headers lie in include/lowtide as in the source tree, so that they include each other by the same names. Of engine/vk
# and engine/runtime only what other headers need is installed: no Vulkan header is needed to use lowtide.
include(CMakePackageConfigHelpers)

set(LOWTIDE_INCLUDE_DIR ${CMAKE_INSTALL_INCLUDEDIR}/lowtide)
set(LOWTIDE_PACKAGE_DIR ${CMAKE_INSTALL_LIBDIR}/cmake/lowtide)

add_library(lowtide_public_infer INTERFACE)
target_link_libraries(lowtide_public_infer INTERFACE lowtide_infer)
target_include_directories(lowtide_public_infer INTERFACE $<BUILD_INTERFACE:${PROJECT_SOURCE_DIR}/engine/infer>)
set_target_properties(lowtide_public_infer PROPERTIES EXPORT_NAME infer)
add_library(lowtide::infer ALIAS lowtide_public_infer)

set(trainer_targets)
if(LOWTIDE_BUILD_TRAINER)
  add_library(lowtide_public_trainer INTERFACE)
  target_link_libraries(lowtide_public_trainer INTERFACE lowtide_trainer lowtide_public_infer)
  set_target_properties(lowtide_public_trainer PROPERTIES EXPORT_NAME trainer)
  add_library(lowtide::trainer ALIAS lowtide_public_trainer)
  set(trainer_targets lowtide_public_trainer lowtide_matio)
endif()

# Everything but the C API stays inside: symbols of the static libraries are not exported.
file(GLOB capi_sources CONFIGURE_DEPENDS ${PROJECT_SOURCE_DIR}/engine/infer/capi*.cpp)
add_library(lowtide_shared SHARED ${capi_sources})
target_link_libraries(lowtide_shared PRIVATE $<BUILD_INTERFACE:lowtide_warnings> $<BUILD_INTERFACE:lowtide_infer>
  $<BUILD_INTERFACE:fmt::fmt>)
target_include_directories(lowtide_shared PUBLIC $<BUILD_INTERFACE:${PROJECT_SOURCE_DIR}/engine/infer>)
set_target_properties(lowtide_shared PROPERTIES OUTPUT_NAME lowtide EXPORT_NAME shared VERSION ${PROJECT_VERSION}
  SOVERSION ${PROJECT_VERSION_MAJOR}.${PROJECT_VERSION_MINOR} CXX_VISIBILITY_PRESET hidden VISIBILITY_INLINES_HIDDEN ON)
if(CMAKE_SYSTEM_NAME MATCHES "Linux|Android")
  target_link_options(lowtide_shared PRIVATE -Wl,--exclude-libs,ALL -Wl,--as-needed)
endif()
add_library(lowtide::shared ALIAS lowtide_shared)

get_property(layers GLOBAL PROPERTY LOWTIDE_LAYER_TARGETS)
install(TARGETS ${layers} ${trainer_targets} lowtide_volk lowtide_options lowtide_kernel_headers lowtide_public_infer
  lowtide_shared
  EXPORT lowtide ARCHIVE DESTINATION ${CMAKE_INSTALL_LIBDIR} LIBRARY DESTINATION ${CMAKE_INSTALL_LIBDIR}
  INCLUDES DESTINATION ${LOWTIDE_INCLUDE_DIR})
install(EXPORT lowtide NAMESPACE lowtide:: FILE lowtideTargets.cmake DESTINATION ${LOWTIDE_PACKAGE_DIR})
configure_package_config_file(${CMAKE_CURRENT_LIST_DIR}/lowtideConfig.cmake.in
  ${PROJECT_BINARY_DIR}/lowtideConfig.cmake INSTALL_DESTINATION ${LOWTIDE_PACKAGE_DIR})
write_basic_package_version_file(${PROJECT_BINARY_DIR}/lowtideConfigVersion.cmake COMPATIBILITY SameMinorVersion)
install(FILES ${PROJECT_BINARY_DIR}/lowtideConfig.cmake ${PROJECT_BINARY_DIR}/lowtideConfigVersion.cmake
  DESTINATION ${LOWTIDE_PACKAGE_DIR})

install(FILES ${PROJECT_SOURCE_DIR}/engine/infer/lowtide.h DESTINATION ${LOWTIDE_INCLUDE_DIR})
install(DIRECTORY ${PROJECT_SOURCE_DIR}/engine ${PROJECT_SOURCE_DIR}/trainer DESTINATION ${LOWTIDE_INCLUDE_DIR}
  FILES_MATCHING PATTERN "*.hpp" PATTERN "lowtide.h" REGEX "engine/(vk|runtime/(bindings|staging)\\.hpp)$" EXCLUDE)
install(FILES ${PROJECT_SOURCE_DIR}/engine/vk/ticket.hpp DESTINATION ${LOWTIDE_INCLUDE_DIR}/engine/vk)
install(DIRECTORY ${PROJECT_SOURCE_DIR}/shaders DESTINATION ${LOWTIDE_INCLUDE_DIR} FILES_MATCHING PATTERN "*.h")
install(DIRECTORY ${LOWTIDE_GENERATED_DIR}/gen DESTINATION ${LOWTIDE_INCLUDE_DIR} FILES_MATCHING PATTERN "*.hpp")
