"""Lecture 4, pen and paper: formulas to derive (04.17-04.24)."""

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from coursekit.workbook.exercise_spec import FormulaQuestion, WrongFormula

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
