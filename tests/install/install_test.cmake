# Installs the build into a folder of its own and builds the consumer against it, out of tree. Variables: BUILD_DIR,
# SOURCE_DIR (of the consumers), WORK_DIR, PYTHON, GENERATOR, C_COMPILER, CXX_COMPILER, PREFIX_PATH, LINK_FLAGS, VERSION, MODEL,
# and in the environment what a program needs to find a device.
function(run)
  execute_process(COMMAND ${ARGN} RESULT_VARIABLE status OUTPUT_VARIABLE output ERROR_VARIABLE output)
  if(NOT status EQUAL 0)
    message(FATAL_ERROR "${ARGN}\nended with ${status}:\n${output}")
  endif()
  set(output "${output}" PARENT_SCOPE)
endfunction()

file(REMOVE_RECURSE ${WORK_DIR})
run(${CMAKE_COMMAND} --install ${BUILD_DIR} --prefix ${WORK_DIR}/prefix)
# Nothing of the package may point back into the tree that it was made from.
file(GLOB_RECURSE package_files ${WORK_DIR}/prefix/lib*/cmake/*.cmake)
foreach(file IN LISTS package_files)
  file(READ ${file} text)
  foreach(folder ${BUILD_DIR} ${TREE_DIR})
    string(FIND "${text}" "${folder}/" place)
    if(NOT place EQUAL -1)
      message(FATAL_ERROR "${file} names ${folder}, which an installed package must not need")
    endif()
  endforeach()
endforeach()
# Headers include only what is installed too.
file(GLOB_RECURSE headers ${WORK_DIR}/prefix/include/lowtide/*.hpp)
foreach(header IN LISTS headers)
  file(STRINGS ${header} includes REGEX "^#include \"")
  foreach(include IN LISTS includes)
    string(REGEX REPLACE "^#include \"([^\"]+)\".*" "\\1" name "${include}")
    if(NOT EXISTS ${WORK_DIR}/prefix/include/lowtide/${name})
      message(FATAL_ERROR "${header} includes ${name}, which is not installed")
    endif()
  endforeach()
endforeach()

run(${CMAKE_COMMAND} -S ${SOURCE_DIR}/consumer -B ${WORK_DIR}/build -G ${GENERATOR} -DCMAKE_BUILD_TYPE=Release
  -DCMAKE_C_COMPILER=${C_COMPILER} -DCMAKE_CXX_COMPILER=${CXX_COMPILER} "-DCMAKE_PREFIX_PATH=${WORK_DIR}/prefix;${PREFIX_PATH}"
  -DCMAKE_EXE_LINKER_FLAGS=${LINK_FLAGS} -DLOWTIDE_WANTED_VERSION=${VERSION})
run(${CMAKE_COMMAND} --build ${WORK_DIR}/build)

run(${WORK_DIR}/build/describe_network ${MODEL})
message("${output}")
run(${WORK_DIR}/build/classify_infer ${MODEL})
set(static_answer "${output}")
run(${WORK_DIR}/build/classify_shared ${MODEL})
message("${output}")
if(NOT static_answer STREQUAL output OR NOT output MATCHES "^lowtide ${VERSION} says class [0-6]")
  message(FATAL_ERROR "the static library says '${static_answer}', the shared one '${output}'")
endif()

# The runtime library alone, where what only the trainer needs cannot be found.
set(disabled "")
foreach(package nlohmann_json JPEG PNG ZLIB)
  list(APPEND disabled -DCMAKE_DISABLE_FIND_PACKAGE_${package}=ON)
endforeach()
run(${CMAKE_COMMAND} -S ${SOURCE_DIR}/infer_only -B ${WORK_DIR}/infer_only -G ${GENERATOR} -DCMAKE_BUILD_TYPE=Release
  -DCMAKE_C_COMPILER=${C_COMPILER} -DCMAKE_CXX_COMPILER=${CXX_COMPILER} "-DCMAKE_PREFIX_PATH=${WORK_DIR}/prefix;${PREFIX_PATH}"
  -DCMAKE_EXE_LINKER_FLAGS=${LINK_FLAGS} -DLOWTIDE_WANTED_VERSION=${VERSION} ${disabled})
run(${CMAKE_COMMAND} --build ${WORK_DIR}/infer_only)
run(${WORK_DIR}/infer_only/classify_smallest ${MODEL})
if(NOT static_answer STREQUAL output)
  message(FATAL_ERROR "linked for size it says '${output}'")
endif()
file(GLOB libraries ${WORK_DIR}/prefix/lib*/liblowtide.so ${WORK_DIR}/prefix/lib*/*/liblowtide.so)
list(GET libraries 0 library)
run(${PYTHON} ${SOURCE_DIR}/contents_test.py ${WORK_DIR}/prefix/include/lowtide ${WORK_DIR}/infer_only/classify_smallest
  ${library})
