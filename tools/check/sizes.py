#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Hard caps: C++ files 400 lines, shaders 250, C++ functions 60, CMakeLists.txt of the root 150, READMEs of folders 60.
Exceptions stand with a reason in tools/check/sizes.allow, one a line: PATH or PATH:FUNCTION, then the reason. The two folders that know
Vulkan, engine/vk and engine/runtime, have a joint budget of 4,000 lines (target 3,000)."""
import re

import tree

FUNCTION = re.compile(r"^(?!\s)(?!namespace|struct|class|enum|union|extern|using|typedef|static_assert|#|//|\}|template\s*<[^>]*>\s*$)"
                      r"[^;=]*?\b([A-Za-z_][\w:~]*)\s*\([^;]*\)[^;]*\{\s*$")


def allowed():
    rows = {}
    for line in tree.text("tools/check/sizes.allow").split("\n"):
        if line.strip() and not line.startswith("#"):
            place, _, reason = line.strip().partition(" ")
            rows[place] = reason.strip()
    return rows


def long_functions(lines):
    """(name, lines) of functions at column 0 that end with a brace at column 0 (clang-format sees to that)."""
    start = name = None
    header = ""
    for number, line in enumerate(lines):
        if start is None:
            header = line if re.match(r"^\S", line) else header + " " + line.strip()
            match = FUNCTION.match(header) if line.rstrip().endswith("{") else None
            if match:
                start, name = number, match.group(1)
        elif line.startswith("}"):
            yield name, number - start + 1
            start = None


def main():
    allow = allowed()
    problems = [f"sizes.allow: '{place}' needs a reason" for place, reason in allow.items() if not reason]
    used = set()

    def check(place, count, cap, what):
        if count <= cap:
            return
        if place in allow:
            used.add(place)
        else:
            problems.append(f"{place}: {count} lines, and {what} has at most {cap}")

    vulkan_lines = 0
    for path in tree.files(".hpp", ".cpp", ".h", ".comp", ".glsl", "CMakeLists.txt", "README.md"):
        lines = tree.text(path).split("\n")
        if lines and not lines[-1]:
            lines.pop()
        name = str(path)
        if name.startswith(("engine/vk/", "engine/runtime/")):
            vulkan_lines += len(lines)
        if path.suffix in (".comp", ".glsl"):
            check(name, len(lines), 250, "a shader")
        elif path.suffix in (".hpp", ".cpp", ".h"):
            check(name, len(lines), 400, "a C++ file")
            for function, count in long_functions(lines):
                check(f"{name}:{function}", count, 60, "a function")
        elif name == "CMakeLists.txt":
            check(name, len(lines), 150, "the root's CMakeLists.txt")
        elif path.name == "README.md" and name != "README.md":
            check(name, len(lines), 60, "a folder's README")
    check("engine/vk+engine/runtime", vulkan_lines, 4000, "the part that knows Vulkan")
    problems += [f"sizes.allow: '{place}' is not needed any more" for place in sorted(set(allow) - used) if allow[place]]
    tree.report("sizes", problems)


main()
