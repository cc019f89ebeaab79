#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""tools/setup on machines that lack something: one sentence with the way out, exit status 1, nothing left behind.
The machine is made of a folder of commands: links to the real ones, and pretended ones. No network is used."""
import os
import pathlib
import shutil
import subprocess
import tempfile
import unittest

SCRIPT = pathlib.Path(__file__).resolve().parents[2] / "tools" / "setup"
COMMANDS = """bash cat chmod cmp comm cut dirname env find flock grep head mkdir mktemp mv paste readlink rm sed
    sha256sum sort tail touch tr uname""".split()
PACKAGES = """ccache clang clang-format cmake g++ libcli11-dev libexpected-dev libfmt-dev libgtest-dev libjpeg-dev libmatio-dev
    libpng-dev libtomlplusplus-dev ninja-build nlohmann-json3-dev python3 zlib1g-dev libclang-rt-14-dev
    debian-archive-keyring""".split()


class Setup(unittest.TestCase):
    def setUp(self):
        temporary = tempfile.TemporaryDirectory()
        self.addCleanup(temporary.cleanup)
        self.root = pathlib.Path(temporary.name)
        self.bin = self.root / "bin"
        self.cache = self.root / "cache"
        self.checkout = self.root / "checkout"
        self.bin.mkdir()
        (self.checkout / "tools").mkdir(parents=True)
        shutil.copy(SCRIPT, self.checkout / "tools" / "setup")
        for name in COMMANDS:
            (self.bin / name).symlink_to(shutil.which(name))
        for name in ("c++", "cmake", "ninja", "python3"):
            self.pretend(name, "exit 0")
        self.pretend("clang", "echo 14.0.6")

    def pretend(self, name, body):
        path = self.bin / name
        path.unlink(missing_ok=True)
        path.write_text(f"#!{shutil.which('bash')}\n{body}\n")
        path.chmod(0o755)

    def pretend_debian(self, missing=(), user=0, apt="exit 100"):
        """A Debian with all packages but `missing`, of which apt-get does what `apt` says."""
        installed = "\n".join(f"installed {name} " for name in PACKAGES if name not in missing)
        self.pretend("dpkg-query", f"cat <<'END'\n{installed}\nEND")
        self.pretend("dpkg-deb", "exit 1")
        self.pretend("apt-cache", "echo '  Candidate: 12.0'")
        self.pretend("apt-get", apt)
        self.pretend("sudo", "exit 1")
        self.pretend("id", f'[ "$1" = -un ] && echo user || echo {user}')

    def pretend_sdk(self, version="11:16.1.0", volk="volk.h"):
        sdk = self.root / "sdk"
        for name in ("bin", "include/vulkan", "share/vulkan/explicit_layer.d"):
            (sdk / name).mkdir(parents=True)
        (sdk / "include" / volk).parent.mkdir(exist_ok=True)
        for name in ("include/vulkan/vulkan.h", f"include/{volk}",
                     "share/vulkan/explicit_layer.d/VkLayer_khronos_validation.json"):
            (sdk / name).touch()
        for name, body in (("glslang", f"echo 'Glslang Version: {version}'"), ("spirv-val", "exit 0")):
            (sdk / "bin" / name).write_text(f"#!{shutil.which('bash')}\n{body}\n")
            (sdk / "bin" / name).chmod(0o755)
        return sdk

    def run_it(self, *arguments, **environment):
        """(exit status, last line of what it said)."""
        environment = {"PATH": str(self.bin), "LOWTIDE_CACHE": str(self.cache), **environment}
        done = subprocess.run([shutil.which("bash"), str(self.checkout / "tools/setup"), *arguments], env=environment,
                              stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
        self.said = done.stdout
        return done.returncode, (done.stdout.strip().splitlines() or [""])[-1]

    def refused(self, result, *parts):
        self.assertEqual(result[0], 1)
        self.assertTrue(result[1].startswith("setup: "), result[1])
        for part in parts:
            self.assertIn(part, result[1])
        self.assertFalse((self.checkout / "build/env").exists())

    def test_what_is_left_out_without_root(self):
        self.pretend_debian(user=1000)
        sdk = self.pretend_sdk()
        status, _ = self.run_it("--window", VULKAN_SDK=str(sdk))
        self.assertEqual(status, 0)
        self.assertIn("draw_digit is left out; it needs: apt-get install libsdl2-dev xdotool xvfb", self.said)
        self.assertNotIn("aarch64", self.said)
        status, _ = self.run_it("--cross", VULKAN_SDK=str(sdk))
        self.assertEqual(status, 0)
        self.assertIn("aarch64 is left out; it needs: apt-get install g++-aarch64-linux-gnu googletest", self.said)

    def test_help_and_unknown_options(self):
        self.assertEqual(self.run_it("--help")[0], 0)
        self.refused(self.run_it("--colour"), "unknown option '--colour'", "--help")

    def test_missing_packages_without_root(self):
        self.pretend_debian(missing=("cmake", "libfmt-dev"), user=1000)
        self.refused(self.run_it(), "sudo apt-get install --no-install-recommends cmake libfmt-dev'")

    def test_missing_packages_without_a_network(self):
        self.pretend_debian(missing=("zlib1g-dev",))
        self.refused(self.run_it(), "could not install zlib1g-dev", "network")

    def test_installs_only_what_is_missing(self):
        calls = self.root / "calls"
        self.pretend_debian(missing=("ccache",), apt=f'echo "$*" >>{calls}; exit 100')
        self.run_it()
        installs = [line for line in calls.read_text().splitlines() if " install " in line]
        self.assertEqual(len(installs), 1)
        self.assertTrue(installs[0].endswith(" ccache"), installs[0])

    def test_no_apt_and_a_command_missing(self):
        (self.bin / "ninja").unlink()
        self.refused(self.run_it(), "'ninja' is missing", "ninja-build")

    def test_no_apt_and_no_vulkan(self):
        if os.uname().machine not in ("x86_64", "aarch64"):
            self.skipTest("another sentence on this machine")
        self.refused(self.run_it(), "glslang", "no apt-get", "VULKAN_SDK")

    def test_unknown_machine(self):
        self.pretend_debian()
        self.pretend("uname", "echo riscv64")
        self.refused(self.run_it(), "riscv64", "VULKAN_SDK")

    @unittest.skipUnless(list(pathlib.Path("/usr/share/keyrings").glob("debian-archive-keyring.*")), "no Debian keys here")
    def test_no_network_for_the_toolchain(self):
        self.pretend_debian()
        self.pretend("uname", "echo x86_64")
        self.refused(self.run_it(), "could not download", "network", "VULKAN_SDK")
        self.assertEqual([p.name for p in self.cache.iterdir()], [".lock"])

    def test_cache_that_cannot_be_written(self):
        self.pretend_debian()
        self.pretend("uname", "echo x86_64")
        (self.root / "file").touch()
        self.refused(self.run_it(LOWTIDE_CACHE=str(self.root / "file" / "cache")), "cannot write", "LOWTIDE_CACHE")

    def test_sdk_that_is_none(self):
        self.refused(self.run_it(VULKAN_SDK=str(self.root)), "VULKAN_SDK=", "bin/glslang", "unset")

    def test_sdk_that_is_too_old(self):
        sdk = self.pretend_sdk("11:12.0.0")
        self.refused(self.run_it(VULKAN_SDK=str(sdk)), "older than 15")

    def test_sdk_with_volk_in_a_folder_of_its_own(self):
        self.assertEqual(self.run_it(VULKAN_SDK=str(self.pretend_sdk(volk="Volk/volk.h")))[0], 0)

    @unittest.skipIf(os.path.exists("/usr/include/volk.h"), "the system's volk.h stands in")
    def test_sdk_without_volk(self):
        sdk = self.pretend_sdk()
        (sdk / "include/volk.h").unlink()
        self.refused(self.run_it(VULKAN_SDK=str(sdk)), "no volk.h", "volk component")

    def test_sdk(self):
        sdk = self.pretend_sdk()
        self.assertEqual(self.run_it(VULKAN_SDK=str(sdk))[0], 0)
        env, cmake = self.checkout / "build/env", self.checkout / "build/setup.cmake"
        self.assertIn("LOWTIDE_VULKAN_SOURCE=sdk\n", env.read_text())
        self.assertIn(f"VK_ADD_LAYER_PATH={sdk}/share/vulkan/explicit_layer.d\n", env.read_text())
        self.assertIn(f'set(LOWTIDE_VULKAN_TOOLS "{sdk}/bin")\n', cmake.read_text())
        before = env.stat().st_mtime_ns, cmake.stat().st_mtime_ns
        self.assertEqual(self.run_it(VULKAN_SDK=str(sdk))[0], 0)
        self.assertEqual((env.stat().st_mtime_ns, cmake.stat().st_mtime_ns), before)


if __name__ == "__main__":
    unittest.main()
