"""Simulated people who look at pictures of known quality, and three ways to ask them.

A person does not see the quality q of a picture but what they make of it,

    seen = q + noise (G - 0.5772),

where G is drawn from Gumbel's law, of mean 0.5772. The difference of two such draws has
the logistic law (McFadden 1974), so a person who prefers what they see as better votes
exactly as the model of Bradley & Terry 1952 says, with qualities divided by the noise.
Asked for a grade, they have to put what they see on a scale that is their own.
"""

from dataclasses import dataclass

import torch
from torch import Tensor

from coursekit.theory.preferences import vote

EULER = 0.5772156649015329  # the mean of Gumbel's law
GRADES = (1, 5)


@dataclass(frozen=True)
class Rater:
    """A person who answers questions about pictures.

    noise: how much a look at a picture varies, in nats of quality. harsh: what they
    take off every grade. spread: grades for one nat of quality. fatigue: the noise
    grows by this share of itself with each answer given. side: what the left picture of
    a pair gains by being on the left, in nats.
    """

    noise: float = 1.0
    harsh: float = 0.0
    spread: float = 1.0
    fatigue: float = 0.0
    side: float = 0.0

    def noise_after(self, answers: Tensor) -> Tensor:
        """The noise of an answer that follows `answers` others, like `answers`."""
        return self.noise * (1 + self.fatigue * answers)

    def look(self, quality: Tensor, generator: torch.Generator | None = None) -> Tensor:
        """What they see in pictures (B,), one after the other. Returns (B,)."""
        unit = torch.rand(quality.shape, generator=generator, dtype=torch.float64)
        gumbel = -(-unit.clamp(min=1e-300).log()).log() - EULER
        tired = self.noise_after(torch.arange(len(quality)))
        return quality + tired * gumbel.to(quality)

    def grade(
        self, quality: Tensor, generator: torch.Generator | None = None
    ) -> Tensor:
        """Grades from 1, bad, to 5, good, of pictures (B,), in the order of looking.

        The nearest whole number to 3 + spread seen - harsh that is a grade: what is
        better than a 5 gets a 5. Returns (B,), float.
        """
        seen = self.look(quality, generator)
        return (3 + self.spread * seen - self.harsh).round().clamp(*GRADES)

    def approve(
        self, quality: Tensor, generator: torch.Generator | None = None
    ) -> Tensor:
        """Good or not, of pictures (B,): whether spread seen exceeds harsh.

        Returns (B,), bool.
        """
        return self.spread * self.look(quality, generator) > self.harsh

    def prefer(
        self, left: Tensor, right: Tensor, generator: torch.Generator | None = None
    ) -> Tensor:
        """Whether the left picture of each pair is better, in the order of looking.

        left, right: (B,), the qualities of both. Scale and severity cancel: only the
        side and the noise count. Returns (B,), bool.
        """
        noise = self.noise_after(torch.arange(len(left))).to(left)
        return vote((left + self.side) / noise, right / noise, generator)
