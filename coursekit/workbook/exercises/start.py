"""The start page: one exercise and one question, to see how checks work."""

from coursekit.checks.spec import ChoiceQuestion, Entry, Exercise

ENTRIES: tuple[Entry, ...] = (
    Exercise(
        "00.1",
        "coursekit.theory.paths:expand_as",
        "One number for each picture",
        "coursekit.workbook.exercises.start_expand:EXPAND_AS",
    ),
    ChoiceQuestion(
        "00.2",
        "Multiplying without care",
        {
            "a": "each picture is multiplied by its own number",
            "b": "always an error, so nothing can go wrong",
            "c": "an error for most sizes, and a silently wrong result when W equals B",
            "d": "every picture is multiplied by the first number",
        },
        "c",
        {
            "a": "shapes are lined up from the right: (B,) meets the last dimension W, "
            "not the first",
            "b": "when W happens to equal B, the shapes fit and each column gets a "
            "picture's number: no error, a wrong result",
            "c": "shapes are lined up from the right, so (B,) meets W",
            "d": "broadcasting never picks the first number: it lines shapes up from "
            "the right, and (B,) meets W",
        },
    ),
)
