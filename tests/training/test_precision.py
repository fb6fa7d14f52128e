"""float32 or bf16. Authority: the table of what was asked, kept and can be had."""

import pytest
import torch
from tiny_kinds import tiny

from coursekit.training import precision
from coursekit.training.precision import choose, native_bf16
from coursekit.training.recipes import RECIPES
from coursekit.training.session import Request, Session
from coursekit.training.train_command import Stop


@pytest.mark.parametrize(
    ("wanted", "recorded", "device", "gpu_bf16", "native", "chosen", "said"),
    [
        (None, None, "cpu", True, True, "float32", ""),
        ("bf16", None, "cpu", False, True, "bf16", ""),
        (None, "bf16", "cpu", False, True, "bf16", ""),
        ("bf16", None, "cpu", False, False, "float32", "no bf16"),
        (None, "bf16", "cpu", False, False, "float32", "no bf16: float32. this run"),
        ("float32", "bf16", "cpu", False, True, "float32", "not bit for bit"),
        (None, None, "cuda", True, False, "bf16", ""),
        (None, None, "cuda", False, False, "float32", ""),
        ("float32", None, "cuda", True, True, "float32", ""),
    ],
)
def test_the_choice(
    wanted, recorded, device, gpu_bf16, native, chosen, said, monkeypatch
):
    monkeypatch.setattr(precision, "native_bf16", lambda: native)
    found, note = choose(wanted, recorded, device, gpu_bf16)
    assert found == chosen and said in note and bool(said) == bool(note)


def test_torch_is_asked_and_may_have_nothing_to_say(monkeypatch):
    for name, has in (
        ("_is_avx512_bf16_supported", False),
        ("_is_amx_tile_supported", True),
    ):
        monkeypatch.setattr(torch.cpu, name, lambda has=has: has, raising=False)
    assert native_bf16()
    monkeypatch.delattr(torch.cpu, "_is_amx_tile_supported")
    assert not native_bf16()


def test_a_run_goes_on_in_its_precision_and_says_which(tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(precision, "native_bf16", lambda: True)
    monkeypatch.setitem(RECIPES, "tiny-flow", tiny("flow"))
    first = Session(Request("tiny-flow", out=tmp_path, threads=1, precision="bf16"))
    assert first.go(Stop())
    assert ", bf16; " in capsys.readouterr().out
    assert Session(Request("tiny-flow", out=tmp_path)).run.precision == "bf16"
    assert capsys.readouterr().out == ""
    Session(Request("tiny-flow", out=tmp_path, precision="float32"))
    assert "used bf16, now float32" in capsys.readouterr().out
