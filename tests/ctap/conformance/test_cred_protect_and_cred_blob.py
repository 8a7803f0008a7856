"""credProtect and credBlob (CTAP 2.3, 12.1 and 12.2)."""

import os
from hashlib import sha256

import pytest
from authorized import CREDENTIALS_BEGIN, manage
from conformance import case, check
from daemon import PIN
from ctap2 import (
    CM,
    GA,
    GET_ASSERTION,
    MC,
    NO_CREDENTIALS,
    OK,
    Platform,
    get_assertion,
    get_assertion_request,
    get_info,
    make_credential,
)


@pytest.fixture
def platform(pin_channel):
    return Platform(pin_channel, 2)


def register(platform, rp_id, extensions=None):
    token = platform.token(PIN, MC, rp_id)
    return make_credential(
        platform.channel, rp_id, options={"rk": True}, extensions=extensions, **platform.authorization(token)
    )


@pytest.mark.parametrize(
    "level, by_id, without_list",
    [
        case("CHK-177", "credProtect 1: found without user verification, by id and without a list", 1, OK, OK),
        case("CHK-178", "credProtect 2: found without user verification by id only", 2, OK, NO_CREDENTIALS),
        case("CHK-179", "credProtect 3: not found without user verification", 3, NO_CREDENTIALS, NO_CREDENTIALS),
    ],
)
def test_cred_protect(platform, rp_id, level, by_id, without_list):
    made = register(platform, rp_id, {"credProtect": level})
    assert made.auth_data.extensions == {"credProtect": level}
    for allow_list, expected in (([made.descriptor], by_id), (None, without_list)):
        request = get_assertion_request(rp_id, allow_list=allow_list, options={"up": False, "uv": False})
        assert platform.channel.ctap2(GET_ASSERTION, request)[0] == expected
        token = platform.token(PIN, GA, rp_id)
        get_assertion(platform.channel, rp_id, allow_list=allow_list, **platform.authorization(token)).verify(made)


@check("CHK-180", "credentialManagement tells the credProtect level that was set")
@pytest.mark.parametrize("level", [1, 2, 3])
def test_chk_180_credential_management_tells_the_level(platform, rp_id, level):
    register(platform, rp_id, {"credProtect": level})
    rp_id_hash = sha256(rp_id.encode()).digest()
    status, members = manage(platform, platform.token(PIN, CM), CREDENTIALS_BEGIN, {1: rp_id_hash})
    assert status == OK and members[0x0A] == level


@check("CHK-181", "a key with credBlob says how long one may be, 32 bytes or more")
def test_chk_181_getInfo_tells_maxCredBlobLength(channel):
    info = get_info(channel)
    assert "credBlob" in info[2]
    assert info[0x0F] >= 32


@check("CHK-182", "a discoverable credential's credBlob comes back with its assertion")
def test_chk_182_a_credBlob_comes_back(platform, rp_id):
    blob = os.urandom(get_info(platform.channel)[0x0F])
    assert register(platform, rp_id, {"credBlob": blob}).auth_data.extensions == {"credBlob": True}
    assertion = get_assertion(platform.channel, rp_id, extensions={"credBlob": True})
    assert assertion.auth_data.extensions == {"credBlob": blob}


@check("CHK-183", "where none was stored, credBlob is an empty byte string")
def test_chk_183_without_a_credBlob_it_is_empty(platform, rp_id):
    register(platform, rp_id)
    assertion = get_assertion(platform.channel, rp_id, extensions={"credBlob": True})
    assert assertion.auth_data.extensions == {"credBlob": b""}
