"""A training step of our DiT and MM-DiT beside diffusers' and smalldiffusion's.

    python benchmarks/architecture_throughput.py [--threads 1] [--batch 32] [--rounds 9]

One step: forward, mean square, backward, AdamW (torch's fused one for all). Equal are
width, depth, heads, tokens and batch; the parameters are printed. What differs: the
DiT of diffusers embeds time and class anew in every block; SD3 adds sin-cos addresses
where ours turns queries and keys; ours bends with the exact GELU, the others with the
tanh form, so there is a row of ours with that as well.

The contestants take turns, in an order that moves on by one every round. Counted is the
time of the processor (on a GPU the clock, synchronised), and of it the minimum over the
rounds; a ratio above 1 means that ours is faster. With --device cuda everything runs in
bfloat16 autocast, as it is and compiled.

Peers that are not installed are named and left out:

    pip install -e '.[parity]' -c constraints.txt
    pip install --no-deps smalldiffusion accelerate torchvision && pip install einops
"""

import argparse
import importlib
import os
import sys
import time
from collections.abc import Callable
from itertools import cycle, islice
from typing import Any

import torch
from torch import Tensor, nn

from coursekit.models.conditioning import Condition
from coursekit.models.dit import DiT, DiTConfig
from coursekit.models.layers import TimeEmbedding
from coursekit.models.mmdit import MMDiT, MMDiTConfig
from coursekit.models.text_encoder import TextConfig
from coursekit.models.unet import count_parameters

CHANNELS, SIZE, PATCH, WORDS, CLASSES = 4, 16, 2, 28, 10
Forward = Callable[[], Tensor]


def peer(name: str) -> Any:
    """A peer library, or None and one line on what is missing."""
    try:
        return importlib.import_module(name)
    except (ImportError, RuntimeError) as error:
        print(f"{name}: not usable here ({error}), left out")
        return None


def without_vision_operators() -> None:
    """Let torchvision's wheel for another build of torch be imported all the same.

    It registers shapes for operators that the CPU build does not have; nothing here
    calls them.
    """
    register = torch.library.register_fake

    def lenient(name: Any, *args: Any, **kwargs: Any) -> Any:
        if isinstance(name, str) and name.startswith("torchvision::"):
            return lambda function: function
        return register(name, *args, **kwargs)

    torch.library.register_fake = lenient


class Features(nn.Module):
    """A conditioner that is given its text features, as SD3's transformer is."""

    def __init__(self, width: int) -> None:
        """Pooled and token features have `width` numbers."""
        super().__init__()
        self.time = TimeEmbedding(256, width)
        self.pooled = nn.Sequential(
            nn.Linear(width, width), nn.SiLU(), nn.Linear(width, width)
        )
        self.tokens = nn.Linear(width, width)
        self.given: tuple[Tensor, Tensor] | None = None

    def forward(self, t: Tensor, cond: Tensor | None, like: Tensor) -> Condition:
        """As `Conditioner.forward`."""
        assert self.given is not None
        pooled, tokens = self.given
        return Condition(self.time(t) + self.pooled(pooled), self.tokens(tokens))


def with_tanh(model: nn.Module) -> nn.Module:
    """The same network with the tanh form of GELU."""
    for part in model.modules():
        if isinstance(part, nn.GELU):
            part.approximate = "tanh"
    return model


def dits(args: argparse.Namespace) -> dict[str, tuple[nn.Module, Forward]]:
    """Class-conditional DiTs: name -> network and its forward pass."""
    batch, device, head = args.batch, args.device, args.width // args.heads
    x = torch.randn(batch, CHANNELS, SIZE, SIZE, device=device)
    t = torch.rand(batch, device=device)
    steps = (1000 * t).long()
    labels = torch.randint(0, CLASSES, (batch,), device=device)
    config = DiTConfig(
        CHANNELS, SIZE, PATCH, args.width, args.depth, args.heads, num_classes=CLASSES
    )
    found: dict[str, tuple[nn.Module, Forward]] = {}

    def enter(name: str, model: nn.Module, run: Callable[[nn.Module], Tensor]) -> None:
        model = model.to(device)
        found[name] = model, lambda: run(model)

    enter("coursekit", DiT(config), lambda m: m(x, t, labels))
    enter("coursekit, tanh", with_tanh(DiT(config)), lambda m: m(x, t, labels))
    diffusers = peer("diffusers")
    if diffusers is not None:
        theirs = diffusers.DiTTransformer2DModel(
            num_attention_heads=args.heads,
            attention_head_dim=head,
            in_channels=CHANNELS,
            num_layers=args.depth,
            sample_size=SIZE,
            patch_size=PATCH,
            num_embeds_ada_norm=CLASSES,
        )
        enter(
            "diffusers",
            theirs,
            lambda m: m(x, timestep=steps, class_labels=labels).sample,
        )
    small = peer("smalldiffusion")
    if small is not None:
        theirs = small.DiT(
            SIZE,
            CHANNELS,
            PATCH,
            args.depth,
            head,
            args.heads,
            cond_embed=small.CondEmbedderLabel(args.width, CLASSES, 0.1),
        )
        enter("smalldiffusion", theirs, lambda m: m(x, t + 0.1, labels))
    return found


def mmdits(args: argparse.Namespace) -> dict[str, tuple[nn.Module, Forward]]:
    """MM-DiTs over given text features: name -> network and its forward pass."""
    batch, device, width = args.batch, args.device, args.width
    x = torch.randn(batch, CHANNELS, SIZE, SIZE, device=device)
    t = torch.rand(batch, device=device)
    pooled = torch.randn(batch, width, device=device)
    tokens = torch.randn(batch, WORDS, width, device=device)
    found: dict[str, tuple[nn.Module, Forward]] = {}

    def ours(name: str, change: Callable[[nn.Module], nn.Module]) -> None:
        text = TextConfig(vocabulary=4, length=WORDS, width=8, depth=1, heads=1)
        config = MMDiTConfig(
            text, CHANNELS, SIZE, PATCH, width, args.heads, double=args.depth
        )
        model = MMDiT(config)
        features = Features(width)
        features.given = pooled, tokens
        model.conditioner = features  # type: ignore[assignment]
        model = change(model).to(device)  # type: ignore[assignment]
        found[name] = model, lambda: model(x, t)

    ours("coursekit", lambda m: m)
    ours("coursekit, tanh", with_tanh)
    diffusers = peer("diffusers")
    if diffusers is not None:
        theirs = diffusers.SD3Transformer2DModel(
            sample_size=SIZE,
            patch_size=PATCH,
            in_channels=CHANNELS,
            num_layers=args.depth,
            attention_head_dim=width // args.heads,
            num_attention_heads=args.heads,
            joint_attention_dim=width,
            caption_projection_dim=width,
            pooled_projection_dim=width,
            out_channels=CHANNELS,
            pos_embed_max_size=SIZE // PATCH,
            qk_norm="rms_norm",
        ).to(device)
        found["diffusers"] = (
            theirs,
            lambda: theirs(x, tokens, pooled, 1000 * t).sample,
        )
    return found


class Contestant:
    """A network, its optimiser and the times of its steps."""

    def __init__(self, model: nn.Module, forward: Forward, device: str) -> None:
        """All start with zeros replaced, so that every layer has work to do."""
        self.model, self.forward, self.device = model, forward, device
        for p in model.parameters():
            if p.requires_grad and not p.any():
                nn.init.normal_(p, std=0.02)
        learnt = [p for p in model.parameters() if p.requires_grad]
        self.optimiser = torch.optim.AdamW(learnt, 1e-4, fused=True)
        self.times: list[float] = []

    def clock(self) -> float:
        """Seconds of the processor; on a GPU of the clock, when all work is done."""
        if self.device == "cpu":
            return time.process_time()
        torch.cuda.synchronize()
        return time.perf_counter()

    def step(self) -> None:
        """One step, and note its time."""
        start = self.clock()
        on_gpu = self.device != "cpu"
        with torch.autocast("cuda", torch.bfloat16, enabled=on_gpu):
            loss = self.forward().float().square().mean()
        loss.backward()  # type: ignore[no-untyped-call]
        self.optimiser.step()
        self.optimiser.zero_grad(set_to_none=True)
        self.times.append(self.clock() - start)


def compete(
    title: str, field: dict[str, tuple[nn.Module, Forward]], args: argparse.Namespace
) -> None:
    """Let all take turns and print the table."""
    runs = {
        name: Contestant(model, run, args.device)
        for name, (model, run) in field.items()
    }
    names, warm = list(runs), 2
    for i in range(args.rounds + warm):
        for name in islice(cycle(names), i, i + len(names)):
            runs[name].step()
    ours = min(runs["coursekit"].times[warm:])
    print(f"\n{title:<28}{'parameters':>11}{'ms/step':>9}  theirs over ours")
    for name, run in runs.items():
        best = min(run.times[warm:])
        row = f"{name:<28}{count_parameters(run.model):>11,}{1e3 * best:>9.1f}"
        print(row + ("" if name == "coursekit" else f"  {best / ours:.2f} x"))


def main(argv: list[str] | None = None) -> int:
    """Run the benchmark and print its tables."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--device", choices=("cpu", "cuda"), default="cpu")
    parser.add_argument("--batch", type=int, default=32)
    parser.add_argument("--rounds", type=int, default=9)
    parser.add_argument("--width", type=int, default=128)
    parser.add_argument("--depth", type=int, default=4)
    parser.add_argument("--heads", type=int, default=4)
    args = parser.parse_args(argv)
    if args.device == "cpu" and args.threads != 1:
        print("several threads share the processor's time: ratios still compare")
    torch.set_num_threads(args.threads)
    os.environ.setdefault("HF_HUB_OFFLINE", "1")
    torch.manual_seed(0)
    for kind, make in (("DiT", dits), ("MM-DiT", mmdits)):
        compete(kind, make(args), args)
        if args.device != "cpu":
            field = make(args)
            for model, _ in field.values():
                model.compile()
            compete(f"{kind}, compiled", field, args)
    print(
        f"\nwidth {args.width}, depth {args.depth}, {(SIZE // PATCH) ** 2} patches, "
        f"{WORDS} words, batch {args.batch}, {args.device}, {args.threads} threads, "
        f"{args.rounds} rounds, torch {torch.__version__}"
    )
    return 0


if __name__ == "__main__":
    without_vision_operators()
    sys.exit(main())
