"""The same tokens as `write_blocks`, in less time: for weights that are finished.

Three things are left out that do not change a token: the layers' bookkeeping (the pass
is written out, and keys and values go into the cache in one copy), what the rule does
not ask for (logits of shown places, entropies, float64), and rows that have ended.
"""

from typing import NamedTuple, cast

import torch
from torch import Tensor
from torch.nn.functional import gelu, layer_norm, linear
from torch.nn.functional import scaled_dot_product_attention as attend

from coursekit.evaluation.token_sampling import Written, fill_after
from coursekit.models.token_transformer import TokenBlock, TokenTransformer
from coursekit.theory.unmasking import draw_tokens

EPS = 1e-5  # of torch's LayerNorm


class Affine(NamedTuple):
    """Weight and bias of a linear layer or a norm."""

    weight: Tensor
    bias: Tensor


class Reader:
    """A `TokenTransformer` that reads after what it holds, without gradients."""

    def __init__(self, model: TokenTransformer, rows: int) -> None:
        """Room for all places of `rows` rows. ValueError for a rotary network."""
        if model.config.rotary:
            raise ValueError("a reader wants learnt places, not rotary ones")
        self.heads, self.width = model.config.heads, model.config.width
        self.token, self.place = model.token.weight.detach(), model.place.weight
        self.norm = Affine(model.norm.weight, model.norm.bias)
        self.layers = [_affine(cast(TokenBlock, block)) for block in model.blocks]
        shape = (len(self.layers), rows, model.config.length, 2 * self.width)
        self.held, self.length = self.token.new_empty(shape), 0

    def read(
        self, ids: Tensor, keep: int, asked: Tensor, mask: Tensor | None = None
    ) -> Tensor:
        """Logits (N, V) of the places where `asked` (B, T) is True, row by row.

        ids: (B, T), the columns behind those that are held; mask: (T, S), True where a
        column may look. The first `keep` of the columns are held from now on.
        """
        start, end = self.length, self.length + ids.shape[1]
        x = self.token[ids] + self.place[start:end]
        for held, (norm1, project, out, norm2, wide, narrow) in zip(
            self.held, self.layers, strict=True
        ):
            told = linear(layer_norm(x, (self.width,), *norm1, EPS), *project)
            held[:, start:end] = told[..., self.width :]
            k, v = held[:, :end].chunk(2, dim=-1)
            q, k, v = (self._heads(y) for y in (told[..., : self.width], k, v))
            heard = attend(q, k, v, attn_mask=mask).transpose(1, 2).flatten(2)
            x += linear(heard, *out)
            h = linear(layer_norm(x, (self.width,), *norm2, EPS), *wide)
            x += linear(gelu(h), *narrow)
        self.length += keep
        x = layer_norm(x[asked], (self.width,), *self.norm, EPS)
        return linear(x, self.token[:-1])

    def _heads(self, x: Tensor) -> Tensor:
        return x.view(*x.shape[:2], self.heads, -1).transpose(1, 2)


def _affine(block: TokenBlock) -> list[Affine]:
    first = (block.norm1, block.project.qkv, block.out)
    second = (block.norm2, block.mlp.wide, block.mlp.narrow)
    return [Affine(each.weight.detach(), each.bias.detach()) for each in first + second]


def doubts(logits: Tensor, drawn: Tensor) -> Tensor:
    """(1 - p) / p of the drawn tokens, (N,) from logits (N, V): 0 is certain.

    It orders tokens as their confidence p does, but what is left out is added up, not
    taken from 1: float32 can tell p = 1 - 1e-9 from 1 - 1e-10.
    """
    column = drawn.unsqueeze(-1)
    others = logits.scatter(-1, column, -torch.inf) - logits.gather(-1, column)
    return others.exp_().sum(-1)


def write_swiftly(
    model: TokenTransformer,
    prompt: Tensor,
    length: int,
    size: int,
    confidence: float = 0.9,
    least: int = 1,
    temperature: float = 0.0,
    generator: torch.Generator | None = None,
    end: int | None = None,
) -> Written:
    """Block after block; a pass shows what is sure enough, and the `least` surest.

    With least = 1 the tokens are those of `write_blocks` with `Threshold(confidence)`,
    and with a confidence above 1 those of `ByConfidence(size // least)`, where `least`
    divides the size, but where two confidences round to 1 there. At temperatures above
    0 rows that have ended draw no more, and so later draws differ.

    prompt: (B, P) ids; size: tokens of a block; P + length places at most. Raises
    ValueError for a size or least below 1 and for a rotary network.
    """
    if size < 1 or least < 1:
        raise ValueError(f"blocks of {size}, {least} a pass: use 1 or more")
    most = 1 / confidence - 1 if confidence <= 1 else -1.0
    written = prompt.new_full((len(prompt), length), 0 if end is None else end)
    rows = torch.arange(len(prompt), device=prompt.device)
    unread, passes = prompt, list[int]()
    with torch.inference_mode():
        reader = Reader(model, len(prompt))
        for start in range(0, length, size):
            hidden = prompt.new_ones(len(rows), min(size, length - start)).bool()
            ids = torch.full_like(hidden, model.config.mask_id, dtype=torch.long)
            passes.append(0)
            while True:
                logits = _look(reader, unread, ids, hidden)
                unread, passes[-1] = unread[:, :0], passes[-1] + 1
                drawn = draw_tokens(logits, temperature, generator)
                doubt = torch.full_like(hidden, torch.inf, dtype=logits.dtype)
                doubt[hidden] = doubts(logits, drawn)
                shown = doubt <= most
                best = doubt.topk(min(least, ids.shape[1]), largest=False).indices
                shown = shown.scatter_(1, best, True) & hidden
                ids[hidden] = torch.where(shown[hidden], drawn, ids[hidden])
                hidden = hidden & ~shown
                if not bool(hidden.any()):
                    break
            written[rows, start : start + size] = ids
            going = torch.ones_like(rows).bool() if end is None else (ids != end).all(1)
            if not bool(going.all()):
                rows, ids = rows[going], ids[going]
                reader.held = reader.held[:, going]
            if not len(rows):
                break
            unread = ids
    return Written(fill_after(written, end), sum(passes), passes)


def _look(reader: Reader, unread: Tensor, ids: Tensor, hidden: Tensor) -> Tensor:
    """Logits of the hidden places of a block, after what is held and unread."""
    new = unread.shape[1]
    if not new:
        return reader.read(ids, 0, hidden)
    end = reader.length + new + ids.shape[1]
    mask = torch.ones(new + ids.shape[1], end, dtype=torch.bool, device=ids.device)
    mask[:new, reader.length + new :] = False  # what is finished sees no hole
    asked = torch.cat([torch.zeros_like(unread, dtype=torch.bool), hidden], dim=1)
    return reader.read(torch.cat([unread, ids], dim=1), new, asked, mask)
