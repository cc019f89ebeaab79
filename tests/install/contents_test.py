#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""contents_test.py INCLUDE_DIR PROGRAM LIBRARY: what the installed runtime library shows and holds. Its public headers reach no trainer and
no JSON, TOML or image library; a program linked to it, and the shared library, hold none of them."""
import pathlib
import re
import sys

ROOTS = ("lowtide.h", "engine/infer/lowtide.h", "engine/infer/session.hpp")
FOREIGN = re.compile(r"nlohmann|toml|png|jpe?g|zlib|matio|vulkan|volk")
INSIDE = (b"7lowtide7trainer", b"libpng", b"libjpeg", b"libz.so", b"libmatio", b"toml::")


def reached(folder):
    """(quoted, angled) names of everything that the public headers include."""
    quoted, angled, left = set(), set(), list(ROOTS)
    while left:
        name = left.pop()
        if name in quoted:
            continue
        quoted.add(name)
        text = (folder / name).read_text(encoding="utf-8")
        angled.update(re.findall(r"^\s*#\s*include <([^>]+)>", text, re.M))
        left += [found for found in re.findall(r'^\s*#\s*include "([^"]+)"', text, re.M)]
    return quoted, angled


def main():
    folder, program, library = map(pathlib.Path, sys.argv[1:])
    quoted, angled = reached(folder)
    problems = [f"the public headers reach {name}" for name in sorted(quoted) if name.startswith(("trainer/", "engine/vk/api"))]
    problems += [f"the public headers include <{name}>" for name in sorted(angled) if FOREIGN.search(name)]
    if len(quoted) < 10 or not angled:
        problems.append(f"only {len(quoted)} headers were found below {folder}")
    for file in (program, library):
        content = file.read_bytes()
        problems += [f"{file.name} holds {text.decode()}" for text in INSIDE if text in content]
        if b"lowtide_open" not in content:
            problems.append(f"{file.name} is not linked to lowtide")
    for problem in problems:
        print(f"contents: {problem}", file=sys.stderr)
    sys.exit(1 if problems else 0)


main()
