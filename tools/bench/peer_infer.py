#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Times a packed 1-bit ResNet-18 beside the fp32 ResNet-18 of other frameworks on the same cores, in turns, in one run.

  tools/bench/peer_infer.py --lowtide build/release/bin/lowtide --rounds 5 --seconds 1 --output build/peers

A round lets every row run alone for --seconds, one image (or --batch) at a time, pixels in memory in and logits in memory
out; no row works while another one is timed. A ratio is our median over the peer's median of the same round; the table
has the middle one of the rounds and their range. Peers are what is installed: PyTorch (Debian: python3-torch) as people
run it (eager) and frozen for inference, whose fused convolutions are its fastest. Weights are random: speed does not
depend on them. Prints Markdown; --output NAME also writes NAME.md and NAME.csv."""
import argparse
import csv
import datetime
import os
import pathlib
import platform
import statistics
import subprocess
import sys
import tempfile
import time

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
RECIPE = ROOT / "samples" / "recipes" / "imagenet_resnet18_w1a1.toml"
PEERS = {"torch eager": "PyTorch fp32, eager", "torch frozen": "PyTorch fp32, traced and frozen for inference"}
IMAGE, CLASSES = 224, 1000


class Problem(Exception):
    """Something that the user must know: a sentence saying what was expected, what was found, what to do."""


# ---- what runs in the peer's own interpreter: worker NAME BATCH THREADS ------------------------------------------------

def torch_resnet18(torch):
    """He et al. 2016, table 1: basic blocks of two 3x3 convolutions, stages of 64 to 512 channels, option B shortcuts."""
    nn = torch.nn

    def conv(inputs, outputs, kernel, stride):
        return nn.Sequential(nn.Conv2d(inputs, outputs, kernel, stride, kernel // 2, bias=False), nn.BatchNorm2d(outputs))

    class Block(nn.Module):
        def __init__(self, inputs, outputs, stride):
            super().__init__()
            self.body = nn.Sequential(conv(inputs, outputs, 3, stride), nn.ReLU(), conv(outputs, outputs, 3, 1))
            self.shortcut = conv(inputs, outputs, 1, stride) if stride != 1 else nn.Identity()

        def forward(self, x):
            return torch.relu(self.body(x) + self.shortcut(x))

    layers = [conv(3, 64, 7, 2), nn.ReLU(), nn.MaxPool2d(3, 2, 1)]
    inputs = 64
    for outputs in (64, 128, 256, 512):
        layers += [Block(inputs, outputs, 1 if outputs == 64 else 2), Block(outputs, outputs, 1)]
        inputs = outputs
    return nn.Sequential(*layers, nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(512, CLASSES)).eval()


def worker(name, batch, threads):
    """Says its version, then for every line "SECONDS" on stdin a line of times in seconds."""
    import torch
    torch.set_num_threads(threads)
    torch.manual_seed(1)
    images = torch.rand(batch, 3, IMAGE, IMAGE)
    net = torch_resnet18(torch)
    with torch.inference_mode():
        if name == "torch frozen":
            net = torch.jit.optimize_for_inference(torch.jit.freeze(torch.jit.trace(net, images)))
        for _ in range(5):  # warm-up: memory, and the tracer's own two runs
            net(images)
        print(f"PyTorch {torch.__version__}", flush=True)
        for line in sys.stdin:
            end, times = time.perf_counter() + float(line), []
            while len(times) < 3 or time.perf_counter() < end:
                start = time.perf_counter()
                net(images)
                times.append(time.perf_counter() - start)
            print(*times, flush=True)


# ---- the rows -----------------------------------------------------------------------------------------------------------

class Peer:
    def __init__(self, name, python, options):
        self.label, self.rounds = PEERS[name], []
        self.process = subprocess.Popen([python, __file__, "worker", name, str(options.batch), str(options.threads)],
                                        stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        self.version = self.read()

    def read(self):
        line = self.process.stdout.readline().strip()
        if not line:
            raise Problem(f"{self.label} ended with status {self.process.wait()}; what it said stands above")
        return line

    def run(self, seconds):
        self.process.stdin.write(f"{seconds}\n")
        self.process.stdin.flush()
        times = [1e3 * float(word) for word in self.read().split()]
        self.rounds.append((statistics.median(times), min(times)))

    def close(self):
        self.process.stdin.close()
        self.process.wait(60)


class Ours:
    def __init__(self, model, options, folder):
        self.label, self.rounds, self.version = "lowtide", [], "?"
        self.csv = folder / "ours.csv"
        self.command = [options.lowtide, "bench", "--model", str(model), "--batch", str(options.batch), "--csv",
                        str(self.csv), *(["--device", options.device] if options.device else [])]
        self.environment = {**os.environ, "LP_NUM_THREADS": str(options.threads)}  # llvmpipe's

    def run(self, seconds):
        call([*self.command, "--seconds", str(seconds)], self.environment)
        with self.csv.open(encoding="utf-8") as file:
            row = next(csv.DictReader(file))
        self.label, self.version = f"lowtide, packed {row['network']}", f"{row['device']}, {row['driver']}"
        self.rounds.append((float(row["median_ms"]), float(row["best_ms"])))

    def close(self):
        pass


def call(command, environment=None):
    try:
        done = subprocess.run(command, env=environment, capture_output=True, text=True)
    except OSError as error:
        raise Problem(f"cannot run {command[0]} ({error.strerror}); build it (tools/demo does) or name it with --lowtide") from None
    if done.returncode != 0:
        raise Problem(f"'{' '.join(map(str, command))}' failed: {done.stderr.strip()}")


def find_python(wanted):
    """An interpreter that has PyTorch."""
    candidates = [wanted] if wanted else [sys.executable, "/usr/bin/python3"]
    for python in candidates:
        try:
            if subprocess.run([python, "-c", "import torch"], capture_output=True).returncode == 0:
                return python
        except OSError:
            pass
    raise Problem(f"expected a peer to compare with, found no PyTorch for {' or '.join(candidates)}; install one (Debian: "
                  "python3-torch), or name the interpreter that has it with --python")


# ---- the table ----------------------------------------------------------------------------------------------------------

def ratios(ours, peer):
    """(middle, least, greatest) of our medians over the peer's, round by round."""
    values = [mine[0] / theirs[0] for mine, theirs in zip(ours, peer, strict=True)]
    return statistics.median(values), min(values), max(values)


def table_rows(ours, peers):
    """Rows of strings: what, version, median ms, best ms, ratio, its range."""
    rows = []
    for row in [ours, *peers]:
        median, best = statistics.median(r[0] for r in row.rounds), min(r[1] for r in row.rounds)
        middle, least, greatest = ratios(ours.rounds, row.rounds)
        ratio = ["", ""] if row is ours else [f"{middle:.3f}", f"{least:.3f} to {greatest:.3f}"]
        rows.append([row.label, row.version, f"{median:.2f}", f"{best:.2f}", *ratio])
    return rows


HEADS = ["what", "version", "median ms", "best ms", "lowtide / peer", "in the rounds"]


def markdown(title, rows):
    lines = [title, "", "| " + " | ".join(HEADS) + " |", "|---|---|---|---|---|---|"]
    return "\n".join(lines + ["| " + " | ".join(row) + " |" for row in rows]) + "\n"


def processor():
    try:
        for line in pathlib.Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines():
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    except OSError:
        pass
    return platform.machine()


def compare(options):
    python = find_python(options.python)
    os.sched_setaffinity(0, sorted(os.sched_getaffinity(0))[:options.threads])
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        model = options.model
        if model is None:
            model = folder / "model.safetensors"
            call([options.lowtide, "export", str(RECIPE), "--untrained", "--image", str(IMAGE), str(IMAGE), "3", "--classes",
                  str(CLASSES), "--output", str(model), "--skip-proof"])
        ours = Ours(model, options, folder)
        peers = []
        try:
            for peer in PEERS:
                peers.append(Peer(peer, python, options))
            ours.run(0.01)  # warm-up: compiles its pipelines
            ours.rounds.clear()
            for _ in range(options.rounds):
                for row in [ours, *peers]:
                    row.run(options.seconds)
        finally:
            for row in peers:
                row.close()
    title = (f"ResNet-18, {IMAGE}x{IMAGE}, batch {options.batch}, {options.threads} threads on {processor()}, {options.rounds} "
             f"rounds of {options.seconds:g} s in turns, {datetime.date.today()}")
    return title, table_rows(ours, peers)


def main():
    cores = len(os.sched_getaffinity(0))
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--lowtide", default=str(ROOT / "build/release/bin/lowtide"), help="the program; default: build/release's")
    parser.add_argument("--model", help="packed model of 224x224 images; default: the recipe imagenet_resnet18_w1a1, untrained")
    parser.add_argument("--python", help="interpreter that has the peer; default: this one, else the system's")
    parser.add_argument("--device", help="Vulkan device: an index or a part of its name")
    parser.add_argument("--batch", type=int, default=1)
    parser.add_argument("--threads", type=int, default=cores, help="cores that every row may use; default: all")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--seconds", type=float, default=1.0, help="of each row in a round")
    parser.add_argument("--output", help="also write OUTPUT.md and OUTPUT.csv")
    options = parser.parse_args()
    try:
        if options.batch < 1 or options.rounds < 1 or options.seconds <= 0 or not 1 <= options.threads <= cores:
            raise Problem(f"--batch, --rounds and --seconds must be above 0, --threads from 1 to the {cores} cores there are")
        title, rows = compare(options)
    except Problem as problem:
        print(f"peer_infer: {problem}", file=sys.stderr)
        return 1
    text = markdown(title, rows)
    print(text, end="")
    if options.output:
        pathlib.Path(options.output + ".md").write_text(text, encoding="utf-8")
        with open(options.output + ".csv", "w", encoding="utf-8", newline="") as file:
            csv.writer(file).writerows([HEADS, *rows])
    return 0


if __name__ == "__main__":
    if sys.argv[1:2] == ["worker"]:
        worker(sys.argv[2], int(sys.argv[3]), int(sys.argv[4]))
        sys.exit(0)
    sys.exit(main())
