#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Times in PyTorch what tools/bench/suite.py timed in lowtide, on the same machine, and joins the tables by ratio.

  tools/bench/peer_torch.py OUTPUT [--python INTERPRETER] [--seconds 0.2]

OUTPUT is the folder that suite.py wrote. Layers: convolutions and linear layers, forward and both gradients, channels
last, f32 (without TF32) or f16 (bf16 on a processor), cuDNN's benchmark mode on and deterministic algorithms alone for
gradients of weights, as lowtide's are. Steps: eager, torch.compile and CUDA graph, where the PyTorch at hand has them;
quantised steps are DoReFa fake quantisation as people write it. A ratio is lowtide's median over PyTorch's: below 1
lowtide is faster. Writes peers.csv and peers.md. Needs no GPU."""
import argparse
import csv
import pathlib
import re
import statistics
import subprocess
import sys

MODES = ("eager", "compiled", "graph")


class Problem(Exception):
    """Something that the user must know: a sentence saying what was expected, what was found, what to do."""


# ---- what both sides name alike -------------------------------------------------------------------------------------

def shapes(text):
    """'f32[8, 3] f32[2]' -> [[8, 3], [2]]."""
    return [[int(n) for n in inside.split(",")] if inside else [] for inside in re.findall(r"\[([\d, ]*)\]", text)]


def parameters(text):
    """'stride_h=1 pad_w=0' -> {'stride_h': 1, ..}; what is no whole number is left out."""
    pairs = (word.split("=") for word in text.split())
    return {key: int(value) for key, value in pairs if re.fullmatch(r"\d+", value)}


def layer_of(row):
    """What PyTorch has to do for a row of layers.csv, or None: kind, sizes NHWC, stride and so on."""
    kinds = ("conv2d", "conv2d_backward_input", "conv2d_backward_weight", "linear", "linear_backward_input",
             "linear_backward_weight")
    if row["kind"] not in kinds:
        return None
    first, second = shapes(row["inputs"])[:2]
    out, p = shapes(row["outputs"])[0], parameters(row["parameters"])
    conv = {key: (p.get(key + "_h", base), p.get(key + "_w", base)) for key, base in (("stride", 1), ("pad", 0), ("dilation", 1))}
    x, w, y = {"conv2d": (first, second, out), "conv2d_backward_input": (out, first, second),
               "conv2d_backward_weight": (first, out, second), "linear": (first, second, out),
               "linear_backward_input": (out, first, second), "linear_backward_weight": (first, out, second)}[row["kind"]]
    return {"kind": row["kind"], "x": x, "w": w, "y": y, "groups": p.get("groups", 1), "precision": row["precision"], **conv}


# ---- what runs in the peer's own interpreter ------------------------------------------------------------------------

class Timer:
    def __init__(self, torch, device, seconds):
        self.torch, self.device, self.seconds = torch, device, seconds

    def times(self, work):
        """Times of calls in ms: of each by events on a GPU, by the host's clock on a processor."""
        import time
        for _ in range(3):
            work()
        end, out = time.perf_counter() + self.seconds, []
        if self.device == "cuda":
            self.torch.cuda.synchronize()
        while len(out) < 3 or time.perf_counter() < end:
            if self.device == "cuda":
                start, stop = (self.torch.cuda.Event(enable_timing=True) for _ in range(2))
                start.record()
                work()
                stop.record()
                stop.synchronize()
                out.append(start.elapsed_time(stop))
            else:
                start = time.perf_counter()
                work()
                out.append(1e3 * (time.perf_counter() - start))
        return out


def layer_work(torch, device, layer):
    half = torch.float16 if device == "cuda" else torch.bfloat16
    dtype = half if layer["precision"] == "fp16" else torch.float32

    def tensor(nhwc):
        if len(nhwc) != 4:
            return torch.randn(nhwc, device=device, dtype=dtype)
        n, h, w, c = nhwc
        return torch.randn(n, c, h, w, device=device, dtype=dtype).contiguous(memory_format=torch.channels_last)

    x, w, y = tensor(layer["x"]), tensor(layer["w"]), tensor(layer["y"])
    kind, deterministic = layer["kind"], layer["kind"] == "conv2d_backward_weight"
    if kind == "linear":
        return lambda: torch.nn.functional.linear(x, w)
    if kind == "linear_backward_input":
        return lambda: y @ w
    if kind == "linear_backward_weight":
        return lambda: y.t() @ x
    settings = (layer["stride"], layer["pad"], layer["dilation"])
    if kind == "conv2d":
        return lambda: torch.nn.functional.conv2d(x, w, None, *settings, layer["groups"])
    mask = [kind == "conv2d_backward_input", kind == "conv2d_backward_weight", False]

    def work():
        torch.backends.cudnn.deterministic = deterministic
        torch.ops.aten.convolution_backward(y, x, w, None, list(settings[0]), list(settings[1]), list(settings[2]), False,
                                            [0, 0], layer["groups"], mask)
    return work


def worker(device, seconds):
    """A line of JSON in, a line of JSON out: {'layer': ..} or {'step': ..} -> {'median': ms, 'spread': ..} or {'error': ..}."""
    import json

    import torch

    import peer_torch_networks
    torch.backends.cudnn.benchmark = True
    torch.backends.cuda.matmul.allow_tf32 = torch.backends.cudnn.allow_tf32 = False
    if device == "auto":
        device = "cuda" if torch.cuda.is_available() else "cpu"
    name = torch.cuda.get_device_name() if device == "cuda" else "processor"
    print(json.dumps({"version": f"PyTorch {torch.__version__}, {name}"}), flush=True)
    timer = Timer(torch, device, seconds)
    for line in sys.stdin:
        task = json.loads(line)
        try:
            if "layer" in task:
                work = layer_work(torch, device, task["layer"])
            else:
                work = peer_torch_networks.step(torch, device, **task["step"])
            times = sorted(timer.times(work))
            spread = (times[int(0.9 * (len(times) - 1))] - times[int(0.1 * (len(times) - 1))]) / statistics.median(times)
            answer = {"median": statistics.median(times), "spread": spread}
        except (RuntimeError, NotImplementedError, AttributeError) as error:
            answer = {"error": (str(error).splitlines() or [type(error).__name__])[0]}
        print(json.dumps(answer), flush=True)


# ---- the rows -------------------------------------------------------------------------------------------------------

class Peer:
    def __init__(self, options):
        import json
        self.json = json
        command = [options.python, __file__, "worker", options.torch_device, str(options.seconds)]
        try:
            self.process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        except OSError as error:
            raise Problem(f"cannot run {options.python} ({error.strerror}); name an interpreter that has PyTorch with --python") from None
        self.version = self.read()["version"]

    def read(self):
        line = self.process.stdout.readline()
        if not line:
            raise Problem("the interpreter that should have PyTorch ended; what it said stands above. Install it (Debian: "
                          "python3-torch), or name an interpreter that has it with --python")
        return self.json.loads(line)

    def time(self, task):
        self.process.stdin.write(self.json.dumps(task) + "\n")
        self.process.stdin.flush()
        return self.read()

    def close(self):
        self.process.stdin.close()
        self.process.wait(60)


def read_rows(path):
    try:
        with path.open(encoding="utf-8", newline="") as file:
            return list(csv.DictReader(file))
    except OSError:
        return []


def joined(row, what, mode, answer):
    """Our row beside the peer's; `ratio` is empty where the peer could not run it."""
    ours = float(row["median_ms"])
    out = {"what": what, "mode": mode, "lowtide_ms": f"{ours:.4f}", "torch_ms": "", "ratio": "", "torch_spread": "",
           "note": answer.get("error", "")}
    if "median" in answer:
        out.update(torch_ms=f"{answer['median']:.4f}", ratio=f"{ours / answer['median']:.3f}", torch_spread=f"{answer['spread']:.3f}")
    return out


def compare_layers(peer, rows):
    out = []
    for row in rows:
        layer = layer_of(row)
        if layer is not None:
            what = f"{row['network']}, batch {row['batch']}, {row['precision']}: {row['kind']}/{row['node']}"
            out.append({"group": f"{row['kind']}, batch {row['batch']}, {row['precision']}",
                        **joined(row, what, "eager", peer.time({"layer": layer}))})
    return out


def compare_steps(peer, rows, modes):
    out = []
    for row in rows:
        for mode in modes:
            task = {"network": row["network"], "variant": row["variant"], "batch": int(row["batch"]), "mode": mode}
            out.append({"group": f"steps, {mode}, {row['variant']}",
                        **joined(row, f"step of {row['network']}, {row['variant']} (beside {row['beside']})", mode,
                                 peer.time({"step": task}))})
    return out


def geometric_means(rows):
    """[(group, mean of the ratios, how many)] in the order of the groups."""
    groups = {}
    for row in rows:
        if row["ratio"]:
            groups.setdefault(row["group"], []).append(float(row["ratio"]))
    return [(group, statistics.geometric_mean(ratios), len(ratios)) for group, ratios in groups.items()]


def markdown(title, rows):
    lines = [title, "", "Ratio: lowtide's median over PyTorch's; below 1 lowtide is faster.", "",
             "| group | ratio, geometric mean | rows |", "|---|---|---|"]
    lines += [f"| {group} | {mean:.3f} | {count} |" for group, mean, count in geometric_means(rows)]
    columns = ("what", "mode", "lowtide_ms", "torch_ms", "ratio", "torch_spread", "note")
    lines += ["", "| " + " | ".join(columns) + " |", "|" + "---|" * len(columns)]
    return "\n".join(lines + ["| " + " | ".join(row[column] for column in columns) + " |" for row in rows]) + "\n"


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("output", help="the folder that suite.py wrote")
    parser.add_argument("--python", default=sys.executable, help="interpreter that has PyTorch; default: this one")
    parser.add_argument("--torch-device", choices=("auto", "cuda", "cpu"), default="auto")
    parser.add_argument("--seconds", type=float, default=0.2, help="of each row")
    parser.add_argument("--modes", nargs="+", choices=MODES, default=list(MODES), help="of whole steps")
    options = parser.parse_args()
    output = pathlib.Path(options.output)
    try:
        layers, steps = read_rows(output / "layers.csv"), read_rows(output / "steps.csv")
        if not layers and not steps:
            raise Problem(f"expected layers.csv or steps.csv in {output}, found neither; run tools/bench/suite.py {output} first")
        peer = Peer(options)
        try:
            rows = compare_layers(peer, layers) + compare_steps(peer, steps, options.modes)
        finally:
            peer.close()
        device = (layers or steps)[0]
        text = markdown(f"lowtide on {device['device']}, {device['driver']}, beside {peer.version}", rows)
        (output / "peers.md").write_text(text, encoding="utf-8")
        with (output / "peers.csv").open("w", encoding="utf-8", newline="") as file:
            writer = csv.DictWriter(file, list(rows[0]))
            writer.writeheader()
            writer.writerows(rows)
    except (Problem, OSError) as problem:
        print(f"peer_torch: {problem}", file=sys.stderr)
        return 1
    print(text[:text.index("\n| what")])
    return 0


if __name__ == "__main__":
    if sys.argv[1:2] == ["worker"]:
        worker(sys.argv[2], float(sys.argv[3]))
        sys.exit(0)
    sys.exit(main())
