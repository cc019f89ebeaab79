#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""tools/bench/peer_infer.py with a pretended program and a pretended peer whose times are known: the ratios by hand, that
they take turns, the files that it writes; and its sentences where something is missing."""
import csv
import pathlib
import subprocess
import sys
import tempfile
import unittest

SCRIPT = pathlib.Path(__file__).resolve().parents[2] / "tools" / "bench" / "peer_infer.py"

# Each run of ours takes 3, then 6, then 9 ms ...; the eager peer always 10, the frozen one 4 ms.
OURS = """#!{python}
import sys
log = open({log!r}, "a+")
if sys.argv[1] == "export":
    open(sys.argv[sys.argv.index("--output") + 1], "w").write("model")
    sys.exit(0)
log.seek(0)
turn = log.read().count("ours")
log.write("ours\\n")
with open(sys.argv[sys.argv.index("--csv") + 1], "w") as file:
    file.write('network,device,driver,batch,median_ms,best_ms\\nresnet18,"a, b",driver,1,%d,%d\\n' % (3 * turn, 2 * turn))
"""
PEER = """#!{python}
import sys
if sys.argv[1] == "-c":
    sys.exit(0)
ms = 10 if sys.argv[3] == "torch eager" else 4
print("Pretended 1.0", flush=True)
for line in sys.stdin:
    open({log!r}, "a").write(sys.argv[3] + "\\n")
    print(ms / 1e3, ms / 1e3, 2 * ms / 1e3, flush=True)
"""


class PeerInfer(unittest.TestCase):
    def setUp(self):
        temporary = tempfile.TemporaryDirectory()
        self.addCleanup(temporary.cleanup)
        self.folder = pathlib.Path(temporary.name)
        self.log = self.folder / "log"
        for name, text in (("lowtide", OURS), ("python", PEER)):
            path = self.folder / name
            path.write_text(text.format(python=sys.executable, log=str(self.log)))
            path.chmod(0o755)

    def run_it(self, *arguments):
        command = [sys.executable, SCRIPT, "--lowtide", self.folder / "lowtide", "--python", self.folder / "python", *arguments]
        return subprocess.run([str(word) for word in command], capture_output=True, text=True)

    def test_ratios_by_hand(self):
        done = self.run_it("--rounds", "3", "--seconds", "0.1", "--threads", "1", "--output", self.folder / "out")
        self.assertEqual(done.returncode, 0, done.stderr)
        # The warm-up is turn 0; the rounds take 3, 6 and 9 ms: over 10 ms 0.3, 0.6, 0.9, over 4 ms 0.75, 1.5, 2.25.
        self.assertEqual(self.log.read_text().split("\n")[:-1], ["ours"] + ["ours", "torch eager", "torch frozen"] * 3)
        with (self.folder / "out.csv").open(newline="") as file:
            head, *rows = csv.reader(file)
        self.assertEqual(head[2:], ["median ms", "best ms", "lowtide / peer", "in the rounds"])
        self.assertEqual(rows[0], ["lowtide, packed resnet18", "a, b, driver", "6.00", "2.00", "", ""])
        self.assertEqual(rows[1][1:], ["Pretended 1.0", "10.00", "10.00", "0.600", "0.300 to 0.900"])
        self.assertEqual(rows[2][1:], ["Pretended 1.0", "4.00", "4.00", "1.500", "0.750 to 2.250"])
        self.assertEqual((self.folder / "out.md").read_text(), done.stdout)
        self.assertIn("ResNet-18, 224x224, batch 1, 1 threads", done.stdout)
        self.assertEqual(done.stdout.count("| 0.600 | 0.300 to 0.900 |"), 1)

    def test_sentences(self):
        for arguments, words in ((("--lowtide", self.folder / "none"), "name it with --lowtide"),
                                 (("--python", self.folder / "none"), "python3-torch"),
                                 (("--rounds", "0"), "above 0"), (("--threads", "100000"), "from 1 to")):
            done = self.run_it(*arguments)
            self.assertEqual((done.returncode, done.stdout), (1, ""), arguments)
            self.assertTrue(done.stderr.startswith("peer_infer: ") and words in done.stderr, done.stderr)
            self.assertEqual(done.stderr.count("\n"), 1, done.stderr)

    def test_a_peer_that_dies(self):
        (self.folder / "python").write_text(f"#!/bin/sh\n[ \"$1\" = -c ]\n")
        done = self.run_it("--threads", "1")
        self.assertEqual(done.returncode, 1)
        self.assertIn("ended with status 1", done.stderr)


if __name__ == "__main__":
    unittest.main()
