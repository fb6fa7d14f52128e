"""Lecture 08a: its notebook, exercises, mistakes, figures, widgets."""
