"""A prediction before the experiment, and the line that compares it afterwards."""

from collections.abc import Sequence
from html import escape
from typing import Any

import ipywidgets as w

from coursekit.plots import theme as plot_theme
from coursekit.plots.draw import Mark, Text, to_png
from coursekit.plots.images import Picture
from coursekit.widgets import predictions
from coursekit.widgets.still import WithStill


def still(question: str, options: Sequence[str]) -> Picture:
    """The question with open circles, for pages without a kernel."""
    marks: list[Mark] = [Text(0, 16, question, size=13, bold=True)]
    marks += [Text(8, 40 + 22 * i, f"○  {o}", size=12) for i, o in enumerate(options)]
    face = plot_theme.font(13)
    width = max(face.getlength(s) for s in (question + "MMM", *options)) * 1.08 + 24
    return to_png(marks, round(width), 32 + 22 * len(options))


class PredictBox(WithStill, w.VBox):  # type: ignore[misc]
    """Radio buttons, none chosen at first; a click is kept, and can be changed."""

    def __init__(
        self, prediction_id: str, question: str, options: Sequence[str]
    ) -> None:
        """Start from what is on record, if it is still one of the options."""
        self.prediction_id, self.question = prediction_id, question
        self.options = tuple(options)
        before = predictions.load().get(prediction_id)
        self.buttons = w.RadioButtons(
            options=self.options,
            value=before if before in self.options else None,
            layout=w.Layout(width="max-content"),
        )
        self.status = w.HTML()
        self._say(before in self.options)
        self.buttons.observe(self._chosen, "value")
        title = w.HTML(f"<b>Your prediction.</b> {escape(question)}")
        super().__init__([title, self.buttons, self.status])

    @property
    def value(self) -> str | None:
        """The option chosen so far."""
        chosen: str | None = self.buttons.value
        return chosen

    def _say(self, chosen: bool, kept: bool = True) -> None:
        text = "Choose one, then run the experiment: a guess is all it takes."
        if chosen:
            text = "Noted." if kept else "Noted for this session."
        self.status.value = f'<span style="opacity:.75">{text}</span>'

    def _chosen(self, change: dict[str, Any]) -> None:
        if change["new"] is not None:
            self._say(True, predictions.save(self.prediction_id, change["new"]))

    def __repr__(self) -> str:
        """Short and the same on every run, whatever was chosen."""
        return f"predict({self.prediction_id!r})"

    def _repr_mimebundle_(
        self, **options: Any
    ) -> tuple[dict[str, Any], dict[str, Any]]:
        """As text too: a page can show it in its own letters."""
        data, meta = super()._repr_mimebundle_(**options)
        listed = "".join(f"<li>{escape(each)}</li>" for each in self.options)
        html = f"<p><strong>{escape(self.question)}</strong></p><ul>{listed}</ul>"
        return {**data, "text/html": html}, meta

    def picture(self) -> Picture:
        """The question and its options, whatever was chosen."""
        return still(self.question, self.options)


def outcome_line(
    prediction_id: str, right: str, because: str, found: str = "Measured"
) -> tuple[str, str]:
    """What to say after the experiment, and its tone: "good", "bad" or "".

    found: how one knows, such as "Computed" where nothing was measured.
    """
    guess = predictions.load().get(prediction_id)
    if guess is None:
        return f"{found}: {right}. {because}", ""
    if guess == right:
        return f"As you predicted: {right}. {because}", "good"
    return f"You predicted: {guess}. {found}: {right}. {because}", "bad"
