"""Sphinx settings of the book. `make book` builds it: see make.py."""

import os

import coursekit

project = "coursekit"
author = "the authors of coursekit"
version = release = coursekit.__version__
html_title = "coursekit"

extensions = ["myst_nb", "sphinx-mathjax-offline"]
# Formulas as large as the text, and no stop of the tab key at each of them.
mathjax3_config = {
    "chtml": {"matchFontHeight": False},
    "options": {"enableMenu": False, "enableAssistiveMml": True},
}
nb_execution_mode = "off"  # the notebooks come with what they put out: see runs.py
nb_merge_streams = True
myst_enable_extensions = ["dollarmath", "amsmath", "attrs_inline"]
myst_heading_anchors = 4

html_theme = "sphinx_book_theme"
html_static_path = ["_static"]
templates_path = ["_templates"]
html_sidebars = {"**": ["home", "search-button-field", "sbt-sidebar-nav"]}
html_css_files = ["book.css"]
html_copy_source = False
html_show_sourcelink = False
html_context = {"default_mode": "auto"}  # light or dark, as the reader's system
html_theme_options = {
    "use_download_button": False,
    "use_fullscreen_button": False,
    "home_page_in_toc": True,
    "navbar_persistent": [],  # the sidebar has the search
    "show_navbar_depth": 1,
    "show_toc_level": 2,
    "pygments_light_style": "a11y-high-contrast-light",
    "pygments_dark_style": "a11y-high-contrast-dark",
}
if repository := os.environ.get("COURSEKIT_REPOSITORY"):
    html_theme_options["repository_url"] = f"https://github.com/{repository}"
    html_theme_options["use_repository_button"] = True


def tables(app, name, template, context, doctree):
    """For who hears the page or has no mouse: no empty heading, and tables in reach."""
    body = context.get("body", "").replace("<table", '<table tabindex="0"')
    context["body"] = body.replace('<th class="head"><p></p></th>', "<td></td>")


def setup(app):
    """Sphinx calls this."""
    app.connect("html-page-context", tables)
