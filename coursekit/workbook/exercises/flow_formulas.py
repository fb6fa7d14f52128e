"""Lecture 3, pen and paper: formulas to derive (03.13-03.17, 03.24)."""

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from coursekit.checks.spec import FormulaQuestion, WrongFormula

_POINTS = 64
Numbers = Mapping[str, NDArray[np.float64]]


def _place(rng: np.random.Generator) -> Numbers:
    xt, x0 = rng.standard_normal((2, _POINTS))
    return {"xt": xt, "x0": x0, "t": rng.uniform(0.1, 0.95, _POINTS)}


def _arrow(rng: np.random.Generator) -> Numbers:
    xt, velocity = rng.standard_normal((2, _POINTS))
    return {"xt": xt, "velocity": velocity, "t": rng.uniform(0.1, 0.95, _POINTS)}


def _blurred(rng: np.random.Generator) -> Numbers:
    return {**_place(rng), "sigma_min": rng.uniform(0.01, 0.4, _POINTS)}


def _between(rng: np.random.Generator) -> Numbers:
    x = 1.5 * rng.standard_normal(_POINTS)
    return {"x": x, "t": rng.uniform(0.35, 0.95, _POINTS)}


def _gaussian(rng: np.random.Generator) -> Numbers:
    x, s = rng.standard_normal(_POINTS), rng.uniform(0.2, 2.0, _POINTS)
    return {"x": x, "t": rng.uniform(0.1, 0.95, _POINTS), "s": s}


def _stretch(rng: np.random.Generator) -> Numbers:
    log_p1, a = rng.standard_normal((2, _POINTS))
    return {"log_p1": log_p1, "a": a, "D": rng.integers(2, 9, _POINTS).astype(float)}


_PULL = "(1-t)*x/t**2"
_TANH = f"(exp(2*{_PULL})-1)/(exp(2*{_PULL})+1)"
_VAR = "((1-t)**2*s**2+t**2)"

FORMULAS = (
    FormulaQuestion(
        "03.13",
        "The velocity of a line, seen from its middle",
        "(xt - x0)/t",
        _place,
        (
            WrongFormula(
                "(x0 - xt)/t",
                "the sign is flipped: our clock runs towards noise, so the velocity "
                "points away from x0",
            ),
            WrongFormula(
                "(xt - x0)/(1-t)",
                "divided by 1 - t: the way from x0 to xt took the time t",
            ),
            WrongFormula(
                "xt - x0", "this is the way covered so far: divide by the time it took"
            ),
            WrongFormula(
                "(xt - (1-t)*x0)/t", "this is eps: the velocity is eps minus x0"
            ),
            WrongFormula(
                "(xt - (1-t)*x0)/t + x0", "x0 is added: the velocity is eps minus x0"
            ),
        ),
        ("(xt - (1-t)*x0)/t - x0", "xt/t - x0*t^-1"),
    ),
    FormulaQuestion(
        "03.14",
        "The score that a velocity implies",
        "-(xt + (1-t)*velocity)/t",
        _arrow,
        (
            WrongFormula(
                "-(xt + (1-t)*velocity)",
                "this is -eps: the score is -eps divided by sigma, which is t here",
            ),
            WrongFormula(
                "(xt + (1-t)*velocity)/t",
                "the sign is flipped: the score points to the data, away from eps",
            ),
            WrongFormula(
                "-(xt - t*velocity)/t",
                "xt - t * velocity is x0: the score needs eps",
            ),
            WrongFormula(
                "-(xt - (1-t)*velocity)/t",
                "eps = xt + (1 - t) * velocity: from t on, go forwards to time 1",
            ),
            WrongFormula(
                "-(xt + (1-t)*velocity)/t**2",
                "divided by sigma squared: one sigma belongs to eps itself",
            ),
            WrongFormula(
                "-velocity",
                "score and velocity differ: part of the velocity only shrinks the "
                "data's share of xt",
            ),
        ),
        ("(t-1)*velocity/t - xt/t", "-xt/t - velocity*(1/t - 1)"),
    ),
    FormulaQuestion(
        "03.15",
        "The velocity when the data end is a little blurred",
        "((1-sigma_min)*xt - x0)/(sigma_min + (1-sigma_min)*t)",
        _blurred,
        (
            WrongFormula(
                "(xt - x0)/t", "this is the case sigma_min = 0: solve for eps again"
            ),
            WrongFormula(
                "(x0 - (1-sigma_min)*xt)/(sigma_min + (1-sigma_min)*t)",
                "this is the paper's velocity: on our clock its sign is turned",
            ),
            WrongFormula(
                "(x0 - (1-sigma_min)*xt)/(1 - (1-sigma_min)*t)",
                "this is the paper's velocity on the paper's clock: put 1 - t for t "
                "and turn the sign",
            ),
            WrongFormula(
                "(xt - x0)/(sigma_min + (1-sigma_min)*t)",
                "the speed of the noise is 1 - sigma_min, so xt is multiplied by it",
            ),
            WrongFormula(
                "((1-sigma_min)*xt - x0)/(sigma_min + t)",
                "the noise reaches weight 1 at t = 1: it is sigma_min + "
                "(1 - sigma_min) * t",
            ),
            WrongFormula(
                "(xt - (1-t)*x0)/(sigma_min + (1-sigma_min)*t)",
                "this is eps: take the derivative of the path and put eps into it",
            ),
        ),
        (
            "(1-sigma_min)*(xt-(1-t)*x0)/(t + sigma_min*(1-t)) - x0",
            "(x0 - xt + sigma_min*xt)/(sigma_min*t - t - sigma_min)",
        ),
    ),
    FormulaQuestion(
        "03.16",
        "The flow between two pictures",
        f"(x - {_TANH})/t",
        _between,
        (
            WrongFormula(
                f"({_TANH} - x)/t",
                "the sign is flipped: the velocity points away from the data",
            ),
            WrongFormula(
                "x/t",
                "right in the middle only: away from it the nearer picture has the "
                "larger weight",
            ),
            WrongFormula(
                f"x - {_TANH}", "each line votes (x - x0) / t: the division is missing"
            ),
            WrongFormula(
                f"{_TANH}", "this is the mean of the votes for x0, not the velocity"
            ),
            WrongFormula(
                "(x - (exp((1-t)*x/t**2)-1)/(exp((1-t)*x/t**2)+1))/t",
                "half the exponent: the two squares differ by 4 (1 - t) x, divided by "
                "2 t^2",
            ),
            WrongFormula(
                "(x - (exp(2*x/t**2)-1)/(exp(2*x/t**2)+1))/t",
                "a factor 1 - t is missing: at time t the pictures stand at +-(1 - t)",
            ),
            WrongFormula(
                "(x - (exp(2*(1-t)*x/t)-1)/(exp(2*(1-t)*x/t)+1))/t",
                "divided by t in the exponent: the variance of the noise is t squared",
            ),
        ),
        (
            f"(x - (exp({_PULL})-exp(-{_PULL}))/(exp({_PULL})+exp(-{_PULL})))/t",
            f"(x - 1 + 2/(exp(2*{_PULL})+1))/t",
            f"(x - tanh({_PULL}))/t",
        ),
    ),
    FormulaQuestion(
        "03.17",
        "The flow of a Gaussian",
        f"(t - (1-t)*s**2)/{_VAR}*x",
        _gaussian,
        (
            WrongFormula(
                f"((1-t)*s**2 - t)/{_VAR}*x",
                "the sign is flipped: the velocity is the mean of eps minus x0",
            ),
            WrongFormula(
                f"(t + (1-t)*s**2)/{_VAR}*x",
                "the two means are added: the velocity is eps minus x0",
            ),
            WrongFormula(
                f"t/{_VAR}*x", "this is the mean of eps: take away the mean of x0"
            ),
            WrongFormula(
                f"(t - (1-t)*s)/{_VAR}*x",
                "the covariance of x0 and xt has the variance s^2 in it",
            ),
            WrongFormula(
                "(t - (1-t)*s**2)/((1-t)*s**2+t)*x",
                "the variance of xt has squares: (1 - t)^2 s^2 + t^2",
            ),
            WrongFormula(
                "(t - (1-t)*s**2)*x", "divide by the variance of xt to get the mean"
            ),
        ),
        (
            f"t*x/{_VAR} - (1-t)*s^2*x/{_VAR}",
            "x*(t + t*s^2 - s^2)/(t^2 + s^2 - 2*t*s^2 + t^2*s^2)",
        ),
    ),
    FormulaQuestion(
        "03.24",
        "What stretching does to a density",
        "log_p1 + a*D",
        _stretch,
        (
            WrongFormula(
                "log_p1 - a*D",
                "the sign is flipped: with a > 0 the flow spreads towards noise, so "
                "the crowd is denser at the data",
            ),
            WrongFormula(
                "log_p1 + a",
                "the divergence sums over the dimensions: a for each of them",
            ),
            WrongFormula(
                "log_p1", "that holds for a flow without divergence: a turn, a shift"
            ),
            WrongFormula(
                "log_p1*exp(a*D)",
                "the density is multiplied by exp(a D): its logarithm adds",
            ),
            WrongFormula(
                "log_p1 + exp(a*D)",
                "exp(a D) multiplies the density: its logarithm is a D",
            ),
        ),
        ("D*a + log_p1", "log(exp(log_p1)*exp(a*D))"),
    ),
)
