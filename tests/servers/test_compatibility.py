"""docs/compatibility.md is what its generator makes of the tables."""

import os
import subprocess
import sys

from daemon import REPOSITORY


def test_the_page_is_made_of_the_tables():
    generator = os.path.join(REPOSITORY, "tests/servers/compatibility")
    made = subprocess.run([sys.executable, generator], check=True, capture_output=True, text=True, timeout=60).stdout
    with open(os.path.join(REPOSITORY, "docs/compatibility.md"), encoding="utf-8") as page:
        assert page.read() == made, "make it anew: tests/servers/compatibility >docs/compatibility.md"
