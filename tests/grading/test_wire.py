"""What comes back from a kernel. Authority: the text of the format (one line, strict),
numpy's own bytes, and random garbage, which must never raise.
"""

import base64
import contextlib
import io
import json
import math
from unittest.mock import Mock

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from coursekit.checks.registry import code_exercises
from coursekit.checks.spec import BadResult
from coursekit.grading import probe_inputs, probe_runtime, wire

TOKEN = wire.token("nonce", "01.4", 7)


def reply(*printed, **more):
    """What the grader makes of the line with these outputs."""
    return wire.decode_reply(line(*printed, **more), TOKEN)


def arrived(value):
    """An output on the grader's side."""
    found = reply(probe_runtime.pack({"x": value}))
    assert found.state == "answered"
    return found.outputs["x"]


def look(function, given):
    """As a module of exercises calls a function: here with the inputs as they are."""
    return function(given._inputs)


def printed(function, inputs="{}"):
    """All that the runtime prints when it tries a function."""
    out = io.StringIO()
    with contextlib.redirect_stdout(out):
        probe_runtime.main({"f": function}, f"{__name__}:look", "f", inputs, 0, TOKEN)
    return out.getvalue()


def line(out=(), fault=None, touched=(), token=TOKEN, **more):
    body = {"out": list(out), "fault": fault, "touched": list(touched), **more}
    return f"CK1 {token} {json.dumps(body)}\n"


def data(array):
    return base64.b64encode(array.tobytes()).decode()


ONE = ["a", "<f8", [2], data(np.ones(2))]
FAULT = {"kind": "raised", "type": "ValueError", "text": "no", "place": []}


@pytest.mark.parametrize("exercise", code_exercises(), ids=lambda e: e.id)
def test_inputs_arrive_as_they_were_sent(exercise):
    for seed in exercise.probe().seeds(10**15):
        inputs = probe_inputs.sent(exercise, seed)
        unpacked = probe_runtime.unpack(wire.encode_inputs(inputs))
        assert unpacked.keys() == inputs.keys()
        for name, value in inputs.items():
            found = unpacked[name]
            assert type(found) is type(value)
            assert np.array_equal(found, value)
            if isinstance(value, np.ndarray):
                assert found.dtype == value.dtype and found.flags.writeable


@pytest.mark.parametrize("value", [None, np.array(["x"]), [1], np.float64(1), 1j])
def test_other_inputs_are_refused(value):
    with pytest.raises(TypeError):
        wire.encode_inputs({"a": value})


@pytest.mark.parametrize("dtype", sorted(wire.DTYPES))
@pytest.mark.parametrize("shape", [(), (0,), (3,), (2, 3, 4)])
def test_outputs_arrive_as_they_were_sent(dtype, shape):
    rng = np.random.default_rng(0)
    array = rng.integers(0, 2, shape).astype(dtype)
    found = arrived(array)
    assert (found.dtype, found.shape) == (array.dtype, shape)
    assert np.array_equal(found, array)


def test_other_orders_and_ends_arrive_too():
    whole = np.arange(12.0).reshape(3, 4)
    for array in (whole.T, whole[::-1, ::2], whole.astype(">f8")):
        assert np.array_equal(arrived(array), array)


def test_special_values_arrive():
    array = np.array([np.nan, np.inf, -np.inf, -0.0, 5e-324])
    assert arrived(array).tobytes() == array.tobytes()


def test_what_is_too_large_is_told_by_its_shape():
    huge = np.zeros((wire.LARGEST // 8 + 1, 1))
    packed = probe_runtime.pack({"small": np.ones(1), "x": huge, "y": np.ones(1)})
    found = reply(packed)
    assert found.state == "answered"
    assert dict(found.oversized) == {"x": huge.shape, "y": (1,)}
    assert len(line(packed)) < 10_000


def test_the_largest_reply_fits_into_a_line():
    assert arrived(np.zeros(wire.LARGEST // 8)).size == wire.LARGEST // 8


def test_noise_around_the_line_does_no_harm():
    text = "epoch 1\r\nhello CK1 \x1b[31m\n" + line([ONE]) + "more\n"
    assert wire.decode_reply(text, TOKEN).state == "answered"
    assert wire.decode_reply(line([ONE]).replace("\n", "\r\n"), TOKEN).state


@pytest.mark.parametrize("text", ["", "\n", "hello", " " + line(), "ck1 x", "CK1"])
def test_no_line_is_no_answer(text):
    assert wire.decode_reply(text, TOKEN).state == "no answer"


OTHER = wire.token("nonce", "01.3", 7)
BAD = {
    "two lines": line([ONE]) * 2,
    "a second line of another probe": line([ONE]) + line([ONE], token=OTHER),
    "another token": line([ONE], token=OTHER),
    "no token": 'CK1 {"out": []}',
    "no json": f"CK1 {TOKEN} {{out}}",
    "cut off": line([ONE])[:-20],
    "text behind": line([ONE]).strip() + " x",
    "a key twice": f'CK1 {TOKEN} {{"out":[],"out":[],"fault":null,"touched":[]}}',
    "a key too many": line([ONE], verdict="right"),
    "a list for a body": f"CK1 {TOKEN} []",
    "too deep": f'CK1 {TOKEN} {{"out":{"[" * 9999}{"]" * 9999}}}',
    "a long number": f'CK1 {TOKEN} {{"out":[],"fault":null,"touched":{"9" * 5000}}}',
    "too long": line([["a", "<f8", [2], "A" * wire.LONGEST_LINE]]),
    "out is a dict": line().replace('"out": []', '"out": {}'),
    "touched is text": line().replace('"touched": []', '"touched": "x0"'),
    "touched holds numbers": line([ONE], touched=[1]),
    "a fault and outputs": line([ONE], fault=FAULT),
    "an unknown fault": line(fault=FAULT | {"kind": "right"}),
    "a fault without text": line(fault=FAULT | {"text": None}),
    "a fault with more": line(fault=FAULT | {"points": 9}),
    "a place of one": line(fault=FAULT | {"place": [1]}),
    "a place below zero": line(fault=FAULT | {"place": [-1, "x"]}),
    "a place that is a bool": line(fault=FAULT | {"place": [True, "x"]}),
    "an output twice": line([ONE, ONE]),
    "an output of three parts": line([ONE[:3]]),
    "an output that is text": line(["abcd"]),
    "a name that is a number": line([[1, *ONE[1:]]]),
    "a name that is empty": line([["", *ONE[1:]]]),
    "a name with an escape": line([["\x1b[31m", *ONE[1:]]]),
    "a long name": line([["a" * 101, *ONE[1:]]]),
    "an object array": line([["a", "|O", [1], data(np.ones(1))]]),
    "another byte order": line([["a", ">f8", *ONE[2:]]]),
    "text": line([["a", "<U1", [2], data(np.ones(1))]]),
    "a list for a dtype": line([["a", [["b", "<f8"]], *ONE[2:]]]),
    "a record": line([["a", "<f8,<f8", [1], data(np.ones(2))]]),
    "dates": line([["a", "<M8[s]", *ONE[2:]]]),
    "a negative size": line([["a", "<f8", [-2, -1], ONE[3]]]),
    "a fractional size": line([["a", "<f8", [2.0], ONE[3]]]),
    "a bool for a size": line([["a", "<f8", [True, 2], ONE[3]]]),
    "nine dimensions": line([["a", "<f8", [1] * 8 + [2], ONE[3]]]),
    "a huge shape": line([["a", "<f8", [10**9, 10**9], ""]]),
    "another length": line([["a", "<f8", [3], ONE[3]]]),
    "not base64": line([["a", "<f8", [2], "*" * 24]]),
    "base64 with spaces": line([["a", "<f8", [2], " " + ONE[3]]]),
    "letters beyond ascii": line([["a", "<f8", [2], "é" + ONE[3][1:]]]),
    "data that are numbers": line([["a", "<f8", [2], [1.0, 1.0]]]),
    "a hundred outputs and one": line([[f"a{i}", *ONE[1:]] for i in range(101)]),
}


@pytest.mark.parametrize("name", BAD)
def test_what_the_probe_cannot_have_printed_is_tampered(name):
    assert wire.decode_reply(BAD[name], TOKEN) == wire.Reply("tampered")


@settings(max_examples=300, deadline=None)
@given(st.text() | st.text().map(lambda t: f"CK1 {TOKEN} {{{t}}}"))
def test_garbage_never_raises(text):
    assert wire.decode_reply(text, TOKEN).state in ("no answer", "tampered")


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=9),
    lambda inner: st.lists(inner, max_size=4),
)


@settings(max_examples=300, deadline=None)
@given(st.lists(JSON, max_size=3), JSON | st.just(FAULT), JSON)
def test_any_json_is_read_or_refused(out, fault, touched):
    body = {"out": out, "fault": fault, "touched": touched}
    text = f"CK1 {TOKEN} {json.dumps(body)}"
    assert wire.decode_reply(text, TOKEN).state in ("answered", "fault", "tampered")


def test_faults_are_cleaned():
    fault = FAULT | {"type": "\x1b[2J" + "E" * 99, "text": "a\n\u202eb\ud800\x00c"}
    found = reply(fault=fault | {"place": [3, " return\tx "]})
    assert found.state == "fault"
    shown = found.fault
    assert len(shown.type) <= 60
    assert (shown.text, shown.line, shown.source) == ("a b c", 3, "return x")
    assert (shown.type + shown.text).isprintable()


def test_bools_are_bools():
    packed = ["a", "|b1", [2], base64.b64encode(b"\x07\x00").decode()]
    assert reply([packed]).outputs["a"].tobytes() == b"\x01\x00"


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("yours 0.12345", "yours …"),
        ("x=-1.5e-7, y=3e+20, z=.25", "x=…, y=3e+20, z=…"),
        ("12345 of 99999", "… of …"),
        ("index (3, 0, 17): the shape is (7, 3, 4, 6)", None),
        ("cos(1000 t f_i) and 0.5", None),
        ("float64, x0, x_12345 are names", None),
        ("tensor([0.1234, -2.5678e+00])", "tensor([…, …])"),
    ],
)
def test_values_are_taken_out_of_a_text(text, shown):
    assert wire.without_values(text) == (text if shown is None else shown)


@settings(max_examples=200, deadline=None)
@given(st.floats(allow_nan=False, allow_infinity=False))
def test_no_float_of_three_digits_is_left(value):
    for text in (f"got {value:.5g}, ok", f"[{value!r}]", f"{value:.3f}"):
        left = wire.without_values(text)
        digits = f"{abs(value):.5g}".replace(".", "").partition("e")[0].strip("0")
        assert len(digits) <= 3 or digits not in left.replace(".", "")


def test_tokens_and_stirs_depend_on_everything():
    keys = [("n", "01.4", 1), ("m", "01.4", 1), ("n", "01.3", 1), ("n", "01.4", 2)]
    assert len({wire.token(*key) for key in keys}) == len(keys)
    assert len({wire.stir(n, s) for n in "nm" for s in (1, 2)}) == 4
    assert all(0 <= wire.stir("n", s) < 2**32 for s in range(50))


class Evil(Exception):
    """An error that fights back when it is asked what it says."""

    def __str__(self):
        raise Evil


@pytest.mark.parametrize(
    ("error", "kind", "text"),
    [
        (ValueError("no"), "raised", "no"),
        (NotImplementedError(), "raised", ""),
        (BadResult("it returns None"), "result", "it returns None"),
        (Evil(), "raised", ""),
        (SystemExit(3), "raised", "3"),
        (ValueError("x" * 10_000), "raised", "x" * probe_runtime.LONGEST),
        (ValueError("\ud800"), "raised", ""),
    ],
)
def test_the_runtime_catches_everything(error, kind, text):
    found = wire.decode_reply(printed(Mock(side_effect=error)), TOKEN)
    assert (found.state, found.fault.kind, found.fault.text) == ("fault", kind, text)


def test_an_interrupt_is_let_through():
    with pytest.raises(KeyboardInterrupt):
        printed(Mock(side_effect=KeyboardInterrupt))


def test_the_runtime_tells_what_was_changed_and_stays_silent():
    def function(inputs):
        print("noise")
        inputs["x"] += 1
        return {"y": torch.from_numpy(inputs["x"]) * math.pi}

    text = printed(function, wire.encode_inputs({"x": np.zeros(3), "n": 1}))
    assert "noise" not in text
    found = wire.decode_reply(text, TOKEN)
    assert found.touched == ("x",)
    assert np.array_equal(found.outputs["y"], np.full(3, math.pi))
