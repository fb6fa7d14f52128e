"""A training step of our DiT and MM-DiT beside diffusers' and smalldiffusion's.

    python benchmarks/architecture_throughput.py [--threads 1] [--batch 32] [--rounds 9]
        [--precision bf16] [--compile] [--device cuda]

One step: forward, mean square, backward, AdamW (torch's fused one for all). Equal are
width, depth, heads, tokens and batch; the parameters are printed. What differs: the
DiT of diffusers embeds time and class anew in every block; SD3 adds sin-cos addresses
where ours turns queries and keys; ours bends with the exact GELU, the others with the
tanh form, so there is a row of ours with that as well.

The contestants take turns, in an order that moves on by one every round. Counted is the
time of the processor (on a GPU the clock, synchronised), and of it the minimum over the
rounds; a ratio above 1 means that ours is faster. --precision bf16 is autocast for all
of them (the rule on a GPU), with a row of ours in float32; --compile adds a second
table with all networks compiled. torch's fused attention is slow backwards in bf16 on a
CPU, so diffusers has a row with the plain one, which is then its best.

"of peak" is the share of the speed of one matrix product of 1,024, in the same
precision, made between the rounds: products and convolutions of the step, counted by
torch, over its time.

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
from contextlib import AbstractContextManager
from itertools import cycle, islice
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn.attention import SDPBackend, sdpa_kernel
from torch.utils.flop_counter import FlopCounterMode

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


def plain_attention_helps(args: argparse.Namespace) -> bool:
    """Whether torch's fused attention is the slower way."""
    return bool(args.device == "cpu" and args.precision == "bf16")


def plainly(forward: Forward) -> Forward:
    """The same forward pass with attention as matrix products and a softmax."""

    def run() -> Tensor:
        with sdpa_kernel(SDPBackend.MATH):
            return forward()

    return run


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
        if plain_attention_helps(args):
            found["diffusers, plain"] = theirs, plainly(found["diffusers"][1])
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
        if plain_attention_helps(args):
            found["diffusers, plain"] = theirs, plainly(found["diffusers"][1])
    return found


class Contestant:
    """A network, its optimiser and the times of its steps."""

    def __init__(
        self, model: nn.Module, forward: Forward, device: str, bf16: bool
    ) -> None:
        """All start with zeros replaced, so that every layer has work to do."""
        self.model, self.forward, self.device = model, forward, device
        self.bf16 = bf16
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
        self.passes()
        self.optimiser.step()
        self.optimiser.zero_grad(set_to_none=True)
        self.times.append(self.clock() - start)

    def passes(self) -> None:
        """Forward and backward."""
        with torch.autocast(self.device, torch.bfloat16, enabled=self.bf16):
            answer = self.forward()
        loss = answer.float().square().mean()
        loss.backward()  # type: ignore[no-untyped-call]

    def flops(self) -> int:
        """Operations of a step's products and convolutions, as torch counts them."""
        counter: AbstractContextManager[Any] = FlopCounterMode(display=False)
        with counter as counted:
            self.passes()
        self.optimiser.zero_grad(set_to_none=True)
        return int(counted.get_total_flops())


class Product:
    """One matrix product of 1,024, timed as the contestants are."""

    SIDE = 1024

    def __init__(self, device: str, bf16: bool) -> None:
        """Two random matrices."""
        kind = torch.bfloat16 if bf16 else torch.float32
        self.a = torch.randn(self.SIDE, self.SIDE, device=device).to(kind)
        self.device, self.best = device, float("inf")

    def step(self) -> None:
        """Ten products; the fastest time counts."""
        clock = Contestant.clock
        start = clock(self)  # type: ignore[arg-type]
        for _ in range(10):
            self.a @ self.a
        self.best = min(self.best, clock(self) - start)  # type: ignore[arg-type]

    def peak(self) -> float:
        """Operations a second."""
        return 10 * 2 * self.SIDE**3 / self.best


def compete(
    title: str,
    field: dict[str, tuple[nn.Module, Forward]],
    args: argparse.Namespace,
    compiled: bool = False,
) -> None:
    """Let all take turns and print the table."""
    bf16 = args.precision == "bf16"
    runs = {
        name: Contestant(model, run, args.device, bf16)
        for name, (model, run) in field.items()
    }
    work = {name: run.flops() for name, run in runs.items()}
    product = Product(args.device, bf16)
    if bf16:
        runs["coursekit, float32"] = Contestant(*field["coursekit"], args.device, False)
    if compiled:
        for model in {id(run.model): run.model for run in runs.values()}.values():
            model.compile()
    names, warm = list(runs), 2
    for i in range(args.rounds + warm):
        for name in islice(cycle(names), i, i + len(names)):
            runs[name].step()
        product.step()
    ours = min(runs["coursekit"].times[warm:])
    head = f"{title:<28}{'parameters':>11}{'ms/step':>9}{'of peak':>9}"
    print(f"\n{head}  theirs over ours    (peak {product.peak() / 1e9:.0f} GF/s)")
    for name, run in runs.items():
        best = min(run.times[warm:])
        row = f"{name:<28}{count_parameters(run.model):>11,}{1e3 * best:>9.1f}"
        share = work[name] / best / product.peak() if name in work else None
        row += f"{'':>9}" if share is None else f"{share:>9.0%}"
        print(row + ("" if name == "coursekit" else f"  {best / ours:.2f} x"))


def main(argv: list[str] | None = None) -> int:
    """Run the benchmark and print its tables."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--device", choices=("cpu", "cuda"), default="cpu")
    parser.add_argument("--precision", choices=("float32", "bf16"))
    parser.add_argument("--compile", action="store_true", help="on a CPU, too")
    parser.add_argument("--only", choices=("DiT", "MM-DiT"))
    parser.add_argument("--batch", type=int, default=32)
    parser.add_argument("--rounds", type=int, default=9)
    parser.add_argument("--width", type=int, default=128)
    parser.add_argument("--depth", type=int, default=4)
    parser.add_argument("--heads", type=int, default=4)
    args = parser.parse_args(argv)
    args.precision = args.precision or ("float32" if args.device == "cpu" else "bf16")
    if args.device == "cpu" and args.threads != 1:
        print("several threads share the processor's time: ratios still compare")
    torch.set_num_threads(args.threads)
    os.environ.setdefault("HF_HUB_OFFLINE", "1")
    torch.manual_seed(0)
    for kind, make in (("DiT", dits), ("MM-DiT", mmdits)):
        if args.only not in (None, kind):
            continue
        compete(kind, make(args), args)
        if args.compile or args.device != "cpu":
            compete(f"{kind}, compiled", make(args), args, compiled=True)
    print(
        f"\nwidth {args.width}, depth {args.depth}, {(SIZE // PATCH) ** 2} patches, "
        f"{WORDS} words, batch {args.batch}, {args.device}, {args.precision}, "
        f"{args.threads} threads, {args.rounds} rounds, torch {torch.__version__}"
    )
    return 0


if __name__ == "__main__":
    without_vision_operators()
    sys.exit(main())
