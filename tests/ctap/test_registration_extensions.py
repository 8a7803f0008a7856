"""hmac-secret-mc, credBlob, thirdPartyPayment and uvm (CTAP 2.3, 12)."""

import os

import pytest
from ctap2 import (
    GET_ASSERTION,
    MAKE_CREDENTIAL,
    MISSING_PARAMETER,
    OK,
    UNEXPECTED_TYPE,
    Platform,
    get_assertion,
    get_assertion_request,
    get_info,
    make_credential,
    make_credential_request,
)

DISCOVERABLE = {"rk": True}


def outputs(credential_or_assertion):
    return credential_or_assertion.auth_data.extensions or {}


@pytest.mark.parametrize("version", [1, 2])
@pytest.mark.parametrize("rk", [False, True], ids=["in_its_id", "discoverable"])
@pytest.mark.parametrize("salts", [1, 2])
def test_chk_150_151_a_registration_gives_the_secrets_that_assertions_give(channel, rp_id, version, rk, salts):
    platform = Platform(channel, version)
    values = [os.urandom(32) for _ in range(salts)]
    asked, decrypt = platform.hmac_secret(*values)
    asked = {"hmac-secret": True, "hmac-secret-mc": asked["hmac-secret"]}
    made = make_credential(channel, rp_id, options={"rk": rk}, extensions=asked)
    assert outputs(made)["hmac-secret"] is True
    at_registration = decrypt(outputs(made)["hmac-secret-mc"])
    assert len(at_registration) == 32 * salts
    asked, decrypt = platform.hmac_secret(*values)
    later = get_assertion(channel, rp_id, allow_list=[made.descriptor], extensions=asked)
    assert decrypt(outputs(later)["hmac-secret"]) == at_registration


def test_chk_152_153_hmac_secret_mc_needs_hmac_secret_and_a_map(channel, rp_id):
    asked, _ = Platform(channel, 2).hmac_secret(os.urandom(32))
    for extensions, status in (
        ({"hmac-secret-mc": asked["hmac-secret"]}, MISSING_PARAMETER),
        ({"hmac-secret": False, "hmac-secret-mc": asked["hmac-secret"]}, MISSING_PARAMETER),
        ({"hmac-secret": True, "hmac-secret-mc": True}, UNEXPECTED_TYPE),
    ):
        request = make_credential_request(rp_id, extensions=extensions)
        assert channel.ctap2(MAKE_CREDENTIAL, request)[0] == status


class TestCredBlob:
    def test_chk_182_it_comes_back(self, channel, rp_id):
        blob = os.urandom(get_info(channel)[0x0F])
        made = make_credential(channel, rp_id, options=DISCOVERABLE, extensions={"credBlob": blob})
        assert outputs(made) == {"credBlob": True}
        assert outputs(get_assertion(channel, rp_id, extensions={"credBlob": True})) == {"credBlob": blob}
        assert outputs(get_assertion(channel, rp_id)) == {}

    def test_chk_183_without_one_it_is_empty(self, channel, rp_id):
        make_credential(channel, rp_id, options=DISCOVERABLE)
        assert outputs(get_assertion(channel, rp_id, extensions={"credBlob": True})) == {"credBlob": b""}

    def test_one_that_is_too_long_or_has_no_place_is_not_kept(self, channel, rp_id):
        limit = get_info(channel)[0x0F]
        made = make_credential(channel, rp_id, options=DISCOVERABLE, extensions={"credBlob": bytes(limit + 1)})
        assert outputs(made) == {"credBlob": False}
        assert outputs(make_credential(channel, rp_id, extensions={"credBlob": b"x"})) == {"credBlob": False}


@pytest.mark.parametrize("rk", [False, True], ids=["in_its_id", "discoverable"])
@pytest.mark.parametrize("asked", [False, True])
def test_chk_206_to_208_third_party_payment_is_remembered(channel, rp_id, rk, asked):
    extensions = {"thirdPartyPayment": True} if asked else None
    made = make_credential(channel, rp_id, options={"rk": rk}, extensions=extensions)
    assert not outputs(made), "its registration has no output"
    assertion = get_assertion(
        channel, rp_id, allow_list=[made.descriptor], extensions={"thirdPartyPayment": True}
    )
    assert outputs(assertion) == {"thirdPartyPayment": asked}


def test_chk_209_uvm_is_there_by_configuration_only(new_key, key, rp_id):
    channel = new_key("--uvm").channel()
    assert "uvm" in get_info(channel)[2] and "uvm" not in get_info(key.channel())[2]
    made = make_credential(channel, rp_id, extensions={"uvm": True})
    assert outputs(made) == {"uvm": [[1, 1, 1]]}
    assert outputs(get_assertion(channel, rp_id, allow_list=[made.descriptor], extensions={"uvm": True})) == {
        "uvm": [[1, 1, 1]]
    }
    assert not outputs(make_credential(key.channel(), rp_id, extensions={"uvm": True}))


def test_extensions_that_the_key_does_not_know_are_ignored(channel, rp_id):
    made = make_credential(channel, rp_id, extensions={"exampleExtension": {"a": 1}, "largeBlob": {"support": "x"}})
    request = get_assertion_request(rp_id, allow_list=[made.descriptor], extensions={"exampleExtension": True})
    assert channel.ctap2(GET_ASSERTION, request)[0] == OK
