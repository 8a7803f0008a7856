"""Fixtures of keys that come and go over the control interface of a daemon: a conftest.py imports those that it wants."""

import pytest
from control import Key


@pytest.fixture(scope="module")
def daemon(shared_starter):
    return shared_starter.start("--keyless", control="unix:" + shared_starter.folder() + "/control.sock")


@pytest.fixture
def control(daemon):
    """The interface, without a key."""
    yield daemon.control
    daemon.assert_alive()
    for key in daemon.control.get("/v1/keys")["keys"]:
        daemon.control.delete(f"/v1/keys/{key['name']}")


@pytest.fixture
def plug_in(control):
    keys = []

    def plug(**options):
        keys.append(Key(control, **options))
        return keys[-1]

    yield plug
    for key in keys:
        key.close()


@pytest.fixture
def key(plug_in):
    return plug_in()
