# SPDX-License-Identifier: Apache-2.0
"""What the checks share: the files of the tree, and how a check reports."""
import pathlib
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent


def files(*suffixes, under=""):
    """Tracked and untracked-but-not-ignored files with one of the suffixes, relative to the root, sorted."""
    listed = subprocess.run(["git", "ls-files", "-co", "--exclude-standard", under or "."], cwd=ROOT, check=True,
                            capture_output=True, text=True).stdout.split("\n")
    found = [pathlib.Path(name) for name in listed if name and (ROOT / name).is_file()]
    return sorted(path for path in found if not suffixes or path.name.endswith(suffixes))


def text(path):
    return (ROOT / path).read_text(encoding="utf-8", errors="replace")


def report(name, problems):
    """Prints the problems and ends the program: status 1 when there is one."""
    for problem in problems:
        print(f"{name}: {problem}")
    print(f"{name}: {len(problems)} problem{'s' if len(problems) != 1 else ''}")
    sys.exit(1 if problems else 0)
