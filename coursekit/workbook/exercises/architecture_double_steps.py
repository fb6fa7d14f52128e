"""The steps of 05.13 DoubleBlock.forward, and right versions of it."""

import torch
from torch import Tensor
from torch.nn.functional import scaled_dot_product_attention

from coursekit.checks.spec import Variant
from coursekit.models.attention import attention, merge_heads
from coursekit.models.mmdit_blocks import DoubleBlock
from coursekit.models.rope import rotate

Heads = tuple[Tensor, Tensor, Tensor]  # queries, keys, values
Pair = tuple[Tensor, Tensor]


class Parts(DoubleBlock):
    """The block in steps, so that a version can change one of them."""

    def join(self, text: Heads, image: Heads) -> Heads:
        """Along the tokens, the prompt's first."""
        q, k, v = (torch.cat(pair, dim=2) for pair in zip(text, image, strict=True))
        return q, k, v

    def turn(self, heads: Heads, angles: Tensor, words: int) -> Heads:
        """Queries and keys by their angles."""
        q, k, v = heads
        return rotate(q, angles), rotate(k, angles), v

    def listen(self, heads: Heads, words: int) -> Tensor:
        """One attention over all tokens: (B, S + T, width)."""
        return merge_heads(scaled_dot_product_attention(*heads))

    def share(self, heard: Tensor, words: int) -> Pair:
        """What words and patches heard."""
        return heard[:, :words], heard[:, words:]

    def finish(
        self,
        text: Tensor,
        image: Tensor,
        heard: Pair,
        knobs: tuple[tuple[Tensor, ...], tuple[Tensor, ...]],
    ) -> Pair:
        """Each stream by itself."""
        if not self.text.last:
            text = self.text.after(text, heard[0], knobs[0])
        return text, self.image.after(image, heard[1], knobs[1])

    def forward(
        self, text: Tensor, image: Tensor, c: Tensor, angles: Tensor | None = None
    ) -> Pair:
        """All steps."""
        words = text.shape[1]
        mine, knobs1 = self.text.before(text, c)
        yours, knobs2 = self.image.before(image, c)
        heads = self.join(mine, yours)
        if angles is not None:
            heads = self.turn(heads, angles, words)
        heard = self.share(self.listen(heads, words), words)
        return self.finish(text, image, heard, (knobs1, knobs2))


class _ByFormula(DoubleBlock):
    """With the formula of attention, one list for both streams."""

    def forward(
        self, text: Tensor, image: Tensor, c: Tensor, angles: Tensor | None = None
    ) -> Pair:
        streams, xs = [self.text, self.image], [text, image]
        made = [stream.before(x, c) for stream, x in zip(streams, xs, strict=True)]
        q, k, v = (torch.cat([m[0][i] for m in made], dim=-2) for i in range(3))
        if angles is not None:
            q, k = (rotate(h, angles) for h in (q, k))
        listened = merge_heads(attention(q, k, v))
        heard = torch.split(listened, [x.shape[1] for x in xs], dim=1)
        for i, stream in enumerate(streams):
            if not stream.last:
                xs[i] = stream.after(xs[i], heard[i], made[i][1])
        return xs[0], xs[1]


class _TurnedFirst(DoubleBlock):
    """Each stream turns its own queries and keys, then they are joined."""

    def forward(
        self, text: Tensor, image: Tensor, c: Tensor, angles: Tensor | None = None
    ) -> Pair:
        words = text.size(1)
        (q1, k1, v1), mine = self.text.before(text, c)
        (q2, k2, v2), yours = self.image.before(image, c)
        if angles is not None:
            q1, k1 = rotate(q1, angles[:words]), rotate(k1, angles[:words])
            q2, k2 = rotate(q2, angles[words:]), rotate(k2, angles[words:])
        k, v = torch.cat([k1, k2], 2), torch.cat([v1, v2], 2)
        patches = merge_heads(scaled_dot_product_attention(q2, k, v))
        image = self.image.after(image, patches, yours)
        if self.text.last:
            return text, image
        heard = merge_heads(scaled_dot_product_attention(q1, k, v))
        return self.text.after(text, heard, mine), image


VARIANTS = (
    Variant("the formula, in lists", _ByFormula),
    Variant("turned first", _TurnedFirst),
)
