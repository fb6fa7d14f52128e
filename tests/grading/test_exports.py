"""Files for learning platforms, and the hint at equal answers.

Authorities: what Canvas's gradebook importer and Moodle's importers of grades and of
feedback files look for in a file, and Gradescope's specification of results.json.
"""

import json
import re
import zipfile

import pytest

from coursekit.grading import alike, exports, report_class
from coursekit.grading.types import Report, Task
from tests.grading.class_kit import ONE, TWO, book, handed_in, person, table, write

HEAD = "Student,ID,SIS User ID,SIS Login ID,Section"
GRADEBOOK = f"""\
{HEAD},{ONE} (991),Quiz (17),Final Score
,,,,,Manual Posting,,
"    Points Possible",,,,,100,5,(read only)
"Lovelace, Ada",501,4711,ada,A,3,5,77
"Smith, Bo",502,4712,bsmith,A,9,,12
"Özil, Cem",503,,,B,,,
"Student, Eve",504,,,B,,,
"Student, Test",505,,,B,,,
"""


class TestCanvas:
    people = (person("Ada", "4711"), person("x", "9"), person("Cem Özil"))

    def export(self, tmp_path, text, total=False):
        path = tmp_path / "gradebook.csv"
        path.write_text(text, encoding="utf-8")
        ada, bo, _ = self.people
        class_ = book(
            handed_in("Ada", person=ada, points=(2, 1)),
            handed_in("Bob", person=type(bo)("Bob", "", "bsmith@u.edu")),
            handed_in("Bob", TWO),
            Report("Cem Özil", "c", ONE, problem="Cut off."),
            handed_in("Dan"),
        )
        content, said = exports.canvas(class_, path, total)
        (tmp_path / "out.csv").write_bytes(content)
        return content.decode(), said

    @pytest.mark.parametrize("mark", [",", ";"])
    def test_a_copy_with_our_columns(self, mark, tmp_path):
        text = GRADEBOOK.replace(", ", "|").replace(",", mark).replace("|", ", ")
        content, said = self.export(tmp_path, text)
        assert content.startswith('"Student"'), "Canvas reads no byte order mark"
        head = content.splitlines()[0].replace('"', "").split(mark)
        assert head == [*HEAD.split(","), f"{ONE} (991)", TWO]
        rows = {row["Student"]: row for row in table(tmp_path / "out.csv", mark)}
        got = {who: (row[f"{ONE} (991)"], row[TWO]) for who, row in rows.items()}
        assert got == {
            "": ("Manual Posting", ""),
            "Points Possible": ("100", "6"),
            "Lovelace, Ada": ("3", ""),
            "Smith, Bo": ("2", "2"),
            "Özil, Cem": ("", ""),
            "Student, Eve": ("", ""),
            "Student, Test": ("", ""),
        }
        assert said == [
            f"canvas: {ONE} has 100 points in the gradebook, 6 here",
            "canvas: only in the gradebook: Student, Eve",
            "canvas: not in the gradebook: Dan",
        ]

    @pytest.mark.parametrize(
        ("there", "told"), [("6", 0), ("6.00", 0), ("", 0), ("60", 1), ("(none)", 1)]
    )
    def test_other_points_possible_are_said(self, there, told, tmp_path):
        _, said = self.export(tmp_path, GRADEBOOK.replace(",100,", f",{there},"))
        assert sum(" here" in each for each in said) == told

    def test_the_total(self, tmp_path):
        self.export(tmp_path, GRADEBOOK, total=True)
        rows = table(tmp_path / "out.csv")
        assert [row[exports.TOTAL] for row in rows] == ["", "12", "3", "4", "0", "", ""]

    def test_excused_and_formulas(self, tmp_path):
        path = tmp_path / "g.csv"
        path.write_text(f'{HEAD}\n"=cmd()",7,,,A\n')
        from coursekit.grading.marks import Mark

        one = handed_in("Ada", person=person("Ada", "7"))
        class_ = book(one, marks=(Mark("Ada", "", ONE, excused=True),))
        content, _ = exports.canvas(class_, path, False)
        assert content.decode().splitlines()[1] == '"\'=cmd()","7","","","A","EX"'

    @pytest.mark.parametrize("text", ["", "a,b\n", "Student,ID\n", "\0\0\n"])
    def test_another_file_is_refused(self, text, tmp_path):
        with pytest.raises(ValueError, match=r"no column|no text"):
            self.export(tmp_path, text)


def test_moodle_takes_grades_by_number_and_e_mail(tmp_path):
    ada = handed_in("Ada", person=person("Ada", "4711"), points=(2, 1.5))
    broken = Report("=Bo", "b", ONE, problem="Cut off.")
    write(tmp_path, ada, broken, exports=(("moodle", tmp_path),))
    rows = table(tmp_path / "moodle.csv")
    assert [list(row.values()) for row in rows] == [
        ["4711", "Ada", "ada@u.edu", "3.5", "3.5"],
        ["", "'=Bo", "", "", "0"],
    ]
    assert list(rows[0])[:3] == ["ID number", "Full name", "Email address"]


class TestGradescope:
    def test_one_student_has_one_result_whatever_the_files(self, tmp_path):
        files = [handed_in("one"), handed_in("two", TWO)]
        files.append(Report("x", "x.ipynb", "", problem="No notebook of the course."))
        write(tmp_path, *files, exports=(("gradescope", report_class.Path()),))
        data = json.loads((tmp_path / "gradescope.json").read_text())
        assert data["score"] == 4 and len(data["tests"]) == 6
        assert data["output"] == "x.ipynb: No notebook of the course."
        (same,) = (tmp_path / "students").glob("*/results.json")
        assert json.loads(same.read_text()) == data

    def test_a_class_has_none(self, tmp_path):
        write(tmp_path, handed_in("one"), handed_in("two"))
        assert not (tmp_path / "gradescope.json").exists()


@pytest.mark.parametrize(
    ("origins", "names"),
    [
        (
            ["c.zip: Ada L_47_assignsubmission_file_/a/x.ipynb"],
            ["Ada L_47_assignsubmission_file_/feedback.html"],
        ),
        (
            [
                "d/A_1_assignsubmission_file_/x.ipynb",
                "d/B_2_assignsubmission_file/y.pdf",
            ],
            [
                "A_1_assignsubmission_file_/feedback.html",
                "B_2_assignsubmission_file/feedback.html",
            ],
        ),
        (
            [f"d/A_1_assignsubmission_file_/{n}.ipynb" for n in "xy"],
            [f"A_1_assignsubmission_file_/{n}.feedback.html" for n in "xy"],
        ),
        (["/home/me/in/ada/x.ipynb"], ["x.feedback.html"]),
        (
            ["/in/ada/x.ipynb", "/in/bo/x.IPYNB", "/in/z.zip: bo/x.ipynb"],
            ["ada/x.feedback.html", "bo/x.feedback.html", "z.zip/bo/x.feedback.html"],
        ),
        (
            ["a.zip: ../../etc/x", "a.zip: C:\\y"],
            ["etc/x.feedback.html", "C-/y.feedback.html"],
        ),
        (
            ["x.ipynb", "X.ipynb", ""],
            ["x.feedback.html", "2-X.feedback.html", "submission.feedback.html"],
        ),
    ],
)
def test_feedback_goes_back_the_way_the_files_came(origins, names, tmp_path):
    pages = [(Report("A", origin, ONE), b"page") for origin in origins]
    (tmp_path / "f.zip").write_bytes(exports.feedback(pages))
    assert zipfile.ZipFile(tmp_path / "f.zip").namelist() == names


def test_an_empty_zip_is_one(tmp_path):
    (tmp_path / "f.zip").write_bytes(exports.feedback([]))
    assert zipfile.ZipFile(tmp_path / "f.zip").namelist() == []


STEP = Task(
    "01.5", "code", "q_posterior", "", 1, "", "coursekit.theory.ddpm:q_posterior"
)
MINE = '''
def q_posterior(x0, xt, t, alpha_bar, beta):
    """Mean and variance."""
    now, before = alpha_bar[t], alpha_bar[t - 1]  # of the schedule
    a: float = before.sqrt() * beta[t] / (1 - now)
    b = (1 - beta[t]).sqrt() * (1 - before) / (1 - now)
    return a * x0 + b * xt, (1 - before) / (1 - now) * beta[t]
'''


class TestAlike:
    @pytest.mark.parametrize(
        ("change", "equal"),
        [
            (lambda s: re.sub(r"\bnow\b", "later", s), True),
            (lambda s: s.replace("x0", "clean").replace("before", "p"), True),
            (lambda s: re.sub(r"#.*", "", s).replace(" / ", "/"), True),
            (lambda s: s.replace('"""Mean and variance."""', '"""Mine."""'), True),
            (
                lambda s: s.replace("a: float", "a").replace("(x0, xt", "(x0: T, xt"),
                True,
            ),
            (lambda s: f"import torch\nhelp_me = 3\n{s}\nprint(3)", True),
            (lambda s: s.replace("1 - before", "1.0 - before"), False),
            (lambda s: s.replace("a * x0 + b * xt", "b * xt + a * x0"), False),
            (lambda s: s.replace("sqrt", "rsqrt"), False),
            (
                lambda s: s.replace(
                    "(1 - now)\n    return", "(1 - before)\n    return"
                ),
                False,
            ),
        ],
    )
    def test_equal_up_to_what_is_changed_in_a_minute(self, change, equal):
        one, other = (alike.fingerprint(STEP, each) for each in (MINE, change(MINE)))
        assert one and (one == other) == equal

    @pytest.mark.parametrize(
        "text",
        [
            *("", "x\0", "def q_posterior(:", "a = [" + "1," * 20_000 + "]"),
            "def q_posterior(a):\n    return helper(a)\n",
            "def q_posterior(a):\n    return " + "(" * 9000,
        ],
    )
    def test_short_broken_and_endless_code_has_no_form(self, text):
        assert alike.fingerprint(STEP, text) == ""

    def test_only_the_methods_to_write_count(self):
        task = Task("04.4", "code", "A", "", 1, "", "x:A.forward")
        given = "    def given(self, x):\n        return x\n"
        body = MINE.replace("def q_posterior(", "def forward(self, ")
        body = body.replace("\n", "\n    ")
        one, other = (f"class A:\n{g}{body}" for g in (given, ""))
        assert alike.fingerprint(task, one) == alike.fingerprint(task, other) != ""

    def test_the_course_has_a_form(self):
        assert len(alike.of_the_course(STEP)) == 64
        for symbol in ("", "x:y", "coursekit.theory.ddpm:nothing"):
            assert alike.of_the_course(Task("1", "code", "f", "", 1, "", symbol)) == ""

    def test_groups_of_students_but_not_what_many_have(self):
        forms = {"ABC": ("common", "one"), "DE": ("common", "copied"), "F": ("", "six")}
        files = [
            handed_in(who, points=(2, 2), forms=(common, f"{own}{who}"[:6]))
            for group, (common, own) in forms.items()
            for who in group
        ]
        found = alike.find_equal(files)
        assert found.pairs == [(("D", "E"), ["01.2"])]
        assert found.the_course == []

    def test_a_hint_stands_on_the_teachers_page_only(self, tmp_path, monkeypatch):
        monkeypatch.setattr(alike, "of_the_course", lambda task: "same")
        files = [handed_in(who, points=(2,), forms=("same",)) for who in "AB"]
        data = write(tmp_path, *files)
        page = (tmp_path / "class.html").read_text()
        assert "A hint, not a finding" in page and "As in the course" in page
        pages = (tmp_path / "students").rglob("*.html")
        assert not any("hint" in each.read_text() for each in pages)
        assert [each["points"] for each in data["students"]] == [2, 2]


def test_the_page_shows_the_pairs_that_share_most(tmp_path):
    """A copyist shares some forms with others too; no list of groups shows the pair."""
    forms = {"Ada": "abc", "Bo": "abc", "Cem": "abx", "Dan": "yz-"}
    full = (2, 2, 2)
    files = [handed_in(who, points=full, forms=each) for who, each in forms.items()]
    write(tmp_path, *files)
    page = (tmp_path / "class.html").read_text()
    names = re.findall(r"<li><bdi>(\w+)</bdi>, <bdi>(\w+)</bdi>: <b>(.*?)</b>", page)
    assert names == [
        ("Ada", "Bo", "01.1, 01.2, 01.3"),
        ("Ada", "Cem", "01.1, 01.2"),
        ("Bo", "Cem", "01.1, 01.2"),
    ]
