"""Muon beside AdamW: matrices turn by whole rotations, the rest by single numbers.

Muon (Jordan et al. 2024) replaces the momentum of a weight matrix by the nearest
orthogonal one. torch has it; it takes matrices only, so embeddings, norms and biases
stay with AdamW.
"""

from collections.abc import Iterable
from typing import Any, Protocol

import torch
from torch import Tensor, nn

from coursekit.training.recipe import Profile

Parts = Iterable[tuple[str, Tensor]]


class Optimiser(Protocol):
    """What the training loop asks of an optimiser."""

    @property
    def param_groups(self) -> list[dict[str, Any]]:
        """Groups whose "lr" may be set; "factor", if there, multiplies it."""

    def zero_grad(self, set_to_none: bool = True) -> None:
        """Forget all gradients."""

    def step(self) -> Any:
        """One update."""

    def state_dict(self) -> dict[str, Any]:
        """What it needs to go on."""

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        """The way back from `state_dict`."""


def optimiser_of(model: nn.Module, profile: Profile) -> Optimiser:
    """AdamW, or Muon and AdamW where the profile gives Muon a rate."""
    if profile.muon:
        return MuonAndAdamW(model, profile.lr, profile.muon)
    return adamw([p for p in model.parameters() if p.requires_grad], profile.lr)


def adamw(learnt: list[Tensor], lr: float) -> torch.optim.AdamW:
    """AdamW as every recipe uses it."""
    return torch.optim.AdamW(learnt, lr=lr, betas=(0.9, 0.99), fused=True)


class MuonAndAdamW:
    """Two optimisers that look like one to the training loop.

    Groups carry "factor": their learning rate is the loop's times it.
    """

    def __init__(self, model: nn.Module, lr: float, muon: float) -> None:
        """lr: of AdamW; muon: of the matrices inside the blocks."""
        inner, outer = split_parameters(model.named_parameters())
        self.muon = torch.optim.Muon(
            [{"params": inner, "factor": muon / lr}], lr=muon, weight_decay=0.0
        )
        self.adamw = adamw(outer, lr)

    @property
    def param_groups(self) -> list[dict[str, Any]]:
        """The groups of both."""
        return [*self.muon.param_groups, *self.adamw.param_groups]

    def zero_grad(self, set_to_none: bool = True) -> None:
        """Forget all gradients."""
        self.muon.zero_grad(set_to_none)
        self.adamw.zero_grad(set_to_none)

    def step(self) -> None:
        """One update of each."""
        self.muon.step()  # type: ignore[no-untyped-call]
        self.adamw.step()

    def state_dict(self) -> dict[str, Any]:
        """What both need to go on."""
        return {"muon": self.muon.state_dict(), "adamw": self.adamw.state_dict()}

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        """The way back from `state_dict`."""
        self.muon.load_state_dict(state_dict["muon"])
        self.adamw.load_state_dict(state_dict["adamw"])


def split_parameters(
    named: Parts,
) -> tuple[list[Tensor], list[Tensor]]:
    """The matrices of the blocks, and all others, of what is learnt."""
    inner, outer = list[Tensor](), list[Tensor]()
    for name, value in named:
        if value.requires_grad:
            (inner if value.ndim == 2 and ".blocks." in f".{name}" else outer).append(
                value
            )
    return inner, outer
