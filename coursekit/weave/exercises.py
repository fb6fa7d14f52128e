"""Exercises, their hints and pen-and-paper questions as cells.

An exercise is three cells with ids made from its own id: `about-01-4` (header),
`ex-01-4` (stub or reference) and `check-01-4`. The grader finds an answer by
`metadata.coursekit.id`, then by the cell id, then by the first line of the code.
"""

import ast
import re
from collections import Counter
from pathlib import Path
from typing import Any

from coursekit.checks.mistakes import problems, read
from coursekit.checks.questions import QuestionError, read_question
from coursekit.sources.modules import free_names
from coursekit.sources.parser import Block, Fence
from coursekit.sources.symbols import Symbol, SymbolError, find
from coursekit.weave import cell_text as shown
from coursekit.weave import info_string as fields
from coursekit.weave.cells import ROLES, Cell, Role
from coursekit.weave.draft import Draft


def look_ahead(draft: Draft, blocks: list[Block]) -> None:
    """Note the symbols that exercises will ask for, before the walk begins."""
    for block in blocks:
        if isinstance(block, Fence) and block.kind == "exercise":
            try:
                symbol = find(draft.project.package, "".join(block.args[1:2]))
            except SymbolError:
                continue  # reported when the walk comes to it
            draft.later.add(symbol.origin)


def exercise(draft: Draft, fence: Fence) -> None:
    """Header, stub or reference, check."""
    if len(fence.args) != 2:
        draft.problem(
            fence.line,
            "an exercise needs an id and a symbol. Write "
            "{exercise} 01.4 package.module:name minutes=5 difficulty=2 points=2",
        )
        return
    exercise_id, target = fence.args
    known = fields.open_exercise(draft, fence, exercise_id)
    try:
        symbol = find(draft.project.package, target)
        full, stub = symbol.full(), symbol.stub()
    except SymbolError as error:
        draft.problem(fence.line, str(error))
        return
    if symbol.origin in draft.woven:
        draft.problem(
            fence.line,
            f"{symbol.target} is already shown by {draft.woven[symbol.origin]}. "
            "A symbol is shown or asked for once",
        )
        return
    draft.woven[symbol.origin] = f"exercise {exercise_id} (line {fence.line})"
    draft.later.discard(symbol.origin)
    facts = fields.facts(draft, fence, fields.FACTS)
    if not known:
        return
    draft.symbols[exercise_id] = symbol.target
    title = fence.body.strip() or symbol.headline()
    sources = _sources(draft, fence, symbol, stub, full, exercise_id)
    _three_cells(
        draft,
        fence,
        exercise_id,
        about=shown.header(title, exercise_id, facts),
        sources=sources,
        check=f"{symbol.name} = check({symbol.name})",
        prints=f"PASS {exercise_id} {symbol.name}\n",
        facts=facts,
    )


def _sources(
    draft: Draft, fence: Fence, symbol: Symbol, stub: str, full: str, exercise_id: str
) -> tuple[str, str]:
    """The exercise cell's text for learner and solution.

    Both get the imports of the reference, so that the tools are at hand, but the
    learner never imports what a later exercise asks for.
    """
    wanted, cell_id = free_names(full), f"ex-{shown.dashed(exercise_id)}"
    draft.claim_name("learner", symbol.name, fence.line)
    if symbol.name in draft.names["solution"].makers:
        # An earlier reference needed it, so ruff would call this a redefinition.
        full = re.sub(
            rf"^((?:async )?(?:def|class) {symbol.name}\b.*)$",
            r"\1  # noqa: F811",
            full,
            count=1,
            flags=re.MULTILINE,
        )
    texts: dict[Role, str] = {}
    for role in ROLES:
        code, skip = (stub, draft.later) if role == "learner" else (full, ())
        names = draft.names[role]
        lines, problems = names.need(symbol.module, wanted, cell_id, skip)
        for text in problems:
            draft.problem(fence.line, text)
        names.define(symbol.name, symbol.origin, cell_id)
        gap = ["", ""] if lines else []
        texts[role] = "\n".join([f"# exercise {exercise_id}", *lines, *gap, code])
    return texts["learner"], texts["solution"]


def question(draft: Draft, fence: Fence) -> None:
    """A pen-and-paper question: text, a cell for the answer, check."""
    if len(fence.args) != 1:
        draft.problem(
            fence.line,
            "a question needs its id. Write {question} 01.14 minutes=3 points=1",
        )
        return
    exercise_id = fence.args[0]
    known = fields.open_exercise(draft, fence, exercise_id)
    facts = fields.facts(draft, fence, ("minutes", "points"))
    try:
        asked = read_question(exercise_id, fence.body)
    except QuestionError as error:
        draft.problem(fence.line, f"question {exercise_id}: {error}")
        return
    if not known:
        return
    name = shown.answer_name(exercise_id)
    for names in draft.names.values():
        names.define(name, f"exercise {exercise_id}", f"ex-{shown.dashed(exercise_id)}")
    about = shown.header(asked.title, exercise_id, facts)
    _three_cells(
        draft,
        fence,
        exercise_id,
        about=f"{about}\n\n{shown.question(asked)}",
        sources=(
            shown.answer_cell(asked, solved=False),
            shown.answer_cell(asked, solved=True),
        ),
        check=f'check_answer("{exercise_id}", {name})',
        prints=f"PASS {exercise_id}: {asked.reason}\n",
        facts=facts,
    )


def hint(draft: Draft, fence: Fence) -> None:
    """One rung of an exercise's ladder of hints."""
    exercise_id = fence.args[0] if len(fence.args) == 1 else "(none)"
    if exercise_id not in draft.exercises:
        draft.problem(
            fence.line,
            f"a hint for {exercise_id}, and no such exercise above it. Put it below "
            "its exercise and name the exercise's id",
        )
        return
    if not fence.body.strip():
        draft.problem(fence.line, f"this hint for {exercise_id} is empty. Write it")
    count = draft.hints[exercise_id] = draft.hints.get(exercise_id, 0) + 1
    cell_id = f"hint-{shown.dashed(exercise_id)}-{count}"
    text = shown.hint(fence, exercise_id, count)
    draft.markdown(cell_id, text, fence.line, kind="hint", id=exercise_id)
    # One anchor for the whole ladder: another hint must not rename what follows.
    draft.anchor = f"hints-{shown.dashed(exercise_id)}"


def _three_cells(
    draft: Draft,
    fence: Fence,
    exercise_id: str,
    about: str,
    sources: tuple[str, str],
    check: str,
    prints: str,
    facts: dict[str, int | float],
) -> None:
    dashed = shown.dashed(exercise_id)
    info: dict[str, Any] = {"kind": "exercise", "id": exercise_id, **facts}
    draft.markdown(f"about-{dashed}", about, fence.line, kind="about", id=exercise_id)
    draft.add(
        Cell(f"ex-{dashed}", *sources, code=True, metadata={"coursekit": info}),
        fence.line,
    )
    metadata: dict[str, Any] = {
        "coursekit": {"kind": "check", "id": exercise_id},
        "tags": ["nbval-check-output"],
    }
    cell = Cell(
        f"check-{dashed}", check, check, code=True, metadata=metadata, prints=prints
    )
    draft.add(cell, fence.line)
    draft.anchor = f"ex-{dashed}"


def look_behind(draft: Draft) -> None:
    """Every exercise is tried, and every known mistake fits its reference."""
    if not draft.symbols:
        return
    folder, shown_folder = (
        draft.source.path.parent,
        draft.source.shown.rpartition("/")[0],
    )
    tried = _tried(folder / "exercises.py")
    for exercise_id in draft.symbols:
        if exercise_id not in tried:
            draft.problem(
                draft.exercises[exercise_id],
                f"nothing tries exercise {exercise_id}. Write a function under "
                f'@tried("{exercise_id}", ...) in {shown_folder}/exercises.py',
            )
    path = folder / "mistakes.md"
    text = path.read_text(encoding="utf-8") if path.is_file() else ""
    for line, problem in problems(text, draft.symbols, draft.project.package):
        draft.report.add(f"{shown_folder}/mistakes.md", line, problem)
    counts = Counter(each.exercise for each in read(text))
    for exercise_id in draft.symbols:
        if counts[exercise_id] < 2:
            draft.problem(
                draft.exercises[exercise_id],
                f"exercise {exercise_id} needs two known mistakes at least. Write them "
                f"below '## {exercise_id}' in {shown_folder}/mistakes.md",
            )


def _tried(path: Path) -> set[str]:
    """The ids in the decorators `@tried("01.4", ...)` of a module, read as text."""
    if not path.is_file():
        return set()
    tree = ast.parse(path.read_text(encoding="utf-8"))
    calls = [
        decorator
        for node in ast.walk(tree)
        if isinstance(node, ast.FunctionDef)
        for decorator in node.decorator_list
        if isinstance(decorator, ast.Call) and ast.unparse(decorator.func) == "tried"
    ]
    return {ast.literal_eval(call.args[0]) for call in calls}
