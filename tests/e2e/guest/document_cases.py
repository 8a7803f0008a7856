"""document_cases.py PAGE...: what docs/PAGE.md shows, run by a reader whose key is a USB device (tests/support/documents.py)."""

import os
import sys

from documents import REPOSITORY, RUN, Reader, blocks
from report import Report

OWN = "tests/e2e/suites/documents"
SECONDS = 300  # an emulated machine is slow
report = Report()


def main(pages):
    for page in pages:
        reader = Reader(os.environ["FAUXKEY"], device=True, seconds=SECONDS)
        try:
            for block in blocks(REPOSITORY / "docs" / f"{page}.md"):
                if block.language in RUN and not block.not_run and block.run_by in (None, OWN):
                    with report.case(f"{page}-line-{block.line}"):
                        reader.read(block)
        finally:
            reader.close()


main(sys.argv[1:])
sys.exit(1 if report.failed else 0)
