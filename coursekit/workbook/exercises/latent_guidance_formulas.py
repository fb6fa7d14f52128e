"""Lecture 4, pen and paper: formulas on guidance (04.21-04.24)."""

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from coursekit.checks.spec import FormulaQuestion, WrongFormula

_POINTS = 64
Numbers = Mapping[str, NDArray[np.float64]]


def _noise_and_slope(rng: np.random.Generator) -> Numbers:
    eps, slope = rng.standard_normal((2, _POINTS))
    sigma, w = rng.uniform(0.1, 0.95, _POINTS), rng.uniform(0.5, 6.0, _POINTS)
    return {"eps": eps, "slope": slope, "sigma": sigma, "w": w}


def _two_answers(rng: np.random.Generator) -> Numbers:
    cond, null = rng.standard_normal((2, _POINTS))
    return {"cond": cond, "null": null, "w": rng.uniform(0.5, 6.0, _POINTS)}


def _two_bells(rng: np.random.Generator) -> Numbers:
    x, m = rng.standard_normal((2, _POINTS))
    s, g = rng.uniform(0.2, 0.9, _POINTS), rng.uniform(1.5, 6.0, _POINTS)
    return {"x": x, "m": m, "s": s, "g": g}


def _tempered(rng: np.random.Generator) -> Numbers:
    m, g = rng.standard_normal(_POINTS), rng.uniform(1.5, 6.0, _POINTS)
    return {"m": m, "s": rng.uniform(0.2, 0.9, _POINTS), "g": g}


GUIDANCE_FORMULAS = (
    FormulaQuestion(
        "04.21",
        "The noise, guided by a classifier",
        "eps - w*sigma*slope",
        _noise_and_slope,
        (
            WrongFormula(
                "eps + w*sigma*slope",
                "the sign is flipped: eps = -sigma score, so it shrinks where the "
                "score grows",
            ),
            WrongFormula(
                "eps - w*slope",
                "the score is -eps / sigma: sigma is missing before the slope",
            ),
            WrongFormula(
                "eps - w*slope/sigma",
                "divided by sigma: multiply the score by -sigma to get eps",
            ),
            WrongFormula(
                "eps - w*sigma**2*slope",
                "sigma squared shifts the mean of a step: eps moves by sigma",
            ),
            WrongFormula(
                "-eps/sigma + w*slope", "this is the score: multiply it by -sigma"
            ),
            WrongFormula("eps - sigma*slope", "this is guidance of weight 1: put w"),
        ),
        ("-sigma*(w*slope - eps/sigma)", "eps - slope*sigma*w"),
    ),
    FormulaQuestion(
        "04.22",
        "The same guidance, counted as in the paper",
        "(1+w)*cond - w*null",
        _two_answers,
        (
            WrongFormula(
                "null + w*(cond - null)",
                "this is our scale, where 1 means no guidance: there it is w = 0",
            ),
            WrongFormula(
                "w*cond - (1+w)*null",
                "the two weights must add up to 1: here they add up to -1",
            ),
            WrongFormula(
                "(1+w)*null - w*cond",
                "the two are exchanged: this walks away from the condition",
            ),
            WrongFormula(
                "cond + w*null", "the condition is pushed towards nothing said: minus"
            ),
            WrongFormula(
                "cond + (1+w)*(cond - null)",
                "one step too far: at w = 0 it must be the conditional answer",
            ),
        ),
        ("cond + w*(cond - null)", "null + (w+1)*(cond - null)"),
    ),
    FormulaQuestion(
        "04.23",
        "The guided score of two bells",
        "-g*(x - m)/s**2 - (1 - g)*x",
        _two_bells,
        (
            WrongFormula(
                "-(x - m)/s**2", "this is the conditional score: guide it with g"
            ),
            WrongFormula(
                "g*(x - m)/s**2 + (1 - g)*x",
                "the sign is flipped: a score points to where it is more probable",
            ),
            WrongFormula(
                "-g*(x - m)/s**2 - x",
                "the unconditional score has the weight 1 - g: the weights add up to 1",
            ),
            WrongFormula(
                "-(x - m)/s**2 - g*((x - m)/s**2 - x)",
                "one g too many: this is the paper's w in the place of our scale",
            ),
            WrongFormula(
                "-g*(x - m)/s - (1 - g)*x",
                "divided by s: the score of a bell divides by its variance",
            ),
            WrongFormula(
                "-(x - g*m)/s**2",
                "only the mean is moved: guidance changes the width too",
            ),
        ),
        (
            "-x + g*(x - (x - m)/s^2)",
            "g*m/s**2 - x*(g/s**2 + 1 - g)",
        ),
    ),
    FormulaQuestion(
        "04.24",
        "The bell that this score belongs to",
        "g*m/(g + (1-g)*s**2)",
        _tempered,
        (
            WrongFormula("m", "this is the mean of the condition: at g = 1 only"),
            WrongFormula(
                "g*m",
                "right for bells of one width, s = 1: here the width counts",
            ),
            WrongFormula(
                "g*m/s**2",
                "divide by the whole factor of x in the score, g / s^2 + 1 - g",
            ),
            WrongFormula(
                "s**2/(g + (1-g)*s**2)",
                "this is the variance of that bell: the question is its mean",
            ),
            WrongFormula(
                "g*m/(g + (1-g)*s)",
                "s is a standard deviation: its square belongs there",
            ),
        ),
        ("g*m/s^2/(g/s^2 + 1 - g)", "m/(1 + s**2*(1/g - 1))"),
    ),
)
