"""What counts: tries, late marks, sums, marks by hand, names as numbers, changes."""

import base64
import hashlib
import html
import json

import pytest

from coursekit import cli
from coursekit.grading import (
    class_options,
    classbook,
    grade_command,
    marks,
    report_class,
    roster,
)
from coursekit.grading.marks import Mark
from coursekit.grading.types import Report
from tests.grading.class_kit import (
    ONE,
    TWO,
    book,
    handed_in,
    person,
    table,
    write,
)

DAY = "2026-11-30T"


def points(found):
    return {student.name: student.points for student in found.students}


class TestSums:
    def test_a_row_a_student_with_a_sum_over_notebooks(self):
        found = book(
            handed_in("Bo", points=(2, 2)),
            handed_in("ada", points=(2, 0)),
            handed_in("ada", TWO, points=(2, 1, 1)),
        )
        assert [s.name for s in found.students] == ["ada", "Bo"]
        assert points(found) == {"ada": 6, "Bo": 4}
        assert [s.possible for s in found.students] == [10, 10], "missing is 0 of 6"
        assert found.students[1].missing == (TWO,)

    @pytest.mark.parametrize(
        ("policy", "earned", "possible"),
        [
            ({}, 4, 12),
            ({"weights": {ONE: 3.0}}, 8, 24),
            ({"weights": {TWO: 0.0}}, 2, 6),
            ({"bonus": frozenset({"01.1", "02.2"})}, 4, 8),
            ({"notebooks": (TWO,)}, 2, 6),
        ],
    )
    def test_weights_bonus_and_notebooks(self, policy, earned, possible):
        (ada,) = book(handed_in(), handed_in(notebook=TWO), **policy).students
        assert (ada.points, ada.possible) == (earned, possible)

    def test_what_was_not_asked_for_is_said(self):
        (ada,) = book(handed_in(), handed_in(notebook=TWO), notebooks=(ONE,)).students
        assert ada.remarks == f"not asked for: {TWO}" and ada.look == ""
        left_out = Report("Ada", "x", TWO, problem=classbook.NOT_ASKED)
        (ada,) = book(handed_in(), left_out).students  # counted anew
        assert ada.remarks == f"not asked for: {TWO}" and ada.possible == 6

    def test_a_bonus_of_nothing_is_said(self):
        assert "01.99" in book(handed_in(), bonus=frozenset({"01.99"})).said[0]

    def test_all_of_a_class_list_have_a_row(self):
        people = (person("Ada", "1"), person("Bo", "2"), person("Bo", "3"))
        ada = handed_in("Ada L.", person=people[0])
        found = book(ada, people=people).students
        assert [s.name for s in found] == ["Ada L.", "Bo", "Bo (3)"]
        assert [s.absent for s in found] == [False, True, True]
        assert found[1].remarks == "nothing handed in" and found[1].missing == (ONE,)

    def test_the_order_is_that_of_the_class_list(self):
        people = (person("Zoë"), person("Åsa"))
        files = [handed_in(name) for name in ("Bob", "Åke", "Åsa")]
        by_name = [s.name for s in book(*files).students]
        assert by_name == ["Åke", "Åsa", "Bob"], "accents tell nothing"
        listed = [s.name for s in book(*files, people=people).students]
        assert listed == ["Zoë", "Åsa", "Åke", "Bob"]
        hidden = book(*files, people=people, anonymous=True).students
        assert [s.name for s in hidden] == ["Åke", "Åsa", "Bob", "Zoë"]

    def test_who_cannot_be_placed_is_to_be_looked_at(self):
        doubts = roster.UNLISTED, f"{roster.UNCLEAR}: Al, Al."
        for note in doubts:
            (ada,) = book(
                handed_in(notes=("x", note)), handed_in(notebook=TWO)
            ).students
            assert ada.look == note


class TestTries:
    first = handed_in(points=(2, 2), attempt=1)
    second = handed_in(points=(2, 0), attempt=2)
    broken = Report("Ada", "x.ipynb", ONE, problem="Cut off.", attempt=3)

    @pytest.mark.parametrize(
        ("policy", "files", "earned"),
        [
            ({}, (first, second), 2),
            ({}, (second, first), 2),
            ({"attempt": "best"}, (first, second), 4),
            ({}, (first, second, broken), 2),
            ({"attempt": "best"}, (broken, second), 2),
        ],
    )
    def test_one_counts_and_the_row_says_how_many(self, policy, files, earned):
        (ada,) = book(*files, **policy).students
        assert ada.points == earned
        assert f"{len(files)} tries: {ONE}" in ada.remarks
        assert ("Cut off" in ada.look) == (self.broken in files)

    def test_the_best_of_late_tries_is_the_best_that_counts(self):
        files = [handed_in(points=(2, 0), attempt=1)]
        files += [handed_in(points=(2, 1), attempt=2, late=True)]
        (ada,) = book(*files, attempt="best", late_factor=0.5).students
        assert ada.points == 2


class TestLate:
    @pytest.mark.parametrize(
        ("when", "said", "deadlines", "late"),
        [
            ("23:58", False, {"": DAY + "23:59"}, False),
            ("23:59:30", False, {"": DAY + "23:59"}, False),
            ("23:59", False, {"": DAY + "17:00"}, True),
            ("23:59", False, {"": DAY + "17:00", ONE: "2026-12-01T00:00"}, False),
            ("23:59", False, {TWO: DAY + "17:00"}, False),
            ("23:59", True, {}, True),
            ("=cmd", False, {"": DAY + "17:00"}, False),
        ],
    )
    def test_against_a_deadline_or_as_the_platform_says(
        self, when, said, deadlines, late
    ):
        one = handed_in(handed_in=DAY + when, late=said)
        (ada,) = book(one, deadlines=deadlines).students
        assert ada.entries[ONE].late == late and ada.points == 2
        (ada,) = book(one, deadlines=deadlines, late_factor=0.8).students
        assert ada.points == (1.6 if late else 2)


class TestMarks:
    def test_the_first_run_writes_rows_to_fill_in_and_no_run_writes_over_them(
        self, tmp_path
    ):
        people = (person("Ada", "0042"), person("Bo", "7"))
        ada = handed_in("Ada", person=people[0])
        write(tmp_path, ada, people=people)
        rows = table(tmp_path / "marks.csv")
        assert list(rows[0]) == list(marks.COLUMNS)
        assert [(r["student"], r["id"], r["notebook or exercise"]) for r in rows] == [
            ("Ada", "0042", ONE),
            ("Bo", "7", ONE),
        ]
        mine = (
            "student;id;notebook or exercise;points;comment;excused\r\nAda;;01.2;1,5;;"
        )
        (tmp_path / "marks.csv").write_bytes(mine.encode())
        data = write(tmp_path, ada)
        assert (tmp_path / "marks.csv").read_bytes() == mine.encode()
        assert "not used: name it with --marks" in (tmp_path / "class.txt").read_text()
        assert data["students"][0]["points"] == 2

    @pytest.mark.parametrize(
        "text",
        [
            "Student,ID,Notebook or exercise,Points,Comment,Excused\nAda,,01.2,1.5,ok,",
            "student;id;notebook or exercise;points;comment;excused\nx;42;01.2;1,5;ok;",
            "points\tid\tstudent\tcomment\texcused\tnotebook or exercise\n"
            "1,5\t\tADA\tok\tno\texercise 01.2\n",
        ],
    )
    @pytest.mark.parametrize("code", ["utf-8", "utf-8-sig", "utf-16", "cp1252"])
    def test_every_spreadsheet_is_read(self, text, code, tmp_path):
        path = tmp_path / "mine.csv"
        path.write_bytes(text.encode(code))
        ada = handed_in("Ada", person=person("Ada", "42"))
        found = book(ada, marks=marks.read(path))
        assert points(found) == {"Ada": 3.5} and found.said == ()
        grade = found.students[0].entries[ONE].report.grades[1]
        assert grade.state == "by hand"
        assert grade.reason == "ok (the grader: 0, not right yet)"

    @pytest.mark.parametrize(
        ("mark", "earned", "possible"),
        [
            (Mark("Ada", "", ONE, 5.0), 5, 6),
            (Mark("Ada", "", ONE, excused=True), 0, 0),
            (Mark("Ada", "", "01.1", excused=True), 0, 4),
            (Mark("Ada", "", "01.3", 0.5), 2.5, 6),
            (Mark("Ada", "", "01.3", comment="See me."), 2, 6),
        ],
    )
    def test_points_excuses_and_comments(self, mark, earned, possible):
        (ada,) = book(handed_in(), marks=(mark,)).students
        assert (ada.points, ada.possible) == (earned, possible)

    def test_a_mark_by_hand_is_no_late_point(self):
        late = handed_in(late=True)
        (ada,) = book(
            late, late_factor=0.5, marks=(Mark("Ada", "", ONE, 5.0),)
        ).students
        assert ada.points == 5 and "by hand" in ada.remarks and "late" in ada.remarks

    def test_marks_for_what_nobody_could_read_and_for_nothing(self):
        files = [handed_in("Bo"), Report("Ada", "a", ONE, problem="Cut off.")]
        mine = (Mark("Ada", "", "01.1", 2.0), Mark("Cem", "", "01.2", 1.0))
        found = book(*files, people=(person("Cem", "3"),), marks=mine)
        assert points(found) == {"Ada": 2, "Bo": 2, "Cem": 1}
        _, ada, _ = found.students  # the class list comes first
        assert ada.look == "", "it has been looked at"
        assert "Cut off." in ada.entries[ONE].report.notes

    def test_an_empty_row_decides_nothing(self):
        rows = [Mark(student, "", ONE) for student in ("Ada", "Cem")]
        files, people = [handed_in()], (person("Cem"),)
        assert book(*files, people=people, marks=tuple(rows)).students == (
            book(*files, people=people).students
        )

    def test_what_stands_for_a_missing_notebook_is_decided_once(self, tmp_path):
        script = Report("Ada", "in/ada/x.py", "", problem="There is no notebook.")
        files = [script, handed_in(notebook=TWO), handed_in("Bo")]
        (ada, *_) = book(*files).students
        assert "There is no notebook." in ada.look and ada.missing == (ONE,)
        mine = (Mark("Ada", "", ONE, 5.0),)
        (ada, *_) = book(*files, marks=mine).students
        assert ada.look == "" and ada.points == 7
        write(tmp_path, *files, marks=mine)
        text = (tmp_path / f"students/Ada/{ONE}/feedback.txt").read_text()
        assert text.startswith(f"Ada: 5 of 6 points (83 %), by hand\n{ONE}\n")
        assert "cell missing" not in text
        (ada, *_) = book(*files, handed_in(points=(2, 2)), marks=mine).students
        assert "There is no notebook." in ada.look, "which file was meant?"

    def test_excused_is_said_once(self, tmp_path):
        mine = (Mark("Ada", "", ONE, excused=True),)
        write(tmp_path, handed_in(), marks=mine)
        text = (tmp_path / f"students/Ada/{ONE}/feedback.txt").read_text()
        assert text.startswith("Ada: excused\n")

    def test_rows_of_nobody_and_of_nothing_are_said(self):
        rows = (Mark("Eve", "", ONE, 1.0), Mark("Ada", "", "01.99", 1.0))
        found = book(handed_in(), marks=(*rows, Mark("Eve", "", ONE)))
        assert [line.split(":")[2] for line in found.said] == [
            " no such student, not used",
            " no such notebook or exercise, not used",
        ]

    def test_a_new_folder_gets_the_old_rows_too(self, tmp_path):
        mine = (Mark("Ada", "", "01.2", 1.5, "=1+1"), Mark("Eve", "", ONE, 1.0))
        write(tmp_path, handed_in(), marks=mine)
        assert marks.read(tmp_path / "marks.csv") == (*mine, Mark("Ada", "", ONE))


class TestAnonymous:
    def test_no_file_but_the_key_has_a_name(self, tmp_path):
        ada = handed_in(
            "Ada Lovelace",
            person=person("Lovelace", "4711"),
            notes=("ada lovelace wrote 4711",),
        )
        people = (person("Lovelace", "4711"), person("Bobby", "4712"))
        mine = (Mark("", "4711", "01.2", 1.0, "well done"),)
        data = write(tmp_path, ada, people=people, marks=mine, anonymous=True)
        for path in tmp_path.rglob("*"):
            if path.is_file() and path.name != "key.csv":
                for word in ("Lovelace", "4711", "Bobby", "4712"):
                    assert word.lower() not in path.read_text().lower(), path
            assert "ovelace" not in path.name
        assert data["students"][0]["points"] + data["students"][1]["points"] == 3
        assert not (tmp_path / "feedback.zip").exists()
        key = table(tmp_path / "key.csv")
        assert {row["student"] for row in key} == {"Lovelace", "Bobby"}

    def test_no_order_gives_a_class_list_back(self, tmp_path):
        names = [f"P{n}" for n in range(9)]
        mine = tuple(Mark(name, "", ONE, 1.0) for name in names)
        write(tmp_path, *map(handed_in, names), marks=mine, anonymous=True)
        for file in ("marks.csv", "class.csv", "key.csv"):
            rows = table(tmp_path / file)
            numbers = [row.get("number", row["student"]) for row in rows]
            assert numbers == sorted(numbers) and len(numbers) == 9

    def test_numbers_last_and_marks_with_numbers_find_their_people(self, tmp_path):
        old, new, named = (tmp_path / each for each in "abc")
        write(old, handed_in("Ada"), anonymous=True)
        (key,) = table(old / "key.csv")
        data = write(
            new, handed_in("Ada"), handed_in("Bo"), anonymous=True, compare=old
        )
        numbers = {row["student"]: row["number"] for row in table(new / "key.csv")}
        assert numbers["Ada"] == key["number"] != numbers["Bo"]
        assert key["number"] in {each["student"] for each in data["students"]}
        assert key["number"] not in (new / "changes.txt").read_text()
        mine = {"marks": (Mark(key["number"], "", "01.2", 1.0),)}
        data = write(named, handed_in("Ada"), marks_file=old / "marks.csv", **mine)
        assert data["students"][0]["points"] == 3


class TestCompare:
    def test_what_changed_by_student_and_exercise(self, tmp_path):
        old, new = tmp_path / "old", tmp_path / "new"
        write(old, handed_in("Ada"), handed_in("Bo"))
        write(new, handed_in("Ada", points=(2, 2, None)), handed_in("Bo"), compare=old)
        lines = (new / "changes.txt").read_text().splitlines()
        assert [" ".join(line.split()) for line in lines] == [
            "Ada 01.2 0 not right yet -> 2 right",
            "Ada 01_diffusion 2 -> 4",
            "Ada sum 2 of 6 -> 4 of 6",
        ]

    def test_nothing_new_people_and_other_files(self, tmp_path):
        old, new = tmp_path / "old", tmp_path / "new"
        write(old, handed_in("Ada"))
        write(new, handed_in("Ada"), compare=old)
        assert (new / "changes.txt").read_text() == "Nothing has changed.\n"
        files = (handed_in("Ada"), handed_in("::error file=x::Bo"))
        write(tmp_path / "more", *files, compare=old)
        text = (tmp_path / "more" / "changes.txt").read_text()
        assert "not there" in text and not text.startswith("::")
        for text in ("", "[]", "{}", '{"students": [{}]}', '{"students": [3]}'):
            (old / "class.json").write_text(text)
            with pytest.raises(ValueError, match="--compare"):
                class_options.policy(compare=old)


class TestThePage:
    def test_it_says_who_is_missing_what_was_hard_and_how_it_was_made(self, tmp_path):
        files = [handed_in(f"Student {n}") for n in range(3)]
        write(tmp_path, *files, people=(person("Absent", "9"),))
        page = (tmp_path / "class.html").read_text()
        assert "3 × why" in page and "nothing handed in" in page
        for word in ("seed 7", "coursekit", "Python 3"):
            assert word in page.partition("<footer")[2]
        assert set(json.loads((tmp_path / "class.json").read_text())["run"]) == {
            "date",
            "python",
            "course",
        }

    def test_its_one_script_is_the_one_that_it_allows(self, tmp_path):
        write(tmp_path, handed_in("</script><script>alert(1)</script>"))
        page = (tmp_path / "class.html").read_text()
        script = page.partition("<script>")[2].partition("</script>")[0]
        digest = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
        assert f"script-src 'sha256-{digest}'" in html.unescape(page)
        assert page.count("<script") == 1


class TestOptions:
    @pytest.mark.parametrize(
        ("words", "said"),
        [
            (["--deadline", "tomorrow"], "write [NOTEBOOK=]2026-11-30T23:59"),
            (["--deadline", "99_x=2026-11-30"], "no notebook '99_x'"),
            (["--notebook", "99_x"], "no notebook '99_x'; there are: 00_start"),
            (["--weight", f"{ONE}=much"], "write NOTEBOOK=2"),
            (["--weight", f"{ONE}=-1"], "write NOTEBOOK=2"),
            (["--late-factor", "7"], "--late-factor"),
            (["--export", "paper"], "canvas=GRADEBOOK.csv"),
            (["--export", "moodle=x"], "canvas=GRADEBOOK.csv"),
            (["--export", "canvas=none.csv"], "none.csv: No such file"),
            (["--export", "moodle", "--anonymous"], "leave out --anonymous"),
            (["--marks", "none.csv"], "none.csv: No such file"),
            (["--compare", "nowhere"], "--compare"),
        ],
    )
    @pytest.mark.parametrize("command", ["grade", "merge"])
    def test_what_cannot_be_meant_is_one_line_and_status_2(
        self, command, words, said, tmp_path, capsys
    ):
        out = tmp_path / "out"
        assert cli.run([command, str(tmp_path), "--out", str(out), *words]) == 2
        (line,) = capsys.readouterr().err.splitlines()
        assert line.startswith(f"coursekit {command}: ") and said in line
        assert not out.exists()

    @pytest.mark.parametrize(
        "rows", ["", "a,b", f"{','.join(marks.COLUMNS)}\nA,,x,2x,,"]
    )
    def test_marks_that_cannot_be_read_say_where(self, rows, tmp_path):
        path = tmp_path / "m.csv"
        path.write_text(rows)
        with pytest.raises(ValueError, match=r"m\.csv(: no column|, row 2: '2x')"):
            marks.read(path)

    def test_a_day_is_all_of_it(self):
        found = class_options.policy(deadline=["2026-11-30", f"{ONE}=2026-11-30T08:00"])
        assert found.deadlines == {"": DAY + "23:59", ONE: DAY + "08:00"}

    def test_a_class_list_is_read_and_reaches_the_intake(self, monkeypatch, tmp_path):
        people = (person("Ada", "1"),)
        (tmp_path / "class.csv").write_text("id,name,e-mail,group\n1,Ada,ada@u.edu,A\n")
        found = class_options.policy(roster=tmp_path / "class.csv")
        assert found.people == people
        assert "1 person" in found.said
        asked: list[object] = []
        monkeypatch.setattr(
            grade_command, "collect", lambda *given: iter(asked.append(given) or ())
        )
        assert list(grade_command.chosen([tmp_path], (1, 1), found)) == []
        assert asked == [([tmp_path], people)]

    def test_merge_counts_a_class_anew(self, tmp_path, capsys):
        write(tmp_path / "one", handed_in(points=(2, 2)), handed_in("Bo"))
        words = [str(tmp_path / "one"), "--out", str(tmp_path / "two")]
        words += ["--weight", f"{ONE}=2", "--compare", str(tmp_path / "one")]
        assert cli.run(["merge", *words]) == 0
        assert "sum" in capsys.readouterr().out
        again, _ = report_class.merge([tmp_path / "two"])
        assert [r.points for r in again] == [4, 2], "results stay as they were"
        rows = table(tmp_path / "two" / "class.csv")
        assert [row["points"] for row in rows] == ["8", "4"]

    def test_parts_of_two_versions_are_no_class(self, tmp_path):
        for part in (1, 2):
            folder = tmp_path / str(part)
            report_class.write_all([], folder, f"{part}/2")
        text = (folder / "class.json").read_text()
        (folder / "class.json").write_text(text.replace('"course": "', '"course": "9'))
        with pytest.raises(ValueError, match="different versions"):
            report_class.merge([tmp_path / "1", tmp_path / "2"])
