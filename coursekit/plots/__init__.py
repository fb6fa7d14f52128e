"""Pictures for notebooks, all in one place: grids, film strips, charts, figures.

Images are composed with numpy and Pillow (`grid`, `filmstrip`, `show`), small charts
are drawn as marks (`Chart`, `Curve`), figures with error bars use matplotlib (`lines`,
`scatter`, `bars`, `heat`, and `style` for code of your own). Each function returns a
`Picture` that shows itself, can be saved, and is legible in either theme.
"""

from coursekit.plots.chart import Chart, Curve
from coursekit.plots.fields import quiver
from coursekit.plots.figures import bars, heat, render, scatter, style
from coursekit.plots.images import (
    Picture,
    as_uint8,
    filmstrip,
    grid,
    pick,
    show,
)
from coursekit.plots.lines import lines
from coursekit.plots.measured import quality_panels
from coursekit.plots.table import table

__all__ = [
    "Chart",
    "Curve",
    "Picture",
    "as_uint8",
    "bars",
    "filmstrip",
    "grid",
    "heat",
    "lines",
    "pick",
    "quality_panels",
    "quiver",
    "render",
    "scatter",
    "show",
    "style",
    "table",
]
