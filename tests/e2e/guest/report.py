"""One line for each case, as tests/e2e/run counts them: `ok NAME`, `not ok NAME: reason`, `skip NAME: reason`."""

import contextlib
import sys
import time
import traceback


class Skip(Exception):
    """Raised in a case that does not apply here; its text says why."""


class Report:
    def __init__(self):
        self.failed = 0

    @contextlib.contextmanager
    def case(self, name, on_failure=lambda: None):
        started = time.monotonic()
        try:
            yield
        except Skip as reason:
            print(f"skip {name}: {reason}", flush=True)
        except Exception as error:
            self.failed += 1
            reason = " ".join(str(error).split()) or type(error).__name__
            print(f"not ok {name}: {reason}", flush=True)
            traceback.print_exc(file=sys.stderr)
            on_failure()
        else:
            print(f"ok {name} ({time.monotonic() - started:.1f} s)", flush=True)
