"""Lecture 1, pen and paper: formulas to derive (01.25-01.27)."""

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from coursekit.checks.spec import FormulaQuestion, WrongFormula

_POINTS = 64
Numbers = Mapping[str, NDArray[np.float64]]


def _step(rng: np.random.Generator) -> dict[str, NDArray[np.float64]]:
    """A step of a chain: beta, alpha_bar and the alpha_bar before it."""
    beta, before = rng.uniform(0.02, 0.5, _POINTS), rng.uniform(0.1, 0.95, _POINTS)
    return {
        "beta": beta,
        "alpha_bar": (1 - beta) * before,
        "alpha_bar_prev": before,
    }


def _two_ends(rng: np.random.Generator) -> Numbers:
    x0, xk = rng.standard_normal((2, _POINTS))
    return {"x0": x0, "xk": xk, **_step(rng)}


def _two_pictures(rng: np.random.Generator) -> Numbers:
    x0, xk = rng.standard_normal((2, _POINTS))
    return {"x0": x0, "xk": xk, "alpha_bar": rng.uniform(0.05, 0.95, _POINTS)}


def _two_gaussians(rng: np.random.Generator) -> Numbers:
    m1, m2 = rng.standard_normal((2, _POINTS))
    return {"m1": m1, "m2": m2, "var": rng.uniform(0.2, 3.0, _POINTS)}


def _noise_known(rng: np.random.Generator) -> Numbers:
    xk, eps = rng.standard_normal((2, _POINTS))
    step = _step(rng)
    return {"xk": xk, "eps": eps, "beta": step["beta"], "alpha_bar": step["alpha_bar"]}


def _weight(rng: np.random.Generator) -> Numbers:
    step = _step(rng)
    return {
        "beta": step["beta"],
        "sigma2": rng.uniform(0.05, 0.6, _POINTS),
        "alpha_bar": step["alpha_bar"],
    }


def _jump(rng: np.random.Generator) -> Numbers:
    after = rng.uniform(0.2, 0.95, _POINTS)
    return {
        "eta": rng.uniform(0.1, 1.0, _POINTS),
        "alpha_bar": after * rng.uniform(0.05, 0.9, _POINTS),
        "alpha_bar_next": after,
    }


_A = "sqrt(alpha_bar_prev)*beta/(1-alpha_bar)"
_B = "sqrt(1-beta)*(1-alpha_bar_prev)/(1-alpha_bar)"

MORE_FORMULAS = (
    FormulaQuestion(
        "01.25",
        "The posterior mean from both ends",
        f"{_A}*x0 + {_B}*xk",
        _two_ends,
        (
            WrongFormula(
                f"{_B}*x0 + {_A}*xk",
                "the two weights are swapped: at k = 1, where alpha_bar_prev = 1, the "
                "mean is x0",
            ),
            WrongFormula(
                f"sqrt(alpha_bar)*beta/(1-alpha_bar)*x0 + {_B}*xk",
                "the weight of x0 has the root of alpha_bar: it is alpha_bar_prev",
            ),
            WrongFormula(
                f"{_A}*x0 + sqrt(alpha_bar)*(1-alpha_bar_prev)/(1-alpha_bar)*xk",
                "the weight of xk has the root of alpha_bar: one step only shrinks by "
                "sqrt(1 - beta)",
            ),
            WrongFormula(
                "alpha_bar_prev*beta/(1-alpha_bar)*x0 + "
                "(1-beta)*(1-alpha_bar_prev)/(1-alpha_bar)*xk",
                "the square roots are missing",
            ),
            WrongFormula(
                f"({_A})*(1-alpha_bar)*x0 + ({_B})*(1-alpha_bar)*xk",
                "the weights are not normalised: divide by 1 - alpha_bar",
            ),
            WrongFormula(
                "sqrt(alpha_bar_prev)*x0",
                "this is the mean of x_(k-1) before x_k is known: xk is evidence too",
            ),
        ),
        (
            "(sqrt(alpha_bar_prev)*beta*x0 + sqrt(1-beta)*(1-alpha_bar_prev)*xk)"
            "/(1-(1-beta)*alpha_bar_prev)",
            "sqrt(alpha_bar_prev)*x0 + sqrt(1-beta)*(1-alpha_bar_prev)/(1-alpha_bar)"
            "*(xk - sqrt(1-beta)*sqrt(alpha_bar_prev)*x0)",
        ),
    ),
    FormulaQuestion(
        "01.26",
        "The posterior mean from the noise",
        "(xk - beta/sqrt(1-alpha_bar)*eps)/sqrt(1-beta)",
        _noise_known,
        (
            WrongFormula(
                "(xk - sqrt(1-alpha_bar)*eps)/sqrt(alpha_bar)",
                "this is x0, not the mean of x_(k-1): put it into the posterior mean",
            ),
            WrongFormula(
                "(xk + beta/sqrt(1-alpha_bar)*eps)/sqrt(1-beta)",
                "the noise is added: going back takes it away",
            ),
            WrongFormula(
                "xk - beta/sqrt(1-alpha_bar)*eps",
                "the division by sqrt(1 - beta) is missing",
            ),
            WrongFormula(
                "(xk - sqrt(beta)*eps)/sqrt(1-beta)",
                "sqrt(beta) is the noise of one step; eps is that of the whole jump, "
                "and its share is beta / sqrt(1 - alpha_bar)",
            ),
            WrongFormula(
                "(xk - beta/(1-alpha_bar)*eps)/sqrt(1-beta)",
                "a square root is missing: beta is divided by sqrt(1 - alpha_bar)",
            ),
            WrongFormula(
                "(xk - beta/sqrt(1-alpha_bar)*eps)/sqrt(alpha_bar)",
                "divided by sqrt(alpha_bar): one step back undoes sqrt(1 - beta) only",
            ),
        ),
        (
            "xk/(1-beta)^0.5 - beta*eps/sqrt((1-beta)*(1-alpha_bar))",
            "(1-beta)**-0.5 * (xk - (1-(1-beta))*eps*(1-alpha_bar)**(-1/2))",
        ),
    ),
    FormulaQuestion(
        "01.27",
        "How much fresh noise DDIM adds",
        "eta*sqrt((1-alpha_bar_next)/(1-alpha_bar)*(1-alpha_bar/alpha_bar_next))",
        _jump,
        (
            WrongFormula(
                "eta**2*(1-alpha_bar_next)/(1-alpha_bar)*(1-alpha_bar/alpha_bar_next)",
                "this is the variance sigma^2: the question is about sigma",
            ),
            WrongFormula(
                "eta*(1-alpha_bar_next)/(1-alpha_bar)*(1-alpha_bar/alpha_bar_next)",
                "the square root is missing",
            ),
            WrongFormula(
                "sqrt((1-alpha_bar_next)/(1-alpha_bar)*(1-alpha_bar/alpha_bar_next))",
                "eta is missing: eta = 0 must add no noise",
            ),
            WrongFormula(
                "sqrt(eta*(1-alpha_bar_next)/(1-alpha_bar)*(1-alpha_bar/alpha_bar_next))",
                "eta stands under the root: it scales sigma, not sigma^2",
            ),
            WrongFormula(
                "eta*sqrt((1-alpha_bar)/(1-alpha_bar_next)*(1-alpha_bar/alpha_bar_next))",
                "the first ratio is upside down: at alpha_bar_next = 1 nothing may be "
                "added",
            ),
            WrongFormula(
                "eta*sqrt(1-alpha_bar/alpha_bar_next)",
                "this is the noise of a step forwards: knowing x0_hat makes it smaller",
            ),
        ),
        (
            "eta*sqrt(1-alpha_bar_next)*sqrt(alpha_bar_next-alpha_bar)"
            "/sqrt(alpha_bar_next*(1-alpha_bar))",
        ),
    ),
)
