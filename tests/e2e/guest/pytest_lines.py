"""A pytest plugin: each test's result as a line of report.py's kind on file descriptor 3; pytest's own words stay elsewhere."""

import os

LINES = 3


def pytest_configure(config):
    if not hasattr(config, "workerinput"):  # of xdist's processes only the one that hears of all tests
        config.pluginmanager.register(Lines())


class Lines:
    def __init__(self):
        self._failed = set()

    def pytest_runtest_logreport(self, report):
        name = report.nodeid.removeprefix("ctap/").replace(".py::", "::").replace(" ", "-")
        if report.failed:
            if name not in self._failed:  # a test may fail and its clean-up too
                self._failed.add(name)
                crash = getattr(report.longrepr, "reprcrash", None)
                reason = " ".join((crash.message if crash else str(report.longrepr)).split())
                self._say(f"not ok {name}: {reason[:300]}")
        elif report.skipped:
            reason = report.longrepr[2] if isinstance(report.longrepr, tuple) else str(report.longrepr)
            self._say(f"skip {name}: {reason.removeprefix('Skipped: ')}")
        elif report.when == "call":
            self._say(f"ok {name} ({report.duration:.1f} s)")

    @staticmethod
    def _say(line):
        os.write(LINES, f"{line}\n".encode())
