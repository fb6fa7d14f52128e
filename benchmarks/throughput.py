"""Training throughput of our U-Net beside peer networks of equal size.

    python benchmarks/throughput.py [--threads 1] [--batch 32] [--rounds 7]
        [--precision bf16]

One run, one process, one thread count, the same batches of Fashion-MNIST: the networks
take turns, a few steps each, and the medians over the rounds are compared. A step is
what `coursekit train` does without the average: noise a batch, predict the noise, mean
square, backward, AdamW. Each peer is shrunk (or grown) to our number of parameters, to
5 %. Two of ours: "full" works at all resolutions from 28 x 28 down, as the peers'
U-Nets do; "recipe" is the network of `--profile cpu`, which folds 2 x 2 pixels first,
as the DiT does with its patches. With --precision bf16 all run under autocast, and ours
once more in float32. diffusers' U-Net has a row in channels_last as well. Counted is
the time of the processor. Peers that are not installed are named and left out:

    pip install diffusers
    pip install --no-deps smalldiffusion einops
"""

import argparse
import importlib
import importlib.util
import statistics
import sys
import time
import types
from collections.abc import Callable, Iterable
from itertools import product
from typing import Any

import torch
from torch import Tensor, nn

from coursekit.models.unet import UNet, UNetConfig, count_parameters
from coursekit.theory.ddpm import at
from coursekit.training.data import batch_at, training_images
from coursekit.training.recipes_pixels import PIXELS

RECIPE = PIXELS["fashion-ddpm"]
CLOSE = 0.05
Call = Callable[[nn.Module, Tensor, Tensor], Tensor]  # model, xt, t -> eps_hat


def closest(
    builders: Iterable[Callable[[], nn.Module]], parameters: int
) -> Callable[[], nn.Module]:
    """The builder whose network has nearly `parameters` parameters; builds no weights.

    Raises ValueError when none comes within 5 %.
    """

    def miss(build: Callable[[], nn.Module]) -> float:
        with torch.device("meta"):
            return abs(count_parameters(build()) / parameters - 1)

    misses = [(miss(build), i, build) for i, build in enumerate(builders)]
    best, _, build = min(misses)
    if best > CLOSE:
        raise ValueError(f"nearest size misses {parameters} by {best:.0%}")
    return build


def ours_full(parameters: int) -> nn.Module:
    """Our U-Net on all resolutions."""
    sizes = [(w, 2 * w, last) for w in (16, 24, 32) for last in range(48, 160, 8)]
    return closest([lambda w=w: UNet(UNetConfig(1, w)) for w in sizes], parameters)()


def diffusers_unet(parameters: int) -> nn.Module:
    """diffusers' UNet2DModel: three levels, attention at the lowest, one block each."""
    from diffusers import UNet2DModel

    def build(widths: tuple[int, int, int]) -> nn.Module:
        return UNet2DModel(
            sample_size=28,
            in_channels=1,
            out_channels=1,
            layers_per_block=1,
            block_out_channels=widths,
            down_block_types=("DownBlock2D", "DownBlock2D", "AttnDownBlock2D"),
            up_block_types=("AttnUpBlock2D", "UpBlock2D", "UpBlock2D"),
            norm_num_groups=8,
            attention_head_dim=widths[-1] // 2,
        )

    sizes = [(w, 2 * w, last) for w in (16, 24, 32) for last in range(32, 128, 8)]
    return closest([lambda w=w: build(w) for w in sizes], parameters)()


def smalldiffusion_module(name: str) -> types.ModuleType:
    """A module of smalldiffusion; its package file wants torchvision and accelerate,
    which the networks do not, so that file is not run.
    """
    if "smalldiffusion" not in sys.modules:
        spec = importlib.util.find_spec("smalldiffusion")
        if spec is None:
            raise ImportError("smalldiffusion")
        package = types.ModuleType("smalldiffusion")
        package.__path__ = list(spec.submodule_search_locations or [])
        sys.modules["smalldiffusion"] = package
    return importlib.import_module(f"smalldiffusion.{name}")


def smalldiffusion_unet(parameters: int) -> nn.Module:
    """smalldiffusion's Unet; its group norm wants multiples of 32 channels."""
    unet = smalldiffusion_module("model_unet").Unet
    shapes = product([(1, 1), (1, 2), (1, 1, 1), (1, 1, 2), (1, 2, 2)], range(1, 9))
    return closest(
        [
            lambda m=m, e=e: unet(28, 1, 1, 32, m, e, 1, (7,), dropout=0.0)
            for m, e in shapes
        ],
        parameters,
    )()


def smalldiffusion_dit(parameters: int) -> nn.Module:
    """smalldiffusion's DiT on patches of 2 x 2."""
    dit = smalldiffusion_module("model_dit").DiT
    shapes = product(range(2, 9), range(16, 49, 4), (4,))
    found = closest(
        [
            lambda d=d, h=h, n=n: dit_on(dit, depth=d, head_dim=h, heads=n)
            for d, h, n in shapes
        ],
        parameters,
    )
    return found()


def dit_on(dit: Any, depth: int, head_dim: int, heads: int) -> nn.Module:
    """A DiT for 28 x 28 grey pictures."""
    model: nn.Module = dit(28, 1, 2, depth, head_dim, heads)
    return model


def call_ours(model: nn.Module, xt: Tensor, t: Tensor) -> Tensor:
    """Our networks, and their time in [0, 1]."""
    result: Tensor = model(xt, t)
    return result


def call_diffusers(model: nn.Module, xt: Tensor, t: Tensor) -> Tensor:
    """diffusers wants the step and returns a dataclass."""
    result: Tensor = model(xt, 1000 * t).sample
    return result


def call_smalldiffusion(model: nn.Module, xt: Tensor, t: Tensor) -> Tensor:
    """smalldiffusion wants a noise level of shape (B, 1, 1, 1)."""
    result: Tensor = model(xt, t[:, None, None, None])
    return result


PEERS: dict[str, tuple[Callable[[int], nn.Module], Call]] = {
    "coursekit UNet, full": (ours_full, call_ours),
    "diffusers UNet2DModel": (diffusers_unet, call_diffusers),
    "diffusers, channels_last": (diffusers_unet, call_diffusers),
    "smalldiffusion Unet": (smalldiffusion_unet, call_smalldiffusion),
    "smalldiffusion DiT": (smalldiffusion_dit, call_smalldiffusion),
}


class Contestant:
    """A network with its optimiser, and the seconds that its rounds took."""

    def __init__(
        self, model: nn.Module, call: Call, channels_last: bool, bf16: bool
    ) -> None:
        """channels_last: as ours are trained in float32; peers run as they come."""
        self.bf16 = bf16
        if channels_last:
            model = model.to(memory_format=torch.channels_last)  # type: ignore[call-overload]
        self.model, self.call, self.channels_last = model.train(), call, channels_last
        self.optimiser = torch.optim.AdamW(model.parameters(), 1e-3)
        self.seconds: list[float] = []

    def steps(self, batches: list[tuple[Tensor, Tensor, Tensor]]) -> None:
        """Train on the batches, and note the seconds a step took."""
        schedule = RECIPE.make_schedule()
        start = time.process_time()
        for x0, k, eps in batches:
            signal = at(schedule.alpha_bar.sqrt(), k, x0)
            noise = at((1 - schedule.alpha_bar).sqrt(), k, x0)
            xt = signal * x0 + noise * eps
            if self.channels_last:
                xt = xt.contiguous(memory_format=torch.channels_last)
            with torch.autocast("cpu", torch.bfloat16, enabled=self.bf16):
                answer = self.call(self.model, xt, k / 1000)
            loss = (answer.float() - eps).square().mean()
            self.optimiser.zero_grad()
            loss.backward()  # type: ignore[no-untyped-call]
            self.optimiser.step()
        self.seconds.append((time.process_time() - start) / len(batches))


def main(argv: list[str] | None = None) -> int:
    """Run the benchmark and print the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--precision", choices=("float32", "bf16"), default="float32")
    parser.add_argument("--batch", type=int, default=32)
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--steps", type=int, default=3, help="steps in each round")
    args = parser.parse_args(argv)
    torch.set_num_threads(args.threads)
    torch.manual_seed(0)

    model = RECIPE.build(RECIPE.cpu.model)
    size = count_parameters(model)
    bf16 = args.precision == "bf16"
    first = Contestant(model, call_ours, not bf16, bf16)
    contestants = {"coursekit UNet, recipe": first}
    if bf16:
        plain = RECIPE.build(RECIPE.cpu.model)
        contestants["recipe's in float32"] = Contestant(plain, call_ours, True, False)
    for name, (build, call) in PEERS.items():
        try:
            network = build(size)
        except ImportError as error:
            print(f"{name}: not installed here ({error.name or error}), left out")
            continue
        except ValueError as error:
            print(f"{name}: {error}, left out")
            continue
        last = "channels_last" in name or ("coursekit" in name and not bf16)
        contestants[name] = Contestant(network, call, last, bf16)

    images = training_images("fashion", 2000).x
    draw = RECIPE.objective().draw
    for turn in range(args.rounds + 1):
        first = turn * args.steps
        batches = [
            batch_at(images, args.batch, draw, 0, first + i, "cpu")
            for i in range(args.steps)
        ]
        for contestant in contestants.values():
            contestant.steps(batches)
    print(report(contestants, args))
    return 0


def report(contestants: dict[str, Contestant], args: argparse.Namespace) -> str:
    """The table: size, images a second (median; best), ratios of medians to peers."""
    ours = [name for name in contestants if "coursekit" in name]
    head = f"{'network':<24}{'parameters':>11}{'img/s':>8}{'best':>8}"
    lines = [head + "".join(f"{n.split(', ')[1] + ' is':>14}" for n in ours)]
    rate: dict[str, float] = {}
    for name, contestant in contestants.items():
        seconds = contestant.seconds[1:]  # the first round warms up
        rate[name] = args.batch / statistics.median(seconds)
    for name, contestant in contestants.items():
        parameters = count_parameters(contestant.model)
        best = args.batch / min(contestant.seconds[1:])
        row = f"{name:<24}{parameters:>11,}{rate[name]:>8.0f}{best:>8.0f}"
        lines.append(row + "".join(f"{rate[n] / rate[name]:>12.2f} x" for n in ours))
    lines.append(
        f"Fashion-MNIST 28 x 28, batch {args.batch}, {args.threads} threads, "
        f"{args.precision}, "
        f"{args.rounds} rounds of {args.steps} steps each, torch {torch.__version__}"
    )
    return "\n".join(lines)


if __name__ == "__main__":
    sys.exit(main())
