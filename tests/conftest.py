"""Keys for the tests: `key` is one that tests share, `new_key` makes one of a test's own."""

import os
import shutil
import tempfile

import pytest
from conformance import Table
from control import skip_what_libraries_lack
from daemon import PIN, REPOSITORY, Daemon



def pytest_addoption(parser):
    parser.addoption("--fauxkey", default=os.path.join(REPOSITORY, "build/fauxkey"), help="the program under test")
    parser.addoption("--transport", choices=("unix", "hidraw"), default="unix", help="how the tests reach the key")
    parser.addoption("--daemon-option", action="append", default=[], help="a further option for each daemon")
    parser.addoption("--conformance-table", metavar="FILE", help="write what became of each conformance check")
    parser.addoption("--fresh-trees", action="store_true", help="run what makes Debian trees, too")
    parser.addoption("--web-links", action="store_true", help="look up the documents' links of the web, too")
    parser.addoption("--write-personas", action="store_true", help="write tests/ctap/personas anew")
    parser.addoption("--keep", metavar="DIR", help="keep each daemon's home (log, keystore) below this folder")


def pytest_configure(config):
    config.addinivalue_line("markers", "check(ids, rule): the conformance checks that a test makes (support/conformance.py)")
    table = config.getoption("--conformance-table")
    if table and not hasattr(config, "workerinput"):
        config.pluginmanager.register(Table(os.path.abspath(table)))


def the_slow_first(items, workers):
    """What waits longest begins first, so that the rest runs beside it: pytest-xdist gives each worker an equal stretch at first."""
    slow = [item for item in items if item.get_closest_marker("slow")]
    rest = [item for item in items if item not in slow]
    ordered = []
    for worker in range(workers):
        stretch = rest[len(rest) * worker // workers : len(rest) * (worker + 1) // workers]
        ordered += slow[worker::workers] + stretch
    return ordered


def pytest_collection_modifyitems(config, items):
    items[:] = the_slow_first(items, getattr(config, "workerinput", {}).get("workercount", 1))
    for item in items:
        item.user_properties += [("check", mark.args) for mark in item.iter_markers("check")]
    for option, marker in (("--fresh-trees", "fresh_tree"), ("--web-links", "web")):
        if config.getoption(option):
            continue
        left_out = [item for item in items if item.get_closest_marker(marker)]
        config.hook.pytest_deselected(items=left_out)
        items[:] = [item for item in items if item not in left_out]
    if config.getoption("--transport") == "hidraw":
        for item in items:
            if item.get_closest_marker("native"):
                item.add_marker(pytest.mark.skip(reason="can be seen over the socket transport only"))


class Starter:
    """Starts daemons, each in a short-named folder (a socket's path has 107 bytes at most), and ends them."""

    def __init__(self, config):
        self._program = os.path.abspath(config.getoption("--fauxkey"))
        self._transport = config.getoption("--transport")
        self._keep = config.getoption("--keep")
        self._options = config.getoption("--daemon-option")
        self._daemons = []
        self._folders = []
        assert os.access(self._program, os.X_OK), f"there is no {self._program}; build it, or name one by --fauxkey"

    def folder(self):
        if self._keep:
            os.makedirs(self._keep, exist_ok=True)
        folder = tempfile.mkdtemp(prefix="fauxkey-", dir=self._keep)
        self._folders.append(folder)
        return folder

    def start(self, *options, folder=None, **arguments):
        try:
            daemon = Daemon(self._program, folder or self.folder(), self._transport, *self._options, *options, **arguments)
        except RuntimeError as error:
            skip_what_libraries_lack(str(error))
            raise
        self._daemons.append(daemon)
        return daemon

    @property
    def last(self):
        return self._daemons[-1]

    def start_and_kill(self, folder, seconds):
        """A start that does not live longer than so, whether it gets ready or not."""
        self._daemons.append(
            Daemon(self._program, folder, self._transport, store=True, killed_after=seconds)
        )

    def restart(self, daemon, *options, **arguments):
        """A power cycle: the same key, plugged in again."""
        if daemon.running:
            daemon.stop()
        return self.start(*options, folder=daemon.folder, store=True, **arguments)

    def close(self):
        try:
            for daemon in self._daemons:
                if daemon.running:
                    daemon.stop()
                else:
                    daemon.kill()
        finally:
            for daemon in self._daemons:
                daemon.kill()
            if not self._keep:
                for folder in self._folders:
                    shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture
def starter(request):
    starter = Starter(request.config)
    yield starter
    starter.close()


@pytest.fixture(scope="session")
def shared_starter(request):
    starter = Starter(request.config)
    yield starter
    starter.close()


@pytest.fixture
def new_key(starter):
    """Starts a key of this test's own: new_key(OPTION..., store=, approve=)."""
    return starter.start


@pytest.fixture(scope="session")
def shared_key(shared_starter):
    return shared_starter.start()


@pytest.fixture(scope="session")
def shared_pin_key(shared_starter):
    return shared_starter.start("--pin", PIN)


@pytest.fixture
def key(shared_key):
    """A key without a PIN. Tests share it: they use relying parties of their own and do not change its state."""
    yield shared_key
    shared_key.close_connections()
    shared_key.assert_alive()


@pytest.fixture
def pin_key(shared_pin_key):
    """The same with a PIN."""
    yield shared_pin_key
    shared_pin_key.close_connections()
    shared_pin_key.assert_alive()


@pytest.fixture
def channel(key):
    return key.channel()


@pytest.fixture
def pin_channel(pin_key):
    return pin_key.channel()


@pytest.fixture
def rp_id(request):
    """A relying party of this test's own."""
    return f"{abs(hash(request.node.nodeid)):x}.{os.getpid()}.example"
