#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Trains a small LeNet-5 for ten steps with PyTorch, in double, and writes what it saw to tests/golden/ten_steps.json:
loss and gradient norm of each step, and the root mean square of every parameter and running statistic at the end.
tests/train/ten_steps_test.cpp trains the same network on the same batches and compares.

    sudo apt-get install --no-install-recommends python3-torch
    /usr/bin/python3 tools/record/ten_steps.py

Both sides draw parameters and batches from Philox (engine/base/rng.hpp) as draw() says: multiples of 2^-16, exact in f32.
Quantisers are DoReFa's (Zhou et al. 2016, equations 5, 9 and 11) with straight-through rounding; the first layer's
weights and all of the last layer are real numbers. The network is written here from trainer/nets/lenet5.cpp's words, not
from its graph: what the two have in common is the mathematics."""
import json
import math
import pathlib
import struct

import torch
import torch.nn.functional as F

RECORD = pathlib.Path(__file__).resolve().parents[2] / "tests/golden/ten_steps.json"
SEED, STEPS, BATCH, EDGE, CLASSES = 5, 10, 16, 16, 10
# With Adam's usual 1e-8 the first update of a weight is its rate times a sign, however small the gradient: f32 and double
# would part there. This one is still far below most gradients.
EPSILON = 1e-3
# As a recipe says it. "[network] width" halves the channels: 3, 8, 60, 42.
RUNS = {
    "fp32_sgd": {"optimizer.name": "sgd", "optimizer.momentum": 0.9, "optimizer.weight_decay": 0.01, "schedule.rate": 0.05},
    "fp32_nesterov": {"optimizer.name": "sgd", "optimizer.momentum": 0.9, "optimizer.nesterov": True,
                      "optimizer.gradient_clip_norm": 0.75, "training.label_smoothing": 0.1, "schedule.rate": 0.05},
    "fp32_adam": {"optimizer.name": "adam", "optimizer.epsilon": EPSILON, "optimizer.weight_decay": 0.01,
                  "schedule.rate": 0.01},
    "fp32_adamw": {"optimizer.name": "adamw", "optimizer.epsilon": EPSILON, "optimizer.weight_decay": 0.05,
                   "schedule.rate": 0.01},
    "fp32_mse": {"optimizer.name": "sgd", "optimizer.momentum": 0.5, "training.loss": "mse", "schedule.rate": 0.1},
    "w2a2_sgd": {"optimizer.name": "sgd", "optimizer.momentum": 0.9, "schedule.rate": 0.02,
                 "quantization.weight_bits": 2, "quantization.activation_bits": 2},
    "w2a2_adam": {"optimizer.name": "adam", "optimizer.epsilon": EPSILON, "schedule.rate": 0.003,
                  "quantization.weight_bits": 2, "quantization.activation_bits": 2},
    "w3a4_detached_adam": {"optimizer.name": "adam", "optimizer.epsilon": EPSILON, "schedule.rate": 0.003,
                           "quantization.weight_bits": 3, "quantization.activation_bits": 4,
                           "quantization.weight_quantizer": "dorefa_detached"},
}
# Shapes as lowtide lays them out: [k, r, s, c], [k, c].
SHAPES = {"conv1": (3, 5, 5, 1), "conv2": (8, 5, 5, 3), "fc1": (60, 32), "fc2": (42, 60), "fc3": (CLASSES, 42)}
MASK = 0xffffffff


def philox(seed, index, stream, step):
    """The first word of engine/base/rng.hpp's philox()."""
    c, k0, k1 = (index, stream, step, 0), seed & MASK, seed >> 32
    for _ in range(10):
        p0, p1 = 0xD2511F53 * c[0], 0xCD9E8D57 * c[2]
        c = ((p1 >> 32) ^ c[1] ^ k0, p1 & MASK, (p0 >> 32) ^ c[3] ^ k1, p0 & MASK)
        k0, k1 = (k0 + 0x9E3779B9) & MASK, (k1 + 0xBB67AE85) & MASK
    return c[0]


def stream_of(name):
    """FNV-1a, as trainer/nets/net.cpp."""
    value = 2166136261
    for byte in name.encode():
        value = ((value ^ byte) * 16777619) & MASK
    return value & 0x7fffffff


def draw(name, count, step=0):
    """`count` numbers in [-1/2, 1/2), the same for the same name and step."""
    return [(philox(SEED, i, stream_of(name), step) >> 16) / 65536 - 0.5 for i in range(count)]


def batch(step):
    """Images [n, h, w, c]: noise over a pattern of the class; labels [n]."""
    labels = [philox(SEED, i, stream_of("labels"), step) % CLASSES for i in range(BATCH)]
    area = EDGE * EDGE
    noise, patterns = draw("images", BATCH * area, step), draw("patterns", CLASSES * area)
    pixels = [noise[i * area + p] + patterns[label * area + p] for i, label in enumerate(labels) for p in range(area)]
    return torch.tensor(pixels, dtype=torch.float64).reshape(BATCH, EDGE, EDGE, 1), torch.tensor(labels)


def initial_parameters():
    out = {}
    for layer, shape in SHAPES.items():
        names = {"weight": shape, "bias": shape[:1]} if layer == "fc3" else {"weight": shape, "gamma": shape[:1],
                                                                            "beta": shape[:1]}
        for kind, extents in names.items():
            name = f"{layer}.{kind}"
            start = torch.tensor(draw(name, math.prod(extents)), dtype=torch.float64).reshape(extents)
            out[name] = (0.5 * start + (1 if kind == "gamma" else 0)).requires_grad_()
    return out


def f32(x):
    """What a number of the recipe is for lowtide, whose kernels compute in f32."""
    return struct.unpack("f", struct.pack("f", x))[0]


def through(x, rounded):
    """`rounded` going forward, the identity going back."""
    return x + (rounded - x).detach()


class LeNet5:
    def __init__(self, recipe):
        self.recipe = recipe
        self.parameters = initial_parameters()
        self.statistics = {}
        for layer in ("conv1", "conv2", "fc1", "fc2"):
            self.statistics[f"{layer}.running_mean"] = torch.zeros(SHAPES[layer][0], dtype=torch.float64)
            self.statistics[f"{layer}.running_var"] = torch.ones(SHAPES[layer][0], dtype=torch.float64)

    # Like the hardware that they are meant for, quantised layers multiply integer levels and scale the sum: real numbers
    # of equal sums would differ by rounding, and max pooling would pick another one of two equals.
    def weight(self, layer):
        """(values, step) of the weights: real = value * step."""
        w = self.parameters[f"{layer}.weight"]
        bits = self.recipe.get("quantization.weight_bits")
        if bits is None or layer == "conv1":
            return w, 1
        t, n = torch.tanh(w), 2 ** bits - 1
        maximum = t.abs().max()
        if self.recipe.get("quantization.weight_quantizer") == "dorefa_detached":
            maximum = maximum.detach()
        unit = t / (2 * maximum) + 0.5
        return 2 * through(unit * n, torch.round(unit * n)) - n, f32(1 / n)

    def enter(self, layer, x):
        """(values, step) of what enters a layer: ReLU, or clip and quantise."""
        bits = self.recipe.get("quantization.activation_bits")
        if bits is None:
            return F.relu(x), 1
        n = 2 ** bits - 1
        scaled = torch.clamp(x, 0, 1) * n
        return through(scaled, torch.round(scaled)), f32(1 / n)

    def norm(self, layer, x):  # x [n, k, ...]
        mean, variance = self.statistics[f"{layer}.running_mean"], self.statistics[f"{layer}.running_var"]
        return F.batch_norm(x, mean, variance, self.parameters[f"{layer}.gamma"], self.parameters[f"{layer}.beta"],
                            training=True, momentum=f32(0.1), eps=f32(1e-5))

    def conv(self, layer, entering, padding):  # x [n, c, h, w]
        (x, x_step), (w, w_step) = entering, self.weight(layer)
        return self.norm(layer, F.conv2d(x, w.permute(0, 3, 1, 2), padding=padding) * (x_step * w_step))

    def linear(self, layer, x):
        (x, x_step), (w, w_step) = self.enter(layer, x), self.weight(layer)
        return self.norm(layer, F.linear(x, w) * (x_step * w_step))

    def logits(self, images):
        x = F.max_pool2d(self.conv("conv1", (images.permute(0, 3, 1, 2), 1), 2), 2)
        x = F.max_pool2d(self.conv("conv2", self.enter("conv2", x), 0), 2)
        x = x.permute(0, 2, 3, 1).flatten(1)
        x = F.relu(self.linear("fc2", self.linear("fc1", x)))
        return F.linear(x, self.parameters["fc3.weight"], self.parameters["fc3.bias"])

    def loss(self, images, labels):
        logits = self.logits(images)
        if self.recipe.get("training.loss") == "mse":
            return F.mse_loss(logits, F.one_hot(labels, CLASSES).to(logits.dtype))
        return F.cross_entropy(logits, labels, label_smoothing=f32(self.recipe.get("training.label_smoothing", 0)))


def make_optimizer(recipe, parameters):
    decay, rate = f32(recipe.get("optimizer.weight_decay", 0)), f32(recipe["schedule.rate"])
    groups = [{"params": [p for name, p in parameters.items() if name.endswith(".weight")], "weight_decay": decay},
              {"params": [p for name, p in parameters.items() if not name.endswith(".weight")], "weight_decay": 0}]
    if recipe["optimizer.name"] == "sgd":
        return torch.optim.SGD(groups, lr=rate, momentum=f32(recipe["optimizer.momentum"]),
                               nesterov=recipe.get("optimizer.nesterov", False))
    kind = {"adam": torch.optim.Adam, "adamw": torch.optim.AdamW}[recipe["optimizer.name"]]
    return kind(groups, lr=rate, betas=(f32(0.9), f32(0.999)), eps=f32(EPSILON))


def train(recipe):
    net = LeNet5(recipe)
    optimizer = make_optimizer(recipe, net.parameters)
    losses, norms = [], []
    for step in range(STEPS):
        optimizer.zero_grad()
        loss = net.loss(*batch(step))
        loss.backward()
        limit = recipe.get("optimizer.gradient_clip_norm", math.inf)
        norms.append(float(torch.nn.utils.clip_grad_norm_(net.parameters.values(), limit)))
        losses.append(float(loss))
        optimizer.step()
    tensors = {**net.parameters, **net.statistics}
    return {"loss": losses, "gradient_norm": norms,
            "root_mean_square": {name: float(t.detach().square().mean().sqrt()) for name, t in tensors.items()}}


def main():
    runs = [{"name": name, "recipe": recipe, **train(recipe)} for name, recipe in RUNS.items()]
    RECORD.write_text(json.dumps({"made_by": f"tools/record/ten_steps.py, PyTorch {torch.__version__}, float64",
                                  "seed": SEED, "batch": BATCH, "edge": EDGE, "classes": CLASSES, "runs": runs},
                                 indent=1) + "\n")
    for run in runs:
        print(f"{run['name']:20} loss {run['loss'][0]:.4f} .. {run['loss'][-1]:.4f}, gradient norm "
              f"{run['gradient_norm'][0]:.4f} .. {run['gradient_norm'][-1]:.4f}")


main()
