# Toolchain file: 64-bit ARM Android from API level 26 on, by the NDK that ANDROID_NDK_ROOT or ANDROID_NDK_HOME names. It
# chooses what an application would choose and leaves the rest to the NDK's own toolchain file. The preset 'android'
# uses it.
set(ndk "$ENV{ANDROID_NDK_ROOT}")
if(NOT ndk)
  set(ndk "$ENV{ANDROID_NDK_HOME}")
endif()
set(file ${ndk}/build/cmake/android.toolchain.cmake)
if(NOT ndk)
  message(FATAL_ERROR "Expected an Android NDK, found none named. Unpack one and set ANDROID_NDK_ROOT to its folder.")
elseif(NOT EXISTS ${file})
  message(FATAL_ERROR "Expected an Android NDK in '${ndk}', found no build/cmake/android.toolchain.cmake there. Set ANDROID_NDK_ROOT to the folder of one.")
endif()

if(NOT ANDROID_ABI)
  set(ANDROID_ABI arm64-v8a)
endif()
if(NOT ANDROID_PLATFORM)
  set(ANDROID_PLATFORM android-26)
endif()
string(REGEX REPLACE "^android-" "" level "${ANDROID_PLATFORM}")
if(NOT level GREATER_EQUAL 26)
  message(FATAL_ERROR "Expected API level 26 or above, found ANDROID_PLATFORM '${ANDROID_PLATFORM}'. Set it to android-26 or leave it out.")
endif()
if(NOT ANDROID_STL)
  set(ANDROID_STL c++_static)  # one library in an application that uses the C API alone
endif()
include(${file})
