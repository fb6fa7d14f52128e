"""coursekit: the workbook of the course *Diffusion & Large Vision Models*."""

__version__ = "0.1.0"
