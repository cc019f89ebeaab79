#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""tools/reproduce with a stand-in for the program: tables are well formed, runs are kept, resumed and refused, results
are the numbers that the runs gave."""
import contextlib
import importlib.machinery
import importlib.util
import io
import json
import pathlib
import sys
import tempfile
import textwrap
import tomllib
import unittest

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.dont_write_bytecode = True
loader = importlib.machinery.SourceFileLoader("reproduce", str(ROOT / "tools" / "reproduce"))
reproduce = importlib.util.module_from_spec(importlib.util.spec_from_loader("reproduce", loader))
loader.exec_module(reproduce)

# Writes two epochs of metrics whose accuracy depends on the seed and the width; notes how it was called. Where `stop`
# lies beside it, ends as a run that was interrupted; where `break` does, as one that failed.
PROGRAM = """\
    #!/usr/bin/env python3
    import json, pathlib, sys
    here = pathlib.Path(__file__).parent
    words = sys.argv[1:]
    folder = pathlib.Path(words[words.index("--run-dir") + 1])
    changes = dict(words[i + 1].split("=", 1) for i, word in enumerate(words) if word == "--set")
    with open(here / "calls", "a") as file:
        file.write(json.dumps(words) + "\\n")
    if (here / "break").exists():
        print("recipe.toml: unknown key")
        sys.exit(1)
    (folder / "checkpoints").mkdir(parents=True, exist_ok=True)
    (folder / "checkpoints" / "last.safetensors").write_text("")
    if (here / "stop").exists():
        sys.exit(130)
    accuracy = 0.5 + 0.1 * float(changes["network.width"]) + 0.02 * int(changes["seed"])
    print("device 0: fake | driver fake 1.0 | software")
    with open(folder / "metrics.jsonl", "w") as file:
        for epoch, target, test in [(0, 0, 0.99), (1, 1, accuracy + 0.1), (2, 1, accuracy)]:
            file.write(json.dumps({"kind": "epoch", "epoch": epoch, "target": target, "test_accuracy": test}) + "\\n")
"""

TABLE = """\
    title = "A table"
    source = "Somebody 2020, table 1"
    mark = "READ"
    recipe = "recipe.toml"
    [[columns]]
    label = "narrow"
    set = ["network.width=1"]
    [[columns]]
    label = "wide"
    set = ["network.width=2"]
    [[rows]]
    label = "1/1"
    set = ["quantization.weight_bits=1"]
    published = [60.5, 0]
    [[rows]]
    label = "2/2"
"""

RECIPE = """\
    [schedule]
    milestones = [60, 120, 121]
    interval_epochs = 40
    [training]
    epochs = 200
"""


class Reproduce(unittest.TestCase):
    def setUp(self):
        temporary = tempfile.TemporaryDirectory()
        self.addCleanup(temporary.cleanup)
        self.folder = pathlib.Path(temporary.name)
        for name, value in (("ROOT", self.folder), ("TABLES", self.folder)):
            self.addCleanup(setattr, reproduce, name, getattr(reproduce, name))
            setattr(reproduce, name, value)
        (self.folder / "table.toml").write_text(textwrap.dedent(TABLE))
        (self.folder / "recipe.toml").write_text(textwrap.dedent(RECIPE))
        self.program = self.folder / "program"
        self.program.write_text(textwrap.dedent(PROGRAM))
        self.program.chmod(0o755)

    def run_it(self, *words):
        out, err = io.StringIO(), io.StringIO()
        with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
            status = reproduce.main(["table", "--program", str(self.program), "--out", str(self.folder / "out"), *words])
        return status, out.getvalue() + err.getvalue()

    def calls(self):
        path = self.folder / "calls"
        return [json.loads(line) for line in path.read_text().splitlines()] if path.exists() else []

    def test_writes_mean_and_spread_beside_the_published_number(self):
        status, text = self.run_it("--rows", "1/1", "--seeds", "2")
        self.assertEqual(status, 0, text)
        markdown = (self.folder / "out" / "table.md").read_text()
        self.assertIn("| 1/1 | narrow | 60.50 | [READ] | 63.00 ± 1.41 | 73.00 ± 1.41 | 2 |", markdown)
        self.assertIn("| 1/1 | wide |  |  | 73.00 ± 1.41 |", markdown)
        self.assertIn("Device: fake, fake 1.0.", markdown)
        rows = (self.folder / "out" / "table.csv").read_text().splitlines()
        self.assertEqual(len(rows), 3)
        self.assertTrue(rows[1].startswith("1/1,narrow,60.50,READ,63.00"))

    def test_a_second_run_trains_nothing(self):
        self.run_it("--seeds", "1")
        self.assertEqual(len(self.calls()), 4)
        status, _ = self.run_it("--seeds", "1")
        self.assertEqual((status, len(self.calls())), (0, 4))

    def test_goes_on_where_it_was_stopped(self):
        (self.folder / "stop").write_text("")
        status, text = self.run_it("--seeds", "1")
        self.assertEqual(status, 130)
        self.assertIn("goes on from here", text)
        (self.folder / "stop").unlink()
        status, _ = self.run_it("--seeds", "1")
        self.assertEqual(status, 0)
        self.assertIn("--resume", self.calls()[1])
        self.assertNotIn("--resume", self.calls()[2])

    def test_refuses_a_folder_of_other_settings(self):
        self.run_it("--seeds", "1", "--rows", "2/2", "--columns", "narrow")
        status, text = self.run_it("--seeds", "1", "--rows", "2/2", "--columns", "narrow", "--epochs", "5")
        self.assertEqual(status, 1)
        self.assertIn("other settings", text)
        status, _ = self.run_it("--seeds", "1", "--rows", "2/2", "--columns", "narrow", "--epochs", "5", "--replace")
        self.assertEqual((status, len(self.calls())), (0, 2))

    def test_a_failed_run_is_said_and_the_others_go_on(self):
        (self.folder / "break").write_text("")
        status, text = self.run_it("--seeds", "1")
        self.assertEqual(status, 1)
        self.assertEqual(len(self.calls()), 4)
        self.assertIn("unknown key", text)

    def test_fewer_epochs_shrink_every_number_of_epochs(self):
        text = (self.folder / "recipe.toml").read_text()
        self.assertEqual(reproduce.scaled_epochs(text, [], 20, None),
                         ["training.epochs=20", "schedule.milestones=[6, 12]", "schedule.interval_epochs=4.0"])
        self.assertIn("progressive.epochs=[1, 3]", reproduce.scaled_epochs(text, ["progressive.epochs=[10, 30]"], 20, 200))

    def test_unknown_names_are_sentences(self):
        for words, expected in ((["--rows", "9/9"], "rows are 1/1, 2/2"), (["--program", "/nowhere"], "no program")):
            status, text = self.run_it(*words)
            self.assertEqual(status, 1)
            self.assertIn(expected, text)


class Tables(unittest.TestCase):
    """The tables of the tree: every cell has its recipe, every published number a mark."""

    def test_every_table_can_be_read(self):
        paths = sorted((ROOT / "tools" / "tables").glob("*.toml"))
        self.assertTrue(paths)
        for path in paths:
            with self.subTest(path.stem):
                table, cells = reproduce.read_table(path.stem)
                self.assertTrue(table["title"] and table["source"] and cells)
                labels = [(cell.row, cell.column) for cell in cells]
                self.assertEqual(len(labels), len(set(labels)), "two cells of the same name")
                for cell in cells:
                    self.assertTrue(cell.published is None or 1 < cell.published < 100, cell.row)
                    text = cell.recipe.read_text(encoding="utf-8")
                    tomllib.loads(text)
                    self.assertTrue(reproduce.scaled_epochs(text, cell.changes, 2, cell.full_epochs))


if __name__ == "__main__":
    unittest.main()
