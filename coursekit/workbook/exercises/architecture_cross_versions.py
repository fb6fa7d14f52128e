"""Wrong and right versions of 05.7 CrossBlock.forward."""

from typing import cast

import torch
from torch import Tensor

from coursekit.checks.spec import Mutant, Variant
from coursekit.models.dit_blocks import CrossBlock
from coursekit.models.modulation import gated, modulate


class _Parts(CrossBlock):
    """The block in steps, so that a version can change one of them."""

    def attend(
        self, x: Tensor, knobs: tuple[Tensor, ...], angles: Tensor | None
    ) -> Tensor:
        """Attention over the tokens themselves."""
        h = self.attention(modulate(self.norm1(x), knobs[1], knobs[0]), angles)
        return gated(x, knobs[2], h)

    def hear(self, x: Tensor, knobs: tuple[Tensor, ...], context: Tensor) -> Tensor:
        """Attention over the prompt."""
        return cast(Tensor, x + self.cross(self.norm_cross(x), context))

    def think(self, x: Tensor, knobs: tuple[Tensor, ...]) -> Tensor:
        """The MLP."""
        h = self.mlp(modulate(self.norm2(x), knobs[4], knobs[3]))
        return gated(x, knobs[5], h)

    def forward(
        self, x: Tensor, c: Tensor, context: Tensor, angles: Tensor | None = None
    ) -> Tensor:
        """All steps."""
        knobs = self.knobs(c)
        x = self.hear(self.attend(x, knobs, angles), knobs, context)
        return self.think(x, knobs)


class _Deaf(_Parts):
    def hear(self, x: Tensor, knobs: tuple[Tensor, ...], context: Tensor) -> Tensor:
        return x


class _Raw(_Parts):
    def hear(self, x: Tensor, knobs: tuple[Tensor, ...], context: Tensor) -> Tensor:
        return cast(Tensor, x + self.cross(x, context))


class _Replaced(_Parts):
    def hear(self, x: Tensor, knobs: tuple[Tensor, ...], context: Tensor) -> Tensor:
        return cast(Tensor, self.cross(self.norm_cross(x), context))


class _Gated(_Parts):
    def hear(self, x: Tensor, knobs: tuple[Tensor, ...], context: Tensor) -> Tensor:
        return gated(x, knobs[2], self.cross(self.norm_cross(x), context))


class _Modulated(_Parts):
    def hear(self, x: Tensor, knobs: tuple[Tensor, ...], context: Tensor) -> Tensor:
        h = modulate(self.norm_cross(x), knobs[1], knobs[0])
        return cast(Tensor, x + self.cross(h, context))


class _Mirror(_Parts):
    """It listens to its own tokens."""

    def hear(self, x: Tensor, knobs: tuple[Tensor, ...], context: Tensor) -> Tensor:
        return cast(Tensor, x + self.cross(self.norm_cross(x), x))


class _NormedWords(_Parts):
    def hear(self, x: Tensor, knobs: tuple[Tensor, ...], context: Tensor) -> Tensor:
        words = self.norm_cross(context)
        return cast(Tensor, x + self.cross(self.norm_cross(x), words))


class _First(_Parts):
    def forward(
        self, x: Tensor, c: Tensor, context: Tensor, angles: Tensor | None = None
    ) -> Tensor:
        knobs = self.knobs(c)
        x = self.attend(self.hear(x, knobs, context), knobs, angles)
        return self.think(x, knobs)


class _Last(_Parts):
    def forward(
        self, x: Tensor, c: Tensor, context: Tensor, angles: Tensor | None = None
    ) -> Tensor:
        knobs = self.knobs(c)
        x = self.think(self.attend(x, knobs, angles), knobs)
        return self.hear(x, knobs, context)


class _Lonely(_Parts):
    """No attention among the tokens."""

    def attend(
        self, x: Tensor, knobs: tuple[Tensor, ...], angles: Tensor | None
    ) -> Tensor:
        return x


class _NoAngles(_Parts):
    def attend(
        self, x: Tensor, knobs: tuple[Tensor, ...], angles: Tensor | None
    ) -> Tensor:
        return super().attend(x, knobs, None)


class _ByHand(CrossBlock):
    """Formulas written out."""

    def forward(
        self, x: Tensor, c: Tensor, context: Tensor, angles: Tensor | None = None
    ) -> Tensor:
        a, b, g, d, e, f = (knob.unsqueeze(1) for knob in self.knobs(c))
        y = x + g * self.attention(self.norm1(x) * (1 + b) + a, angles)
        z = y + self.cross(self.norm_cross(y), context)
        return cast(Tensor, z + f * self.mlp(self.norm2(z) * (1 + e) + d))


class _Summed(CrossBlock):
    """What is added is collected in a list."""

    def forward(
        self, x: Tensor, c: Tensor, context: Tensor, angles: Tensor | None = None
    ) -> Tensor:
        one, two = torch.stack(self.knobs(c)).chunk(2)
        added = [x]
        h = modulate(self.norm1(x), one[1], one[0])
        added.append(one[2][:, None] * self.attention(h, angles))
        added.append(self.cross(self.norm_cross(added[0] + added[1]), context))
        h = modulate(self.norm2(added[0] + added[1] + added[2]), two[1], two[0])
        added.append(two[2][:, None] * self.mlp(h))
        return torch.stack(added).sum(0)


MUTANTS = (
    Mutant("deaf", _Deaf, "the prompt is not heard: `cross` is missing"),
    Mutant(
        "not normalised",
        _Raw,
        "`cross` reads the tokens as they are: give it norm_cross(x)",
    ),
    Mutant(
        "no skip",
        _Replaced,
        "what is heard replaces the tokens: add it to x",
    ),
    Mutant(
        "gated",
        _Gated,
        "what is heard is gated by the condition: here it is added as it is",
    ),
    Mutant(
        "modulated",
        _Modulated,
        "norm_cross is modulated: it has gains of its own",
    ),
    Mutant(
        "listens to itself",
        _Mirror,
        "`cross` listens to the picture's own tokens: give it the context",
    ),
    Mutant(
        "words normalised",
        _NormedWords,
        "the prompt's tokens go through norm_cross: that is for the patches",
    ),
    Mutant(
        "prompt first",
        _First,
        "the prompt is heard before the attention: it comes between attention and MLP",
    ),
    Mutant(
        "prompt last",
        _Last,
        "the prompt is heard after the MLP: it comes between attention and MLP",
    ),
    Mutant(
        "no attention",
        _Lonely,
        "the patches no longer listen to each other: `cross` comes on top of the "
        "attention",
    ),
    Mutant("angles lost", _NoAngles, "the angles do not reach the attention"),
)

VARIANTS = (
    Variant("written out", _ByHand),
    Variant("a list of what is added", _Summed),
)
