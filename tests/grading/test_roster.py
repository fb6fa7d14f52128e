"""Class lists, and whom of one a submission is by.

Authority: the headings that Canvas, Moodle, Blackboard and Brightspace export, in
English, German, French and Spanish.
"""

import json
import re

import pytest
from notebook_kit import code, notebook

from coursekit.grading.intake import collect
from coursekit.grading.roster import match, read
from coursekit.grading.spreadsheet import LARGEST
from coursekit.grading.types import Person

ALICE = Person("Alice Smith", "4711", "asmith@uni.edu", "A")
CANVAS = """Student,ID,SIS User ID,SIS Login ID,Section,Week 1 (9)
,,,,,Manual Posting
    Points Possible,,,,,10
"Smith, Alice",99,4711,asmith@uni.edu,A,
"Müller, Zoë",98,4712,zmuller,B,3
"Student, Test",97,,x,A,
"""


def told(tmp_path, data):
    path = tmp_path / "list.csv"
    path.write_bytes(data if isinstance(data, bytes) else data.encode())
    return read(path)


def test_canvas(tmp_path):
    people, said = told(tmp_path, CANVAS)
    assert people == (ALICE, Person("Zoë Müller", "4712", "zmuller", "B"))
    assert said == (
        'roster: name = "Student", id = "SIS User ID", e-mail = "SIS Login ID", '
        'group = "Section"; 2 people'
    )


ROW = "Alice,Smith,4711,asmith@uni.edu,A"
TURNED = "Smith,Alice,4711,asmith@uni.edu,A"


@pytest.mark.parametrize(
    "text",
    [
        f"First name,Surname,ID number,Email address,Groups\n{ROW}",  # Moodle
        f"First name,Last name,ID number,Email address,Groups\n{ROW}\n\n",
        f"Vorname,Nachname,ID-Nummer,E-Mail-Adresse,Gruppen\n{ROW}",
        f"Prénom,Nom,Numéro d’identification,Adresse de courriel,Groupe\n{ROW}",
        f"Nombre,Apellido(s),Número de ID,Dirección de correo,Grupo\n{ROW}",
        f"Name,Vorname,Matrikelnummer,E-Mail,Übungsgruppe\n{TURNED}",
        f"Last Name,First Name,Student ID,Email,Group\n{TURNED}",  # Blackboard
        f"Last Name,First Name,OrgDefinedId,Email,Section\n{TURNED}".replace("4", "#4"),
        "id,name,group,e-mail\n4711,Alice Smith,A,asmith@uni.edu",
        'name,mail,id,team\n"Smith, Alice",asmith@uni.edu,4711,A\n,,,\n',
        "Seminar 3\n\nNAME,ID,E-Mail,Group\nAlice Smith,4711,asmith@uni.edu,A",
        "sep=,\nname,id,email,group\nAlice Smith,4711,asmith@uni.edu,A",
    ],
)
@pytest.mark.parametrize("mark", [",", ";", "\t"])
@pytest.mark.parametrize(
    "encoding", ["utf-8", "utf-8-sig", "cp1252", "utf-16", "utf-16-le"]
)
def test_lists_of_many_kinds(tmp_path, text, mark, encoding):
    if mark != "," and '"' not in text:
        text = text.replace(",", mark)
    assert told(tmp_path, text.encode(encoding))[0] == (ALICE,)


def test_a_login_stands_for_an_address(tmp_path):
    """Blackboard's list has no addresses, and its files are called by the login."""
    text = "Last Name\tFirst Name\tUsername\tStudent ID\nSmith\tAlice\tas7\t4711\n"
    people, _ = told(tmp_path, text.encode("utf-16"))
    assert people == (Person("Alice Smith", "4711", "as7"),)
    assert match(Person("as7", "as7"), ["x_as7_attempt"], people)[0]


def test_names_are_turned_round(tmp_path):
    text = 'name\n"Davis, Sammy, Jr."\n"O\'Brien, Síle"\nPlato\n'
    names = [each.name for each in told(tmp_path, text)[0]]
    assert names == ["Sammy Davis, Jr.", "Síle O'Brien", "Plato"]


def test_a_list_of_numbers_is_enough(tmp_path):
    assert told(tmp_path, "ID\n7\n8")[0] == (Person("7", "7"), Person("8", "8"))


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (b"", "empty"),
        (b"\n\n", "empty"),
        (b"name,id\n", "no people"),
        (b"name,id\n,\n", "no people"),
        (b"colour,size\nred,4\n", "no column for a name and none for an id"),
        (b"name,id\nAl,7\nBo,7\n", "the id 7 stands 2 times"),
        (b"PK\x03\x04xlsx", "Save it as CSV"),
        (b"name,id\nAl\x00,7\n", "Save it as CSV"),
        (b"x" * (LARGEST + 1), "more than 10 MB"),
        (b'name,id\n"' + b"x" * 200_000 + b'",3', "field larger than field limit"),
    ],
)
def test_lists_that_cannot_be_read(tmp_path, data, said):
    with pytest.raises(ValueError, match=said) as error:
        told(tmp_path, data)
    assert "\n" not in str(error.value) and len(str(error.value)) < 400
    with pytest.raises(ValueError, match="No such file"):
        read(tmp_path / "gone.csv")


PEOPLE = [
    ALICE,
    Person("Zoë Müller-Øst", "4712", "zm@uni.edu"),
    Person("Bo Li", "5001", "boli@uni.edu"),
    Person("Bo Li", "5002", "libo@uni.edu"),
    Person("Ann Lee", "12", ""),
    Person("Cy Ng", "", "cyng@uni.edu"),
]


@pytest.mark.parametrize(
    ("who", "parts", "wanted"),
    [
        (Person("x", "4711"), ["x.ipynb"], "Alice Smith"),
        (Person("alice"), ["hw_4711_final.ipynb"], "Alice Smith"),
        (Person("alice"), ["hw_47110.ipynb", "x4711.ipynb"], ""),
        (Person("alice"), ["alice.ipynb"], ""),  # which Alice?
        (Person("SMITH, alice"), ["x.ipynb"], "Alice Smith"),
        (Person("smithalice"), ["x.ipynb"], "Alice Smith"),
        (Person("zoe muller ost"), ["x.ipynb"], "Zoë Müller-Øst"),
        (Person("x"), ["Ost_Muller_Zoe", "y.ipynb"], "Zoë Müller-Øst"),
        (Person("x", email="ASmith@uni.edu"), ["x.ipynb"], "Alice Smith"),
        (Person("x"), ["asmith_hw.ipynb"], "Alice Smith"),
        (Person("zm"), ["x.ipynb"], "Zoë Müller-Øst"),
        (Person("x"), ["zm_hw.ipynb"], ""),  # too short to stand anywhere
        (Person("x"), ["cyng@uni.edu.ipynb"], "Cy Ng"),
        (Person("Bo Li", "5002"), ["x.ipynb"], "Bo Li"),
        (Person("Bo Li"), ["5002", "x.ipynb"], "Bo Li"),
        (Person("Bo Li"), ["Bo Li_7_assignsubmission_file", "x_libo.ipynb"], "Bo Li"),
        (Person("x"), ["Version 12", "Ann.ipynb"], ""),
        (Person("12"), ["12.ipynb"], "Ann Lee"),
        (Person("Eve", "4711"), ["Eve_4711_assignsubmission_file_"], "Alice Smith"),
        (Person("Eve"), ["Eve_4711_assignsubmission_file_"], ""),  # Moodle's number
    ],
)
def test_whose_it_is(who, parts, wanted):
    person, note = match(who, parts, PEOPLE)
    assert (person.name if person else "") == wanted
    assert note == ("" if wanted else "Not on the class list.")
    assert match(who, parts, ()) == (None, "")


@pytest.mark.parametrize(
    ("who", "parts"),
    [
        (Person("Bo Li"), ["Bo Li.ipynb"]),
        (Person("Bo Li"), ["Bo Li", "boli or libo.ipynb"]),
        (Person("x"), ["4711_4712.ipynb"]),
        (Person("Alice Smith", "4712"), ["x.ipynb"]),  # the name says another
        (Person("x"), ["boli and asmith.ipynb"]),
    ],
)
def test_never_a_guess_between_two(who, parts):
    person, note = match(who, parts, PEOPLE)
    assert person is None and note.startswith("It is not clear whose")
    assert not re.search(r"\d", note), "the student reads it"


def test_a_login_like_the_name_tells_no_two_apart():
    both = [Person("Anna Ray", "1", "anna"), Person("Anna Ray", "2", "aray2")]
    assert match(Person("Anna Ray"), ["Anna Ray", "x.ipynb"], both)[0] is None
    assert match(Person("Anna Ray"), ["Anna Ray", "aray2.ipynb"], both)[0] == both[1]


def test_a_class_with_its_list(tmp_path):
    book = json.dumps(notebook(code("# exercise 01.4\nx")))
    for name in ("Smith, Alice", "hw_5001", "boli", "libo", "Eve Fox", "asmith"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "01_diffusion.ipynb").write_text(book)
        (tmp_path / name / "from_cyng.py").write_text("of somebody else")
    (tmp_path / "Ng, Cy").mkdir()
    (tmp_path / "Zed").mkdir()
    found = list(collect([tmp_path], PEOPLE))
    empty = [each for each in found if each.problem]
    assert [(each.student, each.person) for each in empty] == [
        ("Cy Ng", PEOPLE[5]),
        ("Zed", None),
    ]
    assert empty[1].notes == ("Not on the class list.",)
    found = [each for each in found if not each.problem]
    assert [(each.student, each.person, each.attempt) for each in found] == [
        ("Eve Fox", None, 1),
        ("Alice Smith", ALICE, 1),
        ("Alice Smith", ALICE, 2),
        ("Bo Li [5001]", PEOPLE[2], 1),
        ("Bo Li [5001]", PEOPLE[2], 2),
        ("Bo Li [5002]", PEOPLE[3], 1),
    ]
    assert found[0].notes == ("Not on the class list.",)
