"""Wrong versions of 05.13 DoubleBlock.forward."""

import torch
from torch import Tensor
from torch.nn.functional import scaled_dot_product_attention

from coursekit.checks.spec import Mutant
from coursekit.models.attention import merge_heads
from coursekit.models.mmdit_blocks import DoubleBlock
from coursekit.models.rope import rotate
from coursekit.workbook.exercises.architecture_double_steps import Heads, Pair, Parts


class _Apart(Parts):
    def listen(self, heads: Heads, words: int) -> Tensor:
        q, k, v = heads
        parts = [
            scaled_dot_product_attention(q[:, :, s], k[:, :, s], v[:, :, s])
            for s in (slice(words), slice(words, None))
        ]
        return merge_heads(torch.cat(parts, dim=2))


class _Crossed(Parts):
    """Words ask patches, patches ask words."""

    def listen(self, heads: Heads, words: int) -> Tensor:
        q, k, v = heads
        one, two = slice(words), slice(words, None)
        parts = [
            scaled_dot_product_attention(q[:, :, a], k[:, :, b], v[:, :, b])
            for a, b in ((one, two), (two, one))
        ]
        return merge_heads(torch.cat(parts, dim=2))


class _PatchesAsk(Parts):
    """Words hear only each other: as in cross-attention, nothing comes back."""

    def listen(self, heads: Heads, words: int) -> Tensor:
        count = heads[0].shape[2]
        mask = torch.ones(count, count, dtype=torch.bool)
        mask[:words, words:] = False
        return merge_heads(scaled_dot_product_attention(*heads, attn_mask=mask))


class _WordsLast(Parts):
    def join(self, text: Heads, image: Heads) -> Heads:
        return super().join(image, text)

    def share(self, heard: Tensor, words: int) -> Pair:
        count = heard.shape[1] - words
        return heard[:, count:], heard[:, :count]


class _SharesExchanged(Parts):
    """The front of what was heard goes to the patches."""

    def share(self, heard: Tensor, words: int) -> Pair:
        count = heard.shape[1] - words
        return heard[:, count:], heard[:, :count]


class _Nowhere(Parts):
    """Nobody is told where anybody is."""

    def turn(self, heads: Heads, angles: Tensor, words: int) -> Heads:
        return heads


class _OnlyPatches(Parts):
    def turn(self, heads: Heads, angles: Tensor, words: int) -> Heads:
        still = angles.clone()
        still[:words] = 0
        return super().turn(heads, still, words)


class _OnlyQueries(Parts):
    def turn(self, heads: Heads, angles: Tensor, words: int) -> Heads:
        q, k, v = heads
        return rotate(q, angles), k, v


class _ValuesToo(Parts):
    def turn(self, heads: Heads, angles: Tensor, words: int) -> Heads:
        q, k, v = (rotate(h, angles) for h in heads)
        return q, k, v


class _OneWeight(DoubleBlock):
    """The prompt goes through the picture's weights."""

    def forward(
        self, text: Tensor, image: Tensor, c: Tensor, angles: Tensor | None = None
    ) -> Pair:
        words, both = text.shape[1], torch.cat([text, image], dim=1)
        (q, k, v), knobs = self.image.before(both, c)
        if angles is not None:
            q, k = rotate(q, angles), rotate(k, angles)
        heard = merge_heads(scaled_dot_product_attention(q, k, v))
        both = self.image.after(both, heard, knobs)
        return (text if self.text.last else both[:, :words]), both[:, words:]


class _WordsKept(Parts):
    def finish(
        self,
        text: Tensor,
        image: Tensor,
        heard: Pair,
        knobs: tuple[tuple[Tensor, ...], tuple[Tensor, ...]],
    ) -> Pair:
        return text, self.image.after(image, heard[1], knobs[1])


class _NeverLast(Parts):
    def finish(
        self,
        text: Tensor,
        image: Tensor,
        heard: Pair,
        knobs: tuple[tuple[Tensor, ...], tuple[Tensor, ...]],
    ) -> Pair:
        text = self.text.after(text, heard[0], knobs[0])
        return text, self.image.after(image, heard[1], knobs[1])


class _NoSkip(Parts):
    """`after` is given what was heard twice."""

    def finish(
        self,
        text: Tensor,
        image: Tensor,
        heard: Pair,
        knobs: tuple[tuple[Tensor, ...], tuple[Tensor, ...]],
    ) -> Pair:
        return super().finish(heard[0], heard[1], heard, knobs)


class _PictureOnly(Parts):
    def forward(  # type: ignore[override]
        self, text: Tensor, image: Tensor, c: Tensor, angles: Tensor | None = None
    ) -> Tensor:
        return super().forward(text, image, c, angles)[1]


class _Exchanged(Parts):
    def forward(
        self, text: Tensor, image: Tensor, c: Tensor, angles: Tensor | None = None
    ) -> Pair:
        text, image = super().forward(text, image, c, angles)
        return image, text


MUTANTS = (
    Mutant(
        "two attentions",
        _Apart,
        "words and patches attend apart: there is one softmax over all tokens",
    ),
    Mutant(
        "crossed",
        _Crossed,
        "each stream listens to the other one only: all tokens are in one attention",
    ),
    Mutant(
        "words do not ask",
        _PatchesAsk,
        "the words do not hear the patches: both ask and both answer",
    ),
    Mutant(
        "words last",
        _WordsLast,
        "the prompt's tokens are joined behind the picture's: the angles are in the "
        "other order",
    ),
    Mutant(
        "shares exchanged",
        _SharesExchanged,
        "each stream gets the other's share of what was heard: the first S tokens are "
        "the prompt's",
    ),
    Mutant("angles lost", _Nowhere, "the angles are not used"),
    Mutant(
        "words not turned",
        _OnlyPatches,
        "only the patches are turned: the words have places, too",
    ),
    Mutant(
        "keys not turned",
        _OnlyQueries,
        "the queries are turned and the keys are not: only then differences count",
    ),
    Mutant(
        "values turned",
        _ValuesToo,
        "the values are turned as well: places matter for who listens to whom, not "
        "for what is said",
    ),
    Mutant(
        "shared weights",
        _OneWeight,
        "the prompt goes through the picture's weights: each stream has its own",
    ),
    Mutant(
        "words kept",
        _WordsKept,
        "the prompt's tokens stay as they were: only in the last block",
    ),
    Mutant(
        "never last",
        _NeverLast,
        "the last block has nothing to finish the prompt with: return it as it is",
    ),
    Mutant(
        "tokens replaced",
        _NoSkip,
        "what was heard takes the tokens' place: `after` adds it to them",
    ),
    Mutant(
        "picture only",
        _PictureOnly,
        "it must return both streams: the prompt's tokens and the picture's",
    ),
    Mutant(
        "returned in reverse",
        _Exchanged,
        "the streams are returned in reverse: the prompt's tokens first",
    ),
)
