"""The package that kernels import. Authority: Python itself, which runs it, and the
specifications, whose references, oracles and messages must not be in it.
"""

import ast
import base64
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from needles import found_in, needles

import coursekit
from coursekit.checks.registry import code_exercises
from coursekit.checks.trial import guarded
from coursekit.grading import filling, probe_inputs, stubbed

EXERCISES = pytest.mark.parametrize("exercise", code_exercises(), ids=lambda e: e.id)
PACKAGE = Path(coursekit.__file__).parent


@pytest.fixture(scope="module")
def tree(tmp_path_factory):
    """The package as kernels get it."""
    place = tmp_path_factory.mktemp("tree")
    stubbed.write(PACKAGE, place)
    return place


@pytest.fixture(scope="module")
def codes(tree):
    """symbol -> the bytecode of its functions in the stubbed package, and filled."""
    symbols = tuple(each.symbol for each in code_exercises())
    code = f"""
import sys
from coursekit.grading import filling, warm
warm.warm_up()
assert {str(tree)!r} in filling.__file__
def show():
    for symbol in {symbols!r}:
        print(symbol, *(f.__code__.co_code.hex() for f in filling.functions(symbol)))
show(); print("filled"); filling.put(sys.stdin.read()); show()
"""
    done = subprocess.run(
        [sys.executable, "-c", code],
        cwd=tree,
        env={"PYTHONPATH": str(tree), "OMP_NUM_THREADS": "1"},
        input=filling.pack(symbols),
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    halves = done.stdout.split("filled\n")
    return [
        {line.split()[0]: line.split()[1:] for line in half.splitlines()}
        for half in halves
    ]


@EXERCISES
def test_every_exercise_is_a_stub_until_it_is_given(exercise, codes):
    before, after = codes
    own = [f.__code__.co_code.hex() for f in filling.functions(exercise.symbol)]
    assert all(a != b for a, b in zip(before[exercise.symbol], own, strict=True))
    assert after[exercise.symbol] == own


def test_no_file_holds_the_bytecode_of_a_reference(tree):
    wanted = needles(tree)
    assert len(set(wanted.values())) > 200
    for path in tree.rglob("*"):
        assert not path.is_file() or found_in(path.read_bytes(), wanted) == set()
    assert not list(tree.rglob("*.md"))


def test_what_is_searched_for_is_found_where_it_is(tree):
    packed = base64.b64decode(filling.pack(("coursekit.theory.ddpm:q_step",)))
    assert found_in(packed, needles(tree)) == {"coursekit.theory.ddpm:q_step"}


@EXERCISES
def test_no_oracle_stays_beside_the_call(exercise, tree):
    module, _, name = exercise.probe().source.partition(":")
    path = tree.joinpath(*module.split(".")).with_suffix(".py")
    made = {
        node.name
        for node in ast.parse(path.read_text()).body
        if isinstance(node, ast.FunctionDef | ast.ClassDef)
    }
    assert name in made
    judges = {o.complaint.__name__ for o in exercise.probe().oracles} - {"<lambda>"}
    assert not judges & made


def test_only_what_calls_use_is_kept():
    text = """
from functools import cache
SECRET = "the answer"
STEP = 3
def secret(): return SECRET
@cache
def add(x): return x + STEP
@tried("99.1", secret)
def look(fn, i):
    return {"y": add(fn(i.x))}
"""
    kept = stubbed.calls_only(text)
    space = {}
    exec(kept, space)
    assert space["look"](lambda x: x, type("I", (), {"x": 1})) == {"y": 4}
    assert "answer" not in kept
    assert "secret" not in kept


def test_a_method_with_super_can_be_filled():
    text = "class A(list):\n    def f(self):\n        return super().__len__()\n"
    node = ast.parse(text).body[0].body[0]
    space, real = {}, {}
    exec(stubbed.without_bodies(text.split("\n"), [node]), space)
    exec(text, real)
    with pytest.raises(NotImplementedError):
        space["A"]([1]).f()
    space["A"].f.__code__ = real["A"].f.__code__
    assert space["A"]([1, 2]).f() == 2


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
        lambda d: [v for v in d.values()],
    ],
)
def test_every_way_of_reading_is_noticed(use):
    watched = probe_inputs._Watched({"a": 1})
    use(watched)
    assert watched.read == {"a"}
