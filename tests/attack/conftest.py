"""`fauxkey attack` against sites of its own."""

import json
import os
import subprocess

import pytest
from strict_site import StrictSite


class Attack:
    def __init__(self, program, folder):
        self.program, self.folder = program, folder

    def run(self, *arguments):
        """As a person starts it."""
        environment = {"PATH": os.environ["PATH"], "HOME": str(self.folder), "XDG_RUNTIME_DIR": str(self.folder), "LANG": "C.UTF-8"}
        return subprocess.run([self.program, "attack", *map(str, arguments)], capture_output=True, text=True, timeout=300, cwd=self.folder,
                              env=environment, check=False)

    def report(self, site, *arguments, status):
        """The results by their ids."""
        done = self.run("--site", site, "--json", "report.json", *arguments)
        assert done.returncode == status, f"{done.returncode}: {done.stdout[-2000:]}{done.stderr}"
        report = json.loads((self.folder / "report.json").read_text())
        return {each["id"]: each for each in report["results"]}, report


@pytest.fixture
def attack(request, tmp_path):
    return Attack(os.path.abspath(request.config.getoption("--fauxkey")), tmp_path)


@pytest.fixture
def site():
    """Makes a site that is strict but for these holes."""
    opened = []

    def make(*holes, **options):
        opened.append(StrictSite(holes, **options))
        return opened[-1]

    yield make
    for each in opened:
        each.__exit__()
