"""Authority: the package itself, which must have every name of the map."""

import re
from pydoc import locate

from coursekit.sources.code_map import code_map


def test_every_own_name_is_there_and_documented():
    rows = code_map()
    assert len(rows) >= 20 and len({row.own for row in rows}) == len(rows)
    for row in rows:
        found = locate(row.own.replace(":", "."))
        assert found is not None and found.__doc__, row.own
    assert locate("coursekit.theory.flow.no_such_step") is None


def test_every_row_names_lines_of_one_commit():
    rows = code_map()
    commits = {row.repository: row.commit for row in rows}
    for row in rows:
        assert (
            re.fullmatch(r"[0-9a-f]{40}", row.commit)
            and row.commit == commits[row.repository]
        )
        first, last = map(int, row.lines.split("-"))
        assert 0 < first < last < first + 80, row
        assert row.address.endswith(f"/blob/{row.commit}/{row.file}#L{first}-L{last}")
    lectures = [row.lecture for row in rows]
    assert lectures == sorted(
        lectures, key=lambda each: (int(each.rstrip("abc")), each)
    )
    assert len(set(lectures)) >= 9
