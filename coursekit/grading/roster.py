"""A class list as a learning platform exports it, and whom of it a submission is by.

Columns are guessed from their headings, and what was guessed is said in one line.
"""

import csv
import io
import re
import unicodedata
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from coursekit.grading.platform_name import clean
from coursekit.grading.types import Person

LARGEST = 10 * 2**20
MOST = 50_000
# Headings by what they hold, folded, the better ones first.
_HEADINGS = {
    "name": "student;name;full name;student name;display name;vollstandiger name;"
    "nom complet;nombre completo;teilnehmer;etudiant;estudiante;"
    "nombre y apellidos;nom et prenom;learner",
    "first": "first name;firstname;given name;forename;vorname;prenom;nombre;nombres",
    "last": "last name;lastname;surname;family name;nachname;familienname;nom;"
    "nom de famille;apellidos;apellido;apellido s",
    "id": "sis user id;student id;id number;orgdefinedid;matriculation number;"
    "matrikelnummer;matrikelnr;matr nr;numero d etudiant;numero etudiant;"
    "numero d identification;numero de id;numero de identificacion;"
    "matricula;sid;display id;identification number;id nummer;"
    "student number;login id;username;user name;anmeldename;benutzername;"
    "kennung;nom d utilisateur;identifiant;nombre de usuario;usuario;"
    "login;user id;id;nr;numero",
    "email": "e mail;email;email address;e mail address;e mail adresse;"
    "emailadresse;mail;adresse e mail;adresse de courriel;courriel;correo;"
    "correo electronico;direccion de correo;direccion de correo electronico;"
    "email adresse;sis login id",
    "group": "section;group;groups;gruppe;gruppen;groupe;groupes;grupo;grupos;"
    "tutorial;class;klasse;ubungsgruppe;team",
}
_FIELDS = {
    "name": "name",
    "first": "first name",
    "last": "last name",
    "id": "id",
    "email": "e-mail",
    "group": "group",
}
_LETTERS = str.maketrans({"ø": "o", "ł": "l", "đ": "d", "æ": "ae", "œ": "oe", "ı": "i"})


class RosterError(ValueError):
    """A class list that cannot be read; the message is one line that says why."""


@dataclass(frozen=True)
class Roster:
    """The people of a class list. said: which columns were taken, in one line."""

    people: tuple[Person, ...]
    said: str


def read(path: Path) -> Roster:
    """The class list in a CSV file. RosterError when it has none."""
    rows = [row for row in _rows(path) if any(cell for cell in row)]
    if not rows:
        raise RosterError(f"{path}: the list is empty")
    start, columns = _columns(rows)
    if not {"name", "first", "last", "id"} & columns.keys():
        raise RosterError(
            f"{path}: no column for a name and none for an id among "
            f"{', '.join(map(clean, rows[0][:8]))[:200]}"
        )
    people = []
    for row in rows[start + 1 :]:
        cells = {
            key: clean(row[n]).lstrip("#") if n < len(row) else ""
            for key, n in columns.items()
        }
        name = cells.get("name", "") or " ".join(
            part for key in ("first", "last") if (part := cells.get(key, ""))
        )
        person = Person(
            _turned(name) or cells.get("id", ""),
            cells.get("id", ""),
            cells.get("email", ""),
            cells.get("group", ""),
        )
        if person.name and key_of(name) not in ("points possible", "student test"):
            people.append(person)
    if not people:
        raise RosterError(f"{path}: the list has a heading and no people")
    for number, count in Counter(person.id.casefold() for person in people).items():
        if number and count > 1:
            raise RosterError(f"{path}: the id {number} stands {count} times")
    taken = ", ".join(
        f'{word} = "{clean(rows[start][columns[key]])}"'
        for key, word in _FIELDS.items()
        if key in columns
    )
    return Roster(tuple(people), f"roster: {taken}; {len(people)} people")


def _rows(path: Path) -> list[list[str]]:
    try:
        with path.open("rb") as file:
            data = file.read(LARGEST + 1)
    except (OSError, ValueError) as error:
        said = getattr(error, "strerror", None) or "it cannot be opened"
        raise RosterError(f"{path}: {said}") from None
    if len(data) > LARGEST:
        raise RosterError(f"{path}: more than {LARGEST // 2**20} MB, no class list")
    if data.startswith((b"PK\x03\x04", b"\xd0\xcf\x11\xe0", b"%PDF")):
        raise RosterError(f"{path}: this is no text. Save the list as CSV")
    text = _decoded(data)
    if "\x00" in text:
        raise RosterError(f"{path}: this is no text. Save the list as CSV")
    lines = text.splitlines()
    if lines and re.fullmatch(r"sep=.", lines[0].strip()):  # Excel's own first line
        text = text.partition(lines[0])[2].lstrip("\r\n")
    head = "".join(text.splitlines(keepends=True)[:5])
    separator = max(",;\t", key=head.count)
    try:
        rows = list(csv.reader(io.StringIO(text, newline=""), delimiter=separator))
    except csv.Error as error:
        raise RosterError(f"{path}: no CSV ({error})") from None
    if len(rows) > MOST:
        raise RosterError(f"{path}: more than {MOST} lines, no class list")
    return [[cell.strip() for cell in row] for row in rows]


def _decoded(data: bytes) -> str:
    if data.startswith((b"\xff\xfe", b"\xfe\xff")):
        return data.decode("utf-16", "replace")
    if data[1:2] == b"\x00" or data[:1] == b"\x00":  # UTF-16 without its mark
        kind = "utf-16-le" if data[1:2] == b"\x00" else "utf-16-be"
        return data.decode(kind, "replace")
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError:
        return data.decode("cp1252", "replace")


def _columns(rows: Sequence[Sequence[str]]) -> tuple[int, dict[str, int]]:
    """Where the headings stand, below a title perhaps, and each field's column."""
    best: tuple[int, dict[str, int]] = (0, {})
    for start, row in enumerate(rows[:5]):
        heads = [key_of(cell) for cell in row]
        found: dict[str, int] = {}
        for field, known in _HEADINGS.items():
            place = next((heads.index(w) for w in known.split(";") if w in heads), -1)
            if place >= 0 and place not in found.values():
                found[field] = place
        if len(found) > len(best[1]):
            best = (start, found)
    if "first" in best[1] and "name" in best[1]:  # "Name" is then the last name
        best[1].setdefault("last", best[1]["name"])
        del best[1]["name"]
    return best


def _turned(name: str) -> str:
    """ "Smith, Alice" as "Alice Smith"."""
    last, comma, first = name.partition(",")
    return f"{first.strip()} {last.strip()}".strip() if comma else name


@lru_cache(maxsize=MOST)
def key_of(text: str) -> str:
    """A text without case, accents and marks: what two spellings have in common."""
    text = unicodedata.normalize("NFKD", text.casefold().translate(_LETTERS))
    text = "".join(c for c in text if not unicodedata.combining(c))
    return " ".join(re.findall(r"[^\W_]+", text))


def match(
    who: Person, parts: Sequence[str], people: Sequence[Person]
) -> tuple[Person | None, str]:
    """Whom of the class list a submission is by, and a note where that is not clear.

    who: what its names tell; parts: all folders above it and its name. By an id, an
    e-mail address or its local part, then by the name; never a guess between two.
    """
    if not people:
        return None, ""
    parts = [
        re.sub(r"_\d+_assignsub", " _assignsub", part) for part in parts
    ]  # Moodle's
    words = f" {' '.join(filter(None, map(key_of, parts)))} "
    own = {key for text in (who.id, who.name, who.email) if (key := key_of(text))}

    def stands(text: str, least: int) -> bool:
        key = key_of(text)
        return key in own or (len(key) >= least and f" {key} " in words)

    names = {_order(who.name), *(_order(re.sub(r"\.\w+$", "", p)) for p in parts)}
    named = [person for person in people if _names(person) & names]
    login = [p for p in people if stands(p.email.partition("@")[0], 4)]
    for found in (
        [p for p in people if stands(p.id, 4)],
        [p for p in people if "@" in p.email and stands(p.email, 5)],
        [p for p in login if key_of(p.email.partition("@")[0]) in own],
        named,
        login,
    ):
        if len(found) == 1 and (not named or found[0] in named):
            return found[0], ""
        if found:
            both = ", ".join(f"{p.name} {p.id}".strip() for p in (*found, *named)[:4])
            return None, f"It is not clear whose of the class list this is: {both}."
    return None, "Not on the class list."


@lru_cache(maxsize=MOST)
def _names(person: Person) -> set[str]:
    """A name in any order, and run together as Canvas writes it."""
    words = key_of(person.name).split()
    joined = {"".join(words), "".join(words[-1:] + words[:-1])}
    return {" ".join(sorted(words)), *(joined if len(words) > 1 else ())}


def _order(name: str) -> str:
    return " ".join(sorted(key_of(name).split()))
