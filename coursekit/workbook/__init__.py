"""What turns the package into notebooks: weaving, checks, widgets, plots."""
