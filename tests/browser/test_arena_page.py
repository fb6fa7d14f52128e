"""Authority: a real browser. A keyboard suffices, and nothing is read as HTML."""

import pytest
from lab import FLAGS, chromium
from support.arena import HOSTILE, NAMES, arena

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def browser():
    play = pytest.importorskip("playwright.sync_api")
    if chromium() is None:
        pytest.skip("no Chromium")
    with play.sync_playwright() as driver:
        path = chromium()
        running = driver.chromium.launch(executable_path=path, args=FLAGS)
        yield running
        running.close()


def settled(page):
    page.wait_for_selector("#next:enabled", timeout=60_000)


@pytest.mark.parametrize(("width", "dark"), [(1280, False), (390, True)])
def test_votes_by_keyboard_alone(tmp_path, browser, width, dark):
    with arena(tmp_path / "votes.sqlite") as server:
        scheme = "dark" if dark else "light"
        page = browser.new_page(
            viewport={"width": width, "height": 844}, color_scheme=scheme
        )
        wrong: list[str] = []
        page.on("console", lambda message: wrong.append(message.text))
        page.on("pageerror", lambda error: wrong.append(str(error)))
        page.on("dialog", lambda dialog: wrong.append(dialog.message))
        page.goto(server.address)
        for key in ("ArrowLeft", "ArrowDown", "ArrowRight") * 4:
            page.wait_for_selector("#vote button:enabled", timeout=60_000)
            assert page.inner_text("#prompt") == HOSTILE
            assert not any(name in page.content() for name in NAMES)
            page.keyboard.press(key)
            page.keyboard.press(key)  # pressed twice, counted once
            page.wait_for_selector("#next.now:enabled")
            settled(page)
            assert sum(name in page.inner_text("#said") for name in NAMES) == 2
            assert page.evaluate("() => document.activeElement.id") == "next"
            page.keyboard.press("Enter")
        settled(page)
        votes = server.store.votes()
        assert [vote.won for vote in votes] == ["left", "tie", "right"] * 4
        page.keyboard.press("ArrowLeft")
        page.wait_for_selector("tbody tr")
        rows = page.locator("tbody tr").all_inner_texts()
        assert len(rows) == 3 and "13 votes" in page.inner_text("caption")
        size = page.evaluate("() => [document.documentElement.scrollWidth, innerWidth]")
        assert size[0] <= size[1]
        paper = page.evaluate("() => getComputedStyle(document.body).backgroundColor")
        assert (paper == "rgb(255, 255, 255)") is not dark
        assert wrong == []
        page.close()


def test_a_sentence_is_drawn_or_refused_beside_the_field(tmp_path, browser):
    with arena(tmp_path / "votes.sqlite") as server:
        page = browser.new_page()
        page.goto(server.address)
        settled(page)
        page.fill("#text", '<img src=x onerror=alert(1)> = "q"')
        page.keyboard.press("ArrowLeft")  # moves in the text, is no vote
        page.keyboard.press("Enter")
        page.wait_for_selector("#note:not(:empty)")
        assert page.inner_text("#prompt") == '<img src=x onerror=alert(1)> = "q"'
        page.fill("#text", "nonsense <b>=1</b>")
        page.keyboard.press("Enter")
        page.wait_for_selector("#problem:not(:empty)")
        problem = page.locator("[role=alert]").inner_text()
        assert problem == "unknown words in 'nonsense <b>=1</b>'"
        names = page.locator("button").evaluate_all(
            "all => all.map(b => b.textContent.trim())"
        )
        assert all(names) and server.store.votes() == []
        page.close()


def test_a_stopped_arena_is_told(tmp_path, browser):
    with arena(tmp_path / "votes.sqlite") as server:
        page = browser.new_page()
        page.goto(server.address)
        page.wait_for_selector("#vote button:enabled", timeout=60_000)
    page.keyboard.press("ArrowLeft")
    page.wait_for_selector("#problem:not(:empty)")
    assert "Is it still running?" in page.inner_text("#problem")
    page.close()
