"""The report page in a real browser, and the file it comes from."""

import os
import re
import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from html.parser import HTMLParser
from itertools import pairwise
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
from playwright.sync_api import Browser, Page, sync_playwright

from headstart.report import AnnotatedPicture, Report, ReportContent, write_html
from headstart.report.html import render
from headstart.tasks import evaluate_detection, evaluate_segmentation

CHROMIUM_OPTIONS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
CLASSIFIED = ["single_label", "multi_label", "many_classes", "hostile_names", "many_hostile_names", "bare"]
VARIANTS = [*CLASSIFIED, "detection", "segmentation", "regression", "many_areas"]
PHONE = {"width": 375, "height": 812}
DESK = {"width": 1280, "height": 800}
ENOUGH_CONTRAST = 4.5  # WCAG 2.2, 1.4.3

SECTIONS = {
    "numbers": "Metrics",
    "limits": "Limits",
    "steps": "Training steps",
    "data": "Data",
    "training": "Learning curves",
    "classes": "Results per class",
    "confusion": "Confusion matrix",
    "mistakes": "Most confident mistakes",
    "calibration": "Calibration: is the confidence reliable?",
    "again": "Reproduce the run",
}

# What each text is painted with and on: [text, contrast]. A canvas turns any CSS colour into bytes.
CONTRASTS = """() => {
    const canvas = document.createElement("canvas").getContext("2d", {willReadFrequently: true});
    const paint = (colours) => {
        for (const colour of colours) { canvas.fillStyle = colour; canvas.fillRect(0, 0, 1, 1); }
        return [...canvas.getImageData(0, 0, 1, 1).data].slice(0, 3);
    };
    const linear = (byte) => byte / 255 <= 0.04045 ? byte / 255 / 12.92 : ((byte / 255 + 0.055) / 1.055) ** 2.4;
    const luminance = ([r, g, b]) => 0.2126 * linear(r) + 0.7152 * linear(g) + 0.0722 * linear(b);
    const found = [];
    const texts = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
    while (texts.nextNode()) {
        const element = texts.currentNode.parentElement;
        if (!texts.currentNode.data.trim() || !element.getClientRects().length) continue;
        const grounds = [];
        for (let box = element; box; box = box.parentElement) grounds.unshift(getComputedStyle(box).backgroundColor);
        const style = getComputedStyle(element);
        const ink = element.closest("svg") ? style.fill : style.color;
        const [dark, light] = [luminance(paint(grounds)), luminance(paint([...grounds, ink]))].sort((a, b) => a - b);
        found.push([texts.currentNode.data.trim(), (light + 0.05) / (dark + 0.05)]);
    }
    return found;
}"""

# Every colour of every figure, as the browser paints it.
FIGURE_COLOURS = """() => [...document.querySelectorAll(".chart svg path, .chart svg text, .chart svg use")]
    .flatMap((shape) => [getComputedStyle(shape).fill, getComputedStyle(shape).stroke])
    .filter((colour) => colour !== "none")"""


@dataclass
class Opened:
    """A page and all that it did since it was opened."""

    page: Page
    requests: list[str] = field(default_factory=list)
    complaints: list[str] = field(default_factory=list)
    dialogs: list[str] = field(default_factory=list)

    def count(self, selector: str) -> int:
        return self.page.locator(selector).count()

    def texts(self, selector: str) -> list[str]:
        return self.page.locator(selector).all_inner_texts()


Open = Callable[..., Opened]


@pytest.fixture(scope="module")
def browser(cannot_run) -> Iterator[Browser]:
    """Chromium, started once; where it is not installed the tests are skipped, in continuous integration they fail."""
    path = shutil.which("chromium")
    if path is None:
        cannot_run("needs the program 'chromium' on the PATH")
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=path, args=CHROMIUM_OPTIONS)
        yield chromium
        chromium.close()


@pytest.fixture(scope="module")
def written(tmp_path_factory: pytest.TempPathFactory) -> Callable[[ReportContent], Path]:
    """Writes a content's page, the same content once only."""
    folder, paths = tmp_path_factory.mktemp("reports"), {}

    def write(content: ReportContent) -> Path:
        if id(content) not in paths:
            path = folder / f"{len(paths)}.html"
            write_html(path, content)
            paths[id(content)] = path
        return paths[id(content)]

    return write


@pytest.fixture(scope="module")
def window(browser: Browser) -> Opened:
    """The one window of all tests, which tells what its page does: opening a window takes longer than most tests."""
    opened = Opened(browser.new_context().new_page())
    page = opened.page
    page.on("request", lambda request: opened.requests.append(request.url))
    page.on("console", lambda message: opened.complaints.append(message.text))
    page.on("pageerror", lambda error: opened.complaints.append(str(error)))
    page.on("dialog", lambda dialog: (opened.dialogs.append(dialog.message), dialog.dismiss()))
    return opened


@pytest.fixture
def open_page(window: Opened, written: Callable[[ReportContent], Path]) -> Open:
    """Opens a content's page in place of the one before it."""

    def go(content: ReportContent, *, viewport=DESK, scheme="light") -> Opened:
        for heard in (window.requests, window.complaints, window.dialogs):
            heard.clear()
        window.page.set_viewport_size(viewport)
        window.page.emulate_media(media="screen", color_scheme=scheme)
        window.page.goto(written(content).as_uri(), wait_until="load")
        return window

    return go


@pytest.fixture(params=VARIANTS)
def content(request: pytest.FixtureRequest) -> ReportContent:
    """Each kind of content in turn."""
    return request.getfixturevalue(request.param)


@pytest.mark.browser
def test_the_headline_and_the_key_numbers_are_in_sight(open_page, single_label):
    opened = open_page(single_label)
    metric = single_label.report.main_metric
    shown = opened.page.locator(".headline")
    assert shown.is_visible()
    assert shown.inner_text().startswith(f"Distinguishes 5 classes. {100 * metric.value:.0f} of 100 new images")
    assert shown.bounding_box()["y"] + shown.bounding_box()["height"] < DESK["height"]
    assert f"{100 * metric.value:.1f} %" in opened.texts(".card .value")
    assert f"{100 * metric.low:.1f} % to {100 * metric.high:.1f} %" in opened.texts(".card .range")[0]
    assert opened.count(".card") == len(single_label.report.metrics)


@pytest.mark.browser
@pytest.mark.parametrize(
    ("variant", "missing"),
    [
        ("single_label", set()),
        ("many_classes", set()),
        ("multi_label", {"confusion"}),
        ("bare", {"training", "mistakes"}),
    ],
)
def test_every_section_is_there_under_its_title(open_page, request, variant, missing):
    opened = open_page(request.getfixturevalue(variant))
    expected = {name: title for name, title in SECTIONS.items() if name not in missing}
    titles = {name: opened.page.locator(f"section[aria-labelledby={name}] h2").inner_text() for name in expected}
    assert titles == expected
    assert opened.count("section") == len(expected)


@pytest.mark.browser
@pytest.mark.parametrize(
    ("variant", "own"),
    [
        ("detection", ["Results per class", "Types of errors", "Precision and recall", "Worst images"]),
        ("segmentation", ["Results per class", "Confusion matrix", "Worst images"]),
        (
            "regression",
            ["Results per number", "Predicted and true values", "Are the intervals reliable?", "Largest errors"],
        ),
    ],
)
def test_every_kind_has_sections_of_its_own(open_page, request, variant, own):
    opened = open_page(request.getfixturevalue(variant))
    shared = ["Metrics", "Limits", "Training steps", "Data", "Learning curves"]
    assert opened.texts("section h2") == [*shared, *own, "Reproduce the run"]


@pytest.mark.browser
def test_boxes_stand_beside_the_truth_and_numbers_say_it_in_words(open_page, detection, regression):
    boxes = open_page(detection)
    assert boxes.texts(".gallery figure:first-child .pictures small") == ["true", "predicted"]
    truth, answer = boxes.page.evaluate(boxes_of(".gallery figure:first-child img"))
    assert truth["right"] < answer["left"]
    numbers = open_page(regression)
    assert re.match(r"age in years [\d.]+, predicted [\d.]+; height in cm", numbers.texts(".gallery figcaption")[0])


@pytest.mark.browser
def test_every_picture_is_painted(open_page, content):
    opened = open_page(content)
    widths = opened.page.evaluate("() => [...document.images].map((image) => image.complete && image.naturalWidth)")
    assert len(widths) == len(content.samples) + 2 * len(content.mistakes) + sum(map(num_shown, content.examples))
    assert all(widths)
    assert all(box["width"] > 100 for box in opened.page.evaluate(boxes_of(".chart svg")))


@pytest.mark.browser
def test_a_mistake_tells_its_picture_from_its_heat_map(open_page, single_label):
    opened = open_page(single_label)
    assert opened.texts(".gallery figure:first-child small") == [
        single_label.mistakes[0].name,
        "image",
        "heat map",
    ]
    picture, heat = opened.page.evaluate(boxes_of(".gallery figure:first-child img"))
    assert picture["right"] < heat["left"]
    assert "little\nmuch" in opened.texts(".key")[0]


@pytest.mark.browser
def test_without_heat_maps_none_is_spoken_of(open_page, single_label):
    plain = [replace(mistake, overlay=None) for mistake in single_label.mistakes]
    opened = open_page(replace(single_label, mistakes=plain))
    assert opened.count(".gallery img") == len(plain)
    assert "heat map" not in opened.page.locator("body").inner_text()


@pytest.mark.browser
def test_nothing_but_the_file_is_asked_for(open_page, written, content):
    opened = open_page(content)
    asked = {url for url in opened.requests if not url.startswith("data:")}
    assert asked == {written(content).as_uri()}


@pytest.mark.browser
def test_the_page_has_nothing_to_complain_of(open_page, content):
    assert open_page(content).complaints == []


@pytest.mark.browser
@pytest.mark.parametrize(
    ("element", "directive"),
    [
        ('<img src="https://example.com/x.png">', "img-src"),
        ('<link rel="stylesheet" href="https://example.com/x.css">', "style-src-elem"),
        ('<iframe src="https://example.com/"></iframe>', "frame-src"),
        ('<video src="https://example.com/x.mp4"></video>', "media-src"),
        ('<img src="data:," onerror="document.title = 1">', "script-src-attr"),
    ],
)
def test_the_policy_blocks_what_would_be_fetched_or_run(open_page, single_label, element, directive):
    opened = open_page(single_label)
    blocked = opened.page.evaluate(
        """(element) => new Promise((resolve) => {
            document.addEventListener("securitypolicyviolation", (event) => resolve(event.effectiveDirective));
            document.body.insertAdjacentHTML("beforeend", element);
            setTimeout(() => resolve("nothing"), 3000);
        })""",
        element,
    )
    assert blocked == directive
    assert opened.page.title() == "flowers · Headstart report"


@pytest.mark.browser
def test_text_can_be_read_on_its_ground(open_page, content):
    opened = open_page(content)
    for scheme in ("light", "dark"):
        opened.page.emulate_media(color_scheme=scheme)
        contrasts = opened.page.evaluate(CONTRASTS)
        assert len(contrasts) > 50
        assert [(scheme, text, ratio) for text, ratio in contrasts if ratio < ENOUGH_CONTRAST] == []


@pytest.mark.browser
def test_the_ground_follows_the_scheme(open_page, single_label):
    grounds = {
        scheme: open_page(single_label, scheme=scheme).page.evaluate(
            "() => getComputedStyle(document.body).backgroundColor"
        )
        for scheme in ("light", "dark")
    }
    assert grounds["light"] == "rgb(255, 255, 255)"
    assert sum(map(int, re.findall(r"\d+", grounds["dark"]))) < 3 * 40


@pytest.mark.browser
@pytest.mark.parametrize("variant", ["single_label", "many_classes"])
def test_the_figures_follow_the_scheme(open_page, request, variant):
    chosen = request.getfixturevalue(variant)
    light, dark = (open_page(chosen, scheme=scheme).page.evaluate(FIGURE_COLOURS) for scheme in ("light", "dark"))
    assert len(light) == len(dark) > 50
    assert [pair for pair in zip(light, dark, strict=True) if pair[0] == pair[1]] == []


@pytest.mark.browser
def test_a_phone_never_scrolls_the_page_sideways(open_page, content):
    opened = open_page(content, viewport=PHONE)
    for width in (PHONE["width"], 320):
        opened.page.set_viewport_size({**PHONE, "width": width})
        page_width, window_width = opened.page.evaluate("() => [document.scrollingElement.scrollWidth, innerWidth]")
        assert window_width == width
        assert page_width <= width
        # Nor is anything cut off where it cannot be scrolled to.
        boxes = opened.page.evaluate(boxes_of("h1, h2, h3, p, li, dd, dt, figure, figcaption, .scroll, pre"))
        assert [box for box in boxes if box["right"] > width + 1 and not box["scrolls"]] == []


@pytest.mark.browser
def test_a_phone_shows_the_whole_small_table_without_scrolling(open_page, single_label):
    opened = open_page(single_label, viewport=PHONE)
    widths = opened.page.evaluate(
        "() => [...document.querySelectorAll('.scroll')].map((box) => [box.scrollWidth, box.clientWidth])"
    )
    assert len(widths) == 5
    assert all(content_width <= frame_width for content_width, frame_width in widths)


@pytest.mark.browser
def test_paper_gets_everything_on_white(open_page, many_classes):
    opened = open_page(many_classes, scheme="dark")
    pages = re.findall(rb"/Type\s*/Page\b", opened.page.pdf(format="A4"))
    assert len(pages) > 5
    opened.page.emulate_media(media="print")
    assert opened.page.evaluate("() => getComputedStyle(document.body).backgroundColor") == "rgb(255, 255, 255)"
    hidden = opened.page.evaluate(
        """() => [...document.querySelectorAll(".scroll, pre")].filter(
            (box) => getComputedStyle(box).overflowY !== "visible" || getComputedStyle(box).maxHeight !== "none"
        ).length"""
    )
    assert hidden == 0


@pytest.mark.browser
@pytest.mark.parametrize("variant", ["single_label", "many_classes", "hostile_names"])
def test_paper_is_as_wide_as_what_stands_on_it(open_page, request, variant):
    a4_between_margins = round((210 - 2 * 15) / 25.4 * 96)
    opened = open_page(request.getfixturevalue(variant), viewport={"width": a4_between_margins, "height": 1000})
    opened.page.emulate_media(media="print")
    boxes = opened.page.evaluate(boxes_of("table, svg, img, pre, p, dd"))
    assert max(box["right"] for box in boxes) <= a4_between_margins + 1


@pytest.mark.browser
@pytest.mark.parametrize("variant", ["hostile_names", "many_hostile_names"])
def test_hostile_names_are_text_and_run_nothing(open_page, request, variant):
    chosen = request.getfixturevalue(variant)
    opened = open_page(chosen)
    assert opened.dialogs == []
    assert opened.count("script, img:not([src^='data:image/webp']), b b, svg b") == 0
    assert opened.page.title() == "<script>alert(1)</script> · Headstart report"
    names = opened.texts("section[aria-labelledby=classes] tbody th")
    assert tuple(names) == chosen.report.class_names
    assert opened.texts(".gallery b") == [chosen.report.class_names[0], chosen.report.class_names[1]]
    assert "Watch <script>alert(1)</script>." in opened.texts(".limits li")


@pytest.mark.browser
@pytest.mark.parametrize("variant", ["hostile_boxes", "many_areas"])
def test_hostile_names_of_boxes_and_areas_are_text(open_page, request, variant):
    chosen = request.getfixturevalue(variant)
    opened = open_page(chosen)
    assert opened.dialogs == opened.complaints == []
    assert opened.count("script, img:not([src^='data:image/webp']), b b, svg b") == 0
    assert tuple(opened.texts("section[aria-labelledby=classes] tbody th")) == chosen.report.class_names
    assert opened.count(".gallery img") == sum(map(num_shown, chosen.examples))


@pytest.mark.browser
def test_hostile_names_are_text_in_figures_too(open_page, many_hostile_names):
    drawn = open_page(many_hostile_names).page.locator(".confusion-figure svg text").all_text_contents()
    beginnings = [name[:19] for name in many_hostile_names.report.class_names]  # figures shorten long names
    for beginning in beginnings:
        same = [other for other in beginnings if other.startswith(beginning)]
        assert sum(text.strip().startswith(beginning) for text in drawn) == 2 * len(same)  # down and across


@pytest.mark.browser
def test_no_two_elements_share_an_id(open_page, content):
    ids = open_page(content).page.evaluate("() => [...document.querySelectorAll('[id]')].map((element) => element.id)")
    assert len(ids) == len(set(ids))


def num_shown(example: AnnotatedPicture) -> int:
    """How many pictures the page shows of one: boxes stand on the picture itself."""
    drawn = sum(picture is not None for picture in (example.true, example.predicted))
    return drawn if "answered" in example.caption and drawn else 1 + drawn


def boxes_of(selector: str) -> str:
    """Script that measures every element of a selector; `scrolls` tells those inside a frame of their own."""
    return f"""() => [...document.querySelectorAll({selector!r})].map((element) => {{
        const {{left, right, width}} = element.getBoundingClientRect();
        return {{left, right, width, scrolls: element.parentElement.closest(".scroll") !== null}};
    }})"""


class Attributes(HTMLParser):
    """Every attribute of a page that a browser would fetch or run."""

    def __init__(self) -> None:
        super().__init__()
        self.addresses: list[str] = []
        self.handlers: list[str] = []
        self.tags: set[str] = set()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        for name, value in attrs:
            if name in {"src", "srcset", "href", "xlink:href", "poster", "data", "action", "background"}:
                self.addresses.append(value or "")
            if name.startswith("on"):
                self.handlers.append(name)


def test_the_page_is_one_file(tmp_path, single_label):
    write_html(tmp_path / "report.html", single_label)
    assert [path.name for path in tmp_path.iterdir()] == ["report.html"]


def test_the_page_refers_to_nothing_outside_itself(written, content):
    text = written(content).read_text(encoding="utf-8")
    attributes = Attributes()
    attributes.feed(text)
    assert "table" in attributes.tags
    assert [address for address in attributes.addresses if not address.startswith(("data:", "#"))] == []
    assert attributes.handlers == []
    assert attributes.tags.isdisjoint({"script", "link", "iframe", "object", "embed", "base", "form"})
    style = text[text.index("<style>") : text.index("</style>")]
    assert re.findall(r"url\(|@import|https?:", style) == []


@pytest.mark.parametrize("kind", ["single_label", "detection", "segmentation", "regression"])
def test_the_page_of_a_report_from_its_file_is_the_same(tmp_path, request, kind):
    content = replace(request.getfixturevalue(kind), examples=(), mistakes=())
    content.report.write(tmp_path / "report.json")
    assert render(replace(content, report=Report.read(tmp_path / "report.json"))) == render(content)


def test_perfect_and_useless_answers_have_a_page(tmp_path, detection, segmentation):
    box = np.array([[0.0, 0.0, 9.0, 9.0, 0]])
    answers = SimpleNamespace(boxes=box[:, :4], classes=np.array([0]), scores=np.array([0.9]))
    nothing = SimpleNamespace(boxes=np.zeros((0, 4)), classes=np.zeros(0, int), scores=np.zeros(0))
    for predictions, targets in (([answers], [box]), ([nothing], [box]), ([nothing], [box[:0]])):
        report = evaluate_detection(predictions, targets, ("cat", "dog"), num_resamples=5)
        assert_page_from_file(tmp_path, replace(detection, report=report, examples=()))
    mask = np.zeros((4, 4), int)
    for predicted, true in ((mask, mask), (mask, mask + 1), (mask, mask + 255)):
        report = evaluate_segmentation([predicted], [true], ("cat", "dog"), num_resamples=5)
        assert_page_from_file(tmp_path, replace(segmentation, report=report, examples=()))


def assert_page_from_file(folder: Path, content: ReportContent) -> None:
    content.report.write(folder / "report.json")
    assert render(replace(content, report=Report.read(folder / "report.json"))).endswith("</html>")


def test_the_same_content_gives_the_same_page(tmp_path, single_label):
    for name in ("one.html", "two.html"):
        write_html(tmp_path / name, single_label)
    assert (tmp_path / "one.html").read_bytes() == (tmp_path / "two.html").read_bytes()


def test_whoever_reads_while_the_page_is_written_anew_reads_the_old_one_whole(tmp_path, single_label, bare):
    path = tmp_path / "report.html"
    write_html(path, single_label)
    old = path.read_text(encoding="utf-8")
    with path.open(encoding="utf-8") as reader:
        write_html(path, bare)
        assert reader.read() == old
    assert "pets · Headstart report" in path.read_text(encoding="utf-8")


def test_a_page_that_cannot_be_finished_leaves_the_old_one(tmp_path, monkeypatch, single_label, bare):
    path = tmp_path / "report.html"
    write_html(path, single_label)
    old = path.read_bytes()

    def write_half(self, content):
        with self.open("wb") as file:
            file.write(content[: len(content) // 2])
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Path, "write_bytes", write_half)
    with pytest.raises(OSError, match="No space left"):
        write_html(path, bare)
    assert path.read_bytes() == old


def test_a_file_name_that_is_no_text_keeps_nobody_from_a_page(tmp_path, single_label):
    nameless = replace(single_label.mistakes[0], name=os.fsdecode(b"caf\xe9.jpg"))
    write_html(tmp_path / "report.html", replace(single_label, mistakes=[nameless]))
    assert r"<small>caf\udce9.jpg</small>" in (tmp_path / "report.html").read_text(encoding="utf-8")


def test_a_run_without_history_has_no_training_section(written, bare, single_label):
    assert 'id="training"' in written(single_label).read_text(encoding="utf-8")
    assert 'id="training"' not in written(bare).read_text(encoding="utf-8")


def test_a_run_without_mistakes_says_so(written, bare):
    text = written(bare).read_text(encoding="utf-8")
    assert "All test images are classified correctly." in text
    assert 'id="mistakes"' not in text


def test_an_audit_that_found_nothing_says_so(written, bare, single_label):
    sentence = "The audit of the images found no problems."
    assert sentence in written(bare).read_text(encoding="utf-8")
    assert sentence not in written(single_label).read_text(encoding="utf-8")


def test_the_recipe_can_be_copied_as_it_is(written, single_label):
    block = re.search(r'aria-label="Recipe"><code>(.*?)</code>', written(single_label).read_text("utf-8"), re.DOTALL)
    assert re.sub(r"</?span>", "", block[1]).replace("&#34;", '"') == single_label.recipe_text


def test_words_replace_names_of_fields_and_empty_lists(written, single_label):
    text = written(single_label).read_text(encoding="utf-8")
    assert "<dt>num cpus</dt><dd>8</dd>" in text
    assert "<dt>gpus</dt><dd>none</dd>" in text
    assert "near duplicate" in text
    assert "near_duplicate" not in text


def test_a_column_of_short_names_stands_upright(written, single_label):
    digits = replace(single_label, report=with_names(single_label.report, "01234"))
    assert '<table class="upright">' in written(digits).read_text(encoding="utf-8")
    assert '<table class="upright">' not in written(single_label).read_text(encoding="utf-8")


def with_names(report: Report, names: str) -> Report:
    return replace(report, class_names=tuple(names))


def test_steps_stand_in_the_order_in_which_they_were_taken(written, single_label):
    text = written(single_label).read_text(encoding="utf-8")
    places = [text.index(f"<h3>{title}</h3>") for title in ("Loaded", "Froze", "Added", "Fine-tuned")]
    assert all(before < after for before, after in pairwise(places))
