"""What every widget has: a still picture of itself, and its errors in one line."""

import base64
from typing import Any

from coursekit.plots.images import Picture


def one_line(error: BaseException) -> str:
    """An error as one short line for a learner, who can do nothing with a traceback."""
    text = " ".join(str(error).split()) or type(error).__name__
    return text if len(text) < 200 else text[:197] + "..."


class WithStill:
    """Comes first among the bases of a widget, and adds `picture()` to what it shows.

    Pages and copies without a kernel show that picture in place of the widget.
    """

    def picture(self) -> Picture | None:
        """The still picture, if there is one yet."""
        raise NotImplementedError

    def _repr_mimebundle_(
        self, **options: Any
    ) -> tuple[dict[str, Any], dict[str, Any]]:
        found = super()._repr_mimebundle_(**options)  # type: ignore[misc]
        data, meta = found if isinstance(found, tuple) else (found or {}, {})
        picture = self.picture()
        if picture is None:
            return data, meta
        png = base64.b64encode(picture.png).decode("ascii")
        about = picture.about()
        about["alt"] = f"A still of the widget. {about['alt']}"
        return {**data, "image/png": png}, {**meta, "image/png": about}
