"""A class list as a learning platform exports it, and whom of it a submission is by.

Columns are guessed from their headings, and what was guessed is said in one line.
"""

import re
import unicodedata
from collections import Counter
from collections.abc import Sequence
from functools import lru_cache
from pathlib import Path

from coursekit.grading import spreadsheet
from coursekit.grading.report_clean import bare_words, plain
from coursekit.grading.types import Person

# Headings by what they hold, without case and accents, the better ones first. A login
# stands for an e-mail address: files are called by what is left of the @.
_HEADINGS = {
    "name": "student;name;full name;student name;display name;vollstandiger name;"
    "nom complet;nombre completo;teilnehmer;etudiant;estudiante;"
    "nombre y apellidos;nom et prenom;learner",
    "first name": "first name;firstname;given name;forename;vorname;prenom;nombre;"
    "nombres",
    "last name": "last name;lastname;surname;family name;nachname;familienname;nom;"
    "nom de famille;apellidos;apellido;apellido s",
    "id": "sis user id;student id;id number;orgdefinedid;matriculation number;"
    "matrikelnummer;matrikelnr;matr nr;numero d etudiant;numero etudiant;"
    "numero d identification;numero de id;numero de identificacion;"
    "matricula;sid;display id;identification number;id nummer;"
    "student number;login id;username;user name;anmeldename;benutzername;"
    "kennung;nom d utilisateur;identifiant;nombre de usuario;usuario;"
    "login;user id;id;nr;numero",
    "e-mail": "e mail;email;email address;e mail address;e mail adresse;"
    "emailadresse;mail;adresse e mail;adresse de courriel;courriel;correo;"
    "correo electronico;direccion de correo;direccion de correo electronico;"
    "email adresse;sis login id;username;user name;anmeldename;benutzername;"
    "nom d utilisateur;nombre de usuario;login id;login",
    "group": "section;group;groups;gruppe;gruppen;groupe;groupes;grupo;grupos;"
    "tutorial;class;klasse;ubungsgruppe;team",
}
UNLISTED = "Not on the class list."
UNCLEAR = "It is not clear whose of the class list this is"
_LETTERS = str.maketrans({"ø": "o", "ł": "l", "đ": "d", "æ": "ae", "œ": "oe", "ı": "i"})


def read(path: Path) -> tuple[tuple[Person, ...], str]:
    """The people of a CSV file, and which columns were taken, in one line.

    ValueError, with one line that says why, when it has none.
    """
    rows, _ = spreadsheet.cells(path)
    try:
        people, taken = _people([[plain(cell) for cell in row] for row in rows])
    except ValueError as error:
        raise ValueError(f"{path}: {error}") from None
    count = "1 person" if len(people) == 1 else f"{len(people)} people"
    return tuple(people), f"roster: {taken}; {count}"


def _people(rows: list[list[str]]) -> tuple[list[Person], str]:
    """The people, and which columns say so. ValueError when they do not."""
    if not rows:
        raise ValueError("the list is empty")
    start, columns = max(
        ((n, _columns(row)) for n, row in enumerate(rows[:5])),  # below a title
        key=lambda found: len(found[1]),
    )
    if not {"name", "first name", "last name", "id"} & columns.keys():
        heads = ", ".join(rows[0][:8])[:200]
        raise ValueError(f"no column for a name and none for an id among {heads}")
    people = []
    for row in rows[start + 1 :]:
        cell = {key: row[n] for key, n in columns.items() if n < len(row)}
        both = f"{cell.get('first name', '')} {cell.get('last name', '')}".strip()
        name, number = _in_order(cell.get("name", both)), cell.get("id", "").lstrip("#")
        person = Person(
            name or number, number, cell.get("e-mail", ""), cell.get("group", "")
        )
        if person.name and key_of(name) not in ("points possible", "test student"):
            people.append(person)
    if not people:
        raise ValueError("the list has a heading and no people")
    for number, count in Counter(person.id.casefold() for person in people).items():
        if number and count > 1:
            raise ValueError(f"the id {number} stands {count} times")
    found = (f'{key} = "{rows[start][n]}"' for key, n in columns.items())
    return people, ", ".join(found)


def _in_order(name: str) -> str:
    """Of "Lovelace, Ada" Ada Lovelace, of "Davis, Sammy, Jr." Sammy Davis, Jr."""
    last, _, first = name.partition(",")
    first, comma, suffix = first.partition(",")
    return f"{first} {last}{comma}{suffix}".strip()


def _columns(row: Sequence[str]) -> dict[str, int]:
    """Which column holds what, if these are headings."""
    heads, found = [key_of(cell) for cell in row], dict[str, int]()
    for field, known in _HEADINGS.items():
        place = next((heads.index(w) for w in known.split(";") if w in heads), -1)
        if place >= 0 and place not in found.values():
            found[field] = place
    if "name" in found and "first name" in found:  # "Name" is then the last name
        place = found.pop("name")
        found.setdefault("last name", place)
    return found


@lru_cache(maxsize=50_000)
def key_of(text: str) -> str:
    """The words of a text without accents: what two spellings have in common."""
    text = unicodedata.normalize("NFKD", text.casefold().translate(_LETTERS))
    return bare_words("".join(c for c in text if not unicodedata.combining(c)))


def match(
    who: Person, parts: Sequence[str], people: Sequence[Person]
) -> tuple[Person | None, str]:
    """Whom of the class list a submission is by, and a note where that is not clear.

    who: what its names tell; parts: all folders above it and its name. By an id, an
    e-mail address or its local part, then by the name; never a guess between two.
    """
    if not people:
        return None, ""
    ids, mails, logins, names = _index(tuple(people))
    own = {key_of(who.id), key_of(who.name), key_of(who.email)}
    parts = [
        re.sub(r"_\d+_assignsub", " _assignsub", part) for part in parts
    ]  # Moodle's
    words = " ".join(map(key_of, parts)).split()[:200]
    runs = (" ".join(words[a : a + n]) for n in range(1, 7) for a in range(len(words)))
    there = own | {run for run in runs if len(run) > 3}  # "12" stands in many names
    said = [who.name, *(re.sub(r"\.\w+$", "", part) for part in parts)]
    named = _found(names, {_order(each) for each in said})
    # A login beside a name that two have tells them apart, unless it is like the name.
    apart = there - {word for p in named for word in key_of(p.name).split()}
    for found in (
        _found(ids, there),
        _found(mails, there),
        _found(logins, own),
        [p for p in _found(logins, apart) if p in named] if len(named) > 1 else [],
        named,
        _found(logins, there),
    ):
        if len(found) == 1 and (not named or found[0] in named):
            return found[0], ""
        if found:  # the student reads it: no number of anybody
            both = ", ".join([p.name for p in dict.fromkeys([*found, *named])][:4])
            return None, f"{UNCLEAR}: {both}. A number or login in a file's name tells."
    return None, UNLISTED


_Keys = dict[str, list[Person]]


def _found(index: _Keys, keys: set[str]) -> list[Person]:
    return list(dict.fromkeys(p for key in sorted(keys) for p in index.get(key, ())))


@lru_cache(maxsize=2)
def _index(people: tuple[Person, ...]) -> tuple[_Keys, _Keys, _Keys, _Keys]:
    """People by id, e-mail address, its local part, and name in any order."""
    made: tuple[_Keys, _Keys, _Keys, _Keys] = ({}, {}, {}, {})
    for person in people:
        login, at, _ = person.email.partition("@")
        words = key_of(person.name).split()
        run = {"".join(words), "".join(words[-1:] + words[:-1])}  # as Canvas writes it
        run = {_order(person.name), *(run if len(words) > 1 else ())}
        keys = ({person.id}, {person.email if at else ""}, {login}, run)
        for index, texts in zip(made, keys, strict=True):
            for key in {key_of(text) for text in texts} - {""}:
                index.setdefault(key, []).append(person)
    return made


def _order(name: str) -> str:
    return " ".join(sorted(key_of(name).split()))
