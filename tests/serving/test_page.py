"""The page to drop pictures on, in a real browser."""

import base64
import io
import shutil
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field

import numpy as np
import pytest
from PIL import Image
from playwright.sync_api import Browser, Page, sync_playwright

from headstart.report import class_colours
from headstart.task_spec import DETECTION, REGRESSION, SEGMENTATION, TASK_KINDS

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
LOCATED = [DETECTION, SEGMENTATION]

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
        told = self.page.locator(".answer .told:has(h2, table, .failed)")
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


@pytest.fixture(scope="module")
def address_of(running, served) -> Iterator[Callable[[str], str]]:
    """Of a server for a task that is no classification."""
    with ExitStack() as stack:
        addresses: dict[str, str] = {}

        def go(kind: str) -> str:
            if kind not in addresses:
                host, port = stack.enter_context(running(served=served(kind).model))
                addresses[kind] = f"http://{host}:{port}"
            return addresses[kind]

        yield go


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
    assert "cannot be read as an image" in opened.page.locator(".failed").inner_text()
    assert opened.page.locator("figcaption img, .told img").count() == 0
    assert not [text for text in opened.complaints if text in {"1", "2"}]


def test_the_page_asks_its_own_server_and_nobody_else(open_page, address, png):
    opened = open_page()
    opened.give(("photo.png", png()))
    assert {url.split("/v1")[0] for url in opened.requests if url.startswith("http")} <= {address, address + "/"}


def test_a_key_is_asked_for_where_the_server_wants_one(open_page, running, png):
    with running(key="abc") as (host, port):
        opened = open_page(at=f"http://{host}:{port}")
        assert opened.page.locator("#problem").inner_text() == "This server requires a key."
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


def answer_of(client_with, served, content: bytes) -> dict:
    """What the page is told."""
    asking = client_with(served=served.model)
    (entry,) = asking.post("/v1/predict", content=content, headers={"Content-Type": "image/png"}).json()["pictures"]
    return entry


def colour_of(text: str) -> tuple[int, ...]:
    return tuple(int(part) for part in text.removeprefix("rgb(").removesuffix(")").split(","))


def test_boxes_lie_over_the_picture_with_names_and_scores(open_page, address_of, client_with, served):
    content = served(DETECTION).pictures[0].read_bytes()
    expected = answer_of(client_with, served(DETECTION), content)
    opened = open_page(at=address_of(DETECTION))
    opened.give(("photo.png", content))
    picture = opened.page.locator(".answer img").bounding_box()
    assert picture["width"] / picture["height"] == pytest.approx(expected["width"] / expected["height"], rel=0.01)
    drawn = opened.page.locator(".view .box")
    assert drawn.count() == len(expected["boxes"]) > 0
    names = served(DETECTION).model.predictor.class_names
    # The most certain is drawn last, on top.
    for place, box in enumerate(reversed(expected["boxes"])):
        element, frame = drawn.nth(place), drawn.nth(place).bounding_box()
        left, top, right, bottom = box["box"]
        scale = picture["width"] / expected["width"]
        assert (frame["x"] - picture["x"], frame["y"] - picture["y"]) == pytest.approx(
            (left * scale, top * scale), abs=1.5
        )
        size = max((right - left) * scale, 4), max((bottom - top) * scale, 4)  # no less than its borders
        assert (frame["width"], frame["height"]) == pytest.approx(size, abs=1.5)
        assert element.inner_text() == f"{box['name']} {box['score']:.2f}"
        colour = element.evaluate("(box) => getComputedStyle(box).borderTopColor")
        assert colour_of(colour) == tuple(class_colours(2)[names.index(box["name"])])
    assert opened.page.locator(".bars .value").first.inner_text() == f"{expected['boxes'][0]['score']:.2f}"
    assert opened.complaints == []


def test_another_score_shows_other_boxes(open_page, address_of, served):
    opened = open_page(at=address_of(DETECTION))
    assert opened.page.locator("#min-score option:checked").inner_text() == "0.7 (usual)"
    opened.give(("photo.png", served(DETECTION).pictures[0].read_bytes()))
    before = opened.page.locator(".view .box").count()
    with opened.page.expect_response(lambda response: "min_score=0.1" in response.url):
        opened.page.select_option("#min-score", "0.1")
    opened.page.locator(".view .box").nth(before).wait_for()
    assert opened.page.locator(".view .over").count() == opened.page.locator(".answer").count() == 1


def test_a_mask_lies_over_the_picture_with_a_legend(open_page, address_of, client_with, served):
    content = served(SEGMENTATION).pictures[0].read_bytes()
    expected = answer_of(client_with, served(SEGMENTATION), content)
    opened = open_page(at=address_of(SEGMENTATION))
    opened.give(("photo.png", content))
    canvas = opened.page.locator(".view canvas")
    canvas.wait_for()
    assert opened.complaints == []
    size = (expected["height"], expected["width"])
    given = canvas.evaluate("(one) => [...one.getContext('2d').getImageData(0, 0, one.width, one.height).data]")
    colours = class_colours(3)
    mask = np.asarray(Image.open(io.BytesIO(base64.b64decode(expected["mask"]))))
    np.testing.assert_array_equal(np.array(given).reshape(*size, 4)[..., :3], colours[mask])
    assert canvas.bounding_box() == pytest.approx(opened.page.locator(".answer img").bounding_box(), abs=1)
    shares = {name: share for name, share in expected["shares"].items() if share > 0}
    assert opened.page.locator(".bars .name").all_inner_texts() == sorted(shares, key=lambda name: -shares[name])
    names = list(expected["shares"])
    swatches = opened.page.locator(".bars .name i")
    for name, swatch in zip(sorted(shares, key=lambda name: -shares[name]), swatches.all(), strict=True):
        shown = colour_of(swatch.evaluate("(one) => getComputedStyle(one).backgroundColor"))
        assert shown == tuple(colours[names.index(name)])
    opened.page.locator("#strength").fill("20")
    assert canvas.evaluate("(one) => getComputedStyle(one).opacity") == "0.2"


def test_numbers_stand_with_their_intervals(open_page, address_of, client_with, served):
    content = served(REGRESSION).pictures[0].read_bytes()
    expected = answer_of(client_with, served(REGRESSION), content)["numbers"]
    opened = open_page(at=address_of(REGRESSION))
    opened.give(("photo.png", content))
    rows = opened.page.locator("tbody tr")
    assert rows.locator("th").all_inner_texts() == ["weight", "age"]
    for row, number in zip(rows.all(), expected.values(), strict=True):
        value, interval = row.locator("td").all_inner_texts()
        ends = [float(text) for text in interval.split(" to ")]
        assert [float(value), *ends] == pytest.approx([number["value"], number["low"], number["high"]], rel=1e-4)
    with opened.page.expect_response(lambda response: "coverage=0.99" in response.url):
        opened.page.select_option("#coverage", "0.99")
    opened.page.locator("th", has_text="Interval at 99 %").wait_for()
    assert "too few validation images" in rows.first.inner_text()
    assert opened.complaints == []


def test_a_picture_that_the_browser_cannot_show_has_its_boxes(open_page, address_of, served):
    file = io.BytesIO()
    Image.open(served(DETECTION).pictures[0]).save(file, "TIFF")
    opened = open_page(at=address_of(DETECTION))
    opened.give(("photo.tiff", file.getvalue()))
    frame, over = (opened.page.locator(name).bounding_box() for name in (".view .unseen", ".view .over"))
    assert frame == pytest.approx(over, abs=1)
    assert opened.page.locator(".view .box").count() > 0


def test_the_page_knows_every_task(open_page, address_of):
    opened = open_page(at=address_of(DETECTION))
    assert set(opened.page.evaluate("() => Object.keys(TASKS)")) == set(TASK_KINDS)


def test_classes_have_the_colours_of_drawings(open_page, address_of):
    opened = open_page(at=address_of(DETECTION))
    shown = opened.page.evaluate("() => Array.from({length: 60}, (_, index) => colourOf(index))")
    np.testing.assert_allclose(shown, class_colours(60), atol=1)  # rounded otherwise


@pytest.mark.parametrize("kind", [DETECTION, SEGMENTATION, REGRESSION])
@pytest.mark.parametrize("viewport", [DESK, PHONE], ids=["desk", "phone"])
def test_the_page_of_every_task_fits_its_screen_and_has_names(open_page, address_of, served, kind, viewport):
    opened = open_page(at=address_of(kind), viewport=viewport, scheme="dark")
    opened.give(("a-very-long-name-" * 8 + ".png", served(kind).pictures[0].read_bytes()), ("broken.png", b"no"))
    assert opened.page.evaluate("() => document.documentElement.scrollWidth") <= viewport["width"]
    assert not [url for url in opened.requests if url.startswith("http") and not url.startswith(address_of(kind))]
    unnamed = "() => [...document.querySelectorAll('select, input')].filter((one) => !one.labels.length).length"
    assert opened.page.evaluate(unnamed) == 0
    # What lies over a picture is said beside it, and is silent itself.
    over = opened.page.locator(".view .over")
    assert over.count() == (kind in LOCATED)
    assert all(one.get_attribute("aria-hidden") == "true" for one in over.all())
