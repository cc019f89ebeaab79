# Libraries whose headers are all of them, for cross builds where the target's packages are not at hand: headers do not
# depend on the machine, so those of the machine that builds will do. They are linked into a folder of their own, since
# the folder that they lie in holds that machine's C library too.

# lowtide_header_library(TARGET HEADER PACKAGE): makes TARGET of the folder that holds HEADER.
function(lowtide_header_library target header package)
  string(MAKE_C_IDENTIFIER LOWTIDE_HEADERS_${target} folder)
  find_path(${folder} ${header} PATHS /usr/local/include /usr/include NO_CMAKE_FIND_ROOT_PATH
    DOC "Include folder of ${target} on the machine that builds")
  mark_as_advanced(${folder})
  if(NOT ${folder})
    message(FATAL_ERROR "Expected the header '${header}', found none. Install it (Debian: ${package}), or run tools/setup.")
  endif()
  get_filename_component(name ${header} DIRECTORY)
  set(include ${CMAKE_BINARY_DIR}/header_libraries)
  file(MAKE_DIRECTORY ${include})
  file(CREATE_LINK ${${folder}}/${name} ${include}/${name} SYMBOLIC)
  add_library(${target} INTERFACE IMPORTED GLOBAL)
  set_target_properties(${target} PROPERTIES INTERFACE_INCLUDE_DIRECTORIES ${include})
endfunction()
