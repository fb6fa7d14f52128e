"""What in a cell belongs to its exercise, when others stand in the same cell."""

from collections.abc import Collection

from coursekit.grading.cell_code import Code, Statement


def left_out(
    code: Code, name: str, functions: Collection[str], later: Collection[str]
) -> tuple[set[Statement], list[str]]:
    """The statements of a cell that do not count for the exercise `name`, and notes.

    functions: the names of all exercises; later: those behind this one, of which the
    kernel has no version of its own. What the answer uses of these stays.
    """
    dropped = {each for each in code.statements if each.kind == "check"}
    notes = []
    for each in code.statements:
        others = each.binds & set(functions)
        if each.kind not in ("def", "assign") or not others or name in each.binds:
            continue
        listed = ", ".join(f"`{other}`" for other in sorted(others))
        if not others <= set(later):
            notes.append(f"For {listed}, the course's own is used here.")
        elif others & _used(code, each):
            continue
        dropped.add(each)
    return dropped, notes


def _used(code: Code, but: Statement) -> frozenset[str]:
    """The names that the other statements of a cell need, check lines left out."""
    rest = (s for s in code.statements if s is not but and s.kind != "check")
    return frozenset().union(*(s.now | s.later for s in rest))
