"""Built-in user verification (CTAP 2.3, 6.5.5.7.3 and 7), by the prompt: `fauxkey run --uv`."""

import pytest
from ctap2 import (
    GET_ASSERTION,
    INVALID_OPTION,
    INVALID_SUBCOMMAND,
    MAKE_CREDENTIAL,
    OK,
    OPERATION_DENIED,
    PUAT_REQUIRED,
    UNAUTHORIZED_PERMISSION,
    UP,
    UV,
    Platform,
    get_assertion,
    get_assertion_request,
    get_info,
    make_credential,
    make_credential_request,
)
from fido2.ctap import CtapError
from fido2.ctap2 import ClientPin, CredentialManagement, Ctap2

PIN = "correct horse"


@pytest.fixture(scope="module")
def uv_key(shared_starter):
    return shared_starter.start("--uv")


@pytest.fixture
def channel(uv_key):
    yield uv_key.channel()
    uv_key.close_connections()


def client_pin_of(key):
    return ClientPin(Ctap2(key.fido2_device()))


def test_getInfo_says_that_the_key_verifies_its_user(channel):
    info = get_info(channel)
    assert info[4]["uv"] is True and info[4]["pinUvAuthToken"] is True and info[4]["clientPin"] is False
    assert info[0x11] > 0 and info[0x12] > 0 and info[0x17] >= 0


def test_chk_078_096_requests_with_uv_are_verified(channel, rp_id):
    made = make_credential(channel, rp_id, options={"uv": True, "rk": True})
    assert made.auth_data.flags & (UP | UV) == UP | UV
    assert get_assertion(channel, rp_id, options={"uv": True}).flags & (UP | UV) == UP | UV
    assert not get_assertion(channel, rp_id).flags & UV


def test_a_key_without_it_refuses_uv(key, rp_id):
    channel = key.channel()
    for command, request in (
        (MAKE_CREDENTIAL, make_credential_request(rp_id, options={"uv": True})),
        (GET_ASSERTION, get_assertion_request(rp_id, options={"uv": True})),
    ):
        assert channel.ctap2(command, request)[0] == INVALID_OPTION
    assert Platform(channel, 2).call(7)[0] == INVALID_SUBCOMMAND


def test_a_discoverable_credential_needs_verification(channel, rp_id):
    request = make_credential_request(rp_id, options={"rk": True})
    assert channel.ctap2(MAKE_CREDENTIAL, request)[0] == PUAT_REQUIRED


def test_chk_245_to_248_tokens_by_uv(uv_key, rp_id):
    client_pin = client_pin_of(uv_key)
    ctap = client_pin.ctap
    permissions = ClientPin.PERMISSION
    token = client_pin.get_uv_token(permissions.MAKE_CREDENTIAL, rp_id)
    request = make_credential_request(rp_id, options={"rk": True})
    param = client_pin.protocol.authenticate(token, request[1])
    made = ctap.make_credential(
        request[1], request[2], request[3], request[4], options={"rk": True},
        pin_uv_param=param, pin_uv_protocol=client_pin.protocol.VERSION,
    )  # fmt: skip
    assert made.auth_data.flags & UV
    token = client_pin.get_uv_token(permissions.CREDENTIAL_MGMT)
    assert CredentialManagement(ctap, client_pin.protocol, token).get_metadata()[1] >= 1
    token = client_pin.get_uv_token(permissions.PERSISTENT_CREDENTIAL_MGMT)
    assert CredentialManagement(ctap, client_pin.protocol, token).get_metadata()[1] >= 1
    with pytest.raises(CtapError) as error:
        client_pin.get_uv_token(permissions.BIO_ENROLL)
    assert error.value.code == UNAUTHORIZED_PERMISSION


def test_chk_255_tries_are_told(uv_key):
    assert client_pin_of(uv_key).get_uv_retries() in range(1, 26)


def test_a_refusal_ends_the_request_and_costs_no_try(new_key, rp_id):
    channel = new_key("--uv", approve="deny").channel()
    platform = Platform(channel, 2)
    before = platform.call(7)
    request = make_credential_request(rp_id, options={"uv": True})
    assert channel.ctap2(MAKE_CREDENTIAL, request)[0] == OPERATION_DENIED
    assert platform.call(7) == before


def test_always_uv_verifies_without_being_asked(new_key, rp_id):
    channel = new_key("--uv", "--always-uv").channel()
    made = make_credential(channel, rp_id)
    assert made.auth_data.flags & UV
    assert get_assertion(channel, rp_id, allow_list=[made.descriptor]).flags & UV


def test_pin_and_uv_work_side_by_side(new_key, rp_id):
    channel = new_key("--uv", "--pin", PIN).channel()
    platform = Platform(channel, 2)
    assert get_info(channel)[4]["clientPin"] is True
    make_credential(channel, rp_id, options={"uv": True})
    assert get_info(channel)[0x17] == 1
    token = platform.token(PIN, 0x01, rp_id)
    assert get_info(channel)[0x17] == 0, "the PIN was entered"
    assert make_credential(channel, rp_id, **platform.authorization(token)).auth_data.flags & UV
    assert platform.call(7) == (OK, {5: 5})
