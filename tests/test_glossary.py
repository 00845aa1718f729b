"""The glossary: its terms are used, short and linked where a page uses them first."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
GLOSSARY = ROOT / "docs" / "glossary.md"
PAGES = [
    ROOT / "README.md",
    *sorted(path for path in (ROOT / "docs").glob("*.md") if path.name not in ("glossary.md", "package-index.md")),
]
# Where a term may be used, beside the pages.
OTHER_TEXTS = (
    "src/**/*.py",
    "src/**/*.html",
    "src/**/*.md",
    "notebooks/*.py",
    "benchmarks/**/*.md",
    "benchmarks/**/*.py",
)
# How sentences write a term where it is not the heading itself, singular or plural.
FORMS = {
    "AMX and VNNI": "AMX|VNNI",
    "Augmentation": "augmentations?|augmented",
    "Batch normalization": "batch ?normalization",
    "Bootstrap": "bootstrap",
    "Calibration": "calibration|calibrated?|calibrates",
    "Confidence interval": "(?:95 % |confidence )?intervals?",
    "Cut": "(?:the|its) cut",
    "Fine-tuning": "fine-tun(?:e|ed|es|ing)",
    "Freeze": "frozen|freezes?|freezing",
    "Group": "groups?(?! of)",
    "Head": "(?:the|a|new|its) heads?",
    "IoU": "IoU|intersection over union",
    "mAP": "mAP(?:50)?",
    "Near copy": "near cop(?:y|ies)",
    "p-value": "p[-_]values?",
    "Parity check": "parity(?: check)?",
    "Plan": "the plan",
    "Run": "(?:a|the|one|every|each|new) run",
    "Split": "splits?",
}
# What is no sentence: blocks and pieces of code, headings, links, comments, addresses.
NO_SENTENCE = re.compile(
    r"```.*?```|`[^`\n]*`|^#[^\n]*$|\[[^\]]*\]\([^)]*\)|<!--.*?-->|https?://\S+", re.DOTALL | re.MULTILINE
)


def entries() -> dict[str, str]:
    """Term -> its explanation."""
    parts = re.split(r"^### (.+)$", GLOSSARY.read_text("utf-8"), flags=re.MULTILINE)[1:]
    return dict(zip(parts[::2], parts[1::2], strict=True))


ENTRIES = entries()


def anchor_of(heading: str) -> str:
    """The address of a heading within its page, as on GitHub."""
    return re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-")


def pattern_of(term: str) -> re.Pattern[str]:
    forms = FORMS.get(term, re.escape(term) + "s?")
    return re.compile(rf"(?<![\w/.-])(?:{forms})(?![\w/-])", 0 if term == "mAP" else re.IGNORECASE)


def links_to_glossary(path: Path) -> list[str]:
    """The anchors of the links of a page to terms."""
    place = "" if path == GLOSSARY else r"(?:docs/)?glossary\.md"
    return re.findall(rf"\]\({place}#([^)]+)\)", path.read_text("utf-8"))


def test_there_are_terms_and_every_other_form_belongs_to_one():
    assert len(ENTRIES) > 50
    assert set(FORMS) <= set(ENTRIES)


def test_terms_are_in_alphabetical_order_and_each_has_one_place():
    terms = [term.casefold() for term in ENTRIES]
    assert terms == sorted(terms)
    assert len({anchor_of(term) for term in ENTRIES}) == len(terms)


@pytest.mark.parametrize("term", ENTRIES)
def test_an_explanation_has_one_or_two_sentences(term):
    text = re.sub(r"\([^()]*\([^()]*\)\)", "", ENTRIES[term])  # the reference
    assert 1 <= len(re.findall(r"\.(?=\s|$)", text)) <= 2


@pytest.mark.parametrize("term", ENTRIES)
def test_every_term_is_used_outside_the_glossary(term):
    others = [path for pattern in OTHER_TEXTS for path in sorted(ROOT.glob(pattern))]
    assert any(pattern_of(term).search(path.read_text("utf-8")) for path in [*PAGES, *others])


@pytest.mark.parametrize("path", [GLOSSARY, *PAGES], ids=lambda path: path.name)
def test_every_link_to_the_glossary_leads_to_a_term(path):
    assert [link for link in links_to_glossary(path) if link not in {anchor_of(term) for term in ENTRIES}] == []


@pytest.mark.parametrize("path", PAGES, ids=lambda path: path.name)
def test_a_page_links_the_terms_that_its_sentences_use(path):
    sentences = NO_SENTENCE.sub("", path.read_text("utf-8"))
    used = {term for term in ENTRIES if pattern_of(term).search(sentences)}
    linked = set(links_to_glossary(path))
    missing = [f"(glossary.md#{anchor_of(term)})" for term in sorted(used) if anchor_of(term) not in linked]
    assert missing == [], "link the first use of each of these terms"
