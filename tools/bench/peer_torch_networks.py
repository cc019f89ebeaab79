# SPDX-License-Identifier: Apache-2.0
"""Training steps of the networks of tools/bench/suite.py in PyTorch: ResNet-20 and ResNet-18 for 32x32 images (He et
al. 2016), CNV (BNN-PYNQ), in full precision, under autocast, and with DoReFa fake quantisation (Zhou et al. 2016) as
people write it: element-wise operations with a straight-through gradient in front of every inner layer."""

CLASSES, IMAGE = 10, 32


def layers(torch, weight_bits, activation_bits):
    """Conv2d, Linear and the activation, quantised where bits are below 32."""
    nn, functional = torch.nn, torch.nn.functional

    class Round(torch.autograd.Function):
        @staticmethod
        def forward(ctx, x, steps):
            return torch.round(x * steps) / steps

        @staticmethod
        def backward(ctx, gradient):
            return gradient, None

    class Sign(torch.autograd.Function):  # -1 and 1; the gradient passes where |x| <= 1 (Courbariaux et al. 2016)
        @staticmethod
        def forward(ctx, x):
            ctx.save_for_backward(x)
            return torch.where(x >= 0, 1.0, -1.0).to(x.dtype)

        @staticmethod
        def backward(ctx, gradient):
            x, = ctx.saved_tensors
            return gradient * (x.abs() <= 1)

    def weights(w):
        if weight_bits == 32:
            return w
        if weight_bits == 1:
            return Sign.apply(w)
        squeezed = torch.tanh(w)
        unit = squeezed / (2 * squeezed.abs().max()) + 0.5
        return 2 * Round.apply(unit, 2**weight_bits - 1) - 1

    class Activation(nn.Module):
        def forward(self, x):
            if activation_bits == 32:
                return functional.relu(x)
            if activation_bits == 1:
                return Sign.apply(x)
            return Round.apply(x.clamp(0, 1), 2**activation_bits - 1)

    class Conv(nn.Conv2d):
        def forward(self, x):
            return functional.conv2d(x, weights(self.weight), None, self.stride, self.padding)

    class Linear(nn.Linear):
        def forward(self, x):
            return functional.linear(x, weights(self.weight), self.bias)

    return Conv, Linear, Activation


def network(torch, name, weight_bits, activation_bits):
    nn, functional = torch.nn, torch.nn.functional
    Conv, Linear, Activation = layers(torch, weight_bits, activation_bits)

    class Block(nn.Module):
        def __init__(self, inputs, outputs, stride, has_projection):
            super().__init__()
            self.body = nn.Sequential(Conv(inputs, outputs, 3, stride, 1, bias=False), nn.BatchNorm2d(outputs), Activation(),
                                      Conv(outputs, outputs, 3, 1, 1, bias=False), nn.BatchNorm2d(outputs))
            self.grows, self.stride, self.down = outputs - inputs, stride, None
            if has_projection and (stride != 1 or self.grows):
                self.down = nn.Sequential(Conv(inputs, outputs, 1, stride, bias=False), nn.BatchNorm2d(outputs))
            self.activation = Activation()

        def forward(self, x):
            if self.down is not None:
                shortcut = self.down(x)
            else:  # option A: every other pixel, zeros for the new channels
                shortcut = functional.pad(x[:, :, ::self.stride, ::self.stride], (0, 0, 0, 0, 0, self.grows))
            return self.activation(self.body(x) + shortcut)

    def resnet(widths, blocks, has_projection):
        parts = [nn.Conv2d(3, widths[0], 3, 1, 1, bias=False), nn.BatchNorm2d(widths[0]), Activation()]
        inputs = widths[0]
        for stage, outputs in enumerate(widths):
            for block in range(blocks):
                parts.append(Block(inputs, outputs, 2 if stage > 0 and block == 0 else 1, has_projection))
                inputs = outputs
        return nn.Sequential(*parts, nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(inputs, CLASSES))

    def cnv():
        parts, inputs = [], 3
        for index, outputs in enumerate((64, 64, 128, 128, 256, 256)):
            kind = nn.Conv2d if index == 0 else Conv
            parts += [kind(inputs, outputs, 3, bias=False), nn.BatchNorm2d(outputs)]
            parts += [nn.MaxPool2d(2)] if index in (1, 3) else []
            parts.append(Activation())
            inputs = outputs
        parts.append(nn.Flatten())
        for inputs, outputs in ((256, 512), (512, 512)):
            parts += [Linear(inputs, outputs, bias=False), nn.BatchNorm1d(outputs), Activation()]
        return nn.Sequential(*parts, nn.Linear(512, CLASSES, bias=False), nn.BatchNorm1d(CLASSES))

    makers = {"resnet20": lambda: resnet((16, 32, 64), 3, False), "resnet18_cifar": lambda: resnet((64, 128, 256, 512), 2, True),
              "cnv": cnv}
    return makers[name]()


def step(torch, device, network, variant, batch, mode):
    """A function that does one training step: forward, cross entropy, backward, SGD with momentum."""
    words = variant.split()
    weight_bits, activation_bits = {"w2a2": (2, 2), "w1a1": (1, 1)}.get(words[0], (32, 32))
    is_half = "fp16" in words
    net = globals()["network"](torch, network, weight_bits, activation_bits).to(device)
    net = net.to(memory_format=torch.channels_last)
    images = torch.randn(batch, 3, IMAGE, IMAGE, device=device).contiguous(memory_format=torch.channels_last)
    labels = torch.randint(CLASSES, (batch,), device=device)
    optimizer = torch.optim.SGD(net.parameters(), lr=1e-6, momentum=0.9)
    half = torch.float16 if device == "cuda" else torch.bfloat16
    scaler = torch.cuda.amp.GradScaler(enabled=is_half and device == "cuda")
    if mode == "compiled":
        if not hasattr(torch, "compile"):
            raise NotImplementedError("this PyTorch has no torch.compile")
        net = torch.compile(net)

    def work():
        optimizer.zero_grad(set_to_none=mode != "graph")
        with torch.autocast(device_type=device, dtype=half, enabled=is_half):
            loss = torch.nn.functional.cross_entropy(net(images), labels)
        scaler.scale(loss).backward()
        scaler.step(optimizer)
        scaler.update()

    if mode != "graph":
        return work
    if device != "cuda":
        raise NotImplementedError("CUDA graphs need a GPU")
    if is_half:
        raise NotImplementedError("a gradient scaler reads the device's answer in every step, which no graph can hold")
    stream = torch.cuda.Stream()
    stream.wait_stream(torch.cuda.current_stream())
    with torch.cuda.stream(stream):
        for _ in range(3):
            work()
    torch.cuda.current_stream().wait_stream(stream)
    graph = torch.cuda.CUDAGraph()
    with torch.cuda.graph(graph):
        work()
    return graph.replay
