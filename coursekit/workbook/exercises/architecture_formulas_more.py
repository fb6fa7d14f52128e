"""Lecture 5, pen and paper: more formulas to derive (05.20-05.23)."""

import numpy as np

from coursekit.checks.spec import FormulaQuestion, WrongFormula
from coursekit.workbook.exercises.architecture_formulas import (
    POINTS,
    Numbers,
    whole,
)


def _turned(rng: np.random.Generator) -> Numbers:
    places = rng.integers(0, 40, (2, POINTS)).astype(float)
    w = rng.uniform(0.05, 1.0, POINTS)
    return {"m": places[0], "n": places[1], "w": w}


MORE_FORMULAS = (
    FormulaQuestion(
        "05.20",
        "The parameters of a block's knobs",
        "6*D**2 + 6*D",
        whole(D=(16, 1024)),
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
        whole(T=(16, 1024), D=(32, 512)),
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
        whole(C=(1, 16), p=(2, 16), D=(32, 512)),
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
