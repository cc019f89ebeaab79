#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""tools/get_data against mirrors on disk: what is right is kept, what is not is refused and leaves nothing behind."""
import contextlib
import hashlib
import importlib.machinery
import importlib.util
import io
import pathlib
import sys
import tarfile
import tempfile
import unittest

SCRIPT = pathlib.Path(__file__).resolve().parents[2] / "tools" / "get_data"
sys.dont_write_bytecode = True
loader = importlib.machinery.SourceFileLoader("get_data", str(SCRIPT))
get_data = importlib.util.module_from_spec(importlib.util.spec_from_loader("get_data", loader))
loader.exec_module(get_data)


def md5(data):
    return hashlib.md5(data).hexdigest()


def archive(entries):
    """A .tar.gz of (name, bytes) files."""
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w:gz") as tar:
        for name, data in entries:
            info = tarfile.TarInfo(name)
            info.size = len(data)
            tar.addfile(info, io.BytesIO(data))
    return out.getvalue()


class GetData(unittest.TestCase):
    def setUp(self):
        self.temporary = tempfile.TemporaryDirectory()
        self.addCleanup(self.temporary.cleanup)
        self.root = pathlib.Path(self.temporary.name)
        self.target = self.root / "data"
        self.saved = get_data.SETS
        self.addCleanup(lambda: setattr(get_data, "SETS", self.saved))
        self.one, self.two = b"first" * 1000, b"second" * 500
        files = {"a.gz": md5(self.one), "b.gz": md5(self.two)}
        get_data.SETS = {"plain": get_data.Set("plain", ["file:///nowhere/"], files)}
        self.mirror("plain", "a.gz", self.one)
        self.mirror("plain", "b.gz", self.two)

    def mirror(self, name, file, data):
        path = self.root / "mirror" / name / file
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)

    def packed(self, data, members):
        self.mirror("packed", "p.tar.gz", data)
        get_data.SETS = {"packed": get_data.Set("p", [], {"p.tar.gz": md5(data)}, members)}

    def run_it(self, *arguments):
        """(exit status, everything printed) of one run on the mirror."""
        text = io.StringIO()
        with contextlib.redirect_stdout(text), contextlib.redirect_stderr(text):
            status = get_data.main([str(self.target), "--mirror", str(self.root / "mirror"), *arguments])
        return status, text.getvalue()

    def files(self):
        return sorted(str(p.relative_to(self.target)) for p in self.target.rglob("*") if p.is_file())

    def test_takes_what_is_right_once(self):
        self.assertEqual(self.run_it()[0], 0)
        self.assertEqual((self.target / "plain/a.gz").read_bytes(), self.one)
        self.assertEqual(self.files(), ["plain/a.gz", "plain/b.gz"])
        before = (self.target / "plain/a.gz").stat().st_mtime_ns
        (self.root / "mirror/plain/a.gz").unlink()  # the second run must not need it
        status, text = self.run_it()
        self.assertEqual(status, 0)
        self.assertNotIn("downloading", text)
        self.assertEqual((self.target / "plain/a.gz").stat().st_mtime_ns, before)

    def test_replaces_only_the_damaged_file(self):
        self.run_it()
        (self.target / "plain/b.gz").write_bytes(b"damaged")
        self.assertEqual(self.run_it("--check")[0], 1)
        status, text = self.run_it()
        self.assertEqual(status, 0)
        self.assertIn("downloading b.gz", text)
        self.assertNotIn("downloading a.gz", text)
        self.assertEqual((self.target / "plain/b.gz").read_bytes(), self.two)

    def test_refuses_a_wrong_md5(self):
        self.mirror("plain", "b.gz", self.two + b"!")
        status, text = self.run_it()
        self.assertEqual(status, 1)
        self.assertIn(f"expected MD5 {md5(self.two)}, found {md5(self.two + b'!')}", text)
        self.assertEqual(self.files(), ["plain/a.gz"])

    def test_says_what_cannot_be_reached(self):
        (self.root / "mirror/plain/a.gz").unlink()
        status, text = self.run_it()
        self.assertEqual(status, 1)
        self.assertIn("cannot be reached", text)
        self.assertIn("--mirror", text)

    def test_falls_back_to_the_next_mirror(self):
        self.mirror("plain", "a.gz", b"wrong")
        spare = self.root / "spare" / "plain"
        spare.mkdir(parents=True)
        (spare / "a.gz").write_bytes(self.one)
        (spare / "b.gz").write_bytes(self.two)
        self.assertEqual(self.run_it("--mirror", str(self.root / "spare"))[0], 0)
        self.assertEqual((self.target / "plain/a.gz").read_bytes(), self.one)

    def test_unpacks_only_the_named_members(self):
        self.packed(archive([("p/x.bin", self.one), ("../evil", b"e"), ("p/readme", b"r"), ("p/y.bin", self.two)]),
                    {"p/x.bin": (len(self.one), md5(self.one)), "p/y.bin": (len(self.two), None)})
        self.assertEqual(self.run_it()[0], 0)
        self.assertEqual(self.files(), ["p/x.bin", "p/y.bin"])
        self.assertFalse((self.root / "evil").exists())

    def test_refuses_bad_archives(self):
        good = archive([("p/x.bin", self.one)])
        members = {"p/x.bin": (len(self.one), md5(self.one))}
        for data, reason in [
            (good[: len(good) // 2], "not a readable archive"),
            (b"no archive at all", "not a readable archive"),
            (archive([("p/other", self.one)]), "found none"),
            (archive([("p/x.bin", self.one[:-1])]), f"expected {len(self.one)} bytes"),
            (archive([("p/x.bin", self.one[:-1] + b"?")]), md5(self.one[:-1] + b"?")),
        ]:
            with self.subTest(reason=reason):
                self.packed(data, members)
                status, text = self.run_it()
                self.assertEqual(status, 1)
                self.assertIn(reason, text)
                self.assertEqual(self.files(), [])

    def test_published_table_is_well_formed(self):
        self.assertEqual(list(self.saved), ["mnist", "fashion-mnist", "cifar10", "cifar100"])
        for data_set in self.saved.values():
            for digest in data_set.files.values():
                self.assertRegex(digest, "^[0-9a-f]{32}$")


if __name__ == "__main__":
    unittest.main()
