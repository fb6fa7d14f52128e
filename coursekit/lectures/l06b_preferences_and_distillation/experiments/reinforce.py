"""Figure 06b.D: two reinforcement learners on the plane, and what a KL term buys.

Both start from the same flow, draw as many points with it and are rewarded for the same
bump. GRPO draws them with dice and compares probabilities. DiffusionNFT draws them as
one always does and trains on them. `judge`, which gave no reward, says what is left.
"""

import copy
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

import torch
from torch import Tensor

from coursekit.experiments.summary import Result, columns, prefixed, sum_up
from coursekit.lectures.l06b_preferences_and_distillation.experiments.dice import roll
from coursekit.lectures.l06b_preferences_and_distillation.experiments.rewards import (
    reward,
)
from coursekit.lectures.l06b_preferences_and_distillation.experiments.ring import (
    STEPS,
    base_model,
    judge,
    walk,
)
from coursekit.models.mlp import EpsMLP
from coursekit.theory.diffusion_nft import nft_loss, optimality
from coursekit.theory.grpo import clipped_loss, group_advantages
from coursekit.theory.paths import LinearPath
from coursekit.theory.policy_steps import kl, log_prob, transition
from coursekit.theory.solvers import spread_time, time_grid

LEVEL = 0.7  # of the noise, as in Flow-GRPO
EVALUATIONS = 40  # of the walks that are judged: Euler, without dice
LIMIT = 5.0  # advantages are clipped there
DRAWN = 4000


@dataclass(frozen=True)
class Plan:
    """One training by reward.

    kl: weight of the distance to the base. steps: of the walks in training. epochs: how
    often each batch of walks is used. clip: of the ratios.
    """

    kl: float
    steps: int = 10
    rounds: int = 100
    group: int = 256
    epochs: int = 2
    rate: float = 3e-4
    clip: float = 0.2


Learn = Callable[[EpsMLP, Plan, int], tuple[EpsMLP, list[Result]]]


def advantages_of(x0: Tensor) -> Tensor:
    """The plane has no prompts: all samples of a round are one group."""
    one = torch.zeros(len(x0), dtype=torch.long)
    return group_advantages(reward(x0), one, len(x0), limit=LIMIT)


def _student(base: EpsMLP) -> EpsMLP:
    return copy.deepcopy(base).train().requires_grad_(True)


def _descend(model: EpsMLP, loss: Tensor, optimiser: torch.optim.Optimizer) -> None:
    optimiser.zero_grad()
    loss.backward()  # type: ignore[no-untyped-call]
    torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
    optimiser.step()


def grpo(base: EpsMLP, plan: Plan, seed: int) -> tuple[EpsMLP, list[Result]]:
    """Flow-GRPO. All steps of all walks of a round are one batch.

    Returns the model and what was seen in each round: `reward`, its mean under dice;
    `distance`, the KL of a whole walk from the base's; `first`, by how much the first
    ratio is off 1; `clipped`, the share of ratios beyond the clip in the last epoch.
    """
    model, seen = _student(base), []
    optimiser = torch.optim.Adam(model.parameters(), lr=plan.rate, fused=True)
    stir = torch.Generator().manual_seed(5000 + seed)
    ts = time_grid(plan.steps)
    for _ in range(plan.rounds):
        eps = torch.randn(plan.group, 2, generator=stir)
        with torch.no_grad():
            states = roll(model, eps, ts, LEVEL, stir)
        x, after = torch.cat(states[:-1]), torch.cat(states[1:])
        t, s = (
            torch.cat([spread_time(each, eps) for each in part])
            for part in (ts[:-1], ts[1:])
        )
        advantages = advantages_of(states[-1])
        with torch.no_grad():
            old = log_prob(transition(model(x, t), x, t, s, LEVEL), after, "sum")
            there = transition(base(x, t), x, t, s, LEVEL)
        gained = advantages.repeat(plan.steps)
        for epoch in range(plan.epochs):
            law = transition(model(x, t), x, t, s, LEVEL)
            now = log_prob(law, after, "sum")
            apart = kl(law, there, "sum")
            loss = clipped_loss(now, old, gained, plan.clip) + plan.kl * apart.mean()
            off = ((now - old).detach().exp() - 1).abs()
            if epoch == 0:
                first = float(off.max())
                distance = float(apart.detach().mean()) * plan.steps
            _descend(model, loss, optimiser)
        seen.append(
            {
                "reward": float(reward(states[-1]).mean()),
                "distance": distance,
                "first": first,
                "clipped": float((off > plan.clip).double().mean()),
            }
        )
    return model.eval().requires_grad_(False), seen


def nft(base: EpsMLP, plan: Plan, seed: int) -> tuple[EpsMLP, list[Result]]:
    """DiffusionNFT with beta 1, on walks without dice. No step of a walk is stored.

    Each point is noised anew `steps` times, so that an update sees as many rows as one
    of `grpo`. The KL term is the squared distance of the velocities, as its authors
    have it. The policy that draws follows the trained one slowly. Returns the model and
    the mean `reward` of each round.
    """
    model, old, seen = _student(base), copy.deepcopy(base), []
    optimiser = torch.optim.Adam(model.parameters(), lr=plan.rate, fused=True)
    stir = torch.Generator().manual_seed(6000 + seed)
    for round_ in range(plan.rounds):
        x0 = walk(old, torch.randn(plan.group, 2, generator=stir), plan.steps)
        good = optimality(advantages_of(x0), LIMIT).repeat(plan.steps)
        rows = x0.repeat(plan.steps, 1)
        for _ in range(plan.epochs):
            eps = torch.randn(rows.shape, generator=stir)
            t = torch.rand(len(rows), generator=stir)
            xt = LinearPath().corrupt(rows, eps, t)
            with torch.no_grad():
                before, there = old(xt, t), base(xt, t)
            v = model(xt, t)
            loss = nft_loss(v, before, eps - rows, good, beta=1.0)
            loss = loss + plan.kl * (v - there).square().mean()
            _descend(model, loss, optimiser)
        with torch.no_grad():
            keep = min(0.01 * round_, 0.5)
            for slow, fast in zip(old.parameters(), model.parameters(), strict=True):
                slow.lerp_(fast, 1 - keep)
        seen.append({"reward": float(reward(x0).mean())})
    return model.eval().requires_grad_(False), seen


def path_distance(model: EpsMLP, base: EpsMLP, count: int, seed: int = 0) -> float:
    """The KL of whole walks with dice (ten steps, LEVEL) from the base's, in nats.

    It bounds the KL of the points from above. A model that was trained without dice is
    asked to roll them, so that all are measured with one ruler.
    """
    stir, ts = torch.Generator().manual_seed(70 + seed), time_grid(10)
    total = 0.0
    with torch.no_grad():
        states = roll(model, torch.randn(count, 2, generator=stir), ts, LEVEL, stir)
        for x, (t, s) in zip(states, pairwise(ts), strict=False):
            t, s = spread_time(t, x), spread_time(s, x)
            laws = [transition(net(x, t), x, t, s, LEVEL) for net in (model, base)]
            total += float(kl(laws[0], laws[1], "sum").mean())
    return total


def seen_by(model: EpsMLP, base: EpsMLP, count: int) -> Result:
    """The reward of what a model draws, what the judge says, how far it has gone."""
    eps = torch.randn(count, 2, generator=torch.Generator().manual_seed(31))
    x = walk(model, eps, EVALUATIONS)
    verdict = judge(x)
    kept = {key: verdict[key] for key in ("on", "entropy", "tv", "energy", "masses")}
    distance = path_distance(model, base, count)
    return {"reward": float(reward(x).mean()), "distance": distance} | kept


def cost(who: str, plan: Plan) -> float:
    """Evaluations of a network for each sample of training; a backward pass is two."""
    updates = 3 * plan.steps * plan.epochs
    others = 2 * plan.steps * (plan.epochs if who == "nft" else 1)  # old and base
    return plan.steps + updates + others


WEIGHTS: Mapping[str, Sequence[float]] = {
    "grpo": (0.0, 0.3, 1.0, 3.0),
    "nft": (0.0, 0.1, 0.3, 1.0),
}
RATES = {"grpo": 3e-4, "nft": 1e-4}
TAUGHT: Mapping[str, Learn] = {"grpo": grpo, "nft": nft}


def plans() -> dict[str, tuple[str, Plan]]:
    """name -> who learns, and how."""
    found = {
        f"{who}_{weight:g}".replace(".", ""): (who, Plan(weight, rate=RATES[who]))
        for who, weights in WEIGHTS.items()
        for weight in weights
    }
    one = Plan(1.0)
    found |= {
        "five": ("grpo", replace(one, steps=5)),
        "twenty": ("grpo", replace(one, steps=20)),
        "often": ("grpo", Plan(0.0, epochs=6, rounds=50)),
        "unclipped": ("grpo", Plan(0.0, epochs=6, rounds=50, clip=1e6)),
        "hasty": ("nft", Plan(0.0)),
    }
    return found


def measure(seeds: Sequence[int] = (0, 1, 2), quick: bool = False) -> Result:
    """Everything of 06b.D.

    Keys: `rounds`, `group`, `steps`, `drawn`, `evaluations`; `weights_grpo` and
    `weights_nft`; with _std and _all, of each run of `plans` and of `base`, what
    `seen_by` says: `reward`, `on`, `entropy`, `tv`, `energy`, `distance`, and as lists
    `masses`; of the runs of `grpo` also `clipped` (mean over the rounds) and `first`
    (the largest over them); `evals` and `seconds` (of one core) of each training. A run
    that ends beyond all measure has `lost` 1 and stores zeros. `{run}_path`, of the
    runs at all weights: the mean reward in each round of the first seed.
    """
    size = {"rounds": 2, "group": 16} if quick else {}
    drawn, steps = (50, 20) if quick else (DRAWN, STEPS)
    seeds = seeds[:1] if quick else seeds
    rows: list[Result] = []
    paths: Result = {}
    for seed in seeds:
        base = base_model(seed, steps)
        row = prefixed("base", seen_by(base, base, drawn))
        for name, (who, plan) in plans().items():
            plan = replace(plan, **size)
            start = time.process_time()
            model, seen = TAUGHT[who](base, plan, seed)
            seconds = time.process_time() - start
            found = seen_by(model, base, drawn)
            wild = not found["energy"] < 1e3  # the points have run away, or are NaN
            lost = {key: 0.0 for key in ("energy", "distance", "tv")} if wild else {}
            found |= {"lost": float(wild), **lost, "seconds": seconds}
            each = columns(seen)
            if who == "grpo":
                found["clipped"] = sum(each["clipped"]) / len(each["clipped"])
                found["first"] = max(each["first"])
            row |= prefixed(name, found)
            if name.startswith(("grpo", "nft")):
                paths.setdefault(f"{name}_path", each["reward"])
        rows.append(row)
    costs = {
        f"{name}_evals": plan.rounds * plan.group * cost(who, plan)
        for name, (who, plan) in plans().items()
    }
    whole = Plan(0.0)
    result: Result = {"drawn": drawn, "evaluations": EVALUATIONS}
    result |= {key: getattr(whole, key) for key in ("rounds", "group", "steps")}
    result |= {f"weights_{who}": list(weights) for who, weights in WEIGHTS.items()}
    return result | costs | paths | sum_up(rows)
