#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The preset 'android' where there is no NDK, where there is something else in its place, and beside a pretended one, which
shows what the NDK's own toolchain file would be asked for and that nothing of the machine that builds is linked. The
preset 'aarch64' where there is no cross compiler. Configures only, in folders of its own."""
import os
import pathlib
import subprocess
import tempfile
import unittest

ROOT = pathlib.Path(__file__).resolve().parents[2]

# Takes the machine's own compiler for the target's.
NDK = """
set(CMAKE_SYSTEM_NAME Linux)
set(CMAKE_SYSTEM_PROCESSOR aarch64)
foreach(kind LIBRARY INCLUDE PACKAGE)
  set(CMAKE_FIND_ROOT_PATH_MODE_${kind} ONLY)
endforeach()
set(CMAKE_FIND_ROOT_PATH ${CMAKE_CURRENT_LIST_DIR})
file(WRITE ${CMAKE_CURRENT_LIST_DIR}/asked.txt "${ANDROID_ABI} ${ANDROID_PLATFORM} ${ANDROID_STL}")
"""


class CrossBuild(unittest.TestCase):
    def setUp(self):
        temporary = tempfile.TemporaryDirectory()
        self.addCleanup(temporary.cleanup)
        self.folder = pathlib.Path(temporary.name)
        self.build = self.folder / "build"
        self.ndk = self.folder / "ndk"

    def pretend_ndk(self):
        (self.ndk / "build" / "cmake").mkdir(parents=True)
        (self.ndk / "build" / "cmake" / "android.toolchain.cmake").write_text(NDK)

    def configure(self, preset, *arguments, **environment):
        hidden = ("ANDROID_NDK_ROOT", "ANDROID_NDK_HOME", "CC", "CXX")
        kept = {key: value for key, value in os.environ.items() if key not in hidden}
        done = subprocess.run(["cmake", "--preset", preset, "-B", str(self.build), *arguments], cwd=ROOT, text=True,
                              env={**kept, **environment}, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
        return done.returncode, " ".join(done.stdout.split())

    def refused(self, result, sentence):
        self.assertNotEqual(result[0], 0)
        self.assertIn(sentence, result[1])

    def test_no_ndk(self):
        self.refused(self.configure("android"), "Expected an Android NDK, found none named. Unpack one and set ANDROID_NDK_ROOT")

    def test_no_ndk_in_the_folder(self):
        for name in ("ANDROID_NDK_ROOT", "ANDROID_NDK_HOME"):
            result = self.configure("android", **{name: str(self.ndk)})
            self.refused(result, f"Expected an Android NDK in '{self.ndk}', found no build/cmake/android.toolchain.cmake there.")

    def test_an_old_api_level(self):
        self.pretend_ndk()
        result = self.configure("android", "-DANDROID_PLATFORM=android-21", ANDROID_NDK_ROOT=str(self.ndk))
        self.refused(result, "Expected API level 26 or above, found ANDROID_PLATFORM 'android-21'.")

    def test_an_ndk(self):
        self.pretend_ndk()
        status, said = self.configure("android", ANDROID_NDK_ROOT=str(self.ndk))
        self.assertEqual(status, 0, said)
        self.assertEqual((self.ndk / "build" / "cmake" / "asked.txt").read_text(), "arm64-v8a android-26 c++_static")
        rules = (self.build / "build.ninja").read_text()
        for word in ("liblowtide_infer.a", "liblowtide.so", "-DFMT_HEADER_ONLY", str(self.build / "header_libraries")):
            self.assertIn(word, rules)
        for word in ("libfmt", "lowtide_trainer", "libpng", "dynamic-linker"):
            self.assertNotIn(word, rules)
        for header in ("fmt/format.h", "tl/expected.hpp", "nlohmann/json.hpp"):
            self.assertTrue((self.build / "header_libraries" / header).is_file(), header)

    def test_no_cross_compiler(self):
        result = self.configure("aarch64", "-DLOWTIDE_CROSS_CXX=LOWTIDE_CROSS_CXX-NOTFOUND", "-DCMAKE_FIND_USE_CMAKE_SYSTEM_PATH=OFF",
                                "-DCMAKE_FIND_USE_SYSTEM_ENVIRONMENT_PATH=OFF")
        self.refused(result, "Expected the cross compiler 'aarch64-linux-gnu-g++', found none. Install g++-aarch64-linux-gnu")


if __name__ == "__main__":
    unittest.main()
