"""Wrong and right versions of 05.6 DiTBlock.forward."""

from typing import cast

import torch
from torch import Tensor

from coursekit.checks.spec import Mutant, Variant
from coursekit.models.dit_blocks import DiTBlock
from coursekit.models.modulation import gated, modulate

Knobs = tuple[Tensor, ...]


class _Parts(DiTBlock):
    """The block in steps, so that a version can change one of them."""

    def turn(self, c: Tensor) -> Knobs:
        """Shift, scale, gate; shift, scale, gate."""
        return cast(Knobs, self.knobs(c))

    def ready(self, norm: torch.nn.Module, x: Tensor, knobs: Knobs) -> Tensor:
        """What a branch reads. knobs: shift, scale, gate."""
        return modulate(norm(x), knobs[1], knobs[0])

    def add(self, x: Tensor, knobs: Knobs, branch: Tensor) -> Tensor:
        """Add a branch."""
        return gated(x, knobs[2], branch)

    def listen(self, h: Tensor, angles: Tensor | None) -> Tensor:
        """The attention."""
        return cast(Tensor, self.attention(h, angles))

    def forward(
        self,
        x: Tensor,
        c: Tensor,
        context: Tensor | None = None,
        angles: Tensor | None = None,
    ) -> Tensor:
        """All steps."""
        knobs = self.turn(c)
        one, two = knobs[:3], knobs[3:]
        x = self.add(x, one, self.listen(self.ready(self.norm1, x, one), angles))
        return self.add(x, two, self.mlp(self.ready(self.norm2, x, two)))


class _ScaleFirst(_Parts):
    def turn(self, c: Tensor) -> Knobs:
        a, b, g, d, e, h = self.knobs(c)
        return b, a, g, e, d, h


class _MlpFirst(_Parts):
    def turn(self, c: Tensor) -> Knobs:
        a, b, g, d, e, h = self.knobs(c)
        return d, e, h, a, b, g


class _GatesExchanged(_Parts):
    def turn(self, c: Tensor) -> Knobs:
        a, b, g, d, e, h = self.knobs(c)
        return a, b, h, d, e, g


class _GateFirst(_Parts):
    def turn(self, c: Tensor) -> Knobs:
        g, a, b, h, d, e = self.knobs(c)
        return a, b, g, d, e, h


class _Kinds(_Parts):
    """Both shifts, both scales, both gates."""

    def turn(self, c: Tensor) -> Knobs:
        a, d, b, e, g, h = self.knobs(c)
        return a, b, g, d, e, h


class _Ungated(_Parts):
    def add(self, x: Tensor, knobs: Knobs, branch: Tensor) -> Tensor:
        return x + branch


class _NoSkip(_Parts):
    def add(self, x: Tensor, knobs: Knobs, branch: Tensor) -> Tensor:
        return knobs[2][:, None] * branch


class _Whole(_Parts):
    """The gate acts on the sum."""

    def add(self, x: Tensor, knobs: Knobs, branch: Tensor) -> Tensor:
        return knobs[2][:, None] * (x + branch)


class _Raw(_Parts):
    def ready(self, norm: torch.nn.Module, x: Tensor, knobs: Knobs) -> Tensor:
        return modulate(x, knobs[1], knobs[0])


class _NormLast(_Parts):
    def ready(self, norm: torch.nn.Module, x: Tensor, knobs: Knobs) -> Tensor:
        return cast(Tensor, norm(modulate(x, knobs[1], knobs[0])))


class _Plain(_Parts):
    def ready(self, norm: torch.nn.Module, x: Tensor, knobs: Knobs) -> Tensor:
        return cast(Tensor, norm(x))


class _Deaf(_Parts):
    def listen(self, h: Tensor, angles: Tensor | None) -> Tensor:
        return cast(Tensor, self.attention(h))


class _Parallel(_Parts):
    """The MLP reads what came in."""

    def forward(
        self,
        x: Tensor,
        c: Tensor,
        context: Tensor | None = None,
        angles: Tensor | None = None,
    ) -> Tensor:
        knobs = self.turn(c)
        one, two = knobs[:3], knobs[3:]
        y = self.add(x, one, self.listen(self.ready(self.norm1, x, one), angles))
        return self.add(y, two, self.mlp(self.ready(self.norm2, x, two)))


class _Forgets(_Parts):
    """The result of the attention is lost."""

    def listen(self, h: Tensor, angles: Tensor | None) -> Tensor:
        return torch.zeros_like(h)


class _ByHand(DiTBlock):
    """One table of knobs, formulas written out."""

    def forward(
        self,
        x: Tensor,
        c: Tensor,
        context: Tensor | None = None,
        angles: Tensor | None = None,
    ) -> Tensor:
        table = torch.stack(self.knobs(c), dim=1).unsqueeze(2)  # (B, 6, 1, D)
        h = self.norm1(x) * (table[:, 1] + 1) + table[:, 0]
        x = x + table[:, 2] * self.attention(h, angles=angles)
        h = self.norm2(x) * (table[:, 4] + 1) + table[:, 3]
        return torch.addcmul(x, table[:, 5], self.mlp(h))


class _Loop(DiTBlock):
    """Both branches in one loop."""

    def forward(
        self,
        x: Tensor,
        c: Tensor,
        context: Tensor | None = None,
        angles: Tensor | None = None,
    ) -> Tensor:
        knobs = list(self.knobs(c))
        for norm in (self.norm1, self.norm2):
            shift, scale, gate = knobs.pop(0), knobs.pop(0), knobs.pop(0)
            h = modulate(norm(x), scale, shift)
            first = norm is self.norm1
            x = gated(x, gate, self.attention(h, angles) if first else self.mlp(h))
        return x


MUTANTS = (
    Mutant(
        "scale first",
        _ScaleFirst,
        "shift and scale are exchanged: `knobs` gives the shift first",
    ),
    Mutant(
        "MLP's knobs first",
        _MlpFirst,
        "the knobs of attention and MLP are exchanged: the first three are the "
        "attention's",
    ),
    Mutant(
        "gates exchanged",
        _GatesExchanged,
        "the gates are exchanged: the third knob is the attention's, the sixth the "
        "MLP's",
    ),
    Mutant(
        "gate first",
        _GateFirst,
        "the gate is taken from the front of the three: the order is shift, scale, "
        "gate",
    ),
    Mutant(
        "sorted by kind",
        _Kinds,
        "the knobs are read as two shifts, two scales, two gates: three for the "
        "attention come first, then three for the MLP",
    ),
    Mutant(
        "no gates",
        _Ungated,
        "the gates are not used: a new block must do nothing",
    ),
    Mutant(
        "no skip",
        _NoSkip,
        "the skips are missing: a gated branch is added to x",
    ),
    Mutant(
        "gate on the sum",
        _Whole,
        "the gate multiplies x as well: only the branch is gated",
    ),
    Mutant(
        "no norms",
        _Raw,
        "the tokens are modulated without being normalised",
    ),
    Mutant(
        "norm after the knobs",
        _NormLast,
        "it modulates before it normalises: the norm takes most of that back",
    ),
    Mutant(
        "not modulated",
        _Plain,
        "the norms are not modulated: time and condition come in through scale and "
        "shift",
    ),
    Mutant(
        "angles lost",
        _Deaf,
        "the angles do not reach the attention",
    ),
    Mutant(
        "side by side",
        _Parallel,
        "the MLP reads the tokens from before the attention: give it the new x",
    ),
    Mutant(
        "attention lost",
        _Forgets,
        "what the attention heard is lost: add it to x before the MLP",
    ),
)

VARIANTS = (
    Variant("written out", _ByHand),
    Variant("a loop", _Loop),
)
