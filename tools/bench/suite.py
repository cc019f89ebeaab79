#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Runs every bench on one device and writes one report: ceilings, the ops of real layers, whole training steps, packed
networks.

  tools/bench/suite.py OUTPUT [--lowtide build/release/bin/lowtide] [--device NAME] [--batches 1 128] [--minutes 8]

OUTPUT becomes a folder: ceilings.csv, layers.csv, steps.csv, models.csv, and report.md with device, driver, clocks,
medians and spreads, and each op's share of the ceiling that was measured in the same run. When --minutes are over, what
is left is not started, and the report says what. tools/bench/peer_torch.py OUTPUT then times the same in PyTorch."""
import argparse
import csv
import datetime
import os
import pathlib
import platform
import subprocess
import sys
import tempfile
import time

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
RECIPES = ROOT / "samples" / "recipes"
CIFAR = RECIPES / "cifar10_cnv_w2a2.toml"
SMALL, LARGE = ("32", "32", "3", "10"), ("224", "224", "3", "1000")

# Networks whose layers are timed: name, recipe, what the recipe is told, image and classes.
NETWORKS = {
    "resnet18": (RECIPES / "imagenet_resnet18_w1a1.toml", ["optimizer.name=sgd"], LARGE),
    "resnet18_cifar": (CIFAR, ["network.name=resnet18_cifar", "optimizer.name=sgd"], SMALL),
    "resnet20": (CIFAR, ["network.name=resnet20", "optimizer.name=sgd"], SMALL),
    "cnv": (CIFAR, ["optimizer.name=sgd"], SMALL),
}
# Whole steps are of the small networks; edges stay in full precision, as they do in the papers' networks.
STEP_NETWORKS = ("resnet20", "resnet18_cifar", "cnv")


def bits(weights, activations):
    return [f"quantization.weight_bits={weights}", f"quantization.activation_bits={activations}"]


EDGES = ["quantization.first_layer=32", "quantization.last_layer=32"]
VARIANTS = {
    "fp16": ["training.precision=mixed", *bits(32, 32), *EDGES],
    "w2a2": [*bits(2, 2), *EDGES],
    "w1a1": [*bits(1, 1), "quantization.weight_quantizer=sign", "quantization.activation_quantizer=sign", *EDGES],
    "w2a2 fp16": ["training.precision=mixed", *bits(2, 2), *EDGES],
}
PRECISIONS = {"fp32": [*bits(32, 32), *EDGES], "fp16": VARIANTS["fp16"]}
MODELS = {"1-bit resnet18": (RECIPES / "imagenet_resnet18_w1a1.toml", [], LARGE),
          "2-bit resnet18": (RECIPES / "imagenet_resnet18_w1a1.toml",
                             [*bits(2, 2), "quantization.weight_quantizer=dorefa", "quantization.activation_quantizer=dorefa"],
                             LARGE),
          "1-bit cnv": (RECIPES / "cifar10_cnv_w1a1.toml", [], SMALL),
          "2-bit cnv": (CIFAR, [], SMALL)}


class Problem(Exception):
    """Something that the user must know: a sentence saying what was expected, what was found, what to do."""


class Runner:
    """Calls the program, collects the rows of its CSV files, and stops when the time is over."""

    def __init__(self, options):
        self.options = options
        self.end = time.monotonic() + 60 * options.minutes
        self.left_out, self.failed = [], []

    def rows(self, what, arguments, extra):
        """Rows of one call, each with the columns of `extra` in front; none if there is no time or the call fails."""
        if time.monotonic() >= self.end:
            self.left_out.append(what)
            return []
        with tempfile.TemporaryDirectory() as folder:
            table = pathlib.Path(folder) / "rows.csv"
            device = ["--device", self.options.device] if self.options.device else []
            done = self.call([self.options.lowtide, "bench", *device, *map(str, arguments), "--csv", str(table)])
            if done.returncode != 0:
                self.failed.append(f"{what}: {done.stderr.strip().splitlines()[-1] if done.stderr.strip() else 'no message'}")
                return []
            with table.open(encoding="utf-8", newline="") as file:
                rows = [{**extra, **row} for row in csv.DictReader(file)]
        print(f"{what}: {len(rows)} rows", flush=True)
        return rows

    def call(self, command):
        try:
            return subprocess.run(command, capture_output=True, text=True)
        except OSError as error:
            raise Problem(f"cannot run {command[0]} ({error.strerror}); build it (tools/demo does) or name it with "
                          "--lowtide") from None


def overrides(settings):
    return [word for setting in settings for word in ("--set", setting)]


def shape(image):
    return ["--image", *image[:3], "--classes", image[3]]


def ceilings(run):
    return run.rows("ceilings", ["--ceilings", "--seconds", run.options.row_seconds], {})


def layers(run):
    rows = []
    for batch in run.options.batches:
        for network, (recipe, settings, image) in NETWORKS.items():
            for precision, more in PRECISIONS.items():
                settings_of = [*settings, *more, f"data.batch={batch}"]
                for kind in ("conv2d", "linear"):
                    rows += run.rows(f"layers of {network}, batch {batch}, {precision}, {kind}",
                                     ["--layers", recipe, *overrides(settings_of), *shape(image), "--filter", kind, "--seconds",
                                      run.options.row_seconds],
                                     {"network": network, "batch": batch, "precision": precision})
    return rows


def steps(run):
    rows = []
    for network in STEP_NETWORKS:
        recipe, settings, image = NETWORKS[network]
        for variant, more in VARIANTS.items():
            batch = max(run.options.batches)
            found = run.rows(f"step of {network}, batch {batch}, {variant}",
                             ["--steps", recipe, *overrides([*settings, *more, f"data.batch={batch}"]), *shape(image), "--seconds",
                              run.options.step_seconds],
                             {"network": network, "variant": variant})
            for row, name in zip(found, ("fp32", variant)):  # the row in full precision comes first, in turns with the other
                row["beside"], row["variant"] = variant, name
            rows += found
    return rows


def models(run):
    rows = []
    with tempfile.TemporaryDirectory() as folder:
        for name, (recipe, settings, image) in MODELS.items():
            if time.monotonic() >= run.end:
                run.left_out.append(f"packed {name}")
                continue
            path = pathlib.Path(folder) / "model.safetensors"
            done = run.call([run.options.lowtide, "export", str(recipe), "--untrained", *shape(image), *overrides(settings),
                             "--output", str(path), "--skip-proof"])
            if done.returncode != 0:
                run.failed.append(f"packed {name}: {done.stderr.strip()}")
                continue
            for batch in run.options.batches:
                rows += run.rows(f"packed {name}, batch {batch}",
                                 ["--model", path, "--batch", batch, "--seconds", run.options.model_seconds], {"model": name})
            path.unlink()
    return rows


PARTS = {"ceilings": ceilings, "layers": layers, "steps": steps, "models": models}
COLUMNS = {
    "ceilings": ("ceiling", "best", "median", "spread", "repeats", "unit"),
    "layers": ("network", "batch", "precision", "kind", "node", "count", "inputs", "median_ms", "spread", "share", "kernels"),
    "steps": ("network", "variant", "beside", "batch", "median_ms", "best_ms", "host_us", "driver_us", "spread", "dispatches",
              "ratio"),
    "models": ("model", "batch", "median_ms", "best_ms", "spread", "repeats", "dispatches"),
}


def clocks():
    """What the machine says of its clocks: nvidia-smi's, else the processor's."""
    try:
        asked = "name,driver_version,clocks.sm,clocks.mem,clocks.max.sm,temperature.gpu,power.draw"
        done = subprocess.run(["nvidia-smi", f"--query-gpu={asked}", "--format=csv,noheader"], capture_output=True, text=True)
        if done.returncode == 0:
            return f"{asked}: {done.stdout.strip()}"
    except OSError:
        pass
    try:
        lines = pathlib.Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
        found = [line.partition(":")[2].strip() for line in lines if line.startswith(("model name", "cpu MHz"))][:2]
        return f"{os.cpu_count()} x {' at '.join(found)} MHz"
    except OSError:
        return platform.machine()


def table(rows, columns):
    columns = [column for column in columns if any(column in row for row in rows)]
    lines = ["| " + " | ".join(columns) + " |", "|" + "---|" * len(columns)]
    return lines + ["| " + " | ".join(str(row.get(column, "")) for column in columns) + " |" for row in rows]


def report(parts, run, seconds):
    first = next((rows[0] for rows in parts.values() if rows), {})
    lines = ["# lowtide bench", "", f"{datetime.date.today()}, {first.get('device', 'no device')}, {first.get('driver', '')}, "
             f"{clocks()}; {seconds:.0f} s", ""]
    for name, rows in parts.items():
        if rows:
            lines += [f"## {name}", "", *table(rows, COLUMNS[name]), ""]
    for head, items in (("Left out, the time was over", run.left_out), ("Failed", run.failed)):
        if items:
            lines += [f"## {head}", "", *[f"- {item}" for item in items], ""]
    return "\n".join(lines)


def write_csv(path, rows):
    fields = list(dict.fromkeys(key for row in rows for key in row))
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, fields)
        writer.writeheader()
        writer.writerows(rows)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("output", help="folder for the tables; made if it is not there")
    parser.add_argument("--lowtide", default=str(ROOT / "build/release/bin/lowtide"), help="the program; default: build/release's")
    parser.add_argument("--device", help="Vulkan device: an index or a part of its name")
    parser.add_argument("--batches", type=int, nargs="+", default=[1, 128], help="of layers and packed networks; steps take the largest")
    parser.add_argument("--minutes", type=float, default=8.0, help="when they are over nothing new is started")
    parser.add_argument("--parts", nargs="+", choices=PARTS, default=list(PARTS))
    parser.add_argument("--row-seconds", type=float, default=0.1)
    parser.add_argument("--step-seconds", type=float, default=4.0, help="of a step beside that of full precision")
    parser.add_argument("--model-seconds", type=float, default=1.0)
    options = parser.parse_args()
    try:
        if min(options.batches) < 1 or options.minutes <= 0:
            raise Problem("--batches and --minutes must be above 0")
        output = pathlib.Path(options.output)
        if output.exists() and not output.is_dir():
            raise Problem(f"{output} is a file; name a folder for the tables")
        output.mkdir(parents=True, exist_ok=True)
        run, start = Runner(options), time.monotonic()
        parts = {name: PARTS[name](run) for name in options.parts}
        for name, rows in parts.items():
            if rows:
                write_csv(output / f"{name}.csv", rows)
        (output / "report.md").write_text(report(parts, run, time.monotonic() - start), encoding="utf-8")
        if not any(parts.values()):
            raise Problem("no bench gave a row: " + "; ".join(run.failed or run.left_out))
    except (Problem, OSError) as problem:
        print(f"suite: {problem}", file=sys.stderr)
        return 1
    print(f"{output / 'report.md'}: {sum(map(len, parts.values()))} rows, {len(run.left_out)} left out, {len(run.failed)} failed")
    return 1 if run.failed else 0


if __name__ == "__main__":
    sys.exit(main())
