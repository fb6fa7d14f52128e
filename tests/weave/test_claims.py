"""Claims: placeholders, the table on the terminal and as JSON.

Authority: `str.format` on the stored values; a table no wider than the terminal.
"""

import json
from pathlib import Path

import pytest
from weave_toy import SOURCE, add_lecture, project

from coursekit import cli
from coursekit.sources.report import Report
from coursekit.weave.claims import Claim, Measured, all_claims, fill
from coursekit.weave.claims_command import table
from coursekit.weave.project import Project


@pytest.fixture
def measured(tmp_path: Path) -> Measured:
    values = {"gap": 0.12345, "n": 3, "by": {"eta": [0.5, 1.5]}, "a.b": 7, "name": "x"}
    (tmp_path / "06a.B.json").write_text(json.dumps({"values": values}))
    (tmp_path / "01.C.json").write_text("{")
    (tmp_path / "01.D.json").write_text('{"values": [1]}')
    return Measured(tmp_path)


@pytest.mark.parametrize(
    ("text", "filled"),
    [
        ("{06a.B:gap:.3f}", "0.123"),
        ("{06a.B:gap:+.1%} of {06a.B:n}", "+12.3% of 3"),
        ("{06a.B:by.eta.1:.2f}", "1.50"),
        ("{06a.B:by.eta.-1}", "1.5"),
        ("{06a.B:a.b}", "7"),
        ("{06a.B:name}", "x"),
        (r"$\frac{1}{2} \mathrm{KL}_{01}$ {x}", r"$\frac{1}{2} \mathrm{KL}_{01}$ {x}"),
    ],
)
def test_placeholders(measured, text, filled):
    assert fill(text, measured) == (filled, [])


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("{06a.B:by.eta.9}", "no value 'by.eta.9' in 06a.B. It has: a.b, by, gap"),
        ("{06a.B:by.mu}", "no value 'by.mu' in 06a.B"),
        ("{06a.B:gap.x}", "no value 'gap.x' in 06a.B"),
        ("{06a.B:gap:.q}", "'.q' does not format 0.12345"),
        ("{01.C:x}", "data/measured/01.C.json is not a measurement. Run: coursekit"),
        ("{01.D:x}", "data/measured/01.D.json has no named values"),
    ],
)
def test_placeholders_that_fail(measured, text, problem):
    filled, (said,) = fill(text, measured)
    assert filled == text and problem in said


def test_of_many_values_the_author_sees_those_that_are_like_it(tmp_path):
    values = {f"both_{i}_all": i for i in range(40)} | {"real_pose": 1, "real_hat": 2}
    (tmp_path / "04.P.json").write_text(json.dumps({"values": values}))
    _, (problem,) = fill("{04.P:real_poses}", Measured(tmp_path))
    said = problem.split("It has: ")[1]
    assert said.startswith("real_pose, ") and said.endswith(" more")
    assert len(said) < 120
    shown, _, hidden = said.rpartition(" and ")
    assert len(shown.split(", ")) + int(hidden.split()[0]) == len(values)
    _, (problem,) = fill("{04.P:zebra}", Measured(tmp_path))
    assert problem.endswith("and 34 more")


@pytest.mark.parametrize("width", [80, 100, 140, 200])
def test_table_fits_and_loses_no_word(width):
    said = "Adding noise in small steps is the same as one large step."
    rows = [
        Claim(f"R1.{n}", "1:02:03", said, "Yes: " + "0.123 " * n, "not at this scale",
              ("figure-a", "figure-b"), "01_diffusion", n)
        for n in range(1, 13)
    ]  # fmt: skip
    text = table(rows, width)
    assert max(map(len, text.splitlines())) <= width
    for words in ("Adding", "step.", "R1.12", "1:02:03", "figure-b"):
        assert words in text
    assert text.count("0.123") == sum(range(1, 13))
    assert ("verdict" in text.splitlines()[0]) == (width > 100)


def test_all_claims_read_every_source(tmp_path):
    here = project(tmp_path)
    second = SOURCE.replace("01.", "02.").replace("{02.A", "{01.A")
    add_lecture(tmp_path, second, "02_more")
    report = Report()
    found = list(all_claims(here.sources(), Measured(here.measured), report))
    assert not report
    assert [each.notebook for each in found] == ["01_toys", "02_more"]
    for each in found:
        assert (each.row, each.measured) == ("R1.1", "We found 3.14, $|y|$ and | more.")


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Project:
    here = project(tmp_path)
    monkeypatch.setattr(Project, "here", lambda: here)
    return here


def test_command(here, capsys):
    assert cli.run(["claims"]) == 0
    out = capsys.readouterr().out
    assert "R1.1" in out and "2:09" in out and "01_toys#use-area" in out
    assert out.endswith("0 holds, 1 in part, 0 not at this scale\n")
    assert cli.run(["claims", "--json"]) == 0
    assert json.loads(capsys.readouterr().out) == [
        {
            "row": "R1.1", "time": "2:09", "claim": "Discs have $|x|$ area.",
            "measured": "We found 3.14, $|y|$ and | more.", "verdict": "in part",
            "see": ["use-area"], "notebook": "01_toys", "line": 54,
        }
    ]  # fmt: skip


def test_command_says_what_was_not_measured(here, capsys):
    (here.measured / "01.A.json").unlink()
    assert cli.run(["claims"]) == 1
    captured = capsys.readouterr()
    assert "R1.1" in captured.out
    assert "Run: coursekit measure 01.A" in captured.err
