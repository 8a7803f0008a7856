"""Daemons whose keys come and go over the control interface."""

import pytest
from control import Stream
from plugged import control, daemon, key, plug_in  # noqa: F401 - fixtures


@pytest.fixture
def stream(control):  # noqa: F811
    streams = []

    def open_stream(path="/v1/events", **headers):
        streams.append(Stream(control, path, headers))
        return streams[-1]

    yield open_stream
    for one in streams:
        one.close()
