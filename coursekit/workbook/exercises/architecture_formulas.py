"""Lecture 5, pen and paper: formulas to derive (05.16-05.23)."""

from collections.abc import Callable, Mapping

import numpy as np
from numpy.typing import NDArray

from coursekit.workbook.exercise_spec import FormulaQuestion, WrongFormula

_POINTS = 64
Numbers = Mapping[str, NDArray[np.float64]]


def _whole(**ranges: tuple[int, int]) -> Callable[[np.random.Generator], Numbers]:
    """Points of whole numbers, one range (first, last) for each name."""

    def draw(rng: np.random.Generator) -> Numbers:
        return {
            name: rng.integers(low, high + 1, _POINTS).astype(float)
            for name, (low, high) in ranges.items()
        }

    return draw


def _turned(rng: np.random.Generator) -> Numbers:
    places = rng.integers(0, 40, (2, _POINTS)).astype(float)
    w = rng.uniform(0.05, 1.0, _POINTS)
    return {"m": places[0], "n": places[1], "w": w}


FORMULAS = (
    FormulaQuestion(
        "05.16",
        "How many tokens has a picture?",
        "H*W/(f*p)**2",
        _whole(H=(64, 1024), W=(64, 1024), f=(2, 16), p=(1, 8)),
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
        _whole(n=(1, 12)),
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
        _whole(T=(16, 1024), D=(32, 512)),
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
        _whole(D=(32, 512), r=(1, 8)),
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
    FormulaQuestion(
        "05.20",
        "The parameters of a block's knobs",
        "6*D**2 + 6*D",
        _whole(D=(16, 1024)),
        (
            WrongFormula("6*D**2", "the linear map has biases too: 6 D of them"),
            WrongFormula(
                "6*D",
                "this is how many numbers come out: a linear map from D features makes "
                "each of them",
            ),
            WrongFormula(
                "3*D**2 + 3*D",
                "three knobs are one branch: attention and MLP have three each",
            ),
            WrongFormula(
                "4*D**2 + 4*D",
                "scale and shift, twice: each branch has a gate as well",
            ),
            WrongFormula(
                "6*D**2 + D",
                "every output has its bias, and there are 6 D outputs",
            ),
        ),
        ("6*D*(D+1)", "(D+1)*6*D"),
    ),
    FormulaQuestion(
        "05.21",
        "What two turned vectors say to each other",
        "cos(w*(m-n))",
        _turned,
        (
            WrongFormula(
                "cos(w*m)*cos(w*n)",
                "this is the first feature's share: sin(w m) sin(w n) comes from the "
                "second",
            ),
            WrongFormula(
                "cos(w*(m+n))",
                "both turn the same way: only the difference of the angles is left",
            ),
            WrongFormula(
                "sin(w*(m-n))",
                "at m = n both point the same way: their product must be 1 there",
            ),
            WrongFormula(
                "cos(w*m) - cos(w*n)",
                "multiply the two vectors (cos, sin), feature by feature, and add",
            ),
            WrongFormula(
                "cos(m-n)",
                "position m turns by the angle w m, not by m",
            ),
            WrongFormula(
                "w*(m-n)",
                "this is the angle between them: the product is its cosine",
            ),
        ),
        ("cos(w*m)*cos(w*n) + sin(w*m)*sin(w*n)", "cos(w*(n-m))"),
    ),
    FormulaQuestion(
        "05.22",
        "Patches of half the size: how many times the FLOPs?",
        "4*(6*D + 4*T)/(6*D + T)",
        _whole(T=(16, 1024), D=(32, 512)),
        (
            WrongFormula(
                "4",
                "four times the tokens: that is the factor of the linear maps alone",
            ),
            WrongFormula(
                "16",
                "each of four times the tokens meets four times as many: that is the "
                "factor of attention's products alone",
            ),
            WrongFormula(
                "2",
                "halved on both sides: there are four times as many tokens",
            ),
            WrongFormula(
                "(6*D + 4*T)/(6*D + T)",
                "this is the cost of one token: there are four times as many of them",
            ),
            WrongFormula(
                "2*(6*D + 2*T)/(6*D + T)",
                "this is twice the tokens: halving p on both sides makes four times",
            ),
            WrongFormula(
                "(6*D + T)/(6*D + 4*T)/4",
                "this is the other way round: how much cheaper larger patches are",
            ),
        ),
        ("(96*D + 64*T)/(24*D + 4*T)", "4 + 12*T/(6*D + T)"),
    ),
    FormulaQuestion(
        "05.23",
        "Patches of half the size: how many weights fewer?",
        "0.75*C*p**2*D",
        _whole(C=(1, 16), p=(2, 16), D=(32, 512)),
        (
            WrongFormula(
                "C*p**2*D",
                "these are all the weights of the embedding: a quarter of them is left",
            ),
            WrongFormula(
                "0.25*C*p**2*D",
                "this is what is left: C (p/2)^2 D",
            ),
            WrongFormula(
                "0.5*C*p**2*D",
                "the patch is halved on both sides: a quarter of its numbers is left",
            ),
            WrongFormula(
                "-3*C*p**2*D",
                "smaller patches hold fewer numbers: the embedding shrinks",
            ),
            WrongFormula(
                "0",
                "the blocks keep their weights, but the embedding reads C p^2 numbers "
                "of each patch",
            ),
        ),
        ("3*C*p**2*D/4", "C*p**2*D - C*(p/2)**2*D"),
    ),
)
