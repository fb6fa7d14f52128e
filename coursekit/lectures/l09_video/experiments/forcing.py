"""Figure 09.F: what a network is shown while it learns, and what its own past costs.

A ball in a box, 20 frames, of which 3 are given: they settle the rest, so a perfect
network makes no error. Five ways to train one small network are held against the
simulator, frame by frame, once after the true past and once after the network's own.
"""

from collections.abc import Callable, Sequence

import torch
from torch import Tensor

from coursekit.datasets.bouncing_ball import ball_clips
from coursekit.experiments.cache import kept_network
from coursekit.experiments.summary import Result, for_seeds, prefixed
from coursekit.models.frame_transformer import FrameTransformer
from coursekit.models.unet import count_parameters
from coursekit.theory.flow import follow, heun_step
from coursekit.theory.forcing import forcing_loss, frame_levels, teacher_forcing
from coursekit.theory.noise import fresh_noise
from coursekit.theory.roll_outs import energy_score, exposure_bias, self_forcing
from coursekit.theory.solvers import time_grid

FRAMES, GIVEN, SHORT = 20, 3, 12  # of a clip; known; in self-forcing
TIMES = (1.0, 0.5)  # two jumps a frame
BATCH, STEPS, RATE = 64, 1200, 2e-3
OWN_STEPS, OWN_RATE = 400, 2e-4
CONTEXT = 0.1  # the most noise in a past that is not told of it
WAYS = ("teacher", "noisy", "free", "half")
CORRELATION = 0.95  # of two neighbouring frames, in `first_frame`

Loss = Callable[[FrameTransformer, torch.Generator], Tensor]


def shown(way: str) -> Loss:
    """The loss of a way on fresh clips.

    "teacher": a clean, true past; "noisy": noise up to CONTEXT in it, as its own frames
    will have errors; "free": a level for each frame; "half": so, and every second clip
    begins clean.
    """

    def loss(net: FrameTransformer, generator: torch.Generator) -> Tensor:
        x = ball_clips(BATCH, FRAMES, generator)
        eps, past = fresh_noise(x, generator), x
        clean = 0.5 if way == "half" else 0.0
        levels = frame_levels(BATCH, FRAMES, clean, generator)
        if way in ("free", "half"):
            return forcing_loss(net, x, levels, eps)
        if way == "noisy":
            size = CONTEXT * torch.rand(BATCH, 1, 1, generator=generator)
            past = x + size * fresh_noise(x, generator)
        return forcing_loss(teacher_forcing(net, past), x, levels, eps)

    return loss


def own_loss(net: FrameTransformer, generator: torch.Generator) -> Tensor:
    """Self-forcing: two own clips of each beginning, held against the true clip."""
    x = ball_clips(BATCH, SHORT, generator)
    own = self_forcing(net, x[:, :GIVEN].repeat(2, 1, 1), SHORT, TIMES, generator)
    return energy_score(torch.stack(own.chunk(2)), x).mean()


def learn(
    net: FrameTransformer, loss: Loss, steps: int, rate: float, seed: int
) -> None:
    """Adam, a short warm-up and a fall to nothing."""
    generator = torch.Generator().manual_seed(seed)
    optimiser = torch.optim.Adam(net.parameters(), rate)
    schedule = torch.optim.lr_scheduler.OneCycleLR(
        optimiser, rate, steps, pct_start=0.05, cycle_momentum=False
    )
    for _ in range(steps):
        value = loss(net, generator)
        optimiser.zero_grad()
        value.backward()  # type: ignore[no-untyped-call]
        optimiser.step()
        schedule.step()


def trained(way: str, seed: int, quick: bool = False) -> FrameTransformer:
    """The network after a way of WAYS, or after "own": self-forcing after "teacher"."""
    torch.manual_seed(seed)
    net = FrameTransformer(length=FRAMES)
    own = way == "own"
    steps, rate = (OWN_STEPS, OWN_RATE) if own else (STEPS, RATE)
    steps = 3 if quick else steps
    if own:
        net.load_state_dict(trained("teacher", seed, quick).state_dict())

    def train(network: FrameTransformer) -> None:
        learn(network, own_loss if own else shown(way), steps, rate, seed)

    settings = (way, seed, steps, STEPS, rate, BATCH, TIMES)
    return kept_network(f"forcing/{way}-{seed}", settings, net, train)


def judged(way: str, count: int, quick: bool, seed: int) -> Result:
    """Errors by frame of a trained network, and at the last frame."""
    clips = ball_clips(count, FRAMES, torch.Generator().manual_seed(1000))
    generator = torch.Generator().manual_seed(2000)
    net = trained(way, seed, quick)
    true, own = exposure_bias(net, clips, GIVEN, TIMES, generator)
    ends = {"short": SHORT - 1 - GIVEN, "last": FRAMES - 1 - GIVEN}
    found: Result = {"true": true.tolist(), "own": own.tolist()}
    for name, at in ends.items():
        found |= {f"{name}_true": float(true[at]), f"{name}_own": float(own[at])}
    return found | {"ratio": float(own[-1] / true[-1])}


def first_frame(count: int = 4000) -> Result:
    """Why a student that looks back needs a teacher that does (Zhu et al. 2026).

    Two frames, each N(0, 1), with CORRELATION. A teacher that sees both carries its
    noises (e1, e2) to the frames; a student of the first frame, who sees e1 only, is
    left with the mean over e2. Its frames then vary too little: the least-squares
    student's variance, `start_both`, beside the closed form `start_both_exact`. A
    teacher that looks back carries e1 to the first frame, and its student keeps the
    variance 1: `start_back`.
    """
    law = torch.tensor([[1.0, CORRELATION], [CORRELATION, 1.0]], dtype=torch.float64)
    noise = torch.randn(
        (count, 2), generator=torch.Generator().manual_seed(0), dtype=torch.float64
    )

    def teacher(cov: Tensor) -> Callable[[Tensor, Tensor], Tensor]:
        def velocity(x: Tensor, t: Tensor) -> Tensor:
            s, one = float(t[0]), torch.eye(len(cov), dtype=cov.dtype)
            spread = (1 - s) ** 2 * cov + s**2 * one
            slope: Tensor = x @ torch.linalg.solve(spread, s * one - (1 - s) * cov)
            return slope

        return velocity

    found: Result = {}
    for name, cov, given in (
        ("both", law, noise),
        ("back", law[:1, :1], noise[:, :1]),
    ):
        *_, frames = follow(teacher(cov), given, time_grid(64), heun_step)
        e1 = noise[:, 0]
        found[f"start_{name}"] = float((frames[:, 0] @ e1 / (e1 @ e1)) ** 2)
    root = ((1 + CORRELATION) ** 0.5 + (1 - CORRELATION) ** 0.5) / 2
    return found | {"start_both_exact": root**2}


def measure(seeds: Sequence[int] = (0, 1), quick: bool = False) -> Result:
    """Everything of 09.F.

    Keys: `frames`, `given`, `jumps` a frame, `steps`, `own_steps`, `batch`, `weights`,
    `clips` that are judged; `centre`, the error by frame of whoever always says the
    middle of the box; for way in WAYS and "own" (self-forcing): lists `{way}_true` and
    `{way}_own`, the error of frames GIVEN, GIVEN + 1, ... after the true and the own
    past, in box half-widths, with _std; `{way}_short_true`, `{way}_short_own` at frame
    SHORT - 1, `{way}_last_true`, `{way}_last_own` at the last, and `{way}_ratio` of
    these two, each with _std and _all; those of `first_frame`.
    """
    count = 32 if quick else 512
    clips = ball_clips(count, FRAMES, torch.Generator().manual_seed(1000))
    result: Result = {
        **{"frames": FRAMES, "given": GIVEN, "jumps": len(TIMES)},
        **{"steps": STEPS, "own_steps": OWN_STEPS, "batch": BATCH, "clips": count},
        "weights": count_parameters(FrameTransformer(length=FRAMES)),
        "centre": clips[:, GIVEN:].norm(dim=-1).mean(0).tolist(),
    }
    for way in (*WAYS, "own"):
        found = for_seeds(judged, seeds[:1] if quick else seeds, way, count, quick)
        result |= prefixed(way, found)
    return result | first_frame()
