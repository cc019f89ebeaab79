# SPDX-License-Identifier: Apache-2.0
"""classify_image_test.py PROGRAM FOLDER: the sample's five lines for small.png (make_model) and the class that they must
start with, and its words for files that are not there or are no images."""
import pathlib
import re
import subprocess
import sys

program, folder = sys.argv[1], pathlib.Path(sys.argv[2])
model = str(folder / "small.safetensors")


def run(*arguments):
    return subprocess.run([program, *arguments], capture_output=True, text=True, timeout=300)


good = run(model, str(folder / "small.png"))
assert good.returncode == 0, good.stderr
rows = [re.fullmatch(r" *(\d+\.\d) %  (\d+) class (\d+)", line) for line in good.stdout.splitlines()]
assert len(rows) == 5 and all(rows), good.stdout
shares = [float(row[1]) for row in rows]
assert shares == sorted(shares, reverse=True) and 0 < sum(shares) <= 100.5, good.stdout
assert all(row[2] == row[3] for row in rows) and len({row[2] for row in rows}) == 5, good.stdout
expected = (folder / "expected.txt").read_text().split()
assert [row[2] for row in rows] == expected[:5], (good.stdout, expected)

jpeg = folder / "small.jpg"
same = run(model, str(jpeg))
assert same.returncode == 0 and len(same.stdout.splitlines()) == 5, same.stderr

for arguments, words in [((model, "no_such.png"), "no_such.png"), (("no_such", str(folder / "small.png")), "no_such"),
                         ((model, model), ""), ((), "usage")]:
    bad = run(*arguments)
    assert bad.returncode == 1 and words in bad.stderr and bad.stderr.strip(), (arguments, bad)
