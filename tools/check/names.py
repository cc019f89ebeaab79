#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Naming: file names, first lines, namespaces, shader headers, kernel names."""
import re

import tree

HEADER = [  # the lines of a shader's header after the licence line: pattern, what it must say
    (re.compile(r"^// \w.*\.  \S|^// \w.*\.$"), "the kernel and its formula"),
    (re.compile(r"^// .+"), "shapes and layouts"),
    (re.compile(r"^// one .+"), "who computes what ('one invocation = ...', 'one workgroup ...')"),
    (re.compile(r"^// needs: .+"), "preconditions ('needs: ...')"),
    (re.compile(r"^// (reads|writes|updates) .+; accumulate: (yes|no)"), "effects ('reads x, writes y; accumulate: no')"),
    (re.compile(r"^// reference: \S+"), "the oracle ('reference: engine/reference/...')"),
]


def shader_header(path, lines):
    comments = []
    for line in lines[1:]:
        if not line.startswith("//"):
            break
        comments.append(line)
    position = 0
    for pattern, meaning in HEADER:
        while position < len(comments) and not pattern.match(comments[position]):
            position += 1
        if position == len(comments):
            return f"{path}: the header lacks {meaning}"
        position += 1
    reference = re.search(r"// reference: (\S+)", "\n".join(comments)).group(1)
    if not (tree.ROOT / reference).is_file():
        return f"{path}: the reference {reference} does not exist"
    return None


def expected_namespace(path):
    parts = path.parts
    if parts[0] == "engine" and parts[1] not in ("base", "tensor", "kernel"):
        return "lowtide::" + parts[1]
    if parts[0] == "trainer":
        return "lowtide::trainer"
    return "lowtide"


def main():
    problems = []
    for path in tree.files(".hpp", ".cpp", ".h", ".comp", ".glsl"):
        if not re.fullmatch(r"[a-z0-9_.]+", path.name):
            problems.append(f"{path}: file names are snake_case")
        content = tree.text(path)
        lines = content.split("\n")
        if lines[0] != "// SPDX-License-Identifier: Apache-2.0":
            problems.append(f"{path}: the first line must be '// SPDX-License-Identifier: Apache-2.0'")
        elif not lines[1].startswith(("//", "/*")):
            problems.append(f"{path}: the second line must say what the file is for")
        if path.suffix == ".hpp" and "#pragma once" not in content:
            problems.append(f"{path}: headers start with #pragma once")
        if path.suffix == ".comp" and path.parts[:3] != ("shaders", "lib", "probe"):
            problem = shader_header(path, lines)
            if problem:
                problems.append(problem)
        if path.parts[0] in ("engine", "trainer") and path.suffix == ".hpp" and str(path) != "engine/vk/api.hpp":
            if f"namespace {expected_namespace(path)}" not in content:
                problems.append(f"{path}: declares nothing in namespace {expected_namespace(path)}")
        if re.search(r"^\s*//\s*(TODO|FIXME|XXX)\b(?!\()", content, re.M):
            problems.append(f"{path}: TODO(reason) must name the condition that removes it")
    for path in tree.files("kernels.cmake", under="shaders"):
        names = re.findall(r"^lowtide_kernel\((\w+)", tree.text(path), re.M)
        passes = ("forward", "backward_input", "backward_weight", "update")
        for name in names:
            if not name.startswith(path.parent.name + "_"):
                problems.append(f"{path}: {name} must start with the folder's name")
            if not any(f"_{p}" in name for p in passes):
                problems.append(f"{path}: {name} names no pass ({', '.join(passes)})")
    tree.report("names", problems)


main()
