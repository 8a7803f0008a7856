"""authenticatorReset (CTAP 2.3, 6.6)."""

import time

import pytest
from daemon import PIN
from ctap2 import (
    GET_ASSERTION,
    INVALID_LENGTH,
    MC,
    NO_CREDENTIALS,
    NOT_ALLOWED,
    OK,
    PIN_BLOCKED,
    PIN_NOT_SET,
    RESET,
    Platform,
    get_assertion,
    get_assertion_request,
    get_info,
    make_credential,
)


@pytest.fixture(params=[False, True], ids=["in_memory", "stored"])
def key(new_key, request):
    return new_key(store=request.param)


def test_chk_109_it_erases_every_credential(key, rp_id):
    channel = key.channel()
    made = [make_credential(channel, rp_id, options={"rk": rk}) for rk in (False, True)]
    assert channel.ctap2(RESET) == (OK, {})
    for credential in made:
        request = get_assertion_request(rp_id, allow_list=[credential.descriptor])
        assert channel.ctap2(GET_ASSERTION, request)[0] == NO_CREDENTIALS
    assert channel.ctap2(GET_ASSERTION, get_assertion_request(rp_id))[0] == NO_CREDENTIALS


def test_it_erases_the_pin_and_its_retries(key):
    platform = Platform(key.channel(), 2)
    assert platform.set_pin(PIN) == OK
    assert platform.request_token("wrong staple")[0] != OK
    assert platform.channel.ctap2(RESET)[0] == OK
    assert get_info(platform.channel)[4]["clientPin"] is False
    assert platform.request_token(PIN)[0] == PIN_NOT_SET
    assert platform.set_pin("5678") == OK
    assert platform.retries() == 8


def test_it_ends_tokens(key, rp_id):
    platform = Platform(key.channel(), 2)
    assert platform.set_pin(PIN) == OK
    token = platform.token(PIN, MC, rp_id)
    assert platform.channel.ctap2(RESET)[0] == OK
    assert platform.set_pin(PIN) == OK
    from ctap2 import MAKE_CREDENTIAL, PIN_AUTH_INVALID, make_credential_request

    request = make_credential_request(rp_id, **platform.authorization(token))
    assert platform.channel.ctap2(MAKE_CREDENTIAL, request)[0] == PIN_AUTH_INVALID


def test_the_key_works_as_a_new_one_afterwards(key, rp_id):
    channel = key.channel()
    before = get_info(channel)
    make_credential(channel, rp_id, options={"rk": True})
    assert channel.ctap2(RESET)[0] == OK
    after = get_info(channel)
    for encrypted in (0x19, 0x1E):  # encIdentifier and encCredStoreState are another device's
        assert after.pop(encrypted) != before.pop(encrypted)
    assert after == before
    made = make_credential(channel, rp_id, options={"rk": True})
    get_assertion(channel, rp_id).verify(made)


def test_it_is_for_good(starter, rp_id):
    key = starter.start(store=True)
    made = make_credential(key.channel(), rp_id, options={"rk": True})
    assert key.channel().ctap2(RESET)[0] == OK
    channel = starter.restart(key).channel()
    request = get_assertion_request(rp_id, allow_list=[made.descriptor])
    assert channel.ctap2(GET_ASSERTION, request)[0] == NO_CREDENTIALS


def test_it_gives_a_blocked_key_back(starter):
    key = starter.start(store=True)
    platform = Platform(key.channel(), 2)
    assert platform.set_pin(PIN) == OK
    while platform.retries():
        if platform.needs_power_cycle():
            platform = Platform(starter.restart(starter.last).channel(), 2)
        platform.request_token("wrong staple")
    assert platform.request_token(PIN)[0] == PIN_BLOCKED
    assert platform.channel.ctap2(RESET)[0] == OK
    assert platform.set_pin(PIN) == OK


def test_it_takes_no_parameters(key):
    assert key.channel().ctap2(RESET, raw=b"\xa0")[0] == INVALID_LENGTH


def test_chk_109_ten_seconds_after_plugging_in_it_is_not_allowed(starter, rp_id):
    key = starter.start(store=True)
    channel = key.channel()
    made = make_credential(channel, rp_id, options={"rk": True})
    time.sleep(10.5)
    assert channel.ctap2(RESET)[0] == NOT_ALLOWED
    get_assertion(channel, rp_id).verify(made)
    # plugged in again, it is
    assert starter.restart(key).channel().ctap2(RESET)[0] == OK
