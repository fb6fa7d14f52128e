"""Whose each file of a download is, told from the names of all of them together.

Authority: the patterns that the platforms write. Canvas: lib/content_zipper.rb; Moodle:
mod/assign; Sakai: its zip of all submissions; Gradescope: submission_metadata.yml; for
the others, downloads that instructors describe. A tree is a list of paths; what stands
behind " = " is the file's content: F a notebook of another course, 2 one of lecture 2,
S a copy of the solutions, else the text itself.
"""

import gc
import io
import json
import zipfile
from pathlib import Path

import pytest
from notebook_kit import code, notebook

from coursekit.grading.intake import collect
from coursekit.grading.notebook_name import FOREIGN
from coursekit.grading.types import Submission

_SOURCE = {"role": "solution", "source": "x/01_diffusion.md"}
_DATA = {
    "": notebook(code("# exercise 01.4\nx")),
    "2": notebook(code("# exercise 02.4\nx")),
    "F": notebook(code("print(1)")),
    "S": notebook(code("# exercise 01.4\ny"), metadata={"coursekit": _SOURCE}),
}
BOOK = "01_diffusion.ipynb"
META = """submission_123456:
  :submitters:
  - :name: Alice Smith
    :sid: '3030'
    :email: alice@uni.edu
  :created_at: 2024-01-05 10:11:12.123456789 Z
  :history:
  - :id: 5
    :created_at: 2023-01-01 00:00:00 Z
submission_7:
  :submitters:
  - :name: Bob Jones
    :sid: ''
"""


def plant(root: Path, tree: str | list[str]) -> Path:
    for line in tree.split() if isinstance(tree, str) else tree:
        name, _, content = line.partition(" = ")
        path = root / name
        if name.endswith("/"):
            path.mkdir(parents=True)
            continue
        path.parent.mkdir(parents=True, exist_ok=True)
        made = _DATA.get(content) if ".ipynb" in name or content else None
        path.write_text(json.dumps(made) if made else content)
    return root


def packed(root: Path) -> Path:
    """The same as a platform's zip, without dates."""
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as archive:
        for path in sorted(root.rglob("*")):
            name = f"{path.relative_to(root)}{'/' * path.is_dir()}"
            data = b"" if path.is_dir() else path.read_bytes()
            archive.writestr(zipfile.ZipInfo(name), data)
    made = root.parent / "submissions.zip"
    made.write_bytes(stream.getvalue())
    return made


def row(found: Submission) -> tuple[object, ...]:
    number = found.person.id if found.person else ""
    name = found.notebook[:2] if not found.problem else "-"
    return (found.student, name, found.attempt, number, found.late)


def told(*paths: Path) -> list[tuple[object, ...]]:
    return [row(each) for each in collect(paths)]


def one(name: str, number: str = "", late: bool = False) -> tuple[object, ...]:
    return (name, "01", 1, number, late)


PLATFORMS = {
    "canvas": (
        [
            "bobjones_777_888_scratch.ipynb",
            "smithalice_LATE_12345_67890_01_diffusion-2.ipynb",
            "smithalice_LATE_12345_67889_01_diffusion.ipynb",
            "smithalice_LATE_12345_67891_01_diffusion-1.ipynb",
            "smithalice_12345_text.html",
            "zed_99_link.html",
            "anon_a1B2c_555_01_diffusion.ipynb",
        ],
        [
            ("anon_a1B2c", "01", 1, "anon_a1B2c", False),
            one("bobjones", "777"),
            *(("smithalice", "01", n, "12345", True) for n in (1, 2, 3)),
            ("zed", "-", 1, "99", False),
        ],
    ),
    "moodle": (
        [
            f"Zoë Müller_4711_assignsubmission_file_/{BOOK}",
            "Zoë Müller_4711_assignsubmission_onlinetext_/onlinetext.html",
            f"Group 1-Bo Li_12_assignsubmission_file_/mine/{BOOK}",
            "Ann Lee_13_assignsubmission_onlinetext_/onlinetext.html",
            f"Participant_1234_assignsubmission_file_/{BOOK}",
            f"Participant_1235_assignsubmission_file_/{BOOK}",
        ],
        [
            ("Ann Lee", "-", 1, "13", False),
            one("Bo Li", "12"),
            one("Participant 1234", "1234"),
            one("Participant 1235", "1235"),
            one("Zoë Müller", "4711"),
        ],
    ),
    "moodle, flat": (
        [
            "Alice Smith_4711_assignsubmission_file_x.ipynb",
            "Alice Smith_4712_assignsubmission_file_x.ipynb",
            "Alice Smith_4712_assignsubmission_onlinetext_.html",
        ],
        [one("Alice Smith [4711]", "4711"), one("Alice Smith [4712]", "4712")],
    ),
    "moodle, two assignments": (
        [
            f"one/Alice Smith_4711_assignsubmission_file_/{BOOK}",
            f"two/Alice Smith_5822_assignsubmission_file_/{BOOK} = 2",
        ],
        [one("Alice Smith", "4711"), ("Alice Smith", "02", 1, "4711", False)],
    ),
    "blackboard": (
        [
            "Week 1_asmith_attempt_2024-01-05-10-11-12_01_diffusion.ipynb",
            "Week 1_asmith_attempt_2024-01-05-10-11-12.txt",
            "Week 1_asmith_attempt_2024-01-04-09-00-00_x.ipynb",
            "Week 1_asmith_attempt_2024-01-04-09-00-00.txt",
            "Week 1_bjones_attempt_2024-01-06-10-11-12.txt",
        ],
        [
            ("asmith", "01", 1, "asmith", False),
            ("asmith", "01", 2, "asmith", False),
            ("bjones", "-", 1, "bjones", False),
        ],
    ),
    "brightspace": (
        [
            f"12345-67890 - Alice Smith - Jan 5, 2024 1011 AM/{BOOK}",
            f"12345-67890 - Alice Smith - Jan 5, 2024 911 PM/{BOOK}",
            f"12346-67890 - Bo Li - January 6, 2024 111 PM/{BOOK}",
            "index.html",
        ],
        [
            one("Alice Smith", "12345"),
            ("Alice Smith", "01", 2, "12345", False),
            one("Bo Li", "12346"),
        ],
    ),
    "sakai": (
        [
            "grades.csv",
            f"Jones, Bob(bjones)/Submission attachment(s)/{BOOK}",
            "Jones, Bob(bjones)/timestamp.txt = 20240105101112345",
            "Jones, Bob(bjones)/comments.txt",
            f"Jones, Bob(bjones)/Feedback Attachment(s)/{BOOK}",
            "Lee, Ann(alee)/Submission attachment(s)/",
            f"Smith, Alice(asmith)/Submission attachment(s)/{BOOK}",
        ],
        [
            one("Jones, Bob", "bjones"),
            ("Lee, Ann", "-", 1, "alee", False),
            one("Smith, Alice", "asmith"),
        ],
    ),
    "teams": (
        [
            f"Submitted files/Alice Smith/Diffusion/Version 1/{BOOK}",
            f"Submitted files/Alice Smith/Diffusion/Version 10/{BOOK}",
            f"Submitted files/Alice Smith/Diffusion/Version 2/{BOOK}",
            f"Submitted files/Alice Smith/Flows/Version 1/{BOOK} = 2",
            f"Working files/Alice Smith/Diffusion/{BOOK}",
            f"Working files/Bob Jones/Diffusion/{BOOK}",
        ],
        [
            *(("Alice Smith", "01", n, "", False) for n in (1, 2)),
            ("Alice Smith", "02", 1, "", False),
            ("Alice Smith", "01", 3, "", False),
            one("Bob Jones"),
        ],
    ),
    "google classroom": (
        [
            "Alice Smith - 01_diffusion.ipynb",
            "01_diffusion - Bo Li.ipynb",
            "Copy of Cy Ng - 01_diffusion.ipynb",
            "Dee Fox - Copy of 01_diffusion.ipynb",
        ],
        [one("Bo Li"), one("Alice Smith"), one("Cy Ng"), one("Dee Fox")],
    ),
    "google classroom, another title": (
        ["Alice Smith - Noise.ipynb", "Bo Li - Noise.ipynb"],
        [one("Alice Smith"), one("Bo Li")],
    ),
    "github classroom": (
        [
            f"lecture-1-submissions/lecture-1-alice/notebooks/{BOOK}",
            f"lecture-1-submissions/lecture-1-alice/notebooks/solutions/{BOOK} = S",
            f"lecture-1-submissions/lecture-1-bob/notebooks/{BOOK}",
            "lecture-1-submissions/lecture-1-bob/coursekit/x.py",
        ],
        [one("alice"), one("bob")],
    ),
    "github classroom, a title of its own": (
        [f"deep-gen-ps1-{name}/{BOOK}" for name in ("alice", "bob-b", "carl")],
        [one("alice"), one("bob-b"), one("carl")],
    ),
    "nbgrader": (
        [
            f"submitted/alice/ps1/{BOOK}",
            "submitted/alice/ps1/timestamp.txt = 2015-02-02 15:58:23.948203 UTC",
            f"submitted/bob/ps1/{BOOK}",
        ],
        [one("alice", "alice"), one("bob", "bob")],
    ),
    "gradescope": (
        [
            f"assignment_9_export/submission_123456/{BOOK}",
            f"assignment_9_export/submission_7/{BOOK}",
            f"assignment_9_export/submission_8123/{BOOK}",
            f"assignment_9_export/submission_metadata.yml = {META}",
        ],
        [
            one("Alice Smith", "3030"),
            one("Bob Jones"),
            ("submission_8123", "01", 1, "", False),
        ],
    ),
}


@pytest.mark.parametrize("kind", ["folder", "zip", "glob"])
@pytest.mark.parametrize("platform", PLATFORMS)
def test_a_platforms_download(tmp_path, platform, kind):
    tree, wanted = PLATFORMS[platform]
    root = plant(tmp_path / "submissions", tree)
    found = {
        "folder": lambda: told(root),
        "zip": lambda: told(packed(root)),
        "glob": lambda: told(*sorted(root.iterdir())),
    }[kind]()
    assert sorted(found) == sorted(wanted)


TREES = {
    "alice.ipynb 01_diffusion_bob.ipynb carl-01-diffusion.ipynb": "alice bob carl",
    f"alice/{BOOK} bob/notebooks/{BOOK} week3/carl/mine/{BOOK}": "alice bob carl",
    "week1/alice.ipynb week1/bob.ipynb week2/cy.ipynb": "alice bob cy",
    f"alice/01_diffusion_20240105.ipynb bob/01_diffusion_final_v2.ipynb carl/{BOOK}"
    " dora/01_diffusion-Kopie.ipynb eve/01_diffusion_mit_Bildern.ipynb"
    " finn/01_diffusion.nbconvert.ipynb": "alice bob carl dora eve finn",
    "alice/best.ipynb bob/best.ipynb carl/my_best_one.ipynb": "alice bob carl",
    f"Smith/alice/{BOOK} Smith/bob/{BOOK} Jones/cy/{BOOK} Jones/di/{BOOK}":
        "alice bob cy di",
    "Smith/alice.ipynb Smith/bob.ipynb Smith/cy.ipynb Jones/di.ipynb Jones/ed.ipynb"
    " Jones/flo.ipynb": "alice bob cy di ed flo",
    "Noise/alice.ipynb Noise/bob.ipynb Noise/cy.ipynb": "alice bob cy",
    "nia/one.ipynb nia/two.ipynb ole/better.ipynb ole/worse.ipynb": "nia nia ole ole",
    "student01.ipynb student02.ipynb": "student01 student02",
    f"20231015/{BOOK} 20231016/{BOOK}": "20231015 20231016",
    "01_diffusion_20231015.ipynb 01_diffusion_20231016.ipynb": "20231015 20231016",
    f"group-1/{BOOK} group-2/{BOOK}": "group-1 group-2",
    "ws24_alice.ipynb ws24_bob.ipynb ws24_carl.ipynb": "alice bob carl",
    "Pupil_1.ipynb Pupil_2.ipynb Pupil_3.ipynb Pupil_4.ipynb al.ipynb":
        "Pupil_1 Pupil_2 Pupil_3 Pupil_4 al",
    f"Seat-1/{BOOK} Seat-2/{BOOK} Seat-3/{BOOK} Seat-4/{BOOK}":
        "Seat-1 Seat-2 Seat-3 Seat-4",
    "al_1.ipynb al_2.ipynb al_3.ipynb al_4.ipynb bo_1.ipynb bo_2.ipynb bo_3.ipynb"
    " bo_4.ipynb": "al al al al bo bo bo bo",
    "s_1.ipynb s_2.ipynb": "s_1 s_2",
    "Art_Vandelay.ipynb": "Art_Vandelay",
    "kim-lee.ipynb kim-park.ipynb": "kim-lee kim-park",
    "jane.doe.ipynb j.r.roe.ipynb": "jane.doe j.r.roe",
    "1.ipynb 2.ipynb": "1 2",
    "李.ipynb 王.ipynb": "李 王",
}  # fmt: skip


@pytest.mark.parametrize("tree", TREES)
def test_plain_names(tmp_path, tree):
    root = plant(tmp_path / "submissions", tree)
    wanted = sorted(TREES[tree].split())
    assert sorted(each[0] for each in told(root)) == wanted
    assert sorted(each[0] for each in told(packed(root))) == wanted
    assert sorted(each[0] for each in told(*root.iterdir())) == wanted, "as a glob"


@pytest.mark.parametrize(
    ("tree", "given", "wanted"),
    [
        (f"alice/{BOOK}", f"alice/{BOOK}", "alice"),
        (f"alice/{BOOK}", "alice", "alice"),
        (f"Al Ko_4_assignsubmission_file_/{BOOK}", f"*/{BOOK}", "Al Ko"),
        ("week1/alice.ipynb", "week1/alice.ipynb", "alice"),
        ("week1/01_diffusion.ipynb", "week1", "week1"),
        ("lecture-1-alice/notebooks/01_diffusion.ipynb", "lecture-1-alice", "alice"),
        ("\u202eeve\x1b[31m\n.ipynb", "*.ipynb", "eve"),
        ("<script>.ipynb", "*.ipynb", "<script>"),
        (f"{'x' * 200}.ipynb", "*.ipynb", "x" * 200),
    ],
)
def test_one_path_alone(tmp_path, tree, given, wanted):
    root = plant(tmp_path / "submissions", [tree])
    (path,) = root.glob(given)
    assert told(path) == [one(wanted, "4" * (wanted == "Al Ko"))]


@pytest.mark.parametrize(
    "name",
    [
        "Bob_4711_assignsubmission_file_",
        "bob_12345_67890_x",
        "Submitted files/Bob/x",
        "Jones, Bob(bob)",
        "submission_7",
    ],
)
def test_nobody_hands_in_for_another(tmp_path, name):
    """A folder that looks like a platform's, in a student's own."""
    tree = [
        f"eve/{name}/{BOOK}",
        f"bob/{BOOK}",
        f"eve/submission_metadata.yml = {META}",
    ]
    assert told(plant(tmp_path / "in", tree)) == [one("bob"), one("eve")]


def test_a_download_in_a_folder_and_one_file_more(tmp_path):
    names = ("Al Ko", "Bo Li", "Cy Ng")
    tree = [f"Noise/{name}_4711_assignsubmission_file_/{BOOK}" for name in names]
    found = told(plant(tmp_path / "in", [*tree, "late/zoe.ipynb"]))
    assert found == [*(one(name, "4711") for name in names), one("zoe")]


def test_tries_are_numbered_from_the_oldest(tmp_path):
    names = ["alice (2)", "alice", "alice (10)", "Copy of alice (1)", "Alice_v11"]
    root = plant(tmp_path, [f"{name}.ipynb" for name in names] + ["alice_3.ipynb = 2"])
    found = [(each.notebook[:2], each.attempt, each.origin) for each in collect([root])]
    stems = [Path(origin).stem for book, _, origin in found if book == "01"]
    assert stems == ["alice", "Copy of alice (1)", "alice (2)", "alice (10)", names[4]]
    assert [n for book, n, _ in found if book == "01"] == [1, 2, 3, 4, 5]
    assert [n for book, n, _ in found if book == "02"] == [1]
    assert len({each.student for each in collect([root])}) == 1


def test_when_it_was_handed_in(tmp_path):
    when = {}
    for platform in ("blackboard", "brightspace", "sakai", "nbgrader", "gradescope"):
        root = plant(tmp_path / platform, PLATFORMS[platform][0])
        when[platform] = {each.handed_in for each in collect([root])}
    assert when == {
        "blackboard": {"2024-01-04T09:00", "2024-01-05T10:11", "2024-01-06T10:11"},
        "brightspace": {"2024-01-05T10:11", "2024-01-05T21:11", "2024-01-06T13:11"},
        "sakai": {"2024-01-05T10:11", ""},
        "nbgrader": {"2015-02-02T15:58", ""},
        "gradescope": {"2024-01-05T10:11", ""},
    }
    dated = zipfile.ZipInfo("alice.ipynb", (2024, 1, 5, 10, 11, 12))
    with zipfile.ZipFile(tmp_path / "x.zip", "w") as archive:
        archive.writestr(dated, json.dumps(_DATA[""]))
        archive.writestr(zipfile.ZipInfo("bob.ipynb"), json.dumps(_DATA[""]))
    found = [each.handed_in for each in collect([tmp_path / "x.zip"])]
    assert found == ["2024-01-05T10:11", ""], "1980 is no date"


def test_files_of_nobody_say_so(tmp_path):
    """Downloaded one by one, these may be of many students."""
    names = [BOOK, "01_diffusion (1).ipynb", "Copy of 01_diffusion.ipynb"]
    found = list(collect([plant(tmp_path / "submissions", names)]))
    assert {each.student for each in found} == {"submissions"}
    assert all("No name tells whose" in each.notes[1] for each in found)


def test_parts_of_a_notebook_say_so(tmp_path):
    names = ["nia/01_diffusion_part2.ipynb", "nia/01_diffusion_part1.ipynb"]
    first, second = collect([plant(tmp_path / "in", names)])
    assert (first.student, first.attempt, second.attempt) == ("nia", 1, 2)
    assert first.origin.endswith("part1.ipynb")
    assert any("Parts of a notebook" in note for note in first.notes + second.notes)


@pytest.mark.parametrize(
    ("tree", "wanted"),
    [
        ([f"ok/{BOOK}", "kim/solution.py"], {"kim": "solution.py (a Python script)"}),
        ([f"ok/{BOOK}", "lea/01_diffusion.md"], {"lea": "(plain text)"}),
        ([f"ok/{BOOK}", "ida/a.qmd", "ida/b.Rmd"], {"ida": "a.qmd, b.Rmd"}),
        ([f"ok/{BOOK}", "uwe/x.docx"], {"uwe": "office document"}),
        ([f"ok/{BOOK}", "tom/x.rar"], {"tom": "an archive"}),
        ([f"ok/{BOOK}", "eva/"], {"eva": "it is empty"}),
        ([f"ok/{BOOK}", "pam/plot.png"], {"pam": "only plot.png"}),
        (
            [f"ok/{BOOK}", "pam/.ipynb_checkpoints/x.ipynb"],
            {"pam": "only hidden files"},
        ),
        (["kim/solution.py", "lea/01_diffusion.md"], {"kim": "script", "lea": "text"}),
        (["al.ipynb", "bo.ipynb", "cy.html", "di.py"], {"cy": "web page", "di": "Pyt"}),
        (["al.ipynb", "bo.ipynb", "README.md", "grades.csv", "utils.py"], {}),
        ([f"ok/{BOOK}", "ok/helper.py", "ok/README.md", "ok/plot.pdf", "ok/x.rar"], {}),
        ([BOOK, "report.pdf", "utils.py", "img/a.png", "deep/b.py", "README.md"], {}),
        ([f"notebooks/{BOOK}", "notebooks/x.html", "lib/x.py", "x.toml"], {}),
    ],
)
def test_nothing_vanishes(tmp_path, tree, wanted):
    root = plant(tmp_path / "in", tree)
    for given in (root, packed(root)):
        rows = {s.student: s.problem for s in collect([given]) if s.problem}
        assert rows.keys() == wanted.keys()
        for student, said in wanted.items():
            assert said in rows[student] and "Hand in the notebook" in rows[student]


def test_a_notebook_with_a_browsers_name(tmp_path):
    root = plant(tmp_path, [f"ok/{BOOK}", "al/01_diffusion.json"])
    (root / "al" / "01_diffusion.json").write_text(json.dumps(_DATA[""]))
    assert told(root) == [one("al"), one("ok")]


@pytest.mark.parametrize(
    ("tree", "said"),
    [
        (
            [f"a1/{BOOK}", "a1/.ipynb_checkpoints/x.ipynb", "a1/.old/y.ipynb"],
            "handed in): 2.",
        ),
        ([f"a1/{BOOK}", f"a1/solutions/{BOOK} = S"], "handed in): 1."),
        ([f"a1/{BOOK}", "a1/theirs.ipynb = S"], "handed in): 1."),
        (
            [f"a1/{BOOK}", "a1/01_diffusion.py", "a1/x.py"],
            "books are: 01_diffusion.py.",
        ),
        ([f"a1/{BOOK}", "a1/x.ipynb = F"], "none of the course's notebooks: x.ipynb"),
        ([BOOK, "scratch.ipynb = F"], "none of the course's notebooks: scratch.ipynb"),
        (
            [BOOK, "mnist.ipynb = F", "b.ipynb = F"],
            "'s notebooks: b.ipynb, mnist.ipynb",
        ),
        ([f"al_{BOOK}", "Untitled.ipynb = F"], "'s notebooks: Untitled.ipynb"),
        ([f"a1/{BOOK}", "a1/x.py", "a1/.git/x.ipynb", "a1/.hidden/x.py"], ""),
    ],
)
def test_what_lies_beside_is_a_note(tmp_path, tree, said):
    (found,) = collect([plant(tmp_path / "a1", tree)])
    assert found.problem == "" and found.origin.endswith(BOOK)
    assert any(said in note for note in found.notes) if said else not found.notes


def test_a_broken_try_takes_no_note_away(tmp_path):
    root = plant(
        tmp_path, [f"a1/{BOOK}", "a1/x.ipynb = F", "a1/0.ipynb = {", "b1/x.ipynb"]
    )
    broken, good, _ = collect([root])
    assert (broken.student, good.student) == ("a1", "a1")
    assert broken.problem and not broken.notes and "x.ipynb" in good.notes[0]


def test_foreign_notebooks_of_a_class_keep_their_rows(tmp_path):
    tree = ["alice.ipynb", "bob.ipynb = F", "cy/x.ipynb = F", "01_diffusion.ipynb"]
    found = {each.student: each for each in collect([plant(tmp_path / "in", tree)])}
    assert [found[name].problem for name in ("bob", "cy")] == [FOREIGN, FOREIGN]
    assert len(found) == 4


@pytest.mark.parametrize(
    ("there", "rows"),
    [
        ("lab3.ipynb = F", 2),
        ("02_score_matching.py", 2),
        ("notes.py", 1),
        (f"{BOOK} = 2\nlab3.ipynb = F\n02_score_matching.py", 2),
    ],
)
def test_another_thing_in_the_place_of_a_notebook_has_a_row(tmp_path, there, rows):
    """Beside the notebook of its own assignment it is a note, as ever."""
    tree = [f"hw1/Al Fox_1_assignsubmission_file/{BOOK}"]
    tree += [f"hw2/Al Fox_2_assignsubmission_file/{each}" for each in there.split("\n")]
    found = list(collect([plant(tmp_path, tree)]))
    assert [each.student for each in found] == ["Al Fox"] * rows
    assert sum(bool(each.problem) for each in found) == (BOOK not in there) * (rows - 1)


def test_a_copy_of_the_solutions_alone_says_so(tmp_path):
    (found,) = collect([plant(tmp_path, ["alice.ipynb = S"])])
    assert found.problem == "" and "the course's solutions" in found.notes[0]
    (found,) = collect([plant(tmp_path / "x", [f"bob/solutions/{BOOK}"])])
    assert found.student == "bob" and found.problem == ""


def test_many_notebooks_of_one_student_do_not_fill_the_memory(tmp_path):
    root = plant(tmp_path, [f"alice/{n}.ipynb" for n in range(5)])
    for attempt, row in enumerate(collect([root]), start=1):
        assert (row.attempt, bool(row.cells)) == (attempt, True)
        rows = (each for each in gc.get_objects() if type(each) is Submission)
        assert len({id(each.cells) for each in rows if each.cells}) == 1
