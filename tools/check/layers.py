#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Every #include of the engine and the trainer against the layer table in engine/LAYERS; cycles of layers and of files; Vulkan only in engine/vk."""
import re

import tree

INCLUDE = re.compile(r'^\s*#\s*include\s+([<"])([^>"]+)[>"]', re.M)


def read_table():
    rows = {}
    for line in tree.text("engine/LAYERS").split("\n"):
        if line and not line.startswith("#"):
            layer, _, allowed = line.partition(":")
            rows[layer.strip()] = set(allowed.split())
    return rows


def layer_of(path):
    parts = str(path).split("/")
    if parts[0] == "engine" and len(parts) > 2:
        return parts[1]
    return {"gen": "gen", "shaders": "shaders", "trainer": "trainer"}.get(parts[0])


def cycle_in(graph):
    """A list of nodes that form a cycle, or None."""
    state = {}

    def visit(node, trail):
        state[node] = "open"
        for following in sorted(graph.get(node, ())):
            if state.get(following) == "open":
                return trail[trail.index(following):] + [following]
            if following not in state:
                found = visit(following, trail + [following])
                if found:
                    return found
        state[node] = "done"
        return None

    for node in sorted(graph):
        if node not in state:
            found = visit(node, [node])
            if found:
                return found
    return None


def main():
    table = read_table()
    problems = []
    cycle = cycle_in(table)
    if cycle:
        problems.append("engine/LAYERS has a cycle: " + " -> ".join(cycle))
    order = list(table)
    for layer, allowed in table.items():
        for other in sorted(allowed - {"gen", "shaders"}):
            if other not in table:
                problems.append(f"engine/LAYERS: the row '{layer}' names '{other}', which has no row")
            elif order.index(other) > order.index(layer):
                problems.append(f"engine/LAYERS: '{other}' must stand above '{layer}', which includes it")
    includes = {}
    sources = [path for folder in ("engine", "trainer") for path in tree.files(".hpp", ".cpp", ".h", under=folder)]
    for path in sources:
        layer = layer_of(path)
        if layer not in table:
            problems.append(f"{path}: the folder '{layer}' has no row in engine/LAYERS")
            continue
        for bracket, name in INCLUDE.findall(tree.text(path)):
            if re.match(r"(vulkan/|volk)", name) and str(path) != "engine/vk/api.hpp":
                problems.append(f"{path}: includes <{name}>; only engine/vk/api.hpp may")
            other = layer_of(name)
            if bracket == '"' and other is None:
                problems.append(f'{path}: "{name}" is not a path from the root of the tree')
            if other is not None and other != layer and other not in table[layer]:
                problems.append(f"{path}: the layer '{layer}' may not include '{name}' (engine/LAYERS)")
            if (tree.ROOT / name).is_file():
                includes.setdefault(str(path), set()).add(name)
    cycle = cycle_in(includes)
    if cycle:
        problems.append("files include each other: " + " -> ".join(cycle))
    tree.report("layers", problems)


main()
