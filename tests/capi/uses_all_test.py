#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""uses_all_test.py HEADER FILE...: every function, status and struct that lowtide.h declares is used by the C test."""
import pathlib
import re
import sys


def declared(header):
    header = re.sub(r"/\*.*?\*/", "", header, flags=re.S)
    functions = re.findall(r"LOWTIDE_API[^;(]*?\b(lowtide_\w+)\s*\(", header)
    enumerators = re.findall(r"\b(LOWTIDE_[A-Z0-9_]+) = ", header)
    structs = re.findall(r"typedef struct (lowtide_\w+) \{(.*?)\}", header, flags=re.S)
    return functions, enumerators, structs


def main():
    header, tests = sys.argv[1], sys.argv[2:]
    functions, enumerators, structs = declared(pathlib.Path(header).read_text(encoding="utf-8"))
    text = "\n".join(pathlib.Path(test).read_text(encoding="utf-8") for test in tests)
    text = re.sub(r"/\*.*?\*/|\"[^\"\n]*\"", "", text, flags=re.S)
    problems = []
    if len(functions) < 35 or len(structs) < 6:
        problems.append(f"found only {len(functions)} functions and {len(structs)} structs: is this lowtide.h?")
    problems += [f"{name} is never called" for name in functions if not re.search(rf"\b{name}\s*\(", text)]
    for name, body in structs:
        if not re.match(r"\s*size_t struct_size;", body):
            problems.append(f"{name} does not start with struct_size")
        if not re.search(rf"\b{name}\b", text):
            problems.append(f"{name} is never used")
    statuses = [name for name in enumerators if not name.startswith(("LOWTIDE_VERSION", "LOWTIDE_FEATURE", "LOWTIDE_DEVICE_"))]
    unreachable = {"LOWTIDE_IO", "LOWTIDE_DEVICE_LOST", "LOWTIDE_NUMERIC", "LOWTIDE_INTERRUPTED", "LOWTIDE_INTERNAL"}
    problems += [f"{name} is never seen" for name in statuses if name not in unreachable and not re.search(rf"\b{name}\b", text)]
    for problem in problems:
        print(f"uses_all: {problem}", file=sys.stderr)
    sys.exit(1 if problems else 0)


main()
