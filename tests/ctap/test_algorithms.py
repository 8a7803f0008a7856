"""Signature algorithms: whatever getInfo lists can be registered and used, and its signatures verify by python-fido2."""

import time

import pytest
from ctap2 import (
    ES256,
    MAKE_CREDENTIAL,
    UNSUPPORTED_ALGORITHM,
    get_assertion,
    get_info,
    make_credential,
    make_credential_request,
    params,
)

ES384, ES512, RS256, ES256K, ML_DSA_44, ML_DSA_65 = -35, -36, -257, -47, -48, -49
ALGORITHMS = {
    "ES256": ES256, "EdDSA": -8, "ES384": ES384, "ES512": ES512, "RS256": RS256, "ES256K": ES256K,
    "ML-DSA-44": ML_DSA_44, "ML-DSA-65": ML_DSA_65,
}  # fmt: skip


def offered(channel):
    return [entry["alg"] for entry in get_info(channel)[0x0A]]


@pytest.fixture(params=ALGORITHMS.values(), ids=ALGORITHMS.keys())
def algorithm(request, channel):
    if request.param not in offered(channel):
        pytest.skip("this machine's libraries do not offer it (ML-DSA: OpenSSL 3.5 or newer)")
    return request.param


@pytest.mark.parametrize("discoverable", [False, True], ids=["in_its_id", "discoverable"])
def test_each_algorithm_registers_and_signs(channel, rp_id, algorithm, discoverable):
    made = make_credential(channel, rp_id, key_params=params(algorithm), options={"rk": discoverable})
    assert made.auth_data.credential_data.public_key[3] == algorithm
    assert len(made.id) <= get_info(channel)[8]
    for _ in range(2):
        get_assertion(channel, rp_id, allow_list=[made.descriptor]).verify(made)


def test_each_credential_has_a_key_pair_of_its_own(channel, rp_id, algorithm):
    keys = {
        repr(make_credential(channel, rp_id, key_params=params(algorithm)).auth_data.credential_data.public_key)
        for _ in range(2)
    }
    assert len(keys) == 2


def test_the_platforms_first_choice_is_taken(channel, rp_id):
    for algorithm in offered(channel):
        made = make_credential(channel, rp_id, key_params=params(-65000, algorithm, ES256))
        assert made.auth_data.credential_data.public_key[3] == algorithm


def test_an_rsa_key_has_2048_bits_and_the_usual_exponent(channel, rp_id):
    if RS256 not in offered(channel):
        pytest.skip("this build has no libcrypto")
    made = make_credential(channel, rp_id, key_params=params(RS256))
    key = made.auth_data.credential_data.public_key
    assert int.from_bytes(key[-1], "big").bit_length() == 2048
    assert key[-2] == b"\x01\x00\x01"


def test_a_slow_key_pair_leaves_the_device_responsive(key, rp_id):
    """While one channel waits for an RSA key pair, another is answered at once: a new channel, or that it is busy."""
    channel = key.channel()
    if RS256 not in offered(channel):
        pytest.skip("this build has no libcrypto")
    other = key.wire()
    slowest = 0
    for _ in range(5):
        channel.start(MAKE_CREDENTIAL, make_credential_request(rp_id, key_params=params(RS256)))
        started = time.monotonic()
        other.init()
        slowest = max(slowest, time.monotonic() - started)
        assert channel.finish()[0] == 0
    assert slowest < 0.5


def test_only_the_chosen_algorithms_are_offered(new_key, rp_id):
    channel = new_key("--algorithms", "ES384,ES256").channel()
    assert offered(channel) == [ES384, ES256]
    request = make_credential_request(rp_id, key_params=params(-8))
    assert channel.ctap2(MAKE_CREDENTIAL, request)[0] == UNSUPPORTED_ALGORITHM


def test_an_unknown_algorithm_on_the_command_line_is_named(starter):
    key = starter.start()
    result = key.run("run", "--ephemeral", "--algorithms", "ES1024", "--transport", f"unix:{key.folder}/other.sock")
    assert result.returncode == 2
    assert "ES1024" in result.stderr and "ES256" in result.stderr
