"""Lecture 5, pen and paper: formulas to derive (05.16-05.19)."""

from collections.abc import Callable, Mapping

import numpy as np
from numpy.typing import NDArray

from coursekit.checks.spec import FormulaQuestion, WrongFormula

POINTS = 64
Numbers = Mapping[str, NDArray[np.float64]]


def whole(**ranges: tuple[int, int]) -> Callable[[np.random.Generator], Numbers]:
    """Points of whole numbers, one range (first, last) for each name."""

    def draw(rng: np.random.Generator) -> Numbers:
        return {
            name: rng.integers(low, high + 1, POINTS).astype(float)
            for name, (low, high) in ranges.items()
        }

    return draw


FORMULAS = (
    FormulaQuestion(
        "05.16",
        "How many tokens has a picture?",
        "H*W/(f*p)**2",
        whole(H=(64, 1024), W=(64, 1024), f=(2, 16), p=(1, 8)),
        (
            WrongFormula(
                "H*W/p**2",
                "this cuts the picture itself: the patches are cut from latents, f "
                "times smaller on each side",
            ),
            WrongFormula(
                "H*W/f**2",
                "these are the places of the latent: p x p of them make one token",
            ),
            WrongFormula(
                "H*W/(f*p)",
                "both f and p shrink rows and columns alike: square them",
            ),
            WrongFormula(
                "H*W/(f**2*p)",
                "a patch is p places high and p wide: p counts twice",
            ),
            WrongFormula(
                "H*W/(f*p**2)",
                "the encoder shrinks rows and columns: f counts twice",
            ),
            WrongFormula(
                "H*W*p**2/f**2",
                "larger patches make fewer tokens: divide by p squared",
            ),
        ),
        ("(H/(f*p))*(W/(f*p))", "H*W/f**2/p**2"),
    ),
    FormulaQuestion(
        "05.17",
        "How far do n levels of a U-Net see?",
        "4*2**n - 3",
        whole(n=(1, 12)),
        (
            WrongFormula(
                "4*n + 1",
                "these are 2 n convolutions without strides: each stride doubles the "
                "step of all that follows",
            ),
            WrongFormula(
                "2*n + 1",
                "this is n convolutions without strides: a level has two, and halves "
                "the picture",
            ),
            WrongFormula(
                "2**n",
                "this is the step between neighbours after n levels: they also overlap",
            ),
            WrongFormula(
                "4*2**n",
                "one position sees itself: begin with 1 and add 4, 8, 16, ... for the "
                "levels",
            ),
            WrongFormula(
                "2*2**n - 1",
                "this counts one convolution a level: there are two, and both add "
                "twice the step",
            ),
            WrongFormula(
                "8*2**n - 7",
                "a stride counts for the layers after it, not for its own kernel",
            ),
        ),
        ("1 + 4*(2**n - 1)", "2**(n+2) - 3"),
    ),
    FormulaQuestion(
        "05.18",
        "The FLOPs of attention's two products",
        "4*T**2*D",
        whole(T=(16, 1024), D=(32, 512)),
        (
            WrongFormula(
                "2*T**2*D",
                "this is one product: q k^T makes the table, and the table times v "
                "costs the same again (or are these multiply-adds? each is two FLOPs)",
            ),
            WrongFormula(
                "T**2*D",
                "two products, and two FLOPs for each multiply-add: four times as much",
            ),
            WrongFormula(
                "4*T*D**2",
                "linear maps cost that: here each token meets T tokens, in D features",
            ),
            WrongFormula(
                "4*T**2",
                "each entry of the table is a sum over features: over D, all heads "
                "together",
            ),
            WrongFormula(
                "8*T*D**2",
                "this is queries, keys, values and the map out: what grows with T^2?",
            ),
        ),
        ("2*T**2*D + 2*T**2*D", "(2*T)**2*D"),
    ),
    FormulaQuestion(
        "05.19",
        "From how many tokens on does attention cost more?",
        "(2 + r)*D",
        whole(D=(32, 512), r=(1, 8)),
        (
            WrongFormula(
                "D",
                "at T = D attention costs 4 D^3, the linear maps (8 + 4 r) D^3",
            ),
            WrongFormula(
                "2*D",
                "this is where attention costs as much as its own linear maps: the MLP "
                "costs 4 r T D^2 more",
            ),
            WrongFormula(
                "r*D",
                "this is where attention costs as much as the MLP: its own linear maps "
                "cost 8 T D^2 more",
            ),
            WrongFormula(
                "(2 + r)*D**2",
                "set 4 T^2 D equal to (8 + 4 r) T D^2 and divide by 4 T D",
            ),
            WrongFormula(
                "(8 + 4*r)*D",
                "this forgets the 4 of attention: it makes two products, of two FLOPs "
                "each",
            ),
            WrongFormula(
                "(4 + 2*r)*D",
                "this counts one of attention's products: there are two",
            ),
            WrongFormula(
                "(1 + r)*D",
                "queries, keys, values and the map out are four maps of 2 T D^2 FLOPs",
            ),
        ),
        ("2*D + r*D", "(8+4*r)*D/4"),
    ),
)
