"""Puts the course's data into a wheel; all else is in pyproject.toml."""

from setuptools import setup
from setuptools.command.build_py import build_py


class WithData(build_py):
    """The package, and data/ inside it: who installs a release has no course folder."""

    def run(self):
        """Copy; an editable install finds data/ where it is."""
        super().run()
        if not self.editable_mode:
            self.copy_tree("data", self.build_lib + "/coursekit/data")


setup(cmdclass={"build_py": WithData})
