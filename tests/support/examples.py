"""The examples of docs/testing-your-site.md, taken out of the page as they stand."""

import os
import re
import textwrap

PAGE = os.path.join(os.path.dirname(os.path.abspath(__file__)), "../../docs/testing-your-site.md")
MOST_LINES = 19


def example(heading):
    with open(PAGE, encoding="utf-8") as page:
        text = page.read()
    (section,) = re.findall(rf"^## {re.escape(heading)}\n(.*?)(?=^## |\Z)", text, re.M | re.S)
    (block,) = re.findall(r"(?:^    .*\n|^\n(?=    ))+", section, re.M)
    lines = textwrap.dedent(block).strip().splitlines()
    assert len(lines) <= MOST_LINES, f"“{heading}” has {len(lines)} lines"
    return "\n".join(lines) + "\n"
