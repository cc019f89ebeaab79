# LOWTIDE_SANITIZE: '' builds as usual, 'address' adds AddressSanitizer and UndefinedBehaviorSanitizer, 'thread'
# ThreadSanitizer. Any finding ends the program, so that a test cannot pass over it.

set_property(CACHE LOWTIDE_SANITIZE PROPERTY STRINGS "" address thread)
if(LOWTIDE_SANITIZE STREQUAL "address")
  set(LOWTIDE_SANITIZE_FLAGS -fsanitize=address,undefined -fno-sanitize-recover=all -fno-omit-frame-pointer)
elseif(LOWTIDE_SANITIZE STREQUAL "thread")
  set(LOWTIDE_SANITIZE_FLAGS -fsanitize=thread -fno-omit-frame-pointer)
elseif(NOT LOWTIDE_SANITIZE STREQUAL "")
  message(FATAL_ERROR "LOWTIDE_SANITIZE is '${LOWTIDE_SANITIZE}'; it must be empty, 'address' or 'thread'.")
endif()
if(LOWTIDE_SANITIZE_FLAGS)
  add_compile_options(${LOWTIDE_SANITIZE_FLAGS})
  add_link_options(${LOWTIDE_SANITIZE_FLAGS})
endif()

# What the fuzz targets reach is instrumented for coverage; programs that are no fuzz targets run it all the same.
set(LOWTIDE_FUZZ OFF)
if(LOWTIDE_SANITIZE STREQUAL "address" AND CMAKE_CXX_COMPILER_ID STREQUAL "Clang")
  set(LOWTIDE_FUZZ ON)
  file(GLOB_RECURSE fuzzed CONFIGURE_DEPENDS ${PROJECT_SOURCE_DIR}/engine/graph/*.cpp
    ${PROJECT_SOURCE_DIR}/engine/model/*.cpp ${PROJECT_SOURCE_DIR}/engine/ops/*.cpp
    ${PROJECT_SOURCE_DIR}/engine/plan/*.cpp ${PROJECT_SOURCE_DIR}/trainer/methods/*.cpp
    ${PROJECT_SOURCE_DIR}/trainer/recipe*.cpp)
  set_source_files_properties(${fuzzed} PROPERTIES COMPILE_OPTIONS -fsanitize=fuzzer-no-link)
endif()
