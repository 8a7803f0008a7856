"""The examples of docs/testing-your-site.md, taken out of the page as they stand."""

import os
from pathlib import Path

from documents import blocks

PAGE = Path(os.path.dirname(os.path.abspath(__file__))).parents[1] / "docs/testing-your-site.md"
MOST_LINES = 19


def example(heading):
    """The only one below this heading."""
    lines = PAGE.read_text(encoding="utf-8").splitlines()
    begin = lines.index(f"## {heading}")
    end = next((number for number, line in enumerate(lines) if number > begin and line.startswith("## ")), len(lines))
    (block,) = [block for block in blocks(PAGE) if begin < block.line <= end]
    assert block.text.count("\n") < MOST_LINES, f"“{heading}” has {block.text.count(chr(10)) + 1} lines"
    return f"{block.text}\n"
