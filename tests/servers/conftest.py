"""Sites that judge keys, and the keys: all of one daemon, under one attestation root."""

import itertools
import json
import os
import re

import pytest
from plugged import control, key, plug_in  # noqa: F401 - fixtures
from sites import Server, Visitor

pytest.register_assert_rewrite("matrix", "metadata", "stories")  # which the test modules import, one for each server
TABLES = os.path.join(os.path.dirname(os.path.abspath(__file__)), "tables")


def pytest_addoption(parser):
    parser.addoption("--write-tables", action="store_true", help="write what is found to tests/servers/tables instead of comparing")


@pytest.fixture(scope="session")
def daemon(shared_starter):
    folder = shared_starter.folder()
    root = os.path.join(folder, "attestation-root.pem")
    daemon = shared_starter.start("--keyless", "--attestation-root", root, folder=folder, control=f"unix:{folder}/control.sock")
    daemon.attestation_root = public_part(root)
    return daemon


def public_part(path):
    """The certificate alone, as it is handed to a site."""
    with open(path, encoding="ascii") as file:
        certificate = re.search(r"-----BEGIN CERTIFICATE-----.*?-----END CERTIFICATE-----\n", file.read(), re.S).group()
    public = f"{path}.certificate"
    with open(public, "w", encoding="ascii") as file:
        file.write(certificate)
    return public


class Sites:
    """The sites of one server, each started when it is first wanted."""

    def __init__(self, name, daemon):
        self.name = name
        self._daemon = daemon
        self._started = {}

    def __getitem__(self, options):
        if options not in self._started:
            self._started[options] = self.fresh(*options)
        return self._started[options]

    def fresh(self, *options):
        """One that the caller stops."""
        return Server(self.name, os.path.join(self._daemon.folder, f"{self.name}.log"), *options)

    @property
    def trusting(self):
        """Takes what it can verify; certificates must lead to the daemon's root."""
        return self["--attestation-root", self._daemon.attestation_root]

    @property
    def plain(self):
        """Trusts nobody in particular."""
        return self[()]

    def stop(self):
        for server in self._started.values():
            server.stop()


@pytest.fixture(scope="module")
def server(request, daemon):
    sites = Sites(request.module.SERVER, daemon)
    yield sites
    sites.stop()


_numbers = itertools.count(1)


@pytest.fixture
def visitor(server):
    """visitor(key, …): somebody with an account of their own."""

    def make(key, site=None, **options):
        options.setdefault("account", f"account {next(_numbers)}")
        return Visitor(site or server.trusting, key, **options)

    return make


@pytest.fixture
def found(request, server):
    """found(TABLE, ROW, CELLS): what a test found must be what the server's table has, a difference fails."""
    path = os.path.join(TABLES, f"{server.name}.json")

    def compare(table, row, cells):
        if request.config.getoption("--write-tables"):
            # One process has all tests of a server, so nobody else writes here.
            tables = read(path)
            tables.setdefault(table, {})[row] = cells
            tables = {name: dict(sorted(rows.items())) for name, rows in sorted(tables.items())}
            with open(path, "w", encoding="utf-8") as file:
                json.dump(tables, file, indent=1, ensure_ascii=False)
                file.write("\n")
            return
        assert cells == read(path).get(table, {}).get(row), f"{server.name}, {table}, {row}: not as in {path} (--write-tables writes it)"

    return compare


def read(path):
    if not os.path.exists(path):
        return {}
    with open(path, encoding="utf-8") as file:
        return json.load(file)
