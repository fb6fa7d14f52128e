"""A transformer that draws, with a head that translates its early tokens (REPA)."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, cast

from torch import Tensor, nn

from coursekit.models.vit import ViT


@contextmanager
def overheard(block: nn.Module) -> Iterator[list[Tensor]]:
    """What `block` answers while this lasts: one tensor for each call.

    Of several answers, such as those of an MM-DiT's two streams, the last is kept.
    """
    kept: list[Tensor] = []

    def keep(_: nn.Module, __: Any, answer: Tensor | tuple[Tensor, ...]) -> None:
        kept.append(answer[-1] if isinstance(answer, tuple) else answer)

    handle = block.register_forward_hook(keep)
    try:
        yield kept
    finally:
        handle.remove()


class Aligned(nn.Module):
    """`network`, untouched, and a head for the tokens behind some of its blocks."""

    def __init__(self, network: nn.Module, after: int, outputs: int) -> None:
        """after: how many blocks come before the tokens; outputs: a teacher's width."""
        super().__init__()
        self.network, self.after = network, after
        width = cast(int, network.config.width)  # type: ignore[union-attr]
        self.head = nn.Sequential(
            nn.Linear(width, 2 * width),
            nn.SiLU(),
            nn.Linear(2 * width, 2 * width),
            nn.SiLU(),
            nn.Linear(2 * width, outputs),
        )

    @property
    def block(self) -> nn.Module:
        """The block whose tokens are overheard."""
        stacks = [
            each for each in self.network.children() if isinstance(each, nn.ModuleList)
        ]
        blocks = [block for stack in stacks for block in stack]
        return blocks[self.after - 1]

    def forward(self, xt: Tensor, t: Tensor, cond: Tensor | None = None) -> Tensor:
        """The network's own answer: the head has no part in it."""
        answer: Tensor = self.network(xt, t, cond)
        return answer


def patch_features(vit: ViT, x: Tensor) -> Tensor:
    """One feature for each patch of pictures (B, C, H, W): (B, T, width).

    Taken before the last block: what a CLIP reads off at the end is [CLS], so nothing
    has ever told the last block's patches what to be.
    """
    with overheard(vit.blocks[-2]) as kept:
        vit.tokens(x)
    return kept[0][:, 1:]
