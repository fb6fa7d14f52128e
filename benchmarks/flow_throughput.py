"""Flow matching beside torchcfm and torchdiffeq: training steps and samples a second.

    python benchmarks/flow_throughput.py [--threads 1] [--batch 256] [--rounds 7]

One run, one process, one thread count. Training: eight Gaussians in the plane, the same
batches, the same network with the same first weights, Adam; the loops differ in who
pairs noise and data, forms x_t and takes the loss: `cfm_loss` (and `ot_coupling`) here,
a matcher in torchcfm. Sampling: one network, the same noise, the same grid, so the same
number of network evaluations (NFE); torchcfm's examples sample with torchdiffeq's
`odeint`. Two of ours: "follow" steps a bare velocity, "solvers" takes what any
network predicts, here a velocity, which needs no translation.

The contestants take turns, a few steps each, in an order that moves on by one every
round; a ratio is the median over the rounds of the ratios within a round, above 1 when
ours is faster. Peers that are not installed are named and left out:

    pip install torchdiffeq POT -c constraints.txt
    pip install --no-deps torchcfm -c constraints.txt
"""

import argparse
import copy
import importlib
import statistics
import sys
import time
from collections.abc import Callable, Iterable
from itertools import cycle, islice
from typing import Any

import torch
from torch import Tensor, nn

from coursekit.datasets.toys import ring
from coursekit.theory import solvers
from coursekit.theory.couplings import ot_coupling
from coursekit.theory.flow import cfm_loss, euler_step, follow, heun_step
from coursekit.theory.paths import LinearPath
from coursekit.theory.prediction import denoiser

Loss = Callable[[nn.Module, Tensor], Tensor]  # loss(network, x0) -> scalar
Sampler = Callable[[Tensor], Tensor]  # sample(noise) -> data
PAIR_STEPS = {"plain": 60, "OT": 20}  # in each round; a transport plan takes longer


def peer(name: str) -> Any:
    """A peer library, or None and one line on what is missing."""
    try:
        return importlib.import_module(name)
    except ImportError as error:
        print(f"{name}: not installed here ({error.name or error}), left out")
        return None


class Velocity(nn.Module):
    """The network of torchcfm's examples: time is a third coordinate."""

    def __init__(self, width: int = 64) -> None:
        """Three hidden layers."""
        super().__init__()
        layers: list[nn.Module] = []
        for size in (3, width, width):
            layers += [nn.Linear(size, width), nn.SELU()]
        self.net = nn.Sequential(*layers, nn.Linear(width, 2))

    def forward(self, x: Tensor, t: Tensor) -> Tensor:
        """x: (B, 2); t: (B,). Returns (B, 2)."""
        out: Tensor = self.net(torch.cat([x, t[:, None]], dim=1))
        return out


def our_loss(deal: bool) -> Loss:
    """Noise, times, and our loss; with `deal`, the noise dealt out by transport."""

    def loss(network: nn.Module, x0: Tensor) -> Tensor:
        eps, t = torch.randn_like(x0), torch.rand(len(x0))
        return cfm_loss(network, x0, t, ot_coupling(x0, eps) if deal else eps)

    return loss


def matcher_loss(matcher: Any) -> Loss:
    """The training step of torchcfm's examples, where noise is x0 and data is x1."""

    def loss(network: nn.Module, x1: Tensor) -> Tensor:
        x0 = torch.randn_like(x1)
        t, xt, ut = matcher.sample_location_and_conditional_flow(x0, x1)
        return torch.mean((network(xt, t) - ut) ** 2)

    return loss


class Contestant:
    """A loop with its network and optimiser, and the rate of each of its rounds."""

    def __init__(self, network: nn.Module, loss: Loss) -> None:
        """The network is copied, so that all start alike."""
        self.network, self.loss = copy.deepcopy(network), loss
        self.optimiser = torch.optim.Adam(self.network.parameters(), 1e-3)
        self.rates: list[float] = []
        self.last = 0.0

    def steps(self, batches: list[Tensor]) -> None:
        """Train on the batches, and note the steps a second and the mean loss."""
        total = 0.0
        start = time.perf_counter()
        for x0 in batches:
            loss = self.loss(self.network, x0)
            self.optimiser.zero_grad()
            loss.backward()  # type: ignore[no-untyped-call]
            self.optimiser.step()
            total += float(loss.detach())
        self.rates.append(len(batches) / (time.perf_counter() - start))
        self.last = total / len(batches)


def in_turn(names: list[str], rounds: int) -> list[list[str]]:
    """The order of each round: the first one moves on by one."""
    return [list(islice(cycle(names), i, i + len(names))) for i in range(rounds)]


def ratio(ours: list[float], theirs: list[float]) -> str:
    """The median of the ratios within a round, and their range; round 0 warms up."""
    each = [a / b for a, b in zip(ours[1:], theirs[1:], strict=True)]
    return f"{statistics.median(each):.2f} x ({min(each):.2f} to {max(each):.2f})"


def training(args: argparse.Namespace, torchcfm: Any) -> nn.Module:
    """Train with every loop, print the table, and return one of the networks."""
    torch.manual_seed(0)
    network = Velocity()
    found: nn.Module = network
    print(f"{'training':<26}{'steps/s':>9}{'loss':>8}  coursekit over peer")
    for pairing, steps in PAIR_STEPS.items():
        deal = pairing == "OT"
        field = {"coursekit": Contestant(network, our_loss(deal))}
        if torchcfm is not None:
            name = "ExactOptimalTransport" if deal else ""
            matcher = getattr(torchcfm, f"{name}ConditionalFlowMatcher")(sigma=0.0)
            field["torchcfm"] = Contestant(network, matcher_loss(matcher))
        for order in in_turn(list(field), args.rounds + 1):
            batches = [ring().sample(args.batch).float() for _ in range(steps)]
            for name in order:
                field[name].steps(batches)
        ours = field["coursekit"]
        for name, one in field.items():
            row = f"{name + ', ' + pairing:<26}{statistics.median(one.rates[1:]):>9.0f}"
            row += f"{one.last:>8.3f}"
            print(row + ("" if one is ours else "  " + ratio(ours.rates, one.rates)))
        found = ours.network
    return found


def samplers(
    network: nn.Module, num_steps: int, torchdiffeq: Any
) -> dict[str, tuple[Sampler, int]]:
    """Every way to sample, with the number of network evaluations."""
    ts = solvers.time_grid(num_steps)
    predict = denoiser(network, LinearPath(), "velocity")

    def last(walk: Iterable[Tensor]) -> Tensor:
        *_, state = walk
        return state

    def odeint(method: str) -> Sampler:
        def field(t: Tensor, x: Tensor) -> Tensor:
            v: Tensor = network(x, t.repeat(len(x)))  # as torchcfm's wrapper does
            return v

        grid = ts.float()

        def sample(x: Tensor) -> Tensor:
            end: Tensor = torchdiffeq.odeint(field, x, grid, method=method)[-1]
            return end

        return sample

    found: dict[str, tuple[Sampler, int]] = {
        "follow, euler": (
            lambda x: last(follow(network, x, ts, euler_step)),
            num_steps,
        ),
        "follow, heun": (
            lambda x: last(follow(network, x, ts, heun_step)),
            2 * num_steps,
        ),
        "solvers, euler": (lambda x: last(solvers.euler(predict, x, ts)), num_steps),
        # its step into t = 0 is an Euler step
        "solvers, heun": (
            lambda x: last(solvers.heun(predict, x, ts)),
            2 * num_steps - 1,
        ),
    }
    if torchdiffeq is not None:
        found["torchdiffeq, euler"] = odeint("euler"), num_steps
        found["torchdiffeq, heun"] = odeint("heun2"), 2 * num_steps
    return found


def sampling(args: argparse.Namespace, network: nn.Module, torchdiffeq: Any) -> None:
    """Sample in every way, in turn, and print the table."""
    field = samplers(network.eval(), args.solver_steps, torchdiffeq)
    head = f"{'sampling':<26}{'NFE':>5}{'points/s':>10}{'differs':>9}"
    print(f"\n{head}  coursekit over peer")
    noise = torch.randn(args.points, 2)
    rates: dict[str, list[float]] = {name: [] for name in field}
    results = {}
    for order in in_turn(list(field), args.rounds + 1):
        for name in order:
            start = time.perf_counter()
            results[name] = field[name][0](noise)
            rates[name].append(args.points / (time.perf_counter() - start))
    for name, (_, nfe) in field.items():
        median = statistics.median(rates[name][1:])
        row = f"{name:<26}{nfe:>5}{median:>10,.0f}"
        other = f"torchdiffeq, {name.split(', ')[1]}"
        if other in field and other != name:
            gap = float((results[name] - results[other]).abs().max())
            row += f"{gap:>9.0e}  {ratio(rates[name], rates[other])}"
        print(row)


def main(argv: list[str] | None = None) -> int:
    """Run the benchmark and print both tables."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--batch", type=int, default=256)
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--points", type=int, default=1000, help="drawn at a time")
    parser.add_argument("--solver-steps", type=int, default=100)
    args = parser.parse_args(argv)
    torch.set_num_threads(args.threads)
    torchcfm, torchdiffeq = peer("torchcfm"), peer("torchdiffeq")
    network = training(args, torchcfm)
    with torch.no_grad():
        sampling(args, network, torchdiffeq)
    print(
        f"eight Gaussians, batch {args.batch}, {args.threads} threads, float32, "
        f"{args.rounds} rounds, torch {torch.__version__}"
    )
    return 0


if __name__ == "__main__":
    sys.exit(main())
