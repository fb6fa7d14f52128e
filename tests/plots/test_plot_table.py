"""The table shows what it was given (authority: the strings, written by hand)."""

import torch

from coursekit.plots.table import table


def test_text_and_html_show_the_same_numbers():
    shown = table(
        {"a": {"n": 1200, "x": torch.tensor(0.12345)}, "b": {"n": 3, "x": 2.0}}
    )
    assert repr(shown) == "       n      x\na  1,200  0.123\nb      3      2"
    html = shown._repr_html_()
    assert html.count("<tr>") == 3
    assert all(f"<td>{cell}</td>" in html for cell in ("1,200", "0.123", "3", "2"))


def test_names_cannot_inject_html():
    html = table({"<b>": {"<i>": "<script>"}})._repr_html_()
    assert "<script>" not in html
    assert "<b>" not in html
