"""Lecture 5, words and patches in one plane: 05.12 joint_positions."""

from collections.abc import Callable

import numpy as np
import torch
from torch import Tensor

from coursekit.checks.spec import (
    Function,
    Inputs,
    Mutant,
    Oracle,
    Outputs,
    Probe,
    Variant,
)
from coursekit.checks.tensors import array, generator, must_equal
from coursekit.models.positions import grid_positions, joint_positions

_CASES = ("a tall picture", "a wide picture", "a square one")


def _inputs(seed: int) -> Inputs:
    rng = generator(seed)
    short, more = int(rng.integers(2, 5)), int(rng.integers(1, 5))
    sides = ((short + more, short), (short, short + more), (short + 1, short + 1))
    height, width = sides[seed % 3]
    return {"text": int(rng.integers(3, 7)), "height": height, "width": width}


def _call(fn: Function, inputs: Inputs) -> Outputs:
    return {"places": array(fn(inputs["text"], inputs["height"], inputs["width"]))}


def _picture(inputs: Inputs, outputs: Outputs) -> str | None:
    height, width = inputs["height"], inputs["width"]
    want = [
        (row - (height - 1) / 2, column - (width - 1) / 2)
        for row in range(height)
        for column in range(width)
    ]
    return must_equal(
        outputs["places"][inputs["text"] :],
        np.asarray(want),
        "behind the words comes the picture: a grid with its middle at (0, 0), row by "
        "row",
    )


def _words(inputs: Inputs, outputs: Outputs) -> str | None:
    places = outputs["places"]
    words, picture = places[: inputs["text"]], places[inputs["text"] :]
    first = picture.max() + 1
    want = first + np.arange(inputs["text"])
    return must_equal(
        words,
        np.stack([want, want], axis=1),
        "the words must stand on the diagonal, one step apart, the first one step "
        "beyond the picture's longer side",
    )


def _with_words(place: Callable[[Tensor, int, int], tuple[Tensor, Tensor]]) -> Function:
    """A version from the words' rows and columns, given 0, 1, ..., height and width."""

    def joint(text: int, height: int, width: int) -> Tensor:
        i = torch.arange(text, dtype=torch.float64)
        words = torch.stack(place(i, height, width), dim=1)
        return torch.cat([words, grid_positions(height, width, centred=True)])

    return joint


def _from(begin: Callable[[int, int], float], step: float = 1.0) -> Function:
    """A version from where the diagonal begins."""
    return _with_words(lambda i, h, w: (begin(h, w) + step * i, begin(h, w) + step * i))


def _corner(text: int, height: int, width: int) -> Tensor:
    words = max(height, width) + torch.arange(text, dtype=torch.float64)
    return torch.cat([words[:, None].expand(text, 2), grid_positions(height, width)])


def _behind(text: int, height: int, width: int) -> Tensor:
    places = joint_positions(text, height, width)
    return torch.cat([places[text:], places[:text]])


def _single(text: int, height: int, width: int) -> Tensor:
    return joint_positions(text, height, width).float()


def _meshgrid(text: int, height: int, width: int) -> Tensor:
    rows = torch.arange(height).double() - (height - 1) / 2
    columns = torch.arange(width).double() - (width - 1) / 2
    grid = torch.stack(torch.meshgrid(rows, columns, indexing="ij"), dim=-1)
    start = max(rows.max().item(), columns.max().item()) + 1
    words = torch.linspace(start, start + text - 1, text, dtype=torch.float64)
    return torch.vstack([torch.stack([words, words], 1), grid.flatten(0, 1)])


def _listed(text: int, height: int, width: int) -> Tensor:
    places = [[(max(height, width) + 1) / 2 + i] * 2 for i in range(text)]
    for row in range(height):
        for column in range(width):
            places.append([row - (height - 1) / 2, column - (width - 1) / 2])
    return torch.tensor(places, dtype=torch.float64)


JOINT_POSITIONS = Probe(
    inputs=_inputs,
    call=_call,
    cases=_CASES,
    oracles=(Oracle("the picture", _picture), Oracle("the words", _words)),
    mutants=(
        Mutant(
            "half a step",
            _from(lambda h, w: max(h, w) / 2),
            "the first word is half a step beyond the picture: a whole one, "
            "(max + 1) / 2",
        ),
        Mutant(
            "on the corner",
            _from(lambda h, w: (max(h, w) - 1) / 2),
            "the first word stands on the picture's last row or column: go one step "
            "further",
        ),
        Mutant(
            "the shorter side",
            _from(lambda h, w: (min(h, w) + 1) / 2),
            "the words begin beyond the shorter side: go one step beyond the longer",
        ),
        Mutant(
            "at the whole side",
            _from(lambda h, w: float(max(h, w))),
            "the words begin max(height, width) away: a centred picture ends at half "
            "of that",
        ),
        Mutant(
            "in the middle",
            _from(lambda h, w: 0.0),
            "the words stand in the picture: they would share places with patches",
        ),
        Mutant(
            "at one place",
            _from(lambda h, w: (max(h, w) + 1) / 2, step=0.0),
            "all words stand at one place: their order would be lost",
        ),
        Mutant(
            "one row",
            _with_words(lambda i, h, w: (0 * i, (max(h, w) + 1) / 2 + i)),
            "the words stand in one row: on the diagonal, row and column are equal",
        ),
        Mutant(
            "off the diagonal",
            _with_words(lambda i, h, w: ((h + 3) / 2 + i, (w + 1) / 2 + i)),
            "rows and columns of the words begin at different numbers: on the "
            "diagonal both are equal",
        ),
        Mutant(
            "backwards",
            _from(lambda h, w: (max(h, w) + 1) / 2 + 6, step=-1.0),
            "the words stand in reverse order",
        ),
        Mutant(
            "from the corner",
            _corner,
            "the picture begins at (0, 0): centre it, so that larger ones share its "
            "middle",
        ),
        Mutant(
            "words last", _behind, "the words come behind the picture: put them first"
        ),
        Mutant(
            "float32",
            _single,
            "the places are float32: angles are computed from float64",
        ),
    ),
    variants=(
        Variant("a mesh", _meshgrid),
        Variant("a list", _listed),
    ),
)
