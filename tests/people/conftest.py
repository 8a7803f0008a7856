"""The program in a home of its own, as people start it."""

import os
import subprocess
from pathlib import Path

import pytest
from person import AtTerminal


class Home:
    """`fauxkey` with a home that has nothing in it yet."""

    def __init__(self, program, folder):
        self.program = program
        self.folder = Path(folder)
        self._opened = []

    def environment(self, more=None):
        kept = {name: os.environ[name] for name in ("PATH", "ASAN_OPTIONS", "TSAN_OPTIONS", "LANG") if name in os.environ}
        home = str(self.folder)
        return {**kept, "HOME": home, "XDG_RUNTIME_DIR": home, "TERM": "xterm", **(more or {})}

    def run(self, *arguments, environment=None, **options):
        """Without a terminal."""
        return subprocess.run(
            [self.program, *map(str, arguments)],
            capture_output=True,
            text=True,
            timeout=60,
            cwd=self.folder,
            env=self.environment(environment),
            stdin=subprocess.DEVNULL,
            start_new_session=True,
            check=False,
            **options,
        )

    def start(self, *arguments, environment=None, **options):
        """At a terminal."""
        started = AtTerminal(
            self.program, *map(str, arguments), environment=self.environment(environment), folder=self.folder, **options
        )
        self._opened.append(started)
        return started

    def close(self):
        for opened in self._opened:
            opened.close()


@pytest.fixture
def home(request, starter):
    home = Home(os.path.abspath(request.config.getoption("--fauxkey")), starter.folder())
    yield home
    home.close()
