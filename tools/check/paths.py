#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""No absolute path of a machine in the tree, no file that is not meant for it."""
import re

import tree

FORBIDDEN = re.compile(r"(?<![\w.$}/-])/(?:root|home|work|Users)/[\w.]")
TOP_LEVEL = {"CMakeLists.txt", "CMakePresets.json", "README.md", "LICENSE", "CHANGELOG.md", "CONTRIBUTING.md", "engine", "shaders",
             "trainer", "samples", "tests", "tools"}


def main():
    problems = []
    for path in tree.files():
        if path.parts[0] not in TOP_LEVEL and not path.parts[0].startswith("."):
            problems.append(f"{path}: the root holds only {', '.join(sorted(TOP_LEVEL))} and dot-files")
        if path.suffix in (".png", ".jpg", ".gz", ".safetensors", ".spv", ".bin"):
            continue
        for number, line in enumerate(tree.text(path).split("\n"), 1):
            if FORBIDDEN.search(line) and path.name != "paths.py":
                problems.append(f"{path}:{number}: an absolute path of a machine: {line.strip()[:80]}")
    tree.report("paths", problems)


main()
