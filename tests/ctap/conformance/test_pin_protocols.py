"""clientPIN by PIN/UV auth protocol 1 and 2 (CTAP 2.3, 6.5)."""

import pytest
from authorized import ACFG, FORCE_CHANGE_PIN, SET_MIN_PIN_LENGTH, configure
from conformance import case, check
from daemon import PIN
from cryptography.hazmat.primitives.asymmetric import ec
from ctap2 import (
    GA,
    GET_ASSERTION,
    INVALID_PARAMETER,
    MAKE_CREDENTIAL,
    MC,
    MISSING_PARAMETER,
    OK,
    OPERATION_DENIED,
    PIN_AUTH_BLOCKED,
    PIN_AUTH_INVALID,
    PIN_BLOCKED,
    PIN_INVALID,
    PIN_NOT_SET,
    PIN_POLICY_VIOLATION,
    UP,
    UV,
    Platform,
    get_assertion,
    get_assertion_request,
    get_info,
    make_credential,
    make_credential_request,
)

NEW_PIN, WRONG = "a new PIN", "a wrong PIN"
FULL = 8  # tries of a new key
COMMANDS = ((MAKE_CREDENTIAL, make_credential_request), (GET_ASSERTION, get_assertion_request))


def each_protocol(ids, rule):
    """A test by protocol 1 and by protocol 2, each with an id of its own."""
    cases = [case(one, f"{rule} (PIN protocol {version})", version) for version, one in enumerate(ids.split(","), 1)]
    return pytest.mark.parametrize("version", cases)


both_protocols = pytest.mark.parametrize("version", [1, 2], ids=["protocol_1", "protocol_2"])


@pytest.fixture
def fresh(new_key, version):
    """A key of the test's own, without a PIN."""
    return Platform(new_key().channel(), version)


@pytest.fixture
def own(new_key, version):
    """A key of the test's own, with PIN."""
    return Platform(new_key("--pin", PIN).channel(), version)


@pytest.fixture
def shared(pin_channel, version):
    """The shared key with PIN, whose tries and PIN stay as they are."""
    return Platform(pin_channel, version)


@each_protocol("CHK-210,CHK-227", "getKeyAgreement gives a point of P-256 as a COSE key with alg -25, and nothing more")
def test_key_agreement(shared):
    status, members = shared.call(2)
    assert status == OK and members.keys() == {1}
    key = members[1]
    assert key.keys() == {1, 3, -1, -2, -3}
    assert (key[1], key[3], key[-1]) == (2, -25, 1)
    assert len(key[-2]) == len(key[-3]) == 32
    ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), b"\x04" + key[-2] + key[-3])


@each_protocol("CHK-211,CHK-228", "setPIN sets a PIN, and getInfo's clientPin is true from then on")
def test_set_pin(fresh):
    assert get_info(fresh.channel)[4]["clientPin"] is False
    assert fresh.set_pin(NEW_PIN) == OK
    assert get_info(fresh.channel)[4]["clientPin"] is True
    assert fresh.token(NEW_PIN)


@each_protocol("CHK-212,CHK-229", "changePIN replaces the PIN")
def test_change_pin(own):
    assert own.change_pin(PIN, NEW_PIN) == OK
    assert own.token(NEW_PIN)
    assert own.request_token(PIN)[0] == PIN_INVALID


@each_protocol("CHK-213,CHK-232", "getPinToken gives a token of 32 bytes to who knows the PIN")
def test_get_pin_token(shared):
    status, token = shared.request_token(PIN)
    assert status == OK and len(token) == 32


@each_protocol("CHK-214,CHK-233", "makeCredential with a token's pinUvAuthParam sets the UV flag")
def test_a_token_verifies_a_registration(shared, rp_id):
    made = make_credential(shared.channel, rp_id, **shared.authorization(shared.token(PIN)))
    assert made.auth_data.flags & (UP | UV) == UP | UV


@each_protocol("CHK-215,CHK-234", "getAssertion with a token's pinUvAuthParam sets the UV flag")
def test_a_token_verifies_an_assertion(shared, rp_id):
    made = make_credential(shared.channel, rp_id)
    authorization = shared.authorization(shared.token(PIN))
    assertion = get_assertion(shared.channel, rp_id, allow_list=[made.descriptor], **authorization)
    assert assertion.flags & (UP | UV) == UP | UV
    assertion.verify(made)


def force_change(platform):
    assert configure(platform, platform.token(PIN, ACFG), SET_MIN_PIN_LENGTH, {FORCE_CHANGE_PIN: True}) == OK
    assert get_info(platform.channel)[0x0C] is True


@each_protocol("CHK-216,CHK-230", "changePIN satisfies forcePINChange: getInfo says false again")
def test_a_forced_change_is_over_with_changePIN(own):
    force_change(own)
    assert own.change_pin(PIN, NEW_PIN) == OK
    assert get_info(own.channel)[0x0C] is False


@each_protocol("CHK-217,CHK-239", "getPinToken while a PIN change is forced: PIN_INVALID; a token afterwards")
def test_no_token_before_a_forced_change(own):
    force_change(own)
    assert own.request_token(PIN)[0] == PIN_INVALID
    assert own.change_pin(PIN, NEW_PIN) == OK
    assert own.token(NEW_PIN)


@each_protocol("CHK-218,CHK-249", "a PIN of every length from minPINLength + 1 to maxPINLength is taken")
def test_pins_of_every_length(own):
    info = get_info(own.channel)
    old = PIN
    for length in range(info[0x0D] + 1, info.get(0x1D, 63) + 1):
        new = "".join(chr(ord("a") + (length + at) % 26) for at in range(length))
        assert own.change_pin(old, new) == OK, length
        old = new
    assert own.token(old)


def check_refused(platform, expected, pin, padded=None):
    """By changePIN and by setPIN, whichever the key is ready for."""
    if get_info(platform.channel)[4]["clientPin"]:
        assert platform.change_pin(PIN, pin, padded) == expected
        assert platform.token(PIN)
    else:
        assert platform.set_pin(pin, padded) == expected
        assert get_info(platform.channel)[4]["clientPin"] is False


@pytest.fixture(params=["set", "change"])
def before_new_pin(new_key, version, request):
    return Platform(new_key(*(("--pin", PIN) if request.param == "change" else ())).channel(), version)


@each_protocol(
    "CHK-219,CHK-250", "a new PIN of less than 4 code points: PIN_POLICY_VIOLATION (the report counts bytes)"
)
def test_a_short_pin_is_refused(before_new_pin):
    for pin in ("", "1", "12", "123", "äöü", "字字字", "😀😀😀"):
        check_refused(before_new_pin, PIN_POLICY_VIOLATION, pin)


@each_protocol(
    "CHK-220,CHK-251",
    "a new PIN that fills all 64 bytes: PIN_POLICY_VIOLATION; one in more than 64 bytes: INVALID_PARAMETER "
    "(the report does not tell them apart)",
)
def test_a_long_pin_is_refused(before_new_pin):
    check_refused(before_new_pin, PIN_POLICY_VIOLATION, None, "ä".encode() * 32)
    for size in (80, 128, 256):
        check_refused(before_new_pin, INVALID_PARAMETER, None, b"x" * 65 + bytes(size - 65))


@each_protocol("CHK-221,CHK-252", "a new PIN of 64 bytes: PIN_POLICY_VIOLATION")
def test_a_pin_of_64_bytes_is_refused(before_new_pin):
    check_refused(before_new_pin, PIN_POLICY_VIOLATION, None, b"x" * 64)


@each_protocol("CHK-222,CHK-253", "a new PIN of maxPINLength + 1 characters: PIN_POLICY_VIOLATION")
def test_a_pin_above_maxPINLength_is_refused(before_new_pin):
    length = get_info(before_new_pin.channel)[0x1D] + 1
    check_refused(before_new_pin, PIN_POLICY_VIOLATION, None, (b"x" * length).ljust(64, b"\0"))


@each_protocol("CHK-223,CHK-254", "getPINRetries tells the tries left, 8 or less")
def test_retries(own):
    status, members = own.call(1)
    assert status == OK
    assert type(members[3]) is int and 0 < members[3] <= 8


@each_protocol("CHK-224,CHK-256", "two wrong PINs: PIN_INVALID and a try less each; the right PIN gives the tries back")
def test_wrong_pins_cost_tries(own, rp_id):
    for left in (FULL - 1, FULL - 2):
        assert own.request_token(WRONG)[0] == PIN_INVALID
        assert own.retries() == left
    token = own.token(PIN, MC, rp_id)
    assert make_credential(own.channel, rp_id, **own.authorization(token)).auth_data.flags & UV
    assert own.retries() == FULL


@each_protocol("CHK-225,CHK-257", "the third wrong PIN in a row: PIN_AUTH_BLOCKED until a power cycle")
def test_three_wrong_pins_block(starter, version):
    key = starter.start(store=True)
    platform = Platform(key.channel(), version)
    assert platform.set_pin(PIN) == OK
    assert [platform.request_token(WRONG)[0] for _ in range(3)] == [PIN_INVALID, PIN_INVALID, PIN_AUTH_BLOCKED]
    assert platform.request_token(PIN)[0] == PIN_AUTH_BLOCKED
    assert Platform(starter.restart(key).channel(), version).token(PIN)


@each_protocol("CHK-226,CHK-258", "wrong PINs until no try is left: PIN_BLOCKED, for the right PIN too")
def test_no_tries_left(starter, version):
    key = starter.start(store=True)
    platform = Platform(key.channel(), version)
    assert platform.set_pin(PIN) == OK
    while platform.retries() > 0:
        if platform.needs_power_cycle():
            key = starter.restart(key)
            platform = Platform(key.channel(), version)
        status = platform.request_token(WRONG)[0]
        assert status in (PIN_INVALID, PIN_AUTH_BLOCKED, PIN_BLOCKED)
    assert status == PIN_BLOCKED
    assert platform.request_token(PIN)[0] == PIN_BLOCKED
    assert Platform(starter.restart(key).channel(), version).request_token(PIN)[0] == PIN_BLOCKED


@check("CHK-255", "getUVRetries of a key that verifies its user by itself tells the tries left, 1 to 25")
def test_chk_255_uv_retries(new_key):
    platform = Platform(new_key("--uv").channel(), 2)
    status, members = platform.call(7)
    assert status == OK and members.keys() == {5}
    assert type(members[5]) is int and 1 <= members[5] <= 25


@check("X-03", "an empty pinUvAuthParam, once touched: PIN_NOT_SET without a PIN, PIN_INVALID with one")
@both_protocols
@pytest.mark.parametrize("command, request_of", COMMANDS, ids=["makeCredential", "getAssertion"])
def test_x_03_an_empty_pinUvAuthParam_tells_of_the_pin(channel, shared, new_key, rp_id, command, request_of):
    request = request_of(rp_id, pin_uv_auth_param=b"", pin_uv_auth_protocol=shared.version)
    assert channel.ctap2(command, request)[0] == PIN_NOT_SET
    assert shared.channel.ctap2(command, request)[0] == PIN_INVALID
    assert shared.retries() == FULL
    refusing = new_key("--pin", PIN, approve="deny").channel()
    assert refusing.ctap2(command, request)[0] == OPERATION_DENIED, "the user is asked first"


@check("X-04", "pinUvAuthParam without pinUvAuthProtocol: MISSING_PARAMETER; an unknown protocol: INVALID_PARAMETER")
@both_protocols
@pytest.mark.parametrize("command, request_of", COMMANDS, ids=["makeCredential", "getAssertion"])
def test_x_04_pinUvAuthParam_needs_a_known_protocol(shared, rp_id, command, request_of):
    authorization = shared.authorization(shared.token(PIN, MC | GA, rp_id))
    for number, expected in ((None, MISSING_PARAMETER), (0, INVALID_PARAMETER), (3, INVALID_PARAMETER)):
        request = request_of(rp_id, **{**authorization, "pin_uv_auth_protocol": number})
        assert shared.channel.ctap2(command, request)[0] == expected, number


EVERYWHERE = "credentialManagement, authenticatorConfig, largeBlobs and bioEnrollment need a known pinUvAuthProtocol"


@pytest.mark.parametrize(
    "command, request_members, param_at, protocol_at",
    [
        case("X-04", EVERYWHERE, 0x0A, {1: 1}, 4, 3),
        case("X-04", EVERYWHERE, 0x0D, {1: 2}, 4, 3),
        case("X-04", EVERYWHERE, 0x0C, {2: bytes(17), 3: 0, 4: 17}, 5, 6),
        case("X-04", EVERYWHERE, 0x09, {1: 1, 2: 4}, 5, 4),
    ],
)
def test_other_commands_need_a_known_protocol(new_key, command, request_members, param_at, protocol_at):
    channel = new_key("--pin", PIN, "--uv", "fingerprint").channel()
    request = {**request_members, param_at: bytes(32)}
    assert channel.ctap2(command, request)[0] == MISSING_PARAMETER
    for unknown in (0, 3):
        assert channel.ctap2(command, {**request, protocol_at: unknown})[0] == INVALID_PARAMETER
    for known in (1, 2):
        assert channel.ctap2(command, {**request, protocol_at: known})[0] == PIN_AUTH_INVALID


@check("X-07", "setPIN where there is a PIN: PIN_AUTH_INVALID, and the PIN stays")
@both_protocols
def test_x_07_a_pin_is_set_once(own):
    assert own.set_pin(NEW_PIN) == PIN_AUTH_INVALID
    assert own.token(PIN)


@check("X-07", "changePIN and both ways to a token where there is no PIN: PIN_NOT_SET")
@both_protocols
def test_x_07_without_a_pin_there_is_none_to_use(fresh):
    assert fresh.change_pin(PIN, NEW_PIN) == PIN_NOT_SET
    assert fresh.request_token(PIN)[0] == PIN_NOT_SET
    assert fresh.request_token(PIN, MC, "a.example")[0] == PIN_NOT_SET
