"""Wrong and right versions of 04.9 ViT.tokens."""

from typing import cast

import torch
from torch import Tensor

from coursekit.checks.spec import Mutant, Variant
from coursekit.models.vit import ViT


class _Parts(ViT):
    """ViT in four steps, so that a version can change one of them."""

    def join(self, patches: Tensor) -> Tensor:
        """[CLS] in front."""
        return torch.cat([self.cls.expand(len(patches), 1, -1), patches], dim=1)

    def place(self, z: Tensor) -> Tensor:
        """Where each token is."""
        return z + self.position

    def think(self, z: Tensor) -> Tensor:
        """The blocks."""
        for block in self.blocks:
            z = block(z)
        return z

    def finish(self, z: Tensor) -> Tensor:
        """The last norm."""
        return cast(Tensor, self.norm(z))

    def tokens(self, x: Tensor) -> Tensor:
        """All steps."""
        return self.finish(self.think(self.place(self.join(self.embed(x)))))


class _Behind(_Parts):
    def join(self, patches: Tensor) -> Tensor:
        return torch.cat([patches, self.cls.expand(len(patches), 1, -1)], dim=1)


class _Silent(_Parts):
    def join(self, patches: Tensor) -> Tensor:
        return torch.cat([torch.zeros_like(patches[:, :1]), patches], dim=1)


class _First(_Parts):
    """The class token for the first picture only."""

    def join(self, patches: Tensor) -> Tensor:
        return torch.cat([self.cls[None, None], patches], dim=1)


class _Absent(_Parts):
    def join(self, patches: Tensor) -> Tensor:
        return patches

    def place(self, z: Tensor) -> Tensor:
        return z + self.position[1:]


class _Nowhere(_Parts):
    def place(self, z: Tensor) -> Tensor:
        return z


class _PatchesOnly(_Parts):
    def place(self, z: Tensor) -> Tensor:
        return torch.cat([z[:, :1], z[:, 1:] + self.position[1:]], dim=1)


class _Late(_Parts):
    def tokens(self, x: Tensor) -> Tensor:
        return self.finish(self.place(self.think(self.join(self.embed(x)))))


class _Reversed(_Parts):
    def think(self, z: Tensor) -> Tensor:
        for block in reversed(list(self.blocks)):
            z = block(z)
        return z


class _Shallow(_Parts):
    def think(self, z: Tensor) -> Tensor:
        return cast(Tensor, self.blocks[0](z))


class _Residual(_Parts):
    """Blocks have their skip inside."""

    def think(self, z: Tensor) -> Tensor:
        for block in self.blocks:
            z = z + block(z)
        return z


class _Raw(_Parts):
    def finish(self, z: Tensor) -> Tensor:
        return z


class _Between(_Parts):
    def think(self, z: Tensor) -> Tensor:
        for block in self.blocks:
            z = self.norm(block(z))
        return z

    def finish(self, z: Tensor) -> Tensor:
        return z


class _Blind(_Parts):
    """Causal, as in a text encoder."""

    def think(self, z: Tensor) -> Tensor:
        for block in self.blocks:
            z = block(z, causal=True)
        return z


class _ClassOnly(_Parts):
    def finish(self, z: Tensor) -> Tensor:
        return cast(Tensor, self.norm(z))[:, 0]


class _Filled(ViT):
    """A table made first, then filled."""

    def tokens(self, x: Tensor) -> Tensor:
        patches = self.embed(x)
        b, count, width = patches.shape
        z = self.position.unsqueeze(0).repeat(b, 1, 1)
        z[:, 0] += self.cls
        z[:, 1:] += patches
        for i in range(len(self.blocks)):
            z = self.blocks[i](z)
        return cast(Tensor, self.norm(z.reshape(b, count + 1, width)))


class _Sequential(ViT):
    """One picture after the other, through a chain of layers."""

    def tokens(self, x: Tensor) -> Tensor:
        chain = torch.nn.Sequential(*self.blocks, self.norm)
        rows = []
        for picture in x:
            patches = self.embed(picture[None])[0]
            rows.append(torch.vstack([self.cls, patches]) + self.position)
        return cast(Tensor, chain(torch.stack(rows)))


MUTANTS = (
    Mutant(
        "class token behind",
        _Behind,
        "the class token stands at the end: it comes first",
    ),
    Mutant(
        "zeros in front",
        _Silent,
        "the first token is zeros: it is `self.cls`, which is learnt",
    ),
    Mutant(
        "not for every picture",
        _First,
        "there is one class token for the whole batch: every picture gets it, as with "
        "expand(B, 1, -1)",
    ),
    Mutant(
        "no class token",
        _Absent,
        "the class token is missing: 1 + T tokens",
    ),
    Mutant(
        "no positions",
        _Nowhere,
        "the positions are missing: without them the picture is a heap of patches",
    ),
    Mutant(
        "patches only",
        _PatchesOnly,
        "the class token gets no position: there are 1 + T of them",
    ),
    Mutant(
        "positions last",
        _Late,
        "the positions come after the blocks, where attention cannot use them",
    ),
    Mutant("blocks reversed", _Reversed, "the blocks run from the last to the first"),
    Mutant("one block", _Shallow, "only the first block is used: run all of them"),
    Mutant(
        "skip twice",
        _Residual,
        "z is added once more: a block has its skip inside",
    ),
    Mutant("no norm", _Raw, "the last norm is missing"),
    Mutant(
        "norm in between",
        _Between,
        "the last norm comes after every block: it comes once, at the end",
    ),
    Mutant(
        "causal",
        _Blind,
        "the tokens look back only: in a picture everybody sees everybody",
    ),
    Mutant(
        "class token only",
        _ClassOnly,
        "this is the class token alone: return all tokens, and `forward` takes the "
        "first",
    ),
)
VARIANTS = (
    Variant("a table, filled", _Filled),
    Variant("picture by picture", _Sequential),
)
