"""Fixtures for pytest.

FAUXKEY_ADDRESS: a daemon that runs, unix:PATH or http://127.0.0.1:PORT; otherwise one is started ($FAUXKEY, or fauxkey on the PATH).
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from typing import Any

import pytest

from .client import Fauxkey, Key


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line("markers", "security_key(**options): what the fixture security_key is plugged in with")


@pytest.fixture(scope="session")
def fauxkey() -> Iterator[Fauxkey]:
    """The daemon."""
    address = os.environ.get("FAUXKEY_ADDRESS")
    with Fauxkey.connect(address) if address else Fauxkey.start() as daemon:
        yield daemon


@pytest.fixture
def security_key(request: pytest.FixtureRequest, fauxkey: Fauxkey) -> Iterator[Key]:
    """A key of this test's own, with the options of the marker security_key."""
    marker = request.node.get_closest_marker("security_key")
    options: dict[str, Any] = marker.kwargs if marker else {}
    key = fauxkey.plug_in(**options)
    yield key
    if key.name in [left.name for left in fauxkey.keys()]:
        key.remove()
