"""Figure 06b.A: a reward that is learnt from votes, and how many votes it takes.

Pairs of points are drawn by the model that all methods start from. People vote who
follow Bradley and Terry, and how much they are of one mind is a number that multiplies
the reward. A small network then learns from the votes alone.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache

import torch
from torch import Tensor, nn

from coursekit.experiments.summary import Result, curves, sum_up
from coursekit.experiments.train_toy import descend, fresh
from coursekit.lectures.l06b_preferences_and_distillation.experiments.rewards import (
    reward,
)
from coursekit.lectures.l06b_preferences_and_distillation.experiments.ring import (
    STEPS,
    base_model,
    walk,
)
from coursekit.models.mlp import EpsMLP
from coursekit.theory.preferences import (
    agreement,
    bradley_terry_loss,
    order_pairs,
    vote,
)

MINDS = {"torn": 1.0, "inclined": 5.0, "decided": 20.0}  # what multiplies the reward
COUNTS = (100, 300, 1000, 10_000)
EVALUATIONS = 20  # steps of the walk that draws the candidates
APART = 0.1  # from this difference of true rewards on, who is better is no chance


@cache
def start(seed: int, steps: int = STEPS) -> EpsMLP:
    """The model that all begin with, trained once."""
    return base_model(seed, steps)


@dataclass(frozen=True)
class Votes:
    """Pairs of points in the order of the votes: (N, 2) each."""

    better: Tensor
    worse: Tensor

    def batch(self, size: int, generator: torch.Generator) -> tuple[Tensor, Tensor]:
        """Some pairs, with replacement."""
        rows = torch.randint(len(self.better), (size,), generator=generator)
        return self.better[rows], self.worse[rows]


def votes(model: EpsMLP, count: int, mind: float, seed: int) -> Votes:
    """What people say of `count` pairs that the model draws."""
    stir = torch.Generator().manual_seed(seed)
    both = walk(model, torch.randn(2 * count, 2, generator=stir), EVALUATIONS)
    first, second = both[:count], both[count:]
    wins = vote(mind * reward(first), mind * reward(second), stir)
    return Votes(*order_pairs(first, second, wins))


class RewardNet(nn.Module):
    """A point in, a number out: what people might think of it."""

    def __init__(self, width: int = 64) -> None:
        """Two hidden layers of `width`."""
        super().__init__()
        self.body = nn.Sequential(
            nn.Linear(2, width),
            nn.SiLU(),
            nn.Linear(width, width),
            nn.SiLU(),
            nn.Linear(width, 1),
        )

    def forward(self, x: Tensor) -> Tensor:
        """x: (B, 2). Returns (B,)."""
        out: Tensor = self.body(x)
        return out.squeeze(-1)


def learn(heard: Votes, seed: int, steps: int = 300, batch: int = 256) -> RewardNet:
    """A reward network that has learnt from these votes."""
    net = fresh(seed, RewardNet)

    def loss(generator: torch.Generator) -> Tensor:
        better, worse = heard.batch(batch, generator)
        return bradley_terry_loss(net(better), net(worse))

    for _ in descend(net, loss, steps, seed=seed + 1000):
        pass
    return net.eval().requires_grad_(False)


def judged(net: RewardNet, fresh_votes: Votes) -> Result:
    """How good a reward network is, on pairs that it never saw.

    `agree`: the share of pairs whose true rewards differ by APART that it orders as the
    truth does; `votes`: the share of new votes it foretells, and `ceiling`, the same
    for the truth; `loss`: Bradley-Terry, in nats; `slope`: how much it rises as the
    truth rises by 1 (least squares).
    """
    better, worse = fresh_votes.better, fresh_votes.worse
    true = reward(better) - reward(worse)
    mine = net(better) - net(worse)
    clear = true.abs() > APART
    return {
        "agree": float(agreement((mine * true.sign())[clear], torch.zeros(()))),
        "votes": float(agreement(net(better), net(worse))),
        "ceiling": float(agreement(reward(better), reward(worse))),
        "loss": float(bradley_terry_loss(net(better), net(worse))),
        "slope": float((mine * true).sum() / true.square().sum()),
    }


def measure(seeds: Sequence[int] = (0, 1, 2), quick: bool = False) -> Result:
    """Everything of 06b.A.

    Keys: `counts`, `minds` (name -> number), `steps`, `held` (new pairs that judge);
    for each mind with _std, lists over the counts: `{mind}_agree`, `{mind}_votes`,
    `{mind}_ceiling`, `{mind}_loss`, `{mind}_slope`, see `judged`; `clear`, the share of
    the pairs whose true rewards differ by APART, `mean_reward` of what is drawn.
    """
    train, steps, held = (30, 20, 200) if quick else (STEPS, 300, 5000)
    counts = COUNTS[:2] if quick else COUNTS
    seeds = seeds[:1] if quick else seeds
    found: Result = {"counts": list(counts), "minds": MINDS, "steps": steps}
    found |= {"held": held}
    heard: list[Result] = []
    for name, mind in MINDS.items():
        rows = []
        for seed in seeds:
            model = start(seed, train)
            new = votes(model, held, mind, 7000 + seed)
            many = votes(model, counts[-1], mind, 8000 + seed)
            true = (reward(new.better) - reward(new.worse)).abs()
            heard.append(
                {
                    "clear": float((true > APART).double().mean()),
                    "mean_reward": float(reward(new.better).mean() / 2)
                    + float(reward(new.worse).mean() / 2),
                }
            )
            per_count = [
                judged(learn(Votes(many.better[:n], many.worse[:n]), seed, steps), new)
                for n in counts
            ]
            rows.append({k: [row[k] for row in per_count] for k in per_count[0]})
        for key in rows[0]:
            found |= curves(f"{name}_{key}", [row[key] for row in rows])
    return found | sum_up(heard[: len(seeds)])
