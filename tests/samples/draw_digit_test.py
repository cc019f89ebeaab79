# SPDX-License-Identifier: Apache-2.0
"""draw_digit_test.py PROGRAM MODEL OTHER_MODEL FOLDER: the sample's window on a virtual display (Xvfb), drawn on with
mouse events (xdotool): the classes that it prints, clearing, the next model, quitting, and what the screen shows, which
is kept as FOLDER/draw_digit.png. MODEL: of the glyphs; OTHER_MODEL: of anything. Also the sentences where there is no
display or no model. Exit status 77, skipped: there is no Xvfb or xdotool here."""
import os
import pathlib
import queue
import re
import shutil
import struct
import subprocess
import sys
import threading
import time
import zlib

program, model, other_model, folder = sys.argv[1], sys.argv[2], sys.argv[3], pathlib.Path(sys.argv[4])
CANVAS = (20, 20, 400)  # left, top, edge, as in view.h
INK = (240, 236, 220)

# Drawn by hand: points in the canvas, as shares of its edge. Not where and as large as the training data has them.
GLYPHS = {
    "4": [[(.40, .10), (.12, .52), (.62, .52)], [(.50, .30), (.50, .80)]],
    "T": [[(.20, .35), (.80, .33)], [(.51, .34), (.49, .95)]],
    "L": [[(.60, .20), (.61, .55), (.80, .55)]],
    "7": [[(.30, .30), (.75, .28), (.48, .85)]],
}


class Display:
    """An X server of its own whose screen is a file."""

    def __init__(self):
        reader, writer = os.pipe()
        self.server = subprocess.Popen(
            ["Xvfb", "-displayfd", str(writer), "-screen", "0", "800x600x24", "-fbdir", str(folder), "-nolisten", "tcp"],
            pass_fds=[writer], stdout=subprocess.DEVNULL, stderr=(folder / "xvfb.log").open("w"))
        os.close(writer)
        number = os.fdopen(reader).readline().strip()
        assert number, (folder / "xvfb.log").read_text()
        self.environment = {**os.environ, "DISPLAY": ":" + number}
        self.environment.pop("WAYLAND_DISPLAY", None)

    def tell(self, *words):
        return subprocess.run(["xdotool", *map(str, words)], env=self.environment, check=True, timeout=60,
                              capture_output=True, text=True).stdout

    def screen(self):
        """(width, height, rows of RGB bytes) of the screen's file, which is an XWD picture with 32 bits a pixel."""
        data = (folder / "Xvfb_screen0").read_bytes()
        header = struct.unpack(">25I", data[:100])
        width, height, little, bits, row_bytes, colours = header[4], header[5], header[7] == 0, header[11], header[12], header[19]
        assert bits == 32 and little, header
        start = header[0] + 12 * colours
        rows = []
        for y in range(height):
            row = data[start + y * row_bytes:start + y * row_bytes + 4 * width]
            rgb = bytearray(3 * width)
            rgb[0::3], rgb[1::3], rgb[2::3] = row[2::4], row[1::4], row[0::4]
            rows.append(bytes(rgb))
        return width, height, rows


def write_png(path, width, height, rows):
    def chunk(kind, data):
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
    path.write_bytes(b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", struct.pack(">2I5B", width, height, 8, 2, 0, 0, 0)) +
                     chunk(b"IDAT", zlib.compress(b"".join(b"\0" + row for row in rows))) + chunk(b"IEND", b""))


class Window:
    def __init__(self, display):
        self.display = display
        self.process = subprocess.Popen([program, "--print", model, other_model], env=display.environment,
                                        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        self.lines = queue.Queue()
        threading.Thread(target=lambda: [self.lines.put(line.rstrip("\n")) for line in self.process.stdout],
                         daemon=True).start()
        self.expect(r"model glyphs_w1a1.*: [1-9]\d+ bytes packed")
        self.id = display.tell("search", "--sync", "--onlyvisible", "--name", "^draw_digit$").split()[0]
        place = display.tell("getwindowgeometry", "--shell", self.id)
        self.left, self.top = (int(re.search(rf"{axis}=(-?\d+)", place).group(1)) for axis in "XY")

    def expect(self, pattern):
        try:
            line = self.lines.get(timeout=120)
        except queue.Empty:
            raise AssertionError(f"no line like '{pattern}'; exit status {self.process.poll()}") from None
        found = re.fullmatch(pattern, line)
        assert found, f"expected a line like '{pattern}', found '{line}'"
        return found

    def draw(self, strokes):
        """Returns the last line's match: class, share, milliseconds."""
        place = lambda p: [round(c + CANVAS[i] + p[i] * CANVAS[2]) for i, c in enumerate((self.left, self.top))]
        for number, stroke in enumerate(strokes, 1):
            words = ["mousemove", *place(stroke[0]), "mousedown", 1]
            for a, b in zip(stroke, stroke[1:]):
                for step in range(1, 13):
                    words += ["mousemove", *place([a[i] + (b[i] - a[i]) * step / 12 for i in (0, 1)])]
            self.display.tell(*words, "mouseup", 1)
            found = self.expect(r"glyph (\S+) (\d+\.\d) % of " + str(number) + r" strokes in (\d+\.\d+) ms")
        return found

    def ink(self):
        """Shown pixels of full ink on the canvas, once two frames have passed."""
        time.sleep(0.5)
        width, height, rows = self.display.screen()
        left, top, edge = self.left + CANVAS[0], self.top + CANVAS[1], CANVAS[2]
        count = 0
        for row in rows[top:top + edge]:
            part = row[3 * left:3 * (left + edge)]
            count += sum(part[i:i + 3] == bytes(INK) for i in range(0, len(part), 3))
        return count, (width, height, rows)


def check_window(display):
    window = Window(display)
    for glyph, strokes in GLYPHS.items():
        found = window.draw(strokes)
        assert found.group(1) == glyph and float(found.group(2)) > 50, (glyph, found.group(0))
        assert float(found.group(3)) > 0, found.group(0)
        ink, screen = window.ink()
        assert ink > 3000, (glyph, ink)  # lines 18 pixels thick and hundreds long
        write_png(folder / "draw_digit.png", *screen)
        print(f"drawn {glyph}: {found.group(0)}; {ink} pixels of ink")
        if glyph != "7":
            display.tell("key", "c")
            window.expect("clear")
            ink, _ = window.ink()
            assert ink == 0, (glyph, ink)
    display.tell("key", "Tab")
    window.expect(r"model .*: [1-9]\d+ bytes packed")
    window.expect(r"glyph .+ \d+\.\d % of 1 strokes in .*")
    display.tell("key", "Tab")
    window.expect(r"model glyphs_w1a1.*: [1-9]\d+ bytes packed")
    assert window.expect(r"glyph (\S+) .*").group(1) == "7"
    display.tell("key", "q")
    assert window.process.wait(60) == 0, window.process.stderr.read()


def check_sentences():
    hidden = ("DISPLAY", "WAYLAND_DISPLAY", "SDL_VIDEODRIVER", "XDG_RUNTIME_DIR")
    bare = {key: value for key, value in os.environ.items() if key not in hidden}
    for arguments, status, words in [([model], 1, "expected a display"), ([], 2, "glyphs_w1a1.toml"),
                                     (["no_such_model"], 1, "no_such_model"), ([program], 1, program),
                                     (["--no-such-option"], 2, "--help")]:
        bad = subprocess.run([program, *arguments], capture_output=True, text=True, timeout=120, env=bare)
        assert bad.returncode == status and words in bad.stderr and not bad.stdout, (arguments, bad)
    helped = subprocess.run([program, "--help"], capture_output=True, text=True, timeout=60, env=bare)
    assert helped.returncode == 0 and "usage:" in helped.stdout and "glyphs_w1a1.toml" in helped.stdout, helped


folder.mkdir(parents=True, exist_ok=True)
missing = [name for name in ("Xvfb", "xdotool") if shutil.which(name) is None]
if missing:
    print(f"skipped: {' and '.join(missing)} not found here; 'tools/setup --window' installs what this test needs")
    sys.exit(77)
check_sentences()
display = Display()
try:
    check_window(display)
finally:
    display.server.terminate()
    display.server.wait(60)
