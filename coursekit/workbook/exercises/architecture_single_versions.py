"""Wrong and right versions of 05.14 SingleBlock.forward."""

from typing import cast

import torch
from torch import Tensor
from torch.nn.functional import linear, scaled_dot_product_attention

from coursekit.checks.spec import Mutant, Variant
from coursekit.models.attention import attention, merge_heads, split_heads
from coursekit.models.mmdit_blocks import SingleBlock
from coursekit.models.modulation import gated, modulate
from coursekit.models.rope import rotate


class _Parts(SingleBlock):
    """The block in steps, so that a version can change one of them."""

    def turn_knobs(self, c: Tensor) -> tuple[Tensor, ...]:
        """Shift, scale, gate."""
        return cast(tuple[Tensor, ...], self.knobs(c))

    def ready(self, x: Tensor, knobs: tuple[Tensor, ...]) -> Tensor:
        """Normalised and modulated."""
        return modulate(self.norm(x), knobs[1], knobs[0])

    def split(self, wide: Tensor) -> tuple[Tensor, ...]:
        """Queries, keys, values, hidden."""
        return torch.split(wide, self.parts, dim=-1)

    def normalise(self, q: Tensor, k: Tensor) -> tuple[Tensor, Tensor]:
        """Queries and keys."""
        return self.norm_q(q), self.norm_k(k)

    def turn(
        self, q: Tensor, k: Tensor, v: Tensor, angles: Tensor
    ) -> tuple[Tensor, Tensor, Tensor]:
        """Queries and keys by their angles."""
        return rotate(q, angles), rotate(k, angles), v

    def join(self, listened: Tensor, hidden: Tensor) -> Tensor:
        """What `narrow` reads."""
        return torch.cat([listened, self.act(hidden)], dim=-1)

    def finish(self, x: Tensor, gate: Tensor, branch: Tensor) -> Tensor:
        """Add the branch."""
        return gated(x, gate, branch)

    def forward(self, x: Tensor, c: Tensor, angles: Tensor | None = None) -> Tensor:
        """All steps."""
        knobs = self.turn_knobs(c)
        q, k, v, hidden = self.split(self.wide(self.ready(x, knobs)))
        q, k, v = (split_heads(y, self.heads) for y in (q, k, v))
        q, k = self.normalise(q, k)
        if angles is not None:
            q, k, v = self.turn(q, k, v, angles)
        listened = merge_heads(scaled_dot_product_attention(q, k, v))
        return self.finish(x, knobs[2], self.narrow(self.join(listened, hidden)))


class _ScaleFirst(_Parts):
    def turn_knobs(self, c: Tensor) -> tuple[Tensor, ...]:
        scale, shift, gate = self.knobs(c)
        return shift, scale, gate


class _GateFirst(_Parts):
    def turn_knobs(self, c: Tensor) -> tuple[Tensor, ...]:
        gate, shift, scale = self.knobs(c)
        return shift, scale, gate


class _Raw(_Parts):
    def ready(self, x: Tensor, knobs: tuple[Tensor, ...]) -> Tensor:
        return modulate(x, knobs[1], knobs[0])


class _Plain(_Parts):
    def ready(self, x: Tensor, knobs: tuple[Tensor, ...]) -> Tensor:
        return cast(Tensor, self.norm(x))


class _HiddenFirst(_Parts):
    def split(self, wide: Tensor) -> tuple[Tensor, ...]:
        hidden, q, k, v = torch.split(wide, self.parts[::-1], dim=-1)
        return q, k, v, hidden


class _KeysFirst(_Parts):
    def split(self, wide: Tensor) -> tuple[Tensor, ...]:
        k, q, v, hidden = torch.split(wide, self.parts, dim=-1)
        return q, k, v, hidden


class _NotNormalised(_Parts):
    def normalise(self, q: Tensor, k: Tensor) -> tuple[Tensor, Tensor]:
        return q, k


class _Nowhere(_Parts):
    def turn(
        self, q: Tensor, k: Tensor, v: Tensor, angles: Tensor
    ) -> tuple[Tensor, Tensor, Tensor]:
        return q, k, v


class _ValuesToo(_Parts):
    def turn(
        self, q: Tensor, k: Tensor, v: Tensor, angles: Tensor
    ) -> tuple[Tensor, Tensor, Tensor]:
        return rotate(q, angles), rotate(k, angles), rotate(v, angles)


class _HiddenInFront(_Parts):
    def join(self, listened: Tensor, hidden: Tensor) -> Tensor:
        return torch.cat([self.act(hidden), listened], dim=-1)


class _Straight(_Parts):
    def join(self, listened: Tensor, hidden: Tensor) -> Tensor:
        return torch.cat([listened, hidden], dim=-1)


class _AllBent(_Parts):
    def join(self, listened: Tensor, hidden: Tensor) -> Tensor:
        return cast(Tensor, self.act(torch.cat([listened, hidden], dim=-1)))


class _NoSkip(_Parts):
    def finish(self, x: Tensor, gate: Tensor, branch: Tensor) -> Tensor:
        return gate[:, None] * branch


class _Ungated(_Parts):
    def finish(self, x: Tensor, gate: Tensor, branch: Tensor) -> Tensor:
        return x + branch


class _TwoMaps(SingleBlock):
    """`narrow` cut in two: one part for each branch, and no joined tensor."""

    def forward(self, x: Tensor, c: Tensor, angles: Tensor | None = None) -> Tensor:
        shift, scale, gate = (knob.unsqueeze(1) for knob in self.knobs(c))
        wide = self.wide(self.norm(x) * (1 + scale) + shift)
        width = x.shape[-1]
        q, k, v = wide[..., : 3 * width].reshape(
            len(x), -1, 3, self.heads, width // self.heads
        ).permute(2, 0, 3, 1, 4)  # fmt: skip
        q, k = self.norm_q(q), self.norm_k(k)
        if angles is not None:
            q, k = rotate(q, angles), rotate(k, angles)
        listened = attention(q, k, v).transpose(1, 2).reshape(x.shape)
        bent = self.act(wide[..., 3 * width :])
        first, second = self.narrow.weight[:, :width], self.narrow.weight[:, width:]
        branch = linear(listened, first) + linear(bent, second, self.narrow.bias)
        return cast(Tensor, x + gate * branch)


class _Masked(_Parts):
    """With a mask that hides nothing."""

    def forward(self, x: Tensor, c: Tensor, angles: Tensor | None = None) -> Tensor:
        shift, scale, gate = self.turn_knobs(c)
        parts = self.split(self.wide(self.ready(x, (shift, scale, gate))))
        q, k, v = (split_heads(y, self.heads) for y in parts[:3])
        q, k = self.normalise(q, k)
        if angles is not None:
            q, k, v = self.turn(q, k, v, angles)
        everybody = torch.ones(x.shape[1], x.shape[1], dtype=torch.bool)
        listened = merge_heads(attention(q, k, v, everybody))
        return self.finish(x, gate, self.narrow(self.join(listened, parts[3])))


MUTANTS = (
    Mutant(
        "scale first",
        _ScaleFirst,
        "shift and scale are exchanged: `knobs` gives the shift first",
    ),
    Mutant(
        "gate first",
        _GateFirst,
        "the gate is taken from the front: the order is shift, scale, gate",
    ),
    Mutant("no norm", _Raw, "the tokens are modulated without being normalised"),
    Mutant(
        "not modulated",
        _Plain,
        "the norm is not modulated: time and condition come in through scale and shift",
    ),
    Mutant(
        "hidden first",
        _HiddenFirst,
        "the hidden layer is cut off the front of `wide`: queries, keys and values "
        "come first",
    ),
    Mutant(
        "keys first",
        _KeysFirst,
        "queries and keys are exchanged: the queries come first",
    ),
    Mutant(
        "queries not normalised",
        _NotNormalised,
        "norm_q and norm_k are not used",
    ),
    Mutant("angles lost", _Nowhere, "the angles are not used"),
    Mutant(
        "values turned",
        _ValuesToo,
        "the values are turned as well: only queries and keys have places",
    ),
    Mutant(
        "hidden in front",
        _HiddenInFront,
        "`narrow` reads what was heard first, then the hidden layer",
    ),
    Mutant(
        "not bent",
        _Straight,
        "the hidden layer goes on as it is: `act` bends it",
    ),
    Mutant(
        "all bent",
        _AllBent,
        "what was heard is bent as well: `act` is for the hidden layer",
    ),
    Mutant("no skip", _NoSkip, "the skip is missing: the branch is added to x"),
    Mutant(
        "no gate",
        _Ungated,
        "the gate is not used: a new block must do nothing",
    ),
)

VARIANTS = (
    Variant("two maps", _TwoMaps),
    Variant("the formula, with a mask", _Masked),
)
