"""What of an exercise enters a kernel. Authority: Python itself, which runs the text,
and the specifications, whose oracles, mutants and messages must not be in it.
"""

import ast
import re
import sys
import textwrap

import numpy as np
import pytest
import torch

from coursekit.checks.mistakes import mistakes_of
from coursekit.checks.registry import code_exercises
from coursekit.checks.trial import guarded
from coursekit.grading import probe_inputs, probe_source

EXERCISES = pytest.mark.parametrize("exercise", code_exercises(), ids=lambda e: e.id)


def build(text):
    space = {"__name__": "kernel"}
    exec(compile(text, "<kernel>", "exec"), space)
    return space["call"], space["BadResult"]


def same(a, b):
    return a.keys() == b.keys() and all(
        a[n].dtype == b[n].dtype and np.array_equal(a[n], b[n]) for n in a
    )


@EXERCISES
def test_the_text_calls_as_the_specification_does(exercise):
    probe = exercise.probe()
    call, _ = build(probe_source.source(exercise.probe().source))
    for seed in probe.seeds(31):
        handed = probe_inputs.sent(exercise, seed)
        with guarded():
            got = call(exercise.reference(), handed)
            want = probe.call(exercise.reference(), probe.inputs(seed))
        assert same(got, want)


def complaints(tree):
    """What `call` itself says of a bad result, written in place or under a name."""
    named = {
        node.targets[0].id: node.value.value
        for node in ast.walk(tree)
        if isinstance(node, ast.Assign)
        and isinstance(node.targets[0], ast.Name)
        and isinstance(node.value, ast.Constant)
    }
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and ast.unparse(node.func) == "BadResult":
            (said,) = node.args
            if isinstance(said, ast.Constant):
                yield said.value
            elif isinstance(said, ast.Name) and said.id in named:
                yield named[said.id]


@EXERCISES
def test_the_text_holds_nothing_that_judges(exercise):
    probe, text = exercise.probe(), probe_source.source(exercise.probe().source)
    raised = set(complaints(ast.parse(text)))
    for known in mistakes_of(exercise):
        assert known.message not in text or known.message in raised, known.name
    defined = set(re.findall(r"^ *(?:def|class) (\w+)", text, re.MULTILINE))
    judges = {o.complaint.__name__ for o in probe.oracles} - {"<lambda>"}
    assert not judges & defined
    assert not {"must_equal", "equals", "generator", "draws", "vectors"} & defined
    for word in ("Oracle", "Mistake", "Probe", "tolerances", "complaint"):
        assert word not in text
    for word in ("coursekit.checks", "coursekit.lectures", "# "):
        assert word not in text


# What comes back is called before it is looked at; the known mistakes say it in words.
CALLED_AT_ONCE = {"04.16"}


@EXERCISES
def test_bad_results_are_told_in_the_same_words(exercise):
    call, _ = build(probe_source.source(exercise.probe().source))
    probe = exercise.probe()
    (seed, *_) = probe.seeds()
    said = []
    for run in (call, probe.call):
        with pytest.raises(Exception) as found:
            run(lambda *args, **kwargs: None, probe.inputs(seed))
        said.append((found.type.__name__, str(found.value)))
    assert said[0] == said[1]
    assert said[0][0] == "BadResult" or exercise.id in CALLED_AT_ONCE


@pytest.fixture
def toy(tmp_path, monkeypatch):
    """A package of modules to take apart, beside the course's own."""
    package = tmp_path / "toybook"
    package.mkdir()
    (package / "__init__.py").write_text("")
    monkeypatch.syspath_prepend(str(tmp_path))
    monkeypatch.setattr(probe_source, "_INLINED", ("coursekit.checks", "toybook"))

    def forget():
        probe_source.source.cache_clear()
        probe_source._tree.cache_clear()

    def write(main, shared=""):
        for name, text in {"main": main, "shared": shared}.items():
            (package / f"{name}.py").write_text(textwrap.dedent(text))
        return probe_source.source("toybook.main:look")

    forget()
    yield write
    forget()
    for name in [name for name in sys.modules if name.startswith("toybook")]:
        del sys.modules[name]


def test_two_modules_may_use_one_name(toy):
    text = toy(
        shared="SIZE = 2\ndef help(x): return x * SIZE\n",
        main="""
            from toybook.shared import help as double
            SIZE = 100
            def help(x): return double(x) + SIZE
            def look(fn, i): return {"y": help(fn(i.x))}
        """,
    )
    assert build(text)[0](lambda x: x, {"x": np.array(5)}) == {"y": 110}


def test_a_local_name_drags_nothing_in(toy):
    text = toy(
        main="""
            SECRET = "the answer"
            def secret(): return SECRET
            @tried("99.1", secret)
            def look(fn, i):
                secret = i.x
                return {"y": [SECRET for SECRET in fn(secret)][0]}
        """
    )
    assert "answer" not in text
    assert build(text)[0](list, {"x": np.arange(3) + 1}) == {"y": 1}


def test_classes_defaults_decorators_and_factories_come_along(toy):
    text = toy(
        main="""
            from functools import cache
            from typing import NamedTuple
            STEP = 3
            class Base:
                '''A docstring.'''
            class Row(NamedTuple):
                first: int
                second: int = STEP
            class Sum(Base):
                def total(self, row: Row) -> int: return sum(row)
            @cache
            def add(x: int, y: int = STEP) -> int:
                found: int = x + y
                return found
            def made(by):
                def look(fn, i): return {"y": Sum().total(Row(add(i.x), by))}
                return look
            look = made(10)
        """
    )
    assert "docstring" not in text
    assert build(text)[0](None, {"x": torch.tensor(1)}) == {"y": 14}


@pytest.mark.parametrize(
    ("main", "said"),
    [
        ("Q = 1", "binds no 'look'"),
        ("look = nowhere", "'nowhere', which nothing there binds"),
        ("from toybook import shared\nlook = shared", "binds no 'shared'"),
        ("import toybook.shared\nlook = toybook.shared", "import names"),
        ("from .shared import call\nlook = call", "cannot be followed"),
        ("from toybook.shared import *\nlook = call", "'call', which nothing"),
        ("f = 1\nf = 2\nlook = f", "'f' is bound twice"),
        ("def look():\n    global g\n    g = 1\ng = 0", "`global` cannot"),
    ],
)
def test_what_cannot_be_taken_apart_is_refused(toy, main, said):
    with pytest.raises(ValueError, match=said):
        toy(main, shared="call = 1\n")


@EXERCISES
def test_no_answer_is_among_the_inputs(exercise):
    """A function can look at its caller's variables: that must not be enough.

    Some outputs are inputs by what they mean: guidance at scale 1 is the conditional
    answer, a new adaLN-Zero block changes nothing. A case counts only when all of its
    outputs are right, so each needs one that has to be computed.
    """
    probe = exercise.probe()
    for seed in probe.seeds(17):
        inputs = probe_inputs.sent(exercise, seed)
        with guarded():
            want = probe.call(exercise.reference(), probe.inputs(seed))
        assert not all(
            any(
                np.shape(value) == array.shape and np.allclose(value, array, rtol=1e-3)
                for value in inputs.values()
            )
            for array in want.values()
        ), list(want)


def test_the_clean_image_is_not_sent_where_it_is_the_answer():
    (predict,) = [e for e in code_exercises() if e.name == "predict_x0"]
    assert "x0" in predict.probe().inputs(0)
    assert "x0" not in probe_inputs.read(predict)


@pytest.mark.parametrize(
    "use",
    [
        lambda d: d["a"],
        lambda d: d.get("a"),
        lambda d: "a" in d,
        lambda d: list(d),
        lambda d: list(d.items()),
        lambda d: list(d.values()),
        lambda d: {**d},
        lambda d: dict(d),
        lambda d: d | {},
        lambda d: {} | d,
        lambda d: d.copy(),
        lambda d: [v for v in d.values()],
    ],
)
def test_every_way_of_reading_is_noticed(use):
    watched = probe_inputs._Watched({"a": 1})
    use(watched)
    assert watched.read == {"a"}
