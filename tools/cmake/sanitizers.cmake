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
