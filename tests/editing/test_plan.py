"""Authority: what a plan says about itself, and texts that are none."""

import json

import numpy as np
import pytest

from coursekit.editing import executor
from coursekit.editing.allow_list import AllowList, Refused
from coursekit.editing.executor import Call, run_plan
from coursekit.editing.operations import COLOUR, OPERATIONS
from coursekit.editing.plan import Plan, PlanError, Step, plan_text, read_plan

GENERATOR = np.random.default_rng(2)
NOISE = GENERATOR.integers(0, 256, (20, 30, 3), dtype=np.uint8)


def random_step(names: list[str]) -> Step:
    """Any step whose name is among these."""
    do = names[GENERATOR.integers(len(names))]
    if do == "crop":
        return Step(do, {"left": 0.1, "top": 0, "right": 0.9, "bottom": 0.5})
    return Step(
        do,
        {
            k.name: float(
                np.round(GENERATOR.uniform(k.low, k.high), 0 if k.whole else 2)
            )
            for k in OPERATIONS[do].knobs
        },
    )


def random_plan(names: list[str], most: int = 6) -> Plan:
    return tuple(random_step(names) for _ in range(GENERATOR.integers(0, most + 1)))


def test_a_thousand_plans_are_read_as_they_were_written():
    for _ in range(1000):
        plan = random_plan(sorted(OPERATIONS))
        assert read_plan(plan_text(plan)) == plan


@pytest.mark.parametrize(
    "text",
    [
        "",
        "brightness",
        "{}",
        "9",
        "true",
        "[1]",
        '["grayscale"]',
        '[{"amount": 3}]',
        '[{"do": "grayscale"}] and more',
        'Sure! [{"do": "grayscale"}]',
        '[{"do": "grayscale"}] [{"do": "invert"}]',
        '[{"do": "grayscale", "amount": 3}]',
        '[{"do": "brightness"}]',
        '[{"do": "brightness", "amount": "20"}]',
        '[{"do": "brightness", "amount": true}]',
        '[{"do": "brightness", "amount": NaN}]',
        '[{"do": "brightness", "amount": 1e999}]',
        '[{"do": "brightness", "amount": 101}]',
        '[{"do": "brightness", "amount": null}]',
        '[{"do": "brightness", "amount": 1%s}]' % ("0" * 400),
        r'[{"do": "brightness", "x\u001b[2J\ny": 1}]',
        '[{"do": "brightness", "amount": 1, "amount": 2}]',
        '[{"do": ["grayscale"]}]',
        '[{"do": "__import__"}]',
        '[{"do": "rotate", "turns": 1.5}]',
        '[{"do": "crop", "left": 0.5, "top": 0, "right": 0.5, "bottom": 1}]',
        "[" * 5000,
        "[" + " " * 30_000 + "]",
    ],
)
def test_what_is_no_plan_is_refused_in_one_line(text):
    with pytest.raises(PlanError) as caught:
        read_plan(text)
    assert str(caught.value).isprintable() and len(str(caught.value)) < 300


def test_what_was_checked_cannot_change():
    values = {"amount": 10.0}
    step = Step("brightness", values)
    values["amount"] = 1e9
    assert step.values["amount"] == 10
    with pytest.raises(TypeError):
        step.values["amount"] = 1e9


def test_nothing_runs_unless_all_may():
    for _ in range(300):
        names = frozenset(n for n in OPERATIONS if GENERATOR.random() < 0.7)
        plan, ran = random_plan(sorted(OPERATIONS)), list[Call]()
        allowed = AllowList(names)
        if all(step.do in names for step in plan):
            run_plan(NOISE, plan, allowed, ran.append)
            assert [call.do for call in ran] == [step.do for step in plan]
        else:
            with pytest.raises(Refused, match="not on the list"):
                run_plan(NOISE, plan, allowed, ran.append)
            assert ran == []


@pytest.mark.parametrize("band", [1, 45, 90, 599])
def test_bands_give_the_same_bytes(monkeypatch, band):
    for name in OPERATIONS:
        step = random_step([name])
        whole = executor.run_step(NOISE, step)
        with monkeypatch.context() as patch:
            patch.setattr(executor, "BAND", band)
            assert (executor.run_step(NOISE, step) == whole).all()


def test_budgets():
    step = Step("grayscale")
    with pytest.raises(Refused, match="9 steps"):
        run_plan(NOISE, (step,) * 9, AllowList())
    AllowList(pixels=1200).check((step,) * 2, (30, 20))
    with pytest.raises(Refused, match="1,199"):
        AllowList(pixels=1199).check((step,) * 2, (30, 20))


def test_a_list_with_a_hole_is_refused():
    with pytest.raises(ValueError, match="greyscale"):
        AllowList(frozenset({"greyscale"}))


def test_colour_plans_keep_every_grey_level_set_apart_by_place():
    """1,000 plans: pixels of one colour stay of one colour, wherever they are."""
    few = GENERATOR.integers(0, 4, (16, 16))
    palette = GENERATOR.integers(0, 256, (4, 3), dtype=np.uint8)
    for _ in range(1000):
        plan = random_plan(sorted(COLOUR))
        edited = run_plan(palette[few], plan, AllowList())
        assert edited.shape == (16, 16, 3)
        assert (edited == run_plan(palette[None], plan, AllowList())[0][few]).all()


def test_the_log_can_be_written_down():
    ran: list[Call] = []
    before = NOISE.copy()
    run_plan(
        NOISE,
        (Step("grayscale"), Step("mirror")),
        AllowList(frozenset(OPERATIONS)),
        ran.append,
    )
    assert (NOISE == before).all()
    row = json.loads(json.dumps(ran[0].row()))
    assert row["do"] == "grayscale" and row["before"] == row["after"] == [30, 20]
