"""Lecture 2, pen and paper: formulas to derive (02.15-02.19)."""

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from coursekit.checks.spec import FormulaQuestion, WrongFormula

_POINTS = 64
Numbers = Mapping[str, NDArray[np.float64]]


def _gaussian(rng: np.random.Generator) -> Numbers:
    x, mu = rng.standard_normal((2, _POINTS))
    return {"x": x, "mu": mu, "var": rng.uniform(0.2, 3.0, _POINTS)}


def _noised(rng: np.random.Generator) -> Numbers:
    xt, score = rng.standard_normal((2, _POINTS))
    alpha, sigma = rng.uniform(0.2, 0.95, _POINTS), rng.uniform(0.2, 1.5, _POINTS)
    return {"xt": xt, "score": score, "alpha": alpha, "sigma": sigma}


def _noise_guess(rng: np.random.Generator) -> Numbers:
    eps = rng.standard_normal(_POINTS)
    return {"eps": eps, "alpha_bar": rng.uniform(0.05, 0.95, _POINTS)}


def _slopes(rng: np.random.Generator) -> Numbers:
    return {
        "alpha": rng.uniform(0.2, 0.95, _POINTS),
        "dalpha": -rng.uniform(0.1, 2.0, _POINTS),
        "sigma": rng.uniform(0.2, 0.9, _POINTS),
        "dsigma": rng.uniform(0.1, 2.0, _POINTS),
    }


def _rate(rng: np.random.Generator) -> Numbers:
    x, score = rng.standard_normal((2, _POINTS))
    return {"x": x, "score": score, "beta": rng.uniform(0.2, 20.0, _POINTS)}


FORMULAS = (
    FormulaQuestion(
        "02.15",
        "The score of a Gaussian",
        "(mu - x)/var",
        _gaussian,
        (
            WrongFormula(
                "(x - mu)/var",
                "the sign is flipped: the score points towards the mean",
            ),
            WrongFormula(
                "(mu - x)/sqrt(var)",
                "divided by the standard deviation: it is the variance",
            ),
            WrongFormula("mu - x", "the variance is missing: it sets the strength"),
            WrongFormula(
                "(mu - x)/(2*var)",
                "the 1/2 of the exponent cancels against the 2 of the square's slope",
            ),
            WrongFormula(
                "-(x - mu)**2/(2*var)",
                "this is the log density up to a constant: take its slope in x",
            ),
            WrongFormula(
                "(mu - x)/var*exp(-(x-mu)**2/(2*var))/sqrt(2*pi*var)",
                "this is the slope of the density: the score is that of its logarithm",
            ),
            WrongFormula(
                "(x - mu)/var**2", "wrong sign, and var is a variance already"
            ),
        ),
        ("-(x - mu)*var**-1", "mu/var - x/var"),
    ),
    FormulaQuestion(
        "02.16",
        "The denoised point that a score implies",
        "(xt + sigma**2*score)/alpha",
        _noised,
        (
            WrongFormula(
                "(xt - sigma**2*score)/alpha",
                "the sign is flipped: the score points to where the data are",
            ),
            WrongFormula(
                "(xt + sigma*score)/alpha",
                "sigma is not squared: score = -eps/sigma, and the noise is sigma*eps",
            ),
            WrongFormula(
                "xt + sigma**2*score",
                "the division by alpha is missing: this is alpha times x0",
            ),
            WrongFormula(
                "(xt + score)/alpha",
                "sigma^2 is missing: how far to go depends on how much noise there is",
            ),
            WrongFormula(
                "xt/alpha + sigma**2*score",
                "only xt is divided by alpha: the noise is on the same side",
            ),
            WrongFormula(
                "alpha*xt + sigma**2*score",
                "multiplied by alpha: xt = alpha x0 + noise is solved by dividing",
            ),
        ),
        ("xt/alpha + sigma^2/alpha*score", "(xt - sigma*(-sigma*score))/alpha"),
    ),
    FormulaQuestion(
        "02.17",
        "The score that a noise guess implies",
        "-eps/sqrt(1-alpha_bar)",
        _noise_guess,
        (
            WrongFormula(
                "eps/sqrt(1-alpha_bar)",
                "the sign is missing: noise leads away from the data, the score back",
            ),
            WrongFormula(
                "-eps*sqrt(1-alpha_bar)",
                "multiplied by the standard deviation of the noise: divide by it",
            ),
            WrongFormula(
                "-eps/(1-alpha_bar)",
                "divided by the variance: eps has variance 1, one factor is enough",
            ),
            WrongFormula(
                "-eps/sqrt(alpha_bar)",
                "alpha_bar is the share of the data: the noise has 1 - alpha_bar",
            ),
            WrongFormula(
                "-eps", "the scale is missing: less noise makes a stronger score"
            ),
            WrongFormula(
                "-sqrt(1-alpha_bar)/eps", "upside down: the guess belongs on top"
            ),
        ),
        ("-eps*(1-alpha_bar)^-0.5", "-sqrt(1-alpha_bar)*eps/(1-alpha_bar)"),
    ),
    FormulaQuestion(
        "02.18",
        "The diffusion that keeps a path",
        "2*sigma*dsigma - 2*dalpha/alpha*sigma**2",
        _slopes,
        (
            WrongFormula(
                "2*sigma*dsigma",
                "right only where alpha is constant: the drift shrinks the noise too, "
                "and fresh noise must make up for it",
            ),
            WrongFormula(
                "2*sigma*dsigma + 2*dalpha/alpha*sigma**2",
                "the second sign is flipped: a shrinking drift needs more noise",
            ),
            WrongFormula(
                "2*sigma*dsigma - 2*dalpha*sigma**2",
                "the drift is f = dalpha/alpha: divide by alpha",
            ),
            WrongFormula(
                "sigma*dsigma - dalpha/alpha*sigma**2",
                "half of it: the slope of sigma^2 is 2 sigma dsigma",
            ),
            WrongFormula(
                "sqrt(2*sigma*dsigma - 2*dalpha/alpha*sigma**2)",
                "this is g: the question is about g^2",
            ),
            WrongFormula(
                "2*sigma*dsigma - dalpha/alpha*sigma**2",
                "a factor 2 is missing in the second term: f acts on x, and the "
                "variance is a square",
            ),
            WrongFormula(
                "dsigma**2",
                "this squares the slope of sigma: variances add, so take the slope of "
                "sigma^2",
            ),
        ),
        (
            "2*sigma*(dsigma - dalpha*sigma/alpha)",
            "2*sigma^2*(dsigma/sigma - dalpha/alpha)",
        ),
    ),
    FormulaQuestion(
        "02.19",
        "The flow without noise",
        "-beta/2*(x + score)",
        _rate,
        (
            WrongFormula(
                "-beta/2*x - beta*score",
                "this is the drift of the reverse SDE: without its noise the flow "
                "takes half of the score",
            ),
            WrongFormula(
                "-beta/2*x + beta/2*score",
                "the sign of the score is flipped: forwards in time the flow leads "
                "away from the data",
            ),
            WrongFormula(
                "-beta/2*x", "the score is missing: this only shrinks everything"
            ),
            WrongFormula("-beta*(x + score)", "twice too fast: f = -beta/2 and g^2/2"),
            WrongFormula(
                "beta/2*(x + score)",
                "this is the same flow backwards: dt is positive from data to noise",
            ),
            WrongFormula(
                "-beta/2*x - sqrt(beta)/2*score",
                "g is not squared: g^2 = beta",
            ),
        ),
        ("-0.5*beta*x - 0.5*beta*score", "-(x+score)*beta/2"),
    ),
)
