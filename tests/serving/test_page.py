"""The page to drop pictures on, in a real browser."""

import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

import pytest
from playwright.sync_api import Browser, Page, sync_playwright

CHROMIUM_OPTIONS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
DESK = {"width": 1280, "height": 900}
PHONE = {"width": 375, "height": 812}

pytestmark = pytest.mark.browser


@dataclass
class Opened:
    """A page and all that it did since it was opened."""

    page: Page
    requests: list[str] = field(default_factory=list)
    complaints: list[str] = field(default_factory=list)

    def give(self, *files: tuple[str, bytes], count: int | None = None) -> None:
        """Chooses files and waits until all have their answer."""
        given = [{"name": name, "mimeType": "application/octet-stream", "buffer": content} for name, content in files]
        self.page.set_input_files("#files", given)
        told = self.page.locator(".answer .told:has(h2), .answer .told:has(.failed)")
        told.nth((count or len(files)) - 1).wait_for()


@pytest.fixture(scope="module")
def browser(cannot_run) -> Iterator[Browser]:
    path = shutil.which("chromium")
    if path is None:
        cannot_run("needs the program 'chromium' on the PATH")
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=path, args=CHROMIUM_OPTIONS)
        yield chromium
        chromium.close()


@pytest.fixture(scope="module")
def address(running) -> Iterator[str]:
    with running() as (host, port):
        yield f"http://{host}:{port}"


@pytest.fixture
def open_page(browser, address) -> Iterator[Callable[..., Opened]]:
    contexts = []

    def go(*, at: str = address, viewport=DESK, scheme="light") -> Opened:
        contexts.append(browser.new_context(viewport=viewport, color_scheme=scheme))
        opened = Opened(contexts[-1].new_page())
        opened.page.on("request", lambda request: opened.requests.append(request.url))
        opened.page.on("console", lambda message: opened.complaints.append(message.text))
        opened.page.on("pageerror", lambda error: opened.complaints.append(str(error)))
        opened.page.on("dialog", lambda dialog: (opened.complaints.append(dialog.message), dialog.dismiss()))
        opened.page.goto(at, wait_until="networkidle")
        return opened

    yield go
    for context in contexts:
        context.close()


def test_a_picture_is_shown_with_its_classes_and_its_set(open_page, png, model):
    opened = open_page()
    opened.give(("photo.png", png()))
    page = opened.page
    assert page.locator(".answer figcaption").inner_text() == "photo.png"
    assert page.evaluate("() => document.querySelector('.answer img').naturalWidth") == 40
    assert sorted(page.locator(".bars .name").all_inner_texts()) == sorted(model.predictor.class_names)
    shares = [float(text.removesuffix(" %").lstrip("<> ")) for text in page.locator(".bars .value").all_inner_texts()]
    assert shares == sorted(shares, reverse=True)
    assert sum(shares) == pytest.approx(100, abs=0.5)
    assert page.locator(".set").inner_text().startswith("The set at 90 %: ")
    assert opened.complaints == []


def test_what_is_not_sure_is_said_first(open_page, png):
    opened = open_page()
    opened.page.select_option("#coverage", "0.99")
    opened.give(("photo.png", png()))
    assert opened.page.locator(".answer h2").inner_text().startswith("Not sure")
    assert opened.page.locator(".note").is_visible()


def test_another_coverage_asks_again(open_page, png):
    opened = open_page()
    opened.give(("photo.png", png()))
    with opened.page.expect_response(lambda response: "coverage=0.99" in response.url):
        opened.page.select_option("#coverage", "0.99")
    opened.page.locator(".set", has_text="The set at 99 %").wait_for()
    assert opened.page.locator(".answer").count() == 1


def test_a_dropped_picture_is_answered(open_page, png):
    opened = open_page()
    transfer = opened.page.evaluate_handle(
        """(bytes) => {
            const transfer = new DataTransfer();
            transfer.items.add(new File([new Uint8Array(bytes)], "dropped.png", {type: "image/png"}));
            return transfer;
        }""",
        list(png()),
    )
    opened.page.dispatch_event("#drop", "drop", {"dataTransfer": transfer})
    opened.page.locator(".answer .told h2").wait_for()
    assert opened.page.locator(".answer figcaption").inner_text() == "dropped.png"


def test_names_and_files_from_outside_are_shown_as_text(open_page, png):
    evil = "<img src=x onerror=alert(1)>.png"
    opened = open_page()
    opened.give((evil, png()), ("no.svg", b"<svg xmlns='http://www.w3.org/2000/svg' onload='alert(2)'/>"))
    captions = opened.page.locator(".answer figcaption").all_inner_texts()
    assert sorted(captions) == sorted([evil, "no.svg"])
    assert "cannot be read as a picture" in opened.page.locator(".failed").inner_text()
    assert opened.page.locator("figcaption img, .told img").count() == 0
    assert not [text for text in opened.complaints if text in {"1", "2"}]


def test_the_page_asks_its_own_server_and_nobody_else(open_page, address, png):
    opened = open_page()
    opened.give(("photo.png", png()))
    assert {url.split("/v1")[0] for url in opened.requests if url.startswith("http")} <= {address, address + "/"}


def test_a_key_is_asked_for_where_the_server_wants_one(open_page, running, png):
    with running(key="abc") as (host, port):
        opened = open_page(at=f"http://{host}:{port}")
        assert opened.page.locator("#problem").inner_text() == "This server wants a key."
        opened.page.fill("#key", "abc")
        opened.page.locator("#key").blur()
        opened.page.locator("#problem").wait_for(state="hidden")
        opened.give(("photo.png", png()))
        assert opened.page.locator(".answer h2").is_visible()
        opened.page.close()


@pytest.mark.parametrize("viewport", [DESK, PHONE], ids=["desk", "phone"])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_page_fits_its_screen(open_page, png, viewport, scheme, tmp_path):
    opened = open_page(viewport=viewport, scheme=scheme)
    opened.give(("a-very-long-name-" * 8 + ".png", png()), ("broken.png", b"no"))
    assert opened.page.evaluate("() => document.documentElement.scrollWidth") <= viewport["width"]
    ground = opened.page.evaluate("() => getComputedStyle(document.body).backgroundColor")
    assert ground == {"light": "rgb(255, 255, 255)", "dark": "rgb(17, 19, 23)"}[scheme]
