"""Marks tests with the conformance checks (CHK-001 to CHK-324, X-01 to X-14) that they make, and tells their results as a
table. A check has as many tests as it needs; it has passed where all of them have."""

import collections
import os

import pytest

CHECKS = [f"CHK-{number:03}" for number in range(1, 325)] + [f"X-{number:02}" for number in range(1, 15)]


def _chk(first, last):
    return [f"CHK-{number:03}" for number in range(first, last + 1)]


NOT_APPLICABLE = {
    **dict.fromkeys(_chk(20, 27), "the key is a USB device; this is about NFC"),
    **dict.fromkeys(_chk(28, 37), "the key is a USB device; this is about Bluetooth"),
    "CHK-190": "about keys whose every credential takes a blob; on this one, those do that were made for it (CHK-189)",
    **dict.fromkeys(_chk(288, 324), "about a metadata statement, which no host asks a key for"),
}
HEAD = """# Conformance

What a certified CTAP 2.3 key is checked for, and how fauxkey does. The checks' numbers follow the order of a published test report; the
rules are in our words, after CTAP 2.3. X-01 to X-14 are demands of the specification that the report leaves out. Each row is made of the tests in
`tests/ctap/conformance/` that carry its number; `tools/test ctap` runs them and fails where this file does not say what they found.
[conformance-notes.md](conformance-notes.md) tells how we read the specification where sources differ.

"""


def check(ids, rule):
    """Marks a test: `ids` is one number or several, by commas; `rule` says what is demanded, in one line."""
    for one in ids.split(","):
        assert one in CHECKS, one
    assert "|" not in rule and "\n" not in rule, rule
    return pytest.mark.check(ids, rule)


def case(ids, rule, *values):
    """The same for one row of a parametrized test."""
    return pytest.param(*values, id=f"{ids} {rule}", marks=check(ids, rule))


class Table:
    """A pytest plugin that collects the results, from all of xdist's workers."""

    def __init__(self, path):
        self._path = path
        self._rules = {}
        self._outcomes = collections.defaultdict(list)

    def pytest_runtest_logreport(self, report):
        counts = report.when == "call" or report.outcome != "passed"
        for name, value in report.user_properties:
            if name == "check" and counts:
                ids, rule = value
                for one in ids.split(","):
                    self._outcomes[one].append((report.outcome, report.longrepr[2] if report.outcome == "skipped" else ""))
                    self._rules.setdefault(one, [])
                    if rule not in self._rules[one]:
                        self._rules[one].append(rule)

    def _row(self, one):
        """Rule and result."""
        outcomes = self._outcomes.get(one)
        if not outcomes:
            reason = NOT_APPLICABLE.get(one)
            return ("", f"does not apply: {reason}") if reason else ("", "**no test**")
        rule = "; ".join(sorted(self._rules[one]))
        if any(outcome == "failed" for outcome, _ in outcomes):
            return rule, "**failed**"
        reasons = sorted({reason.removeprefix("Skipped: ") for outcome, reason in outcomes if outcome == "skipped"})
        return (rule, f"skipped: {'; '.join(reasons)}") if reasons else (rule, "passed")

    def pytest_sessionfinish(self, session):
        if hasattr(session.config, "workerinput"):
            return
        rows = [(one, *self._row(one)) for one in CHECKS]
        self._counts = collections.Counter(result.split(":")[0].strip("*") for _, _, result in rows)
        with open(self._path, "w", encoding="utf-8") as file:
            file.write(HEAD + self._totals() + "\n\n| check | rule | result |\n| --- | --- | --- |\n")
            for row in rows:
                file.write(f"| {' | '.join(row)} |\n")
        if self._counts["no test"]:
            session.exitstatus = 1

    def _totals(self):
        order = ("passed", "failed", "skipped", "does not apply", "no test")
        return ", ".join(f"{self._counts[result]} {result}" for result in order if self._counts[result]) + "."

    def pytest_terminal_summary(self, terminalreporter):
        terminalreporter.write_line(f"conformance: {self._totals()} ({os.path.relpath(self._path)})")
