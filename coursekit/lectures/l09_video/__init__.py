"""Extension 09: its notebook, exercises, mistakes, figures, widgets."""
