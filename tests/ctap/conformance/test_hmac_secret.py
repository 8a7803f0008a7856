"""hmac-secret and hmac-secret-mc (CTAP 2.3, 12.7 and 12.8): four rounds, by PIN/UV auth protocol and by where the key
keeps the credential."""

import os

import pytest
from conformance import case
from daemon import PIN
from ctap2 import (
    GA,
    GET_ASSERTION,
    INVALID_PARAMETER,
    MAKE_CREDENTIAL,
    MC,
    MISSING_PARAMETER,
    OK,
    UNEXPECTED_TYPE,
    UV,
    Platform,
    get_assertion,
    get_assertion_request,
    get_info,
    make_credential,
    make_credential_request,
)

ROUNDS = [(version, rk) for version in (1, 2) for rk in (False, True)]
OTHER_TYPES = (1, "true", b"\x01", [True], {"a": True})


def each_round(ids, rule):
    """A test's four rounds, each with an id of its own."""
    cases = [
        case(one, f"{rule} (PIN protocol {version}, {'discoverable' if rk else 'not discoverable'})", version, rk)
        for one, (version, rk) in zip(ids.split(","), ROUNDS, strict=True)
    ]
    return pytest.mark.parametrize("version, rk", cases)


@pytest.fixture
def platform(pin_channel, version):
    return Platform(pin_channel, version)


def verified(platform, rp_id, permission):
    return platform.authorization(platform.token(PIN, permission, rp_id))


def register(platform, rp_id, rk, extensions):
    return make_credential(
        platform.channel, rp_id, options={"rk": rk}, extensions=extensions, **verified(platform, rp_id, MC)
    )


def try_to_register(platform, rp_id, rk, extensions):
    request = make_credential_request(
        rp_id, options={"rk": rk}, extensions=extensions, **verified(platform, rp_id, MC)
    )
    return platform.channel.ctap2(MAKE_CREDENTIAL, request)[0]


def decrypted(platform, decrypt, encrypted, count):
    """An output's 32-byte secrets, once its length is found right: protocol 2 puts an initialization vector first."""
    assert len(encrypted) == 32 * count + (16 if platform.version == 2 else 0)
    secrets = decrypt(encrypted)
    assert encrypted[-32:] != secrets[-32:], "it is not encrypted"
    return [secrets[at : at + 32] for at in range(0, 32 * count, 32)]


def named(credential, rk):
    return None if rk else [credential.descriptor]


def secrets_of(platform, credential, rk, *salts, uv=False):
    """What an assertion gives for these salts."""
    extensions, decrypt = platform.hmac_secret(*salts)
    authorization = verified(platform, credential.rp_id, GA) if uv else {}
    assertion = get_assertion(
        platform.channel, credential.rp_id, allow_list=named(credential, rk), extensions=extensions, **authorization
    )
    assertion.verify(credential)
    assert bool(assertion.flags & UV) == uv
    return decrypted(platform, decrypt, assertion.auth_data.extensions["hmac-secret"], len(salts))


def try_salts(platform, credential, rk, *salts):
    extensions, _ = platform.hmac_secret(*salts)
    request = get_assertion_request(credential.rp_id, allow_list=named(credential, rk), extensions=extensions)
    return platform.channel.ctap2(GET_ASSERTION, request)[0]


@each_round("CHK-125,CHK-131,CHK-137,CHK-143", "makeCredential with hmac-secret true gives the output true")
def test_a_registration_says_that_it_has_secrets(platform, rp_id, rk):
    assert register(platform, rp_id, rk, {"hmac-secret": True}).auth_data.extensions == {"hmac-secret": True}


@each_round(
    "CHK-126,CHK-132,CHK-138,CHK-144",
    "one salt, then two, without user verification: encrypted; the same salt gives the same secret, another another",
)
def test_secrets_are_functions_of_the_salts(platform, rp_id, rk):
    credential = register(platform, rp_id, rk, {"hmac-secret": True})
    first, second = os.urandom(32), os.urandom(32)
    (once,) = secrets_of(platform, credential, rk, first)
    again, other = secrets_of(platform, credential, rk, first, second)
    assert again == once and other != once


@each_round("CHK-127,CHK-133,CHK-139,CHK-145", "with user verification both secrets are others than without")
def test_user_verification_gives_other_secrets(platform, rp_id, rk):
    credential = register(platform, rp_id, rk, {"hmac-secret": True})
    salts = os.urandom(32), os.urandom(32)
    without = secrets_of(platform, credential, rk, *salts)
    with_uv = secrets_of(platform, credential, rk, *salts, uv=True)
    assert len({*without, *with_uv}) == 4


@each_round("CHK-128,CHK-134,CHK-140,CHK-146", "makeCredential with hmac-secret of another type: CBOR_UNEXPECTED_TYPE")
def test_other_types_are_refused(platform, rp_id, rk):
    for value in OTHER_TYPES:
        assert try_to_register(platform, rp_id, rk, {"hmac-secret": value}) == UNEXPECTED_TYPE, value


@each_round("CHK-129,CHK-135,CHK-141,CHK-147", "one salt of less than 32 bytes: INVALID_PARAMETER")
def test_a_short_salt_is_refused(platform, rp_id, rk):
    credential = register(platform, rp_id, rk, {"hmac-secret": True})
    assert try_salts(platform, credential, rk, os.urandom(16)) == INVALID_PARAMETER


@each_round("CHK-130,CHK-136,CHK-142,CHK-148", "a second salt of less than 32 bytes: INVALID_PARAMETER")
def test_a_short_second_salt_is_refused(platform, rp_id, rk):
    credential = register(platform, rp_id, rk, {"hmac-secret": True})
    assert try_salts(platform, credential, rk, os.urandom(32), os.urandom(16)) == INVALID_PARAMETER


def with_salts(platform, *salts):
    """makeCredential's input for hmac-secret-mc, and a function that decrypts the output."""
    extensions, decrypt = platform.hmac_secret(*salts)
    return {"hmac-secret": True, "hmac-secret-mc": extensions["hmac-secret"]}, decrypt


def check_same_secrets(platform, rp_id, rk, *salts):
    extensions, decrypt = with_salts(platform, *salts)
    credential = register(platform, rp_id, rk, extensions)
    outputs = credential.auth_data.extensions
    assert outputs.keys() == {"hmac-secret", "hmac-secret-mc"} and outputs["hmac-secret"] is True
    at_registration = decrypted(platform, decrypt, outputs["hmac-secret-mc"], len(salts))
    assert secrets_of(platform, credential, rk, *salts, uv=True) == at_registration


@each_round(
    "CHK-149,CHK-156,CHK-163,CHK-170",
    "makeCredential without user verification gives the secrets of assertions without, not of those with it",
)
def test_a_registration_without_user_verification_gives_the_secrets_of_such_assertions(new_key, rp_id, version, rk):
    platform = Platform(new_key().channel(), version)
    assert get_info(platform.channel)[4]["makeCredUvNotRqd"] is True
    salts = os.urandom(32), os.urandom(32)
    extensions, decrypt = with_salts(platform, *salts)
    credential = make_credential(platform.channel, rp_id, options={"rk": rk}, extensions=extensions)
    assert not credential.auth_data.flags & UV
    at_registration = decrypted(platform, decrypt, credential.auth_data.extensions["hmac-secret-mc"], 2)
    assert platform.set_pin(PIN) == OK
    assert len({*at_registration, *secrets_of(platform, credential, rk, *salts, uv=True)}) == 4
    assert secrets_of(platform, credential, rk, *salts) == at_registration


@each_round("CHK-150,CHK-157,CHK-164,CHK-171", "makeCredential and getAssertion give the same secret for a salt")
def test_one_salt_gives_the_same_secret_later(platform, rp_id, rk):
    check_same_secrets(platform, rp_id, rk, os.urandom(32))


@each_round("CHK-151,CHK-158,CHK-165,CHK-172", "makeCredential and getAssertion give the same secrets for two salts")
def test_two_salts_give_the_same_secrets_later(platform, rp_id, rk):
    check_same_secrets(platform, rp_id, rk, os.urandom(32), os.urandom(32))


@each_round("CHK-152,CHK-159,CHK-166,CHK-173", "hmac-secret-mc without hmac-secret: MISSING_PARAMETER")
def test_hmac_secret_mc_needs_hmac_secret(platform, rp_id, rk):
    extensions, _ = with_salts(platform, os.urandom(32))
    del extensions["hmac-secret"]
    assert try_to_register(platform, rp_id, rk, extensions) == MISSING_PARAMETER


@each_round("CHK-153,CHK-160,CHK-167,CHK-174", "hmac-secret-mc that is no map: CBOR_UNEXPECTED_TYPE")
def test_hmac_secret_mc_is_a_map(platform, rp_id, rk):
    for value in (True, 1, "text", b"bytes", [1]):
        extensions = {"hmac-secret": True, "hmac-secret-mc": value}
        assert try_to_register(platform, rp_id, rk, extensions) == UNEXPECTED_TYPE, value


@each_round(
    "CHK-154,CHK-161,CHK-168,CHK-175",
    "hmac-secret-mc with one salt of less than 32 bytes: INVALID_PARAMETER (the report: in getAssertion)",
)
def test_hmac_secret_mc_refuses_a_short_salt(platform, rp_id, rk):
    extensions, _ = with_salts(platform, os.urandom(16))
    assert try_to_register(platform, rp_id, rk, extensions) == INVALID_PARAMETER


@each_round(
    "CHK-155,CHK-162,CHK-169,CHK-176",
    "hmac-secret-mc with a second salt of less than 32 bytes: INVALID_PARAMETER (the report: in getAssertion)",
)
def test_hmac_secret_mc_refuses_a_short_second_salt(platform, rp_id, rk):
    extensions, _ = with_salts(platform, os.urandom(32), os.urandom(16))
    assert try_to_register(platform, rp_id, rk, extensions) == INVALID_PARAMETER
