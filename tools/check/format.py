#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""C++ formatting by clang-format 14, the pinned version. `--fix` rewrites the files."""
import subprocess
import sys

import tree


def main():
    fix = "--fix" in sys.argv[1:]
    found = None
    for name in ("clang-format-14", "clang-format"):
        try:
            version = subprocess.run([name, "--version"], capture_output=True, text=True, check=True).stdout
        except (OSError, subprocess.CalledProcessError):
            continue
        if " 14." in version:
            found = name
            break
    if found is None:
        print("format: clang-format 14 is not installed; the check is skipped")
        return
    paths = [str(path) for path in tree.files(".hpp", ".cpp") if not str(path).startswith("build/")]
    if fix:
        subprocess.run([found, "-i", *paths], cwd=tree.ROOT, check=True)
        return
    result = subprocess.run([found, "--dry-run", *paths], cwd=tree.ROOT, capture_output=True, text=True)
    broken = sorted({line.split(":")[0] for line in result.stderr.split("\n") if "[-Wclang-format-violations]" in line})
    tree.report("format", [f"{path}: run tools/check/format.py --fix" for path in broken])


main()
