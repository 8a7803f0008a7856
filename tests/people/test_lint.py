"""Spelling in all that people read, comments and messages included, and the form of the documents."""

import re
import subprocess

import pytest
from documents import DOCUMENTS, REPOSITORY, blocks

NOT_READ = re.compile(r"\.(png|db|key|lock|sha256|der|bin|pem)$|package-lock\.json$|requirements\.txt$|^tests/(fuzz/corpus|vectors|keystore/kept)/")
WIDTH = 220
WRONG = "mis" + "pelled"
each_document = pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: str(path.relative_to(REPOSITORY)))


def files():
    listed = subprocess.run(["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"], cwd=REPOSITORY, capture_output=True, text=True, check=True)
    return [name for name in listed.stdout.split("\0") if name and not NOT_READ.search(name) and (REPOSITORY / name).is_file()]


def test_spelling():
    """Words that are none on purpose are in .codespellrc."""
    names = files()
    assert len(names) > 500
    found = subprocess.run(["codespell", "--config", ".codespellrc", *names], cwd=REPOSITORY, capture_output=True, text=True, check=False)
    assert found.returncode == 0 and not found.stdout, found.stdout + found.stderr


def test_the_spelling_check_finds_something(tmp_path):
    (tmp_path / "page.md").write_text(f"A sentence with a {WRONG} word.\n")
    found = subprocess.run(["codespell", "--config", ".codespellrc", tmp_path / "page.md"], cwd=REPOSITORY, capture_output=True, text=True, check=False)
    assert WRONG in found.stdout


@each_document
def test_the_form_of_a_document(document):
    text = document.read_text()
    fenced = {line for block in blocks(document) for line in range(block.line, block.line + block.text.count("\n") + 3)}
    assert text.startswith("# ") and text.endswith("\n") and not text.endswith("\n\n")
    depth = 0
    for number, line in enumerate(text.splitlines(), 1):
        where = f"{document.name}:{number}"
        assert line == line.rstrip(), f"{where}: there are spaces at the end"
        if number in fenced:
            continue
        assert "\t" not in line, f"{where}: there is a tab"
        assert len(line) <= WIDTH or line.startswith("|"), f"{where}: {len(line)} characters are too many for a line"
        if heading := re.match(r"(#+) ", line):
            assert len(heading[1]) <= depth + 1, f"{where}: a heading leaves out a level"
            assert len(heading[1]) > 1 or number == 1, f"{where}: a document has one title"
            depth = len(heading[1])
