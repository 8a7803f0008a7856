"""authenticatorReset (CTAP 2.3, 6.6)."""

import time

import pytest
from conformance import check
from daemon import PIN
from ctap2 import (
    GET_ASSERTION,
    NO_CREDENTIALS,
    NOT_ALLOWED,
    OK,
    OPERATION_DENIED,
    PIN_NOT_SET,
    RESET,
    Platform,
    get_assertion,
    get_assertion_request,
    get_info,
    make_credential,
)


def login_status(channel, made):
    return channel.ctap2(GET_ASSERTION, get_assertion_request(made.rp_id, allow_list=[made.descriptor]))[0]


@check("CHK-109", "reset after a power cycle: every credential is gone, discoverable or not, and the PIN")
@pytest.mark.parametrize("discoverable", [False, True], ids=["in_its_id", "discoverable"])
def test_chk_109_a_reset_erases_credentials_and_pin(starter, rp_id, discoverable):
    key = starter.start(store=True)
    made = make_credential(key.channel(), rp_id, options={"rk": discoverable})
    assert Platform(key.channel(), 2).set_pin(PIN) == OK
    channel = starter.restart(key).channel()
    get_assertion(channel, rp_id, allow_list=[made.descriptor]).verify(made)
    assert channel.ctap2(RESET) == (OK, {})
    assert login_status(channel, made) == NO_CREDENTIALS
    assert channel.ctap2(GET_ASSERTION, get_assertion_request(rp_id))[0] == NO_CREDENTIALS
    assert get_info(channel)[0x04]["clientPin"] is False
    assert Platform(channel, 2).request_token(PIN)[0] == PIN_NOT_SET
    assert login_status(starter.restart(starter.last).channel(), made) == NO_CREDENTIALS, "and stays so"


@check("CHK-109", "… later than 10 s after the key was plugged in: NOT_ALLOWED, and nothing is erased")
def test_chk_109_ten_seconds_after_plugging_in_it_is_not_allowed(new_key, rp_id):
    channel = new_key().channel()
    made = make_credential(channel, rp_id)
    time.sleep(10.5)
    assert channel.ctap2(RESET)[0] == NOT_ALLOWED
    assert login_status(channel, made) == OK


@check("CHK-109", "… where the user says no: OPERATION_DENIED, and nothing is erased")
def test_chk_109_the_user_may_say_no(starter, rp_id):
    key = starter.start(store=True)
    made = make_credential(key.channel(), rp_id)
    channel = starter.restart(key, approve="deny").channel()
    assert channel.ctap2(RESET)[0] == OPERATION_DENIED
    silently = get_assertion_request(rp_id, allow_list=[made.descriptor], options={"up": False})
    assert channel.ctap2(GET_ASSERTION, silently)[0] == OK
