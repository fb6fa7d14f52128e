"""The weave of one notebook: from the blocks of its source to its cells.

Both versions are made in one walk, cell by cell, so they differ only where an exercise
makes them differ. Nothing is executed.
"""

import ast
import re
from collections.abc import Callable
from typing import Any

from coursekit.sources.lectures import Source
from coursekit.sources.modules import bound_names, free_names
from coursekit.sources.parser import Block, Fence, Text, parse, sections
from coursekit.sources.report import Report
from coursekit.sources.symbols import SymbolError, find
from coursekit.weave import cell_text as shown
from coursekit.weave.cells import Cell
from coursekit.weave.claims import Measured, fill, ledger, read_claim
from coursekit.weave.draft import Draft
from coursekit.weave.exercises import (
    exercise,
    hint,
    look_ahead,
    look_behind,
    question,
)
from coursekit.weave.project import Project

_DEFINES = re.compile(r"(?:[#@].*\n)*(?:def|class) ")
_LABEL = re.compile(r"^[a-z0-9]+(?:-[a-z0-9]+)*$")


def weave(source: Source, project: Project, report: Report) -> list[Cell]:
    """The cells of the notebook of one source. Author errors go to the report."""
    draft = Draft.start(source, project, report)
    blocks = parse(source.text(), draft.shown, report)
    look_ahead(draft, blocks)
    measured = Measured(project.measured)
    for block in blocks:
        if isinstance(block, Fence) and block.kind == "claim":
            row = read_claim(block, draft.shown, draft.name, measured, report)
            if row is not None:
                draft.claims.append(row)
    _opening(draft, blocks)
    for position, block in enumerate(blocks):
        if isinstance(block, Text):
            _text(draft, block, measured, opening=position == 0)
        else:
            if position == 0:
                _setup(draft)
            _FENCES[block.kind](draft, block)
    _links(draft)
    look_behind(draft)
    return draft.cells


def _opening(draft: Draft, blocks: list[Block]) -> None:
    """The banner, and the demand for a title."""
    learner = shown.banner(draft.shown, solved=False)
    draft.add(Cell("banner", learner, shown.banner(draft.shown, solved=True)), 1)
    first = blocks[0] if blocks else None
    if not isinstance(first, Text) or not first.text.startswith("# "):
        draft.problem(1, "a notebook starts with its title. Write '# Title' first")


def _setup(draft: Draft) -> None:
    source = shown.setup(draft.name, draft.project.version)
    about: dict[str, Any] = {"coursekit": {"kind": "setup"}}
    draft.add(Cell("setup", source, source, code=True, metadata=about), 1)


def _text(draft: Draft, block: Text, measured: Measured, opening: bool) -> None:
    """Markdown, one cell for each heading; the set-up cell follows the first one.

    Prose may quote measured values; it then says what was measured last.
    """
    for level, heading, part in sections(block):
        if heading is None:
            cell_id = f"text-after-{draft.anchor}"
        else:
            slug = shown.slug(heading)
            draft.headings = [each for each in draft.headings if each[0] < level]
            cell_id = f"text-{slug}"
            if shown.shorten(cell_id) in draft.labels and draft.headings:
                cell_id = f"text-{draft.headings[-1][1]}-{slug}"
            draft.headings.append((level, slug))
        lines = []
        for number, line in enumerate(part.text.split("\n"), part.line):
            text, problems = fill(line, measured)
            for problem in problems:
                draft.problem(number, problem)
            lines.append(text)
        draft.markdown(cell_id, "\n".join(lines), part.line)
        if opening:
            _setup(draft)
            opening = False


def _label(draft: Draft, fence: Fence) -> str | None:
    if len(fence.args) != 1 or not _LABEL.match(fence.args[0]):
        draft.problem(
            fence.line,
            "a python fence needs one label in lower-case-with-hyphens. "
            "Write ```python figure-a",
        )
        return None
    return fence.args[0]


def _python(draft: Draft, fence: Fence) -> None:
    """Lecture code, the same in both notebooks."""
    label = _label(draft, fence)
    if label is None:
        return
    plain = re.sub(r"^(\s*)[%!].*$", r"\1pass", fence.body, flags=re.MULTILINE)
    try:
        compile(plain, label, "exec", ast.PyCF_ALLOW_TOP_LEVEL_AWAIT, True)
        taken = {origin.rpartition(".")[2] for origin in draft.woven}
        for name in sorted(taken & bound_names(plain)):
            draft.problem(
                fence.line,
                f"the code of '{label}' makes '{name}' anew, so the reader's own would "
                "be lost. Use another name, or drop the import",
            )
        for names in draft.names.values():
            names.run_cell(plain, label)
    except SyntaxError as error:
        draft.problem(
            fence.line + (error.lineno or 1),
            f"the code of '{label}' is not Python: {error.msg}. Fix this line",
        )
    about: dict[str, Any] = {}
    if fence.options.get("tags"):
        about["tags"] = fence.options["tags"].split(",")
    if fence.options.get("fold") == "yes":
        about["jupyter"] = {"source_hidden": True}
    cell = Cell(label, fence.body, fence.body, code=True, metadata=about)
    draft.add(cell, fence.line)
    draft.anchor = label


def _weave(draft: Draft, fence: Fence) -> None:
    """Given code: the full source of a symbol, with the imports it needs."""
    target = fence.args[0] if len(fence.args) == 1 else ""
    try:
        symbol = find(draft.project.package, target)
        if symbol.methods:
            raise SymbolError("{weave} shows a class as a whole. Drop the method")
    except SymbolError as error:
        draft.problem(fence.line, str(error))
        return
    cell_id = shown.slug(symbol.name)
    if symbol.origin in draft.woven:
        draft.problem(
            fence.line,
            f"{symbol.target} is already shown by {draft.woven[symbol.origin]}. "
            "Remove one of the two",
        )
        return
    draft.woven[symbol.origin] = f"the cell '{cell_id}' (line {fence.line})"
    code = symbol.full(comments=True)
    texts = []
    for role, names in draft.names.items():
        for name in symbol.defines:
            draft.claim_name(role, name, fence.line)
        lines, problems = names.need(symbol.module, free_names(code), cell_id)
        for text in problems:
            draft.problem(fence.line, text)
        texts.append(join(lines, code))
        for name in symbol.defines:
            names.define(name, f"{symbol.module.name}.{name}", cell_id)
    about: dict[str, Any] = {"coursekit": {"kind": "given", "symbol": symbol.target}}
    draft.add(Cell(cell_id, texts[0], texts[1], True, metadata=about), fence.line)
    draft.anchor = cell_id


def join(lines: list[str], code: str) -> str:
    """Imports above code, with the blank lines that PEP 8 asks for."""
    gap = "\n\n\n" if _DEFINES.match(code) else "\n\n"
    return "\n".join(lines) + gap + code if lines else code


def _ledger(draft: Draft, fence: Fence) -> None:
    """All claims of this notebook as one table, wherever they were made."""
    if not draft.claims:
        draft.problem(fence.line, "the ledger is empty. Add {claim} fences to fill it")
    draft.markdown("ledger", ledger(draft.claims), fence.line, kind="ledger")
    draft.anchor = "ledger"


def _links(draft: Draft) -> None:
    """Claims need a ledger, and point at cells that exist."""
    for claim in draft.claims:
        if "ledger" not in draft.labels:
            draft.problem(
                claim.line,
                f"claim {claim.row} has no ledger to stand in. Add a {{ledger}} fence",
            )
        for label in claim.see:
            if label not in draft.labels:
                draft.problem(
                    claim.line,
                    f"claim {claim.row} sends the reader to '{label}', and there is no "
                    "such cell. Use the label of a cell of this notebook",
                )


_FENCES: dict[str, Callable[[Draft, Fence], None]] = {
    "python": _python,
    "weave": _weave,
    "exercise": exercise,
    "hint": hint,
    "question": question,
    "claim": lambda draft, fence: None,  # collected before the walk
    "ledger": _ledger,
}
