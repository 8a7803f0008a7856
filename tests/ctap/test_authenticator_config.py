"""authenticatorConfig (CTAP 2.3, 6.11), by python-fido2's Config and by raw requests."""

import pytest
from ctap2 import (
    GET_ASSERTION,
    INVALID_PARAMETER,
    MAKE_CREDENTIAL,
    OK,
    PIN_AUTH_INVALID,
    PIN_INVALID,
    PIN_POLICY_VIOLATION,
    PUAT_REQUIRED,
    RESET,
    Platform,
    get_assertion_request,
    get_info,
    make_credential,
    make_credential_request,
)
from fido2.ctap import CtapError
from fido2.ctap2 import ClientPin, Config, Ctap2

AUTHENTICATOR_CONFIG = 0x0D
ACFG = 0x20
PIN = "correct horse"


def config_of(key, pin=None):
    """python-fido2's view of the key; with a PIN, by a token of that PIN. For one use: its connection hears the answers
    of the others too, and does not bear them."""
    ctap = Ctap2(key.fido2_device())
    if pin is None:
        return ctap, Config(ctap)
    client_pin = ClientPin(ctap)
    token = client_pin.get_pin_token(pin, ClientPin.PERMISSION.AUTHENTICATOR_CFG)
    return ctap, Config(ctap, client_pin.protocol, token)


def configure(platform, token, sub_command, params=None):
    from fido2 import cbor

    message = b"\xff" * 32 + bytes([AUTHENTICATOR_CONFIG, sub_command]) + (cbor.encode(params) if params else b"")
    request = {1: sub_command, 3: platform.version, 4: platform.protocol.authenticate(token, message)}
    if params:
        request[2] = params
    return platform.channel.ctap2(AUTHENTICATOR_CONFIG, request)[0]


def test_chk_271_always_uv_goes_on_and_off_and_takes_u2f_and_makeCredUvNotRqd_with_it(new_key):
    key = new_key("--pin", PIN)
    ctap, config = config_of(key, PIN)
    for on in (True, False):
        config.toggle_always_uv()
        info = ctap.get_info()
        assert info.options["alwaysUv"] is on
        assert info.options["makeCredUvNotRqd"] is not on
        assert ("U2F_V2" in info.versions) is not on


def test_x_01_under_always_uv_nothing_goes_without_the_pin(new_key, rp_id):
    key = new_key("--pin", PIN, "--always-uv")
    channel = key.channel()
    platform = Platform(channel, 2)
    assert channel.ctap2(MAKE_CREDENTIAL, make_credential_request(rp_id))[0] == PUAT_REQUIRED
    token = platform.token(PIN, 0x01, rp_id)
    made = make_credential(channel, rp_id, **platform.authorization(token))
    request = get_assertion_request(rp_id, allow_list=[made.descriptor])
    assert channel.ctap2(GET_ASSERTION, request)[0] == PUAT_REQUIRED
    silent = get_assertion_request(rp_id, allow_list=[made.descriptor], options={"up": False})
    assert channel.ctap2(GET_ASSERTION, silent)[0] == OK


def test_x_14_under_always_uv_there_is_no_u2f(new_key):
    channel = new_key("--always-uv").channel()
    assert "U2F_V2" not in get_info(channel)[1]
    assert channel.apdu(bytes([0, 3, 0, 0])) == (0x6986, b"")


def test_always_uv_from_the_start_is_what_a_reset_goes_back_to(new_key):
    key = new_key("--always-uv")
    channel = key.channel()
    config_of(key)[1].toggle_always_uv()
    assert get_info(channel)[4]["alwaysUv"] is False
    assert channel.ctap2(RESET)[0] == OK
    assert get_info(channel)[4]["alwaysUv"] is True


def test_chk_238_a_token_for_something_else_is_refused(pin_key):
    platform = Platform(pin_key.channel(), 2)
    assert configure(platform, platform.token(PIN, 0x04), 0x02) == PIN_AUTH_INVALID


def test_without_a_token_a_key_with_a_pin_refuses(pin_channel):
    assert pin_channel.ctap2(AUTHENTICATOR_CONFIG, {1: 2})[0] == PUAT_REQUIRED


@pytest.mark.parametrize("sub_command", [0x00, 0x01, 0x05, 0xFF], ids=["none", "no_enterprise", "unknown", "vendor"])
def test_subcommands_that_the_key_lacks_are_refused(pin_key, sub_command):
    platform = Platform(pin_key.channel(), 2)
    token = platform.token(PIN, ACFG)
    assert configure(platform, token, sub_command) == INVALID_PARAMETER


def test_getInfo_lists_the_subcommands(channel):
    assert get_info(channel)[0x1F] == [2, 3, 4]


class TestMinPinLength:
    def test_chk_272_a_longer_minimum_than_the_pin_forces_a_change(self, new_key):
        key = new_key("--pin", "123457")
        config_of(key, "123457")[1].set_min_pin_length(min_pin_length=6)
        assert not get_info(key.channel())[0x0C]
        config_of(key, "123457")[1].set_min_pin_length(min_pin_length=8)
        info = get_info(key.channel())
        assert (info[0x0D], info[0x0C]) == (8, True)
        platform = Platform(key.channel(), 2)
        assert platform.request_token("123457")[0] == PIN_INVALID
        assert platform.request_token("123457", 0x01, "a.example")[0] == PIN_POLICY_VIOLATION
        assert platform.change_pin("123457", "1234578") == PIN_POLICY_VIOLATION
        assert platform.change_pin("123457", "12345789") == OK
        assert not get_info(key.channel())[0x0C]
        assert platform.token("12345789")

    def test_x_12_a_shorter_one_is_refused(self, new_key):
        key = new_key("--pin", PIN)
        _, config = config_of(key, PIN)
        config.set_min_pin_length(min_pin_length=6)
        with pytest.raises(CtapError, match="PIN_POLICY_VIOLATION"):
            config_of(key, PIN)[1].set_min_pin_length(min_pin_length=5)

    def test_chk_274_a_change_can_be_forced(self, new_key):
        key = new_key("--pin", PIN)
        ctap, config = config_of(key, PIN)
        config.set_min_pin_length(force_change_pin=True)
        assert ctap.get_info().force_pin_change
        platform = Platform(key.channel(), 2)
        assert platform.change_pin(PIN, PIN) == PIN_POLICY_VIOLATION, "the same PIN is no change"
        assert platform.change_pin(PIN, "another PIN") == OK
        assert not get_info(key.channel())[0x0C]

    def test_chk_202_the_listed_relying_parties_may_read_it(self, new_key):
        key = new_key("--pin", PIN)
        ctap, config = config_of(key, PIN)
        rp_ids = [f"{number}.example" for number in range(ctap.info.max_rpids_for_min_pin)]
        config.set_min_pin_length(min_pin_length=7, rp_ids=rp_ids)  # CHK-273: as many as it takes
        asked = {"minPinLength": True, "pinComplexityPolicy": True}
        told = make_credential(key.channel(), rp_ids[-1], extensions=asked).auth_data.extensions
        assert told == {"minPinLength": 7, "pinComplexityPolicy": False}
        assert not make_credential(key.channel(), "other.example", extensions=asked).auth_data.extensions

    def test_chk_275_a_pin_complexity_policy_refuses_simple_pins_from_then_on(self, new_key):
        key = new_key("--pin", PIN)
        platform = Platform(key.channel(), 2)
        assert configure(platform, platform.token(PIN, ACFG), 0x03, {4: True}) == OK
        assert get_info(key.channel())[0x1B] is True
        for simple in ("1111", "1234", "fedcba"):
            assert platform.change_pin(PIN, simple) == PIN_POLICY_VIOLATION
        assert platform.change_pin(PIN, "13571") == OK


def test_chk_276_long_touch_for_reset_stays_until_a_reset(new_key):
    key = new_key("--pin", PIN)
    platform = Platform(key.channel(), 2)
    assert get_info(key.channel())[0x18] is False
    assert configure(platform, platform.token(PIN, ACFG), 0x04) == OK
    assert get_info(key.channel())[0x18] is True
    assert configure(platform, platform.token(PIN, ACFG), 0x04) == OK
    assert get_info(key.channel())[0x18] is True
    assert key.channel().ctap2(RESET)[0] == OK
    assert get_info(key.channel())[0x18] is False


def test_settings_outlast_a_power_cycle(starter):
    key = starter.start(store=True)
    config_of(key)[1].toggle_always_uv()
    assert get_info(starter.restart(key).channel())[4]["alwaysUv"] is True
