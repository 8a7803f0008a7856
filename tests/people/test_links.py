"""The documents' links lead somewhere. Those of the web are looked up with --web-links only, as they may be out of reach."""

import re
import urllib.error
import urllib.request
from urllib.parse import urlsplit

import pytest
from documents import DOCUMENTS, REPOSITORY

FENCED = re.compile(r"^ *```.*?^ *```", re.MULTILINE | re.DOTALL)
LINK = re.compile(r"(!?)\[([^\]]*)\]\(([^)\s]+)\)")
IMAGES = (".png", ".svg")
SECONDS = 20

each_document = pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: str(path.relative_to(REPOSITORY)))


def text_of(document):
    """Without code, in which brackets are no links."""
    return re.sub(r"`[^`\n]*`", "``", FENCED.sub("", document.read_text()))


def anchors(document):
    """The names under which GitHub and its like find a document's headings."""
    headings = re.findall(r"^#+ +(.*)", FENCED.sub("", document.read_text()), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


def is_of_the_web(link):
    return re.match(r"[a-z]+:", link) is not None


def web_links():
    """Each once."""
    return sorted({link for document in DOCUMENTS for _, _, link in LINK.findall(text_of(document)) if is_of_the_web(link)})


@each_document
def test_each_link_to_a_file_or_heading_finds_it(document):
    lost = []
    for _, _, link in LINK.findall(text_of(document)):
        if is_of_the_web(link):
            continue
        path, _, anchor = link.partition("#")
        target = (document.parent / path).resolve() if path else document
        inside = target == REPOSITORY or REPOSITORY in target.parents
        if not target.exists() or not inside or (anchor and (target.suffix != ".md" or anchor not in anchors(target))):
            lost.append(link)
    assert not lost


@each_document
def test_images_are_images_and_say_what_is_on_them(document):
    for mark, words, link in LINK.findall(text_of(document)):
        if mark:
            assert not is_of_the_web(link) and link.endswith(IMAGES) and len(words) >= 8, link


def test_each_page_can_be_reached_from_the_first_one():
    reached, todo = set(), [REPOSITORY / "README.md"]
    while todo:
        document = todo.pop()
        if document in reached:
            continue
        reached.add(document)
        for _, _, link in LINK.findall(text_of(document)):
            target = (document.parent / link.partition("#")[0]).resolve()
            readme = target / "README.md"
            if not is_of_the_web(link):
                todo += [page for page in (target, readme) if page.suffix == ".md" and page.is_file()]
    assert set(DOCUMENTS) <= reached, [str(page) for page in set(DOCUMENTS) - reached]


def test_links_of_the_web_are_well_formed():
    for link in web_links():
        parts = urlsplit(link)
        assert parts.scheme == "https" and re.fullmatch(r"([a-z0-9-]+\.)+[a-z]{2,}", parts.netloc), link


@pytest.mark.web
def test_links_of_the_web_are_there():
    lost = []
    for link in web_links():
        try:
            urllib.request.urlopen(urllib.request.Request(link, headers={"User-Agent": "Mozilla/5.0"}), timeout=SECONDS).close()
        except (OSError, urllib.error.URLError) as error:
            lost.append(f"{link}: {error}")
    assert not lost
