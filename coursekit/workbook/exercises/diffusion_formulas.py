"""Lecture 1, pen and paper: formulas to derive (01.15-01.18)."""

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

FORMULAS = (
    FormulaQuestion(
        "01.15",
        "The noise that two pictures imply",
        "(xk - sqrt(alpha_bar)*x0)/sqrt(1-alpha_bar)",
        _two_pictures,
        (
            WrongFormula(
                "(xk - sqrt(1-alpha_bar)*x0)/sqrt(alpha_bar)",
                "the two roots are swapped: sqrt(alpha_bar) belongs to x0",
            ),
            WrongFormula(
                "(xk - alpha_bar*x0)/(1-alpha_bar)",
                "the square roots are missing",
            ),
            WrongFormula(
                "(sqrt(alpha_bar)*x0 - xk)/sqrt(1-alpha_bar)",
                "the sign is flipped: more noise makes x_k larger, not smaller",
            ),
            WrongFormula(
                "xk - sqrt(alpha_bar)*x0",
                "this is the scaled noise: divide by its standard deviation",
            ),
            WrongFormula(
                "(xk - x0)/sqrt(1-alpha_bar)",
                "x0 is shrunk on the way to x_k: take away sqrt(alpha_bar) x0",
            ),
            WrongFormula(
                "(xk - sqrt(alpha_bar)*x0)/(1-alpha_bar)",
                "divided by the variance 1 - alpha_bar: it is the standard deviation",
            ),
        ),
        (
            "xk*(1-alpha_bar)^-0.5 - x0*sqrt(alpha_bar/(1-alpha_bar))",
            "(xk/sqrt(alpha_bar) - x0)/sqrt(1/alpha_bar - 1)",
        ),
    ),
    FormulaQuestion(
        "01.16",
        "The posterior variance",
        "(1-alpha_bar_prev)/(1-alpha_bar)*beta",
        _step,
        (
            WrongFormula(
                "(1-alpha_bar)/(1-alpha_bar_prev)*beta",
                "the ratio is upside down: knowing x0 makes the variance smaller than "
                "beta",
            ),
            WrongFormula(
                "beta", "that is the variance of a step forwards: x0 is known here too"
            ),
            WrongFormula(
                "sqrt((1-alpha_bar_prev)/(1-alpha_bar)*beta)",
                "this is the standard deviation: the question is about the variance",
            ),
            WrongFormula(
                "alpha_bar_prev/alpha_bar*beta",
                "a ratio of signals: the variances are 1 - alpha_bar",
            ),
            WrongFormula(
                "(1-alpha_bar_prev)/(1-alpha_bar)",
                "beta is missing: a smaller step leaves a smaller variance",
            ),
            WrongFormula(
                "1-alpha_bar_prev",
                "that is the variance before x_k is known: x_k is evidence too",
            ),
        ),
        (
            "1/((1-beta)/beta + 1/(1-alpha_bar_prev))",
            "beta*(1 - beta*alpha_bar_prev/(1 - alpha_bar_prev*(1-beta)))",
        ),
    ),
    FormulaQuestion(
        "01.17",
        "KL of two Gaussians with the same variance",
        "(m1-m2)**2/(2*var)",
        _two_gaussians,
        (
            WrongFormula("(m1-m2)**2/var", "the factor 1/2 is missing"),
            WrongFormula(
                "(m1-m2)**2/(2*var**2)", "var is squared: it is a variance already"
            ),
            WrongFormula(
                "(m1-m2)**2/(2*sqrt(var))",
                "divided by the standard deviation: it is the variance",
            ),
            WrongFormula("(m1-m2)**2/2", "the variance is missing: it sets the scale"),
            WrongFormula(
                "abs(m1-m2)/(2*var)", "the distance of the means is not squared"
            ),
            WrongFormula(
                "(m1-m2)**2/(2*var) + 1/2",
                "a -1/2 is missing: for m1 = m2 the divergence must be 0",
            ),
            WrongFormula(
                "(m1-m2)/(2*var)",
                "the distance of the means is not squared, and has a sign",
            ),
        ),
        ("0.5*((m2-m1)/sqrt(var))^2", "(m1^2 - 2*m1*m2 + m2^2)/var/2"),
    ),
    FormulaQuestion(
        "01.18",
        "The weight that L_simple drops",
        "beta**2/(2*sigma2*(1-beta)*(1-alpha_bar))",
        _weight,
        (
            WrongFormula(
                "beta**2/(sigma2*(1-beta)*(1-alpha_bar))",
                "the factor 1/2 of the KL is missing",
            ),
            WrongFormula(
                "beta/(2*sigma2*(1-beta)*(1-alpha_bar))",
                "beta is not squared: the difference of the means has the factor beta, "
                "and the KL squares it",
            ),
            WrongFormula(
                "beta**2/(2*sigma2**2*(1-beta)*(1-alpha_bar))",
                "sigma2 is squared: it is a variance already",
            ),
            WrongFormula(
                "beta**2/(2*sigma2*(1-alpha_bar))",
                "1 - beta is missing: the means are divided by sqrt(1 - beta)",
            ),
            WrongFormula(
                "beta**2/(2*sigma2*alpha_bar*(1-alpha_bar))",
                "alpha_bar stands where 1 - beta belongs: one step, not all of them",
            ),
            WrongFormula(
                "1/(2*sigma2)",
                "this weighs the distance of the means: express it by eps - eps_hat",
            ),
            WrongFormula("1", "that is L_simple itself: which weight does it drop?"),
        ),
        ("beta^2/sigma2/2/(1-beta)/(1-alpha_bar)",),
    ),
)
