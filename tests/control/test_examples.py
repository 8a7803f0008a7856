"""docs/testing-your-site.md, run as it stands, but for what needs a browser (which tests/e2e/suites/examples runs)."""

import os
import re
import subprocess
import sys

import pytest
from daemon import REPOSITORY
from examples import PAGE, example
from fauxkey import Fauxkey

SITE = '''
import os
import sys

import pytest
from fauxkey import Fauxkey
from fido2.client import ClientError
from hid import open_fido2_device
from visitor import Site as Visited


class Site:
    """The site of the examples: example.org, with a browser's part played by python-fido2."""

    class Refused(Exception):
        pass

    def __init__(self, key):
        self._key = key
        self._site = None
        self._counter = 0

    def _visit(self, key):
        address = key.address

        class Opened:
            def fido2_device(self):
                return open_fido2_device(address)

        visited = Visited(Opened(), "example.org", "1234" if key.state["pin"]["set"] else None)
        visited.accounts = self._site.accounts if self._site else []
        return visited

    def register(self, name):
        self._site = self._visit(self._key)
        self._site.register(name)

    def log_in(self, name, key=None):
        try:
            data, _, _ = self._visit(key or self._key).log_in()
        except (ClientError, ValueError) as error:
            raise Site.Refused from error
        if data.counter <= self._counter:
            raise Site.Refused("the counter went back")
        self._counter = data.counter


@pytest.fixture(scope="session")
def fauxkey():
    with Fauxkey.start(os.environ["FAUXKEY"], "--transport", "unix", "--debug") as daemon:
        plain = daemon.plug_in
        daemon.plug_in = lambda **options: plain(**{"transports": ["unix"], **options})
        yield daemon


@pytest.fixture
def site(security_key):
    return Site(security_key)
'''


@pytest.mark.parametrize("heading", ["pytest", "A negative test, by a fault", "Clone detection, by a fork and its counter"])
def test_an_example_for_pytest(request, tmp_path, heading):
    (tmp_path / "conftest.py").write_text(SITE)
    (tmp_path / "test_it.py").write_text(example(heading))
    tests = os.path.join(REPOSITORY, "tests")
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "-p", "fauxkey.pytest_plugin", "test_it.py"],
        cwd=tmp_path, capture_output=True, text=True, check=False,
        env={**os.environ, "FAUXKEY": os.path.abspath(request.config.getoption("--fauxkey")),
             "PYTHONPATH": os.pathsep.join([os.path.join(REPOSITORY, "clients/python"), os.path.join(tests, "support")])},
    )
    assert done.returncode == 0 and " passed" in done.stdout, done.stdout + done.stderr


def test_the_example_for_curl(starter, tmp_path):
    daemon = starter.start("--keyless", control=f"unix:{starter.folder()}/c.sock")
    runtime = tmp_path / "fauxkey"
    runtime.mkdir()
    os.symlink(daemon.control.url.removeprefix("unix:"), runtime / "control.sock")
    script = example("curl").replace('"pin": "1234"}', '"pin": "1234", "transports": ["unix"]}')
    done = subprocess.run(["sh", "-e", "-c", script], capture_output=True, text=True, check=True, env={**os.environ, "XDG_RUNTIME_DIR": str(tmp_path)})
    lines = done.stdout.strip().splitlines()
    assert '"name":"mine"' in lines[0] and '"next":1' in lines[1] and lines[2] == '{"credentials":[],"total":0}'
    assert daemon.control.get("/v1/keys")["keys"] == []


def test_what_the_page_says_to_try_can_be_tried(request):
    """Of its table: key.CALL, options of a new key, names of faults."""
    section = PAGE.read_text(encoding="utf-8").split("\n## What to try\n")[1]
    said = re.findall(r"`([^`]+)`", section)
    faults = (PAGE.parent / "faults.md").read_text(encoding="utf-8")
    tried = 0
    with Fauxkey.start(os.path.abspath(request.config.getoption("--fauxkey")), "--transport", "unix") as daemon:
        key = daemon.plug_in(transports=["unix"], pin="1234")
        for text in said:
            if re.fullmatch(r"\w+\(.*\)", text):
                eval(f"key.{text}", {"key": key})
            elif "=" in text:
                eval(f"plug_in(transports=['unix'], {text})", {"plug_in": daemon.plug_in}).remove()
            else:
                assert f"| `{text}` |" in faults, text
            tried += 1
    assert tried > 15
