"""float32 or bf16. Authority: the table of what was asked, kept and can be had."""

from dataclasses import replace

import pytest
import torch
from tiny_kinds import KINDS, tiny
from torch.overrides import TorchFunctionMode
from torch.utils._pytree import tree_leaves

from coursekit.training import precision
from coursekit.training.checkpoints import run_state, save_run
from coursekit.training.loop import Run, update
from coursekit.training.precision import InBf16, choose, lowered, native_bf16
from coursekit.training.recipes import RECIPES
from coursekit.training.session import Request, Session
from coursekit.training.train_command import Stop


@pytest.mark.parametrize(
    ("wanted", "recorded", "device", "usual", "native", "chosen", "said"),
    [
        (None, None, "cpu", True, True, "bf16", ""),
        (None, None, "cpu", False, True, "float32", ""),
        (None, None, "cpu", True, False, "float32", ""),
        (None, "float32", "cpu", True, True, "float32", ""),
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
def test_the_choice(wanted, recorded, device, usual, native, chosen, said, monkeypatch):
    monkeypatch.setattr(precision, "native_bf16", lambda: native)
    found, note = choose(wanted, recorded, device, usual)
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


def test_the_cpu_profile_is_in_bf16_and_float32_goes_on_in_float32(
    tmp_path, monkeypatch, capsys
):
    monkeypatch.setitem(RECIPES, "tiny-flow", tiny("flow"))
    asked = [Request("tiny-flow", p, tmp_path / p) for p in ("quick", "cpu")]
    monkeypatch.setattr(precision, "native_bf16", lambda: False)
    assert Session(asked[1]).run.precision == "float32"
    monkeypatch.setattr(precision, "native_bf16", lambda: True)
    assert [Session(a).run.precision for a in asked] == ["float32", "bf16"]
    old = Session(replace(asked[1], precision="float32"))
    state = run_state(old.run, old.data, 1)
    del state["precision"]  # as runs were saved before there was a choice
    save_run(old.folder, state)
    assert Session(asked[1]).run.precision == "float32"
    assert capsys.readouterr().out == ""


class Watch(TorchFunctionMode):
    """What happens outside all networks: the loss, and nothing else."""

    def __init__(self):
        super().__init__()
        self.depth, self.low = 0, []

    def enter(self, *_):
        self.depth += 1

    def leave(self, *_):
        self.depth -= 1

    def __torch_function__(self, function, types, args=(), kwargs=None):
        answer = function(*args, **(kwargs or {}))
        if not self.depth:
            seen = tree_leaves((args, kwargs, answer))
            if torch.is_autocast_enabled("cpu"):
                self.low.append(f"{function} under autocast")
            if any(torch.is_tensor(x) and x.dtype == torch.bfloat16 for x in seen):
                self.low.append(str(function))
        return answer


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.usefixtures("on_shelf")
def test_losses_see_float32_whatever_the_networks_multiply_in(kind, monkeypatch):
    recipe = tiny(kind)
    run = Run(recipe, recipe.quick, recipe.load(16), precision="bf16")
    plain, watch, losses = type(recipe).loss, Watch(), []

    def watched(self, model, batch):
        with watch:
            losses.append(plain(self, model, batch))
        return losses[-1]

    monkeypatch.setattr(type(recipe), "loss", watched)
    networks = recipe.networks(run.model)
    hooks = [n.register_forward_pre_hook(watch.enter) for n in networks]
    hooks += [n.register_forward_hook(watch.leave) for n in networks]
    update(run, recipe.batch(run.data, 8, 5))
    assert losses[0].dtype == torch.float32 and watch.low == []
    assert hooks and all("forward" not in vars(n) for n in networks)


def test_networks_multiply_in_bf16_answer_in_float32_and_are_left_alone():
    layer = torch.nn.Linear(8, 8)
    x, before = torch.randn(4, 8), layer.forward
    with pytest.raises(KeyError), InBf16([layer], "cpu"):
        y = layer(x)
        raise KeyError
    with torch.autocast("cpu", torch.bfloat16):
        expected = layer(x)
    assert expected.dtype == torch.bfloat16 and y.dtype == torch.float32
    assert torch.equal(y, expected.float()) and layer.forward == before
    many = lowered(lambda: ({"a": expected}, None, 3), "cpu")()
    assert torch.equal(many[0]["a"], y) and many[1:] == (None, 3)
