#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""tools/bench/suite.py and peer_torch.py with a pretended program and a pretended peer whose times are known: the tables
that they write, the shapes that the peer is asked for, ratios and means by hand; sentences where something is missing."""
import csv
import json
import pathlib
import subprocess
import sys
import tempfile
import unittest

BENCH = pathlib.Path(__file__).resolve().parents[2] / "tools" / "bench"
sys.path.insert(0, str(BENCH))
import peer_torch  # noqa: E402

OURS = """#!{python}
import sys
words = sys.argv[1:]
open({log!r}, "a").write(" ".join(words) + "\\n")
if words[0] == "export":
    open(words[words.index("--output") + 1], "w").write("model")
    sys.exit(0)
head, row = "device,driver,median_ms,spread", '"a, b",driver,%s,0.1'
if "--ceilings" in words:
    head, row = "ceiling,best," + head, "fma_f32,9," + row % 1
elif "--layers" in words:
    if words[words.index("--filter") + 1] == "conv2d":
        head = "kind,node,count,inputs,outputs,parameters," + head
        row = 'conv2d,c1,2,"f32[1, 8, 8, 3] f32[4, 3, 3, 3]","f32[1, 8, 8, 4]","stride_h=1 stride_w=1 pad_h=1 pad_w=1 groups=1",' + row % 2
    else:
        if {fails}:
            sys.exit("no op has 'linear' in its name")
        head, row = "kind," + head, None
elif "--steps" in words:
    head, row = "step,batch," + head, "f32,128," + row % 8 + "\\nlow,128," + row % 6
else:
    head, row = "network,batch," + head, "resnet18,1," + row % 3
with open(words[words.index("--csv") + 1], "w") as file:
    file.write(head + "\\n" + (row + "\\n" if row else ""))
"""
PEER = """#!{python}
import json, sys
print(json.dumps({{"version": "Pretended 1.0"}}), flush=True)
for line in sys.stdin:
    task = json.loads(line)
    open({log!r}, "a").write(line)
    if "step" in task and task["step"]["mode"] == "graph":
        print(json.dumps({{"error": "no graphs here"}}), flush=True)
    else:
        print(json.dumps({{"median": 4.0 if "layer" in task else 12.0, "spread": 0.5}}), flush=True)
"""


class Suite(unittest.TestCase):
    def setUp(self):
        temporary = tempfile.TemporaryDirectory()
        self.addCleanup(temporary.cleanup)
        self.folder = pathlib.Path(temporary.name)
        self.output = self.folder / "out"

    def program(self, name, text, **fields):
        path = self.folder / name
        path.write_text(text.format(python=sys.executable, log=str(self.folder / (name + ".log")), **fields))
        path.chmod(0o755)
        return path

    def run_it(self, script, *arguments):
        command = [sys.executable, BENCH / script, *arguments]
        return subprocess.run([str(word) for word in command], capture_output=True, text=True)

    def suite(self, *arguments, fails=False):
        return self.run_it("suite.py", self.output, "--lowtide", self.program("lowtide", OURS, fails=fails), *arguments)

    def rows(self, name):
        with (self.output / name).open(newline="") as file:
            return list(csv.DictReader(file))

    def test_every_part_is_written(self):
        done = self.suite()
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertEqual([row["ceiling"] for row in self.rows("ceilings.csv")], ["fma_f32"])
        layers = self.rows("layers.csv")
        self.assertEqual(len(layers), 16)  # 4 networks, 2 batches, 2 precisions
        self.assertEqual({row["batch"] for row in layers}, {"1", "128"})
        steps = self.rows("steps.csv")
        self.assertEqual([(row["variant"], row["beside"]) for row in steps[:4]],
                         [("fp32", "fp16"), ("fp16", "fp16"), ("fp32", "w2a2"), ("w2a2", "w2a2")])
        self.assertEqual(len(self.rows("models.csv")), 8)
        report = (self.output / "report.md").read_text()
        for text in ("a, b", "## ceilings", "## layers", "## steps", "## models", "| fma_f32 | 9 |"):
            self.assertIn(text, report)
        self.assertNotIn("Left out", report)
        log = (self.folder / "lowtide.log").read_text()
        self.assertIn("--set training.precision=mixed", log)
        self.assertIn("--image 224 224 3 --classes 1000", log)

    def test_time_that_is_over_is_said(self):
        done = self.suite("--minutes", "1e-12", "--parts", "ceilings", "models")
        self.assertEqual(done.returncode, 1)
        self.assertIn("no bench gave a row", done.stderr)
        self.assertIn("- packed 1-bit resnet18", (self.output / "report.md").read_text())

    def test_failures_are_said(self):
        done = self.suite("--parts", "layers", fails=True)
        self.assertEqual(done.returncode, 1)
        self.assertIn("no op has 'linear' in its name", (self.output / "report.md").read_text())
        self.assertEqual(len(self.rows("layers.csv")), 16)  # what ran is kept

    def test_missing_program(self):
        done = self.run_it("suite.py", self.output, "--lowtide", self.folder / "none")
        self.assertEqual(done.returncode, 1)
        self.assertIn("build it", done.stderr)

    def test_peer_by_hand(self):
        self.assertEqual(self.suite("--parts", "layers", "steps").returncode, 0)
        done = self.run_it("peer_torch.py", self.output, "--python", self.program("python", PEER))
        self.assertEqual(done.returncode, 0, done.stderr)
        rows = self.rows("peers.csv")
        self.assertEqual({row["ratio"] for row in rows if "conv2d" in row["what"]}, {"0.500"})  # 2 over 4 ms
        # The row in full precision takes 8, the other 6 ms, over 12 ms.
        steps = [row for row in rows if row["what"].startswith("step of cnv, w1a1")]
        self.assertEqual([(row["mode"], row["ratio"], row["note"]) for row in steps],
                         [("eager", "0.500", ""), ("compiled", "0.500", ""), ("graph", "", "no graphs here")])
        self.assertIn("| steps, eager, fp32 | 0.667 | 12 |", (self.output / "peers.md").read_text())
        asked = [json.loads(line) for line in (self.folder / "python.log").read_text().splitlines()]
        self.assertEqual(asked[0]["layer"], {"kind": "conv2d", "x": [1, 8, 8, 3], "w": [4, 3, 3, 3], "y": [1, 8, 8, 4], "groups": 1,
                                             "precision": "fp32", "stride": [1, 1], "pad": [1, 1], "dilation": [1, 1]})

    def test_peer_without_tables(self):
        self.output.mkdir()
        done = self.run_it("peer_torch.py", self.output)
        self.assertEqual(done.returncode, 1)
        self.assertIn("run tools/bench/suite.py", done.stderr)

    def test_gradients_know_their_operands(self):
        row = {"precision": "fp32", "inputs": "f32[4, 3, 3, 2] f32[1, 5, 5, 4]", "outputs": "f32[1, 9, 9, 2]",
               "parameters": "stride_h=2 stride_w=2 pad_h=1 pad_w=1 output_scale=0.5 h=9 w=9", "kind": "conv2d_backward_input"}
        layer = peer_torch.layer_of(row)
        self.assertEqual((layer["x"], layer["w"], layer["y"]), ([1, 9, 9, 2], [4, 3, 3, 2], [1, 5, 5, 4]))
        self.assertEqual((layer["stride"], layer["dilation"]), ((2, 2), (1, 1)))
        self.assertIsNone(peer_torch.layer_of({**row, "kind": "relu"}))

    def test_geometric_mean_by_hand(self):
        rows = [{"group": "a", "ratio": "0.5"}, {"group": "a", "ratio": "2"}, {"group": "b", "ratio": ""}]
        self.assertEqual(peer_torch.geometric_means(rows), [("a", 1.0, 2)])


if __name__ == "__main__":
    unittest.main()
