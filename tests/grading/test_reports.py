"""Reports of hostile submissions, as people and programs read them.

Authorities: an HTML parser, an XML parser, the csv and json modules (a value must come
back as it was), GitHub's workflow commands, the OWASP list of characters that begin a
spreadsheet formula, and Gradescope's specification of results.json.
"""

import csv
import io
import json
import os
import re
import unicodedata
import xml.etree.ElementTree as ET
import zipfile
from dataclasses import replace
from html.parser import HTMLParser
from itertools import chain
from pathlib import Path
from typing import Any
from unittest.mock import Mock
from urllib.parse import unquote

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from coursekit import cli
from coursekit.grading import (
    alike,
    classbook,
    report_class,
    report_clean,
    report_data,
    report_html,
    report_tally,
    report_text,
    spreadsheet,
)
from coursekit.grading.marks import Mark
from coursekit.grading.types import Grade, Person, Report, Task

EVIL = (
    "<script>alert(1)</script>",
    "</td></table><img src=x onerror=alert(1)>",
    "' onmouseover='alert(1)",
    "&lt;b&gt; ]]> <!-- {0} {title} %s $HOME",
    "\x1b[2J\x1b[31mred\x1b]0;title\x07\x1b]8;;http://x\x1b\\link\x1b]8;;\x1b\\",
    "\x9b31mred\x90q\x9c",
    "right\u202eto left\u2066\u200f\ufeff\U000e0041",
    "two\nlines\r\nand\x0bthree\u2028four",
    "nul\x00 bell\x07 escape\x1b delete\x7f",
    "half \ud800 of \udfff a pair \ufffe \U0010ffff",
    "=cmd|' /C calc'!A0",
    "＝1+1",
    "::error file=x::hello",
    "x ##[add-mask]y",
    "z" + "\u0301" * 500,
    "w" * 100_000,
    "",
    "   ",
    "../../etc/passwd",
    "C:\\windows\\con",
    "אבג 你好 ü",
)
STATES = tuple(report_tally.WORDS)


def task(number: int = 1, points: float = 2.0, title: str = "A title") -> Task:
    return Task(f"01.{number}", "code", f"f_{number}", title, points, "stub", "m:f")


def report(student: str = "Ada", **changes: Any) -> Report:
    """One report with an exercise in each state."""
    grades = tuple(
        Grade(task(n), 2.0 if s == "right" else 0.5 if s == "partly" else 0.0, s, "why")
        for n, s in enumerate(STATES, start=1)
    )
    whole = Report(student, "in/ada.ipynb", "01_diffusion", grades, sandbox="bwrap")
    return replace(whole, **changes)


def evil(text: str) -> Report:
    """A report in which everything a student can choose is this text."""
    grade = Grade(task(title=text), 0.0, "wrong", text, notes=(text,))
    return Report(text, text, "01_diffusion", (grade,), (text,), handed_in=text)


class Reader(HTMLParser):
    """Tags, attributes and text of a page."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.text = ""
        self.feed(page)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))

    def handle_data(self, data: str) -> None:
        self.text += data


def book_of(*reports: Report, **policy: Any) -> classbook.Book:
    return classbook.build(reports, classbook.Policy(**policy))


def for_student(one: Report) -> tuple[str, str]:
    """Both forms of what a student reads."""
    score = report_tally.score(one)
    return report_text.student(one, score), report_html.student(one, score)


def for_teacher(*reports: Report) -> tuple[str, str]:
    """Both forms of what a teacher reads."""
    book, equal = book_of(*reports), alike.find_equal(reports)
    folders = [f"x{n}" for n in range(len(book.students))]
    text = report_text.classroom(book, "foot")
    return text, report_html.classroom(book, folders, "foot", equal)


def without_stubs(one: Report) -> Report:
    """The report as it comes back from JSON."""
    grades = (replace(g, task=replace(g.task, stub="")) for g in one.grades)
    return replace(one, grades=tuple(grades))


def gradescope(*reports: Report) -> dict[str, Any]:
    (student,) = book_of(*reports).students
    return report_data.gradescope(student)


def table(*reports: Report) -> bytes:
    return report_class.table(book_of(*reports))


def rows_of(table: bytes) -> list[list[str]]:
    """The rows of a CSV file as a spreadsheet reads them."""
    return list(csv.reader(io.StringIO(table.decode("utf-8-sig"), newline="")))


def visible(line: str) -> bool:
    """Nothing but what a reader sees, and the joiners of Persian and emoji."""
    return all(unicodedata.category(c)[0] != "C" or c in "\u200c\u200d\n" for c in line)


@pytest.mark.parametrize("text", EVIL, ids=range(len(EVIL)))
class TestEvilText:
    def test_the_terminal_gets_harmless_lines(self, text):
        one = evil(text)
        for page in (for_student(one)[0], for_teacher(one, report())[0]):
            assert visible(page)
            assert all(report_clean.width(line) <= 110 for line in page.split("\n"))
            assert not re.search(r"^\s*::", page, re.MULTILINE)
            assert "##[" not in page

    def test_a_page_has_the_tags_of_an_honest_one(self, text):
        honest = Reader(for_student(evil("word"))[1]).tags
        found = Reader(for_student(evil(text))[1]).tags
        assert found == honest or text.strip() == ""
        assert "script" not in {tag for tag, _ in found}
        word, teacher = (for_teacher(evil(each))[1] for each in ("word", text))
        assert Reader(teacher).tags == Reader(word).tags

    def test_xml_can_be_read(self, text):
        root = ET.fromstring(report_data.junit([evil(text)]))
        (case,) = root.iter("testcase")
        assert case.find("failure") is not None
        assert visible(ET.tostring(root, encoding="unicode"))

    def test_no_spreadsheet_cell_is_a_formula(self, text):
        content = table(evil(text))
        assert content.startswith(b"\xef\xbb\xbf")
        rows = rows_of(content)
        assert len(rows) == 2 and len(rows[0]) == len(rows[1])
        for cell in rows[1]:
            assert not cell.lstrip().startswith(tuple("=+-@\t\r＝＋－＠"))

    def test_json_comes_back(self, text):
        before = evil(text)
        data = report_data.to_json(report_data.as_dict(before))
        assert data.isascii()
        want = without_stubs(before)
        assert report_data.from_dict(json.loads(data)) == want

    def test_gradescope_gets_short_plain_text(self, text):
        data = gradescope(evil(text))
        shown = [data["output"], *(t["output"] + t["name"] for t in data["tests"])]
        assert all(visible(each) and len(each) < 2000 for each in shown)
        assert {v for k, v in data.items() if k.endswith("_format")} == {"text"}

    def test_files_stay_inside(self, text, tmp_path):
        out = tmp_path / "out"
        paths = report_class.write_all([evil(text), evil(text)], out)
        assert len(paths) == len(set(paths)) == 18
        assert sorted(each.name for each in tmp_path.iterdir()) == ["out"]
        assert len(list((out / "students").iterdir())) == 1
        with zipfile.ZipFile(out / "feedback.zip") as archive:
            archive.extractall(tmp_path / "unpacked")
            for each in archive.namelist():
                assert visible(each) and ".." not in each.split("/")
                assert (tmp_path / "unpacked" / each).is_file()
        for path in paths:
            assert path.resolve().is_relative_to(out.resolve())
            assert path.stat().st_size < 100_000 or path.suffix == ".json"


@pytest.mark.parametrize("text", EVIL, ids=range(len(EVIL)))
def test_no_text_stops_marks_exports_comparison_or_numbers(text, tmp_path):
    who = Person(text, text, text, text)
    reports = [evil(text), report("Bo"), report(text, person=who, attempt=2)]
    marks = tuple(Mark(text, text, item, 1.0, text) for item in ("01.1", text))
    policy = classbook.Policy(people=(who,), marks=marks)
    gradebook = tmp_path / "gradebook.csv"
    cells = ["Student", "ID", "Section"], [text, "7", "A"]
    gradebook.write_bytes(spreadsheet.write(cells))
    old = tmp_path / "old"
    kinds = (("canvas", gradebook), ("moodle", Path()))
    report_class.write_all(reports, old, policy=replace(policy, exports=kinds))
    for path in old.glob("*.csv"):
        for cell in chain(*rows_of(path.read_bytes())):
            assert not cell.lstrip().startswith(tuple("=+-@\t\r＝＋－＠")), path
    policy = replace(policy, anonymous=True, compare=old)
    report_class.write_all(reports, tmp_path / "new", policy=policy)


@settings(max_examples=150, deadline=None)
@given(st.text(st.characters(), max_size=300), st.integers(20, 200))
def test_plain_is_one_short_visible_line_and_stays_so(text, limit):
    line = report_clean.plain(text, limit)
    assert visible(line) and len(line) <= limit and line == line.strip()
    assert report_clean.plain(line, limit) == line
    line.encode()


@settings(max_examples=100, deadline=None)
@given(st.lists(st.text(st.characters(), max_size=90), max_size=12))
def test_folder_names_are_safe_and_differ(students):
    names = report_clean.folder_names(students)
    folded = {unicodedata.normalize("NFKC", each).casefold() for each in names}
    assert len(folded) == len(students)
    for each in names:
        assert re.fullmatch(r"[\w.\-]+", each) and each[0] not in ".-"
        assert not each.endswith(".") and ".." not in each
        assert len(each.encode()) < 120


def test_names_of_people_are_kept_but_for_towers_of_accents():
    for given_name, folder in (
        ("Ada Lovelace", "Ada-Lovelace"),
        ("Łukasz Ñandú", "Łukasz-Ñandú"),
        ("李小龍", "李小龍"),
        ("con", "_con"),
        ("a/b", "a-b"),
        (".hidden", "hidden"),
    ):
        assert report_clean.folder_names([given_name]) == [folder]
        assert report_clean.plain(given_name) == given_name
    assert report_clean.plain("q" + "\u0301" * 500 + "a") == "q" + "\u0301" * 4 + "a"


def test_folders_have_the_same_form_however_many_files_there_are(tmp_path):
    reports = [report("Ada"), report("ADA", notebook="02_score_matching")]
    reports += [report("Bo"), report("Bo", attempt=2)]
    reports += [Report("Bo", "x.pdf", "", problem="A PDF.")]
    report_class.write_all(reports, tmp_path)
    students = tmp_path / "students"
    pages = [page.parent for page in students.rglob("feedback.html")]
    assert sorted(str(page.relative_to(students)) for page in pages) == [
        "ADA/02_score_matching",
        "Ada-2/01_diffusion",
        "Bo/01_diffusion",
        "Bo/01_diffusion-2",
        "Bo/file",
    ]
    index = (tmp_path / "students" / "Bo" / "index.html").read_text()
    assert index.count("feedback.html") == 3


class TestForTheStudent:
    def test_text_says_points_state_and_what_to_do(self):
        grades = (
            Grade(task(4, 2, "Any noise level"), 1.33, "partly", "use alpha_bar", 2, 3),
            Grade(task(5, 1, "One step"), 1.0, "right", "hidden", 3, 3),
        )
        page = for_student(report(grades=grades, notes=("a note",)))[0]
        assert "Ada: 2.33 of 3 points (78 %)" in page
        row = r"~ 01\.4 Any noise level +1\.33/2 +partly right \(2 of 3"
        assert re.search(row, page)
        assert "\n      use alpha_bar\n" in page and "note: a note" in page
        assert "hidden" not in page, "a right answer needs no reason"

    def test_every_state_and_a_problem_are_said_in_words(self):
        page, html = for_student(report())
        for words in report_tally.WORDS.values():
            assert words in page and words in Reader(html).text
        said = "This is a Word file."
        page, html = for_student(Report("Ada", "ada.docx", "", problem=said))
        assert "not graded" in page and said in page and said in html

    def test_the_page_loads_and_runs_nothing(self):
        tags = Reader(for_student(report())[1]).tags
        policy, *_ = (a["content"] for tag, a in tags if "content" in a)
        assert "default-src 'none'" in str(policy)
        loaded = {"script", "img", "link", "iframe", "object", "embed", "form", "base"}
        assert not loaded & {tag for tag, _ in tags}
        assert not any(key.startswith("on") for _, attrs in tags for key in attrs)

    @pytest.mark.parametrize("place", ["/home/prof/exam/", "all.zip: secret/"])
    def test_the_student_sees_neither_the_seed_nor_the_files_place(self, place):
        one = report(origin=f"{place}ada.ipynb", seed=987654321)
        for page in for_student(one):
            assert "ada.ipynb" in page
            assert not re.search("prof|secret|987654321", page)
        assert "987654321" not in report_data.to_json(gradescope(one))


class TestForPrograms:
    def test_junit_fails_whatever_is_not_full_points(self):
        root = ET.fromstring(report_data.junit([report()]))
        fine = [
            case.attrib["name"]
            for case in root.iter("testcase")
            if case.find("failure") is None and case.find("error") is None
        ]
        assert fine == ["01.1 f_1"]
        assert not list(root.iter("skipped"))
        counts = [root.attrib[name] for name in ("tests", "failures", "errors")]
        assert counts == [str(len(STATES)), str(len(STATES) - 2), "1"]
        (properties, *_) = root.iter("properties")
        facts = {each.attrib["name"]: each.attrib["value"] for each in properties}
        points = {"points": "2", "possible": "2"}
        assert facts == {"id": "01.1", "state": "right", **points}
        root = ET.fromstring(report_data.junit([Report("Ada", "x", "", problem="no")]))
        assert (root.attrib["tests"], root.attrib["errors"]) == ("1", "1")

    def test_gradescope(self):
        data = gradescope(report())
        assert data["score"] == sum(test["score"] for test in data["tests"]) == 2.5
        assert [t["status"] for t in data["tests"]].count("passed") == 1
        known = {"score", "max_score", "status", "name", "number", "output"}
        assert all(set(t) <= known | {"output_format"} for t in data["tests"])
        assert data["stdout_visibility"] == "hidden"
        assert isinstance(data["execution_time"], int)

    def test_numbers_that_are_none_earn_nothing(self):
        for bad in (float("nan"), float("inf")):
            strange = report(grades=(Grade(task(), bad, "right"),), seconds=bad)
            for data in (report_data.as_dict(strange), gradescope(strange)):
                report_data.to_json(data)
            assert json.loads(report_data.to_json(data))["score"] == 0
            ET.fromstring(report_data.junit([strange]))
            for_teacher(strange)
            table(strange)

    def test_other_json_is_refused(self):
        for change in (
            {"format": 99},
            {"grades": 3},
            {"grades": [{}]},
            {"attempt": None},
            {"seed": float("inf")},
        ):
            with pytest.raises(ValueError, match=r"report|format"):
                report_data.from_dict(report_data.as_dict(report()) | change)


class TestClass:
    def test_csv_has_a_row_a_student_and_a_column_an_exercise(self):
        broken = Report("Cem", "cem.pdf", "", problem="A PDF.")
        twelve = report("Bo", grades=(Grade(task(12), 0.5, "partly"),))
        head, *cells = rows_of(table(report(), twelve, broken))
        rows = [dict(zip(head, each, strict=True)) for each in cells]
        ids = [key for key in rows[0] if key.startswith("01.")]
        assert ids == [*(f"01.{n}" for n in range(1, 12)), "01.12"]
        ada, bo, cem = rows
        assert ada["points"] == ada["01_diffusion"] == "2.5" and ada["01.12"] == ""
        assert (ada["01.3"], ada["01.4"]) == ("0", ""), "wrong is 0, blank is empty"
        assert bo["01.12"] == "0.5" and bo["percent"] == "25.0"
        assert cem["01_diffusion"] == "" and "A PDF." in cem["to look at"]

    def test_teacher_sees_whom_to_look_at_and_what_was_hard(self):
        page = for_teacher(report(), Report("Cem", "x", "", problem="No. Do."))[0]
        assert page.startswith("2 students, 2 to look at\n01_diffusion: 1 handed in")
        assert "median 11 %" in page
        assert "a person will look: 01.9; output not valid: 01.8" in page
        assert "look: x: could not be graded: No.\n" in page, "no advice to a student"
        assert re.search(r"01\.2 +f_2 {15,}1 +25 %", page)

    def test_links_lead_to_the_pages(self, tmp_path):
        reports = [report("Ada & Bo"), report("100% #1"), report("李")]
        report_class.write_all(reports, tmp_path)
        page = Reader((tmp_path / "class.html").read_text(encoding="utf-8"))
        every = [str(attrs["href"]) for tag, attrs in page.tags if tag == "a"]
        links = [link for link in every if not link.startswith("#")]
        rows = ["#" + str(about["id"]) for tag, about in page.tags if about.get("id")]
        flagged = [link for link in every if link not in links]
        assert len(flagged) == len(links) == 3 and set(flagged) <= set(rows)
        assert all(link.endswith("/index.html") for link in links)
        assert all((tmp_path / unquote(link)).is_file() for link in links)

    def test_no_sandbox_is_said_loudly(self):
        loud = for_teacher(report(sandbox="off"))
        assert all("WITHOUT a sandbox" in page for page in loud)
        assert not any("WITHOUT" in page for page in for_teacher(report()))

    def test_an_empty_class(self, tmp_path):
        report_class.write_all([], tmp_path)
        assert report_class.merge([tmp_path])[0] == []


class TestFolder:
    def test_written_twice_is_the_same_and_a_crash_leaves_the_old_file(
        self, tmp_path, monkeypatch
    ):
        def content():
            return {p: p.read_bytes() for p in tmp_path.rglob("*") if p.is_file()}

        run = report_data.Run()
        report_class.write_all([report()], tmp_path, run=run)
        before = content()
        report_class.write_all([report()], tmp_path, run=run)
        assert content() == before
        monkeypatch.setattr(os, "replace", Mock(side_effect=OSError(28, "No space")))
        with pytest.raises(OSError, match="No space"):
            report_class.write_all([report(grades=())], tmp_path)
        assert content() == before

    def test_a_planted_link_is_replaced_and_not_followed(self, tmp_path):
        victim, link = tmp_path / "victim", tmp_path / "class.csv"
        victim.write_text("untouched")
        link.symlink_to(victim)
        report_class.write_all([report()], tmp_path)
        assert victim.read_text() == "untouched"
        assert not link.is_symlink()

    @pytest.mark.skipif(os.name != "posix", reason="needs file modes")
    @pytest.mark.parametrize("mask", [0o022, 0o077])
    def test_grades_are_as_private_as_other_files(self, mask, tmp_path):
        before = os.umask(mask)
        try:
            paths = report_class.write_all([report()], tmp_path)
            assert os.umask(mask) == mask
        finally:
            os.umask(before)
        assert {path.stat().st_mode & 0o777 for path in paths} == {0o666 & ~mask}


class TestShards:
    def parts(self, tmp_path: Path, count: int, people: int) -> list[Path]:
        folders = [tmp_path / f"part-{n}" for n in range(1, count + 1)]
        for part, folder in enumerate(folders, start=1):
            mine = range(part - 1, people, count)
            class_ = [report(f"student {n:02}") for n in mine]
            report_class.write_all(class_, folder, f"{part}/{count}")
        return folders

    @pytest.mark.parametrize(("count", "people"), [(1, 3), (3, 10), (4, 2), (5, 0)])
    def test_merged_parts_are_the_undivided_class(self, tmp_path, count, people):
        folders = self.parts(tmp_path, count, people)
        merged, _ = report_class.merge(reversed(folders))
        class_ = [report(f"student {n:02}") for n in range(people)]
        whole = [without_stubs(each) for each in class_]
        assert merged == whole
        assert table(*merged) == table(*whole)

    def test_parts_that_do_not_make_a_class_are_named(self, tmp_path):
        two, three = self.parts(tmp_path / "a", 2, 7), self.parts(tmp_path / "b", 3, 7)
        stopped = self.parts(tmp_path / "c", 2, 7)
        report_class.write_all([report()], stopped[1], "2/2", complete=False)
        for folders, said in (
            ([three[0], three[2]], r"missing: part 2/3"),
            (stopped, "was stopped"),
            (two + three, "not the parts of one"),
        ):
            with pytest.raises(ValueError, match=said):
                report_class.merge(folders)

    def test_the_command(self, tmp_path, capsys):
        folders = list(map(str, self.parts(tmp_path, 2, 3)))
        out = tmp_path / "whole"
        assert cli.run(["merge", *folders, "--out", str(out)]) == 0
        assert "3 students" in capsys.readouterr().out
        assert (out / "students" / "student-02" / "index.html").is_file()
        assert cli.run(["merge", folders[0], "--out", str(tmp_path / "other")]) == 1
        assert "missing: part 2/2" in capsys.readouterr().err
        assert not (tmp_path / "other").exists()

    def test_a_part_that_was_run_again_counts_once(self, tmp_path):
        folders = self.parts(tmp_path, 2, 4)
        again = tmp_path / "again"
        late = report("student 01", grades=())
        report_class.write_all([late, report("student 03")], again, "2/2")
        merged, _ = report_class.merge([*folders, again])
        assert [r.student for r in merged] == [f"student 0{n}" for n in range(4)]
        assert merged[1].grades == ()

    def test_what_is_no_report_is_named(self, tmp_path):
        for content in (None, b"", b"[]", b"{}", b"\xff", b"[" * 9**6):
            if content is not None:
                (tmp_path / "class.json").write_bytes(content)
            with pytest.raises(ValueError, match=r"class\.json"):
                report_class.merge([tmp_path])

    def test_a_wrong_shard_is_refused(self):
        assert report_class.parse_shard("2/5") == (2, 5)
        for text in ("", "3", "0/2", "3/2", "1/0", "-1/2", "a/b", "²/3"):
            with pytest.raises(ValueError, match="write I/N"):
                report_class.parse_shard(text)
