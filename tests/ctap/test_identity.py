"""The persistent token and what getInfo encrypts by it (CTAP 2.3, 6.4 and 6.5.3.2), read by python-fido2."""

import pytest
from ctap2 import INVALID_PARAMETER, OK, PIN_AUTH_INVALID, RESET, Platform, get_info, make_credential
from fido2.ctap import CtapError
from fido2.ctap2 import ClientPin, CredentialManagement, Ctap2

PCMR = 0x40
PIN = "correct horse"
MC = 0x01


def persistent_token(key):
    platform = Platform(key.channel(), 2)
    return platform.token(PIN, PCMR)


def info_of(key):
    return Ctap2(key.fido2_device()).info


def register(key, rp_id, user):
    platform = Platform(key.channel(), 2)
    authorization = platform.authorization(platform.token(PIN, MC, rp_id))
    make_credential(key.channel(), rp_id, options={"rk": True}, user={"id": user}, **authorization)


def test_chk_041_the_identifier_is_the_same_behind_ever_new_ciphertexts(new_key):
    key = new_key("--pin", PIN)
    token = persistent_token(key)
    infos = [info_of(key) for _ in range(3)]
    assert len({info.enc_identifier for info in infos}) == 3
    identifiers = {info.get_identifier(token) for info in infos}
    assert len(identifiers) == 1 and len(identifiers.pop()) == 16


def test_chk_042_114_the_store_state_changes_with_each_credential_only(new_key, rp_id):
    key = new_key("--pin", PIN)
    token = persistent_token(key)
    states = [info_of(key).get_cred_store_state(token) for _ in range(2)]
    assert states[0] == states[1]
    seen = {states[0]}
    for user in (b"alice", b"bob", b"alice"):
        register(key, rp_id, user)
        state = info_of(key).get_cred_store_state(token)
        assert state not in seen
        seen.add(state)


def test_the_same_key_after_a_power_cycle_and_another_after_a_reset(starter):
    key = starter.start(store=True)
    assert Platform(key.channel(), 2).set_pin(PIN) == OK
    token = persistent_token(key)
    identifier = info_of(key).get_identifier(token)
    key = starter.restart(key)
    assert persistent_token(key) == token
    assert info_of(key).get_identifier(token) == identifier
    assert key.channel().ctap2(RESET)[0] == OK
    assert Platform(key.channel(), 2).set_pin(PIN) == OK
    fresh = persistent_token(key)
    assert fresh != token
    assert info_of(key).get_identifier(fresh) != identifier


def test_chk_262_to_267_the_persistent_token_reads_and_changes_nothing(new_key, rp_id):
    key = new_key("--pin", PIN)
    register(key, rp_id, b"alice")
    client_pin = ClientPin(Ctap2(key.fido2_device()))
    token = client_pin.get_pin_token(PIN, ClientPin.PERMISSION.PERSISTENT_CREDENTIAL_MGMT)
    management = CredentialManagement(client_pin.ctap, client_pin.protocol, token)
    assert management.get_metadata()[1] == 1
    (relying_party,) = management.enumerate_rps()
    (credential,) = management.enumerate_creds(relying_party[4])
    for change in (
        lambda: management.delete_cred(credential[7]),
        lambda: management.update_user_info(credential[7], {"id": b"alice", "name": "Alice"}),
    ):
        with pytest.raises(CtapError) as error:
            change()
        assert error.value.code == PIN_AUTH_INVALID


def test_chk_231_a_new_pin_ends_it(new_key, rp_id):
    key = new_key("--pin", PIN)
    register(key, rp_id, b"alice")
    platform = Platform(key.channel(), 2)
    token = platform.token(PIN, PCMR)
    request = {1: 1, 3: 2, 4: platform.protocol.authenticate(token, b"\x01")}
    assert platform.channel.ctap2(0x0A, request)[0] == OK
    assert platform.change_pin(PIN, "another PIN") == OK
    assert platform.channel.ctap2(0x0A, request)[0] == PIN_AUTH_INVALID
    assert platform.token("another PIN", PCMR) != token


def test_it_goes_with_no_other_permission(pin_channel, rp_id):
    assert Platform(pin_channel, 2).request_token(PIN, PCMR | MC, rp_id)[0] == INVALID_PARAMETER


def test_getInfo_says_that_there_is_one(channel):
    assert get_info(channel)[4]["perCredMgmtRO"] is True
