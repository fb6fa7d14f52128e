"""Lecture 2: its notebook, exercises, mistakes, experiments and widgets."""
