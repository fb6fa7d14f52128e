"""A control that is a picture: click one of its patches, and `value` says which."""

from pathlib import Path
from typing import Any

import anywidget
import numpy as np
import traitlets
from numpy.typing import NDArray

from coursekit.plots.images import Picture

_HERE = Path(__file__).parent


class PatchPicker(anywidget.AnyWidget):
    """Shows a picture cut into rows x columns; `value` counts patches row by row."""

    _esm = (_HERE / "patch_picker.js").read_text(encoding="utf-8")
    _css = (_HERE / "patch_picker.css").read_text(encoding="utf-8")
    picture = traitlets.Bytes(b"").tag(sync=True)
    rows = traitlets.Int(1).tag(sync=True)
    columns = traitlets.Int(1).tag(sync=True)
    value = traitlets.Int(0).tag(sync=True)

    def __init__(
        self, pixels: NDArray[np.uint8], rows: int, columns: int, value: int = 0
    ) -> None:
        """pixels: uint8 (H, W, 3), enlarged by the browser without smoothing."""
        super().__init__(rows=rows, columns=columns, value=value)
        self.show(pixels)

    def show(self, pixels: NDArray[np.uint8]) -> None:
        """Put another picture in the frame."""
        self.picture = Picture.of(pixels).png

    @traitlets.validate("value")
    def _inside(self, proposal: Any) -> int:
        return min(max(int(proposal["value"]), 0), self.rows * self.columns - 1)
