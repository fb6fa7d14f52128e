"""Lecture 4, pen and paper: formulas on latents (04.17-04.20)."""

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from coursekit.checks.spec import FormulaQuestion, WrongFormula

_POINTS = 64
Numbers = Mapping[str, NDArray[np.float64]]


def _bell(rng: np.random.Generator) -> Numbers:
    return {"m": rng.standard_normal(_POINTS), "s": rng.uniform(0.2, 2.0, _POINTS)}


def _noisy_line(rng: np.random.Generator) -> Numbers:
    a, x = rng.uniform(0.3, 2.0, _POINTS), rng.standard_normal(_POINTS)
    return {"x": x, "a": a, "n": rng.uniform(0.2, 1.5, _POINTS)}


def _sizes(rng: np.random.Generator) -> Numbers:
    f = 2.0 ** rng.integers(1, 5, _POINTS)
    return {"f": f, "L": rng.integers(2, 17, _POINTS).astype(float)}


def _batch(rng: np.random.Generator) -> Numbers:
    return {"B": rng.integers(3, 1000, _POINTS).astype(float)}


FORMULAS = (
    FormulaQuestion(
        "04.17",
        "From one bell to the normal one",
        "(m**2 + s**2 - 1)/2 - log(s)",
        _bell,
        (
            WrongFormula(
                "m**2 + s**2 - 1 - 2*log(s)",
                "twice too much: the exponent of a bell has a half",
            ),
            WrongFormula(
                "(m**2 + s**2 - 1)/2 + log(s)",
                "the sign of the logarithm is flipped: a narrow bell costs, and log(s) "
                "is below zero there",
            ),
            WrongFormula(
                "(m**2 + s**2 - 1 - log(s))/2",
                "the logarithm is that of s^2, the variance: log(s^2) = 2 log(s)",
            ),
            WrongFormula(
                "(m**2 + s**2)/2 - log(s)",
                "1/2 is missing: a bell is at distance 0 from itself",
            ),
            WrongFormula(
                "log(s) + (1 + m**2)/(2*s**2) - 1/2",
                "this is the other direction, from the normal bell to q: the mean is "
                "taken under q",
            ),
            WrongFormula(
                "(m**2 + s - 1)/2 - log(s)",
                "s is the standard deviation: its square belongs there",
            ),
        ),
        ("0.5*(m^2 + s^2 - 1 - log(s^2))", "m*m/2 + s*s/2 - 0.5 - ln(s)"),
    ),
    FormulaQuestion(
        "04.18",
        "What the perfect encoder answers",
        "a*x/(a**2 + n**2)",
        _noisy_line,
        (
            WrongFormula(
                "x/a",
                "this forgets the prior: a picture is noisy, so believe it less and "
                "draw the answer towards 0",
            ),
            WrongFormula(
                "a*x", "the decoder multiplies by a: the encoder has to undo that"
            ),
            WrongFormula(
                "x/(a**2 + n**2)",
                "a is missing: x and z have the covariance a, and x the variance "
                "a^2 + n^2",
            ),
            WrongFormula("a*x/(a**2 + n)", "n is a standard deviation: variances add"),
            WrongFormula(
                "n**2/(a**2 + n**2)",
                "this is the variance of the answer: the question is for its mean",
            ),
        ),
        ("x*a/n^2/(1 + a^2/n^2)", "(x/a)*(1 - n**2/(a**2 + n**2))"),
    ),
    FormulaQuestion(
        "04.19",
        "How much smaller is the latent?",
        "3*f**2/L",
        _sizes,
        (
            WrongFormula(
                "f**2/L", "a colour picture has three numbers for each of its pixels"
            ),
            WrongFormula(
                "3*f/L", "both sides shrink by f: there are f^2 times fewer places"
            ),
            WrongFormula(
                "f**2", "this is how many places are saved: count the channels too"
            ),
            WrongFormula(
                "L/(3*f**2)", "upside down: this is the share that is left, below 1"
            ),
            WrongFormula(
                "3*f**2*L", "more latent channels are more numbers to keep: divide by L"
            ),
        ),
        ("f*f*3/L", "3/(L/f^2)"),
    ),
    FormulaQuestion(
        "04.20",
        "A CLIP that knows nothing",
        "log(B)",
        _batch,
        (
            WrongFormula(
                "2*log(B)", "the loss is the mean of the two cross entropies: halve it"
            ),
            WrongFormula(
                "log(B)/2",
                "each of the two cross entropies is log(B), and so is their mean",
            ),
            WrongFormula(
                "1/B", "this is the chance of being right: the loss is -log of it"
            ),
            WrongFormula(
                "-log(B)", "the sign is flipped: a chance of 1 / B costs -log(1 / B)"
            ),
            WrongFormula(
                "log(B-1)", "there are B texts to choose from, the own one included"
            ),
            WrongFormula(
                "log(2)", "this is one sigmoid: a softmax chooses among B texts"
            ),
        ),
        ("-log(1/B)", "ln(B)"),
    ),
)
