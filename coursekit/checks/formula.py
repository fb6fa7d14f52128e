"""Formulas typed by a learner: read safely, compared by value, never by form."""

import ast
import inspect
import math
import operator
import re
import unicodedata
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from coursekit.checks.judge import Verdict
from coursekit.checks.spec import FormulaQuestion
from coursekit.checks.trial import TookTooLongError, one_line, time_limit

Numbers = NDArray[np.float64]

_BINARY: dict[type[ast.operator], Callable[[Any, Any], Any]] = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.Div: operator.truediv,
    ast.Pow: operator.pow,
    ast.BitXor: operator.pow,  # people write x^2
}
_FUNCTIONS: dict[str, Callable[[Any], Any]] = {
    "sqrt": np.sqrt,
    "exp": np.exp,
    "log": np.log,
    "ln": np.log,
    "log10": np.log10,
    "sigmoid": lambda x: 1 / (1 + np.exp(-x)),
    "abs": np.abs,
    "sin": np.sin,
    "cos": np.cos,
    "tan": np.tan,
    "tanh": np.tanh,
}
_CONSTANTS = {"pi": math.pi, "e": math.e}
_GREEK = {"ᾱ": "alpha_bar", "α": "alpha", "β": "beta", "σ": "sigma"}
_GREEK |= {"η": "eta", "ε": "eps", "ϵ": "eps", "μ": "mu", "π": "pi"}
_PASTED = {"−": "-", "–": "-", "×": "*", "·": "*", "⋅": "*", "²": "**2", "³": "**3"}
_NAMED = r"^[\w ]+(\([\w ,]*\))?( *(\*\*|\^) *\w+)? *=(?!=)"  # name = ..., s(x) = ...
_LONGEST = 500


class FormulaError(ValueError):
    """A formula that cannot be read; the message says what to change."""


def evaluate(text: str, values: Mapping[str, Numbers]) -> Numbers:
    """The value of a formula at many points. values: name -> array of numbers.

    Knows + - * / ** ^ ( ), sqrt exp log log10 sigmoid abs sin cos tan tanh, pi and e,
    Greek letters and pasted signs. Raises FormulaError with one line for anything else.
    """
    text = unicodedata.normalize("NFC", text.strip())
    # alpha with a macron is one letter or two, depending on the keyboard
    text = text.replace("α\u0304", "ᾱ")
    for letter, name in (_GREEK | _PASTED).items():
        text = text.replace(letter, name)
    text = re.sub(r"√\s*(\w+)", r"sqrt(\1)", text).replace("√", "sqrt")
    # "mean = ...", "g**2 = ..." and "s(x) = ..." are sentences: the right side counts.
    text = re.sub(_NAMED, "", text).strip()
    if len(text) > _LONGEST:
        raise FormulaError(f"a formula has at most {_LONGEST} characters")
    # In Python ^ binds weaker than +; as a power it must bind like **.
    text = text.replace("^", "**")
    try:
        tree = ast.parse(text, mode="eval")
        with np.errstate(all="ignore"):
            return np.asarray(_value(tree.body, values, text), dtype=np.float64)
    except (SyntaxError, ValueError) as error:
        if isinstance(error, FormulaError):
            raise
        column = getattr(error, "offset", None)
        where = f" near column {column}" if column else ""
        raise FormulaError(
            f"cannot read the formula{where}: write products with *, powers with **"
        ) from None
    except (RecursionError, MemoryError):
        raise FormulaError("the formula is nested too deeply") from None
    except OverflowError:
        raise FormulaError("the formula has a number that is too large") from None


def _value(node: ast.expr, values: Mapping[str, Numbers], text: str) -> Any:
    match node:
        case ast.Constant(value=bool()):
            pass
        case ast.Constant(value=int() | float() as number):
            return float(number)
        case ast.Name(id=name) if name in values:
            return values[name]
        case ast.Name(id=name) if name in _CONSTANTS:
            return _CONSTANTS[name]
        case ast.Name(id=name):
            raise FormulaError(_unknown(name, values))
        case ast.UnaryOp(op=ast.USub(), operand=inner):
            return -_value(inner, values, text)
        case ast.UnaryOp(op=ast.UAdd(), operand=inner):
            return _value(inner, values, text)
        case ast.BinOp(left=left, op=op, right=right) if type(op) in _BINARY:
            a, b = _value(left, values, text), _value(right, values, text)
            return _BINARY[type(op)](np.asarray(a, float), np.asarray(b, float))
        case ast.Attribute(
            value=ast.Name(id="np" | "numpy" | "torch" | "math"), attr="pi"
        ):
            return math.pi
        case ast.Call(func=function, args=[argument], keywords=[]):
            return _function(function, values, text)(_value(argument, values, text))
        case ast.Call():
            raise FormulaError("a function takes one argument, as in sqrt(beta)")
    part = one_line(ast.get_source_segment(text, node) or "this part", 40)
    raise FormulaError(
        f"a formula has only numbers, names, + - * / ** and functions, not {part}"
    )


def _function(
    node: ast.expr, values: Mapping[str, Numbers], text: str
) -> Callable[[Any], Any]:
    match node:
        case ast.Name(id=name) | ast.Attribute(attr=name):
            if name in _FUNCTIONS:
                return _FUNCTIONS[name]
            if name in values:
                raise FormulaError(f"write {name} * (...): {name} is not a function")
            known = ", ".join(_FUNCTIONS)
            raise FormulaError(f"no function {name!r} here: use {known}")
    raise FormulaError("put a * between two factors")


def _unknown(name: str, values: Mapping[str, Numbers]) -> str:
    return f"no symbol {name!r} here: use {', '.join(values)}"


def numbers(answer: Any, values: Mapping[str, Numbers]) -> Numbers:
    """The values of an answer: a formula, a number, or a function of the symbols.

    Raises FormulaError with one line when it cannot be evaluated.
    """
    if isinstance(answer, str):
        return evaluate(answer, values)
    if isinstance(answer, int | float | np.number) and not isinstance(answer, bool):
        try:
            return np.asarray(float(answer))
        except OverflowError:
            raise FormulaError("the number is too large") from None
    if not callable(answer):
        kind = type(answer).__name__
        raise FormulaError(
            f"give the formula as text, such as 'sqrt(beta)', not a {kind}"
        )
    try:
        asked = list(inspect.signature(answer).parameters)
    except (TypeError, ValueError):
        raise FormulaError("this function does not tell its arguments") from None
    for name in asked:
        if name not in values:
            raise FormulaError(_unknown(name, values))
    try:
        with time_limit(5.0), np.errstate(all="ignore"):
            return np.asarray(answer(**{n: values[n].copy() for n in asked}), float)
    except (Exception, TookTooLongError) as error:
        text = one_line(f"{type(error).__name__} {error}", 100)
        raise FormulaError(f"the function fails: {text}") from None


def judge_formula(question: FormulaQuestion, answer: Any, seed: int = 0) -> Verdict:
    """Compare an answer with the right one at random points; name known mistakes."""
    rng = np.random.default_rng(abs(seed) * 2 + (seed < 0))  # any integer will do
    values = question.points(rng)
    right = evaluate(question.answer, values)
    try:
        got = np.broadcast_to(numbers(answer, values), right.shape)
    except FormulaError as error:
        return Verdict("FAIL", str(error))
    except ValueError:
        return Verdict("FAIL", "the function returns a wrong number of values")
    if _same(got, right):
        return Verdict("PASS")
    for formula, message in question.wrong.items():
        if _same(got, evaluate(formula, values)):
            return Verdict("FAIL", message)
    return Verdict("FAIL", _difference(got, right, values))


def _same(a: Numbers, b: Numbers) -> bool:
    return bool(np.allclose(a, b, rtol=1e-6, atol=1e-9))


def _difference(got: Numbers, right: Numbers, values: Mapping[str, Numbers]) -> str:
    """What can be said about an answer that no known mistake explains."""
    with np.errstate(all="ignore"):
        if not np.isfinite(got).all():
            return "it is not a number everywhere: look for a root or a log below zero"
        if _same(-got, right):
            return "the sign is flipped: everything else is right"
        ratio = got / right
        if np.ptp(ratio) < 1e-6 * np.abs(ratio).max():
            return (
                f"off by a constant factor: yours is {ratio[0]:.4g} times the right one"
            )
        if _same(np.sqrt(np.abs(got)), np.abs(right)):
            return "this is the square of the right answer: a variance for a std?"
        if _same(got**2, right):
            return "this is the square root of the right answer: a std for a variance?"
    worst = int(np.abs(got - right).argmax())
    point = ", ".join(f"{name}={v[worst]:.3g}" for name, v in values.items())
    return (
        f"it differs: at {point} yours is {got[worst]:.4g}, right is {right[worst]:.4g}"
    )
