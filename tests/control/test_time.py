"""A key's clock in a test's hands."""

import time

import pytest
from fido2.ctap import CtapError
from fido2.ctap2 import ClientPin, Ctap2
from hid import CHANNEL_BUSY, LOCK, HidError
from visitor import Site


def test_a_token_ends_after_its_ten_minutes_in_milliseconds(plug_in):
    key = plug_in(pin="1234")
    ctap = Ctap2(key.fido2_device())
    token = ClientPin(ctap).get_pin_token("1234", ClientPin.PERMISSION.CREDENTIAL_MGMT)
    from fido2.ctap2 import CredentialManagement

    begun = time.monotonic()
    assert CredentialManagement(ctap, ClientPin(ctap).protocol, token).get_metadata()
    key.patch("/clock", {"advanceMs": 10 * 60 * 1000})
    with pytest.raises(CtapError) as error:
        CredentialManagement(ctap, ClientPin(ctap).protocol, token).get_metadata()
    assert error.value.code == CtapError.ERR.PIN_AUTH_INVALID
    assert time.monotonic() - begun < 2


def test_a_reset_has_ten_seconds_by_the_keys_clock(key):
    key.post("/power-cycle")
    key.patch("/clock", {"advanceMs": 11_000})
    with pytest.raises(CtapError) as error:
        Ctap2(key.fido2_device()).reset()
    assert error.value.code == CtapError.ERR.NOT_ALLOWED
    key.patch("/clock", {"frozen": True})
    key.post("/power-cycle")
    time.sleep(0.1)
    Ctap2(key.fido2_device()).reset()


def test_further_assertions_have_thirty_seconds(key):
    site = Site(key, "example.org")
    for name in ("alice", "bob"):
        site.register(name, resident_key_requirement="required")
    ctap = Ctap2(key.fido2_device())
    assert ctap.get_assertion("example.org", bytes(32)).number_of_credentials == 2
    key.patch("/clock", {"advanceMs": 29_000})
    ctap.get_next_assertion()
    ctap.get_assertion("example.org", bytes(32))
    key.patch("/clock", {"advanceMs": 31_000})
    with pytest.raises(CtapError) as error:
        ctap.get_next_assertion()
    assert error.value.code == CtapError.ERR.NOT_ALLOWED


def test_a_user_who_does_not_touch_in_time_is_timed_out_by_the_keys_clock(key):
    key.patch("/user", {"presence": "never"})
    key.patch("/clock", {"scale": 1000})
    begun = time.monotonic()
    with pytest.raises(CtapError) as error:
        Ctap2(key.fido2_device()).selection()
    assert error.value.code == CtapError.ERR.USER_ACTION_TIMEOUT
    assert time.monotonic() - begun < 5, "its thirty seconds are a few milliseconds"


def test_a_lock_ends_by_the_keys_clock(key):
    mine, other = key.channel(), key.channel()
    mine.call(LOCK, b"\x0a")
    with pytest.raises(HidError) as error:
        other.call(LOCK, b"\x00")
    assert error.value.code == CHANNEL_BUSY
    key.patch("/clock", {"advanceMs": 10_000})
    other.call(LOCK, b"\x00")


def test_a_frozen_clock_stands_and_goes_on(key):
    first = key.patch("/clock", {"frozen": True})["clock"]
    assert first["frozen"]
    time.sleep(0.05)
    assert key.get()["clock"]["now"] == first["now"]
    moved = key.patch("/clock", {"advanceMs": 1500})["clock"]
    assert moved["now"] == pytest.approx(first["now"] + 1.5)
    resumed = key.patch("/clock", {"frozen": False})["clock"]
    time.sleep(0.05)
    assert key.get()["clock"]["now"] > resumed["now"]


@pytest.mark.parametrize("change", [{"advanceMs": -1}, {"scale": 0}, {"scale": -2}, {"frozen": 1}, {"advanceMs": 1e30}, {"speed": 2}])
def test_time_never_goes_back(key, change):
    assert key.control.request("PATCH", key.path + "/clock", change).status == 400


def test_timers_are_told_as_moments_of_the_keys_clock(plug_in):
    key = plug_in(pin="1234")
    key.patch("/clock", {"frozen": True})
    key.post("/power-cycle")
    state = key.get()
    now = state["clock"]["now"]
    assert state["timers"] == {"poweredUp": now, "resetUntil": now + 10, "token": None, "sequenceUntil": None}
    ctap = Ctap2(key.fido2_device())
    pin = ClientPin(ctap)
    pin.get_pin_token("1234", ClientPin.PERMISSION.MAKE_CREDENTIAL | ClientPin.PERMISSION.GET_ASSERTION, "example.org")
    token = key.get()["timers"]["token"]
    assert token == {"permissions": ["mc", "ga"], "rpId": "example.org", "until": pytest.approx(now + 30)}
    key.patch("/clock", {"advanceMs": 31_000})
    assert key.get()["timers"]["token"] is None


def test_how_long_further_assertions_are_there_is_told(key):
    site = Site(key, "example.org")
    for name in ("alice", "bob"):
        site.register(name, resident_key_requirement="required")
    key.patch("/clock", {"frozen": True})
    ctap = Ctap2(key.fido2_device())
    ctap.get_assertion("example.org", bytes(32))
    state = key.get()
    assert state["timers"]["sequenceUntil"] == pytest.approx(state["clock"]["now"] + 30)
    ctap.get_next_assertion()
    assert key.get()["timers"]["sequenceUntil"] is None
