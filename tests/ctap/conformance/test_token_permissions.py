"""What a pinUvAuthToken permits (CTAP 2.3, 6.5.2.1 and 6.5.5.7), and what goes without one (6.1.2, 6.2.2 and 7.2)."""

import pytest
from authorized import (
    ACFG,
    BE,
    COUNT,
    ENUMERATE,
    FORCE_CHANGE_PIN,
    LBW,
    SET_MIN_PIN_LENGTH,
    TOGGLE_ALWAYS_UV,
    configure,
    enroll,
    manage,
    uv_token,
    write_large_blobs,
)
from conformance import case, check
from daemon import PIN
from ctap2 import (
    CM,
    GA,
    GET_ASSERTION,
    INVALID_OPTION,
    INVALID_PARAMETER,
    MAKE_CREDENTIAL,
    MC,
    MISSING_PARAMETER,
    NO_CREDENTIALS,
    OK,
    PIN_AUTH_INVALID,
    PIN_POLICY_VIOLATION,
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

EMPTY_BLOBS = bytes.fromhex("8076be8b528d0075f7aae98d6fa57a6d3c")
FINGERPRINT_KEY = "--uv", "fingerprint"
RP_ID = "permissions.example"
LACKING = "a permission for what the key lacks: UNAUTHORIZED_PERMISSION"
FOR_NO_RP = "mc or ga for no relying party: MISSING_PARAMETER or INVALID_PARAMETER"


@pytest.fixture(params=[1, 2], ids=["protocol_1", "protocol_2"])
def version(request):
    return request.param


@pytest.fixture
def platform(pin_channel, version):
    return Platform(pin_channel, version)


@pytest.fixture
def own(new_key, version):
    return Platform(new_key("--pin", PIN).channel(), version)


@pytest.fixture
def with_uv(new_key):
    """A key that verifies its user by itself, without a PIN."""
    return Platform(new_key("--uv").channel(), 2)


def try_to_register(platform, rp_id, token, **changes):
    request = make_credential_request(rp_id, **platform.authorization(token), **changes)
    return platform.channel.ctap2(MAKE_CREDENTIAL, request)[0]


def try_to_log_in(platform, rp_id, token):
    request = get_assertion_request(rp_id, options={"up": False}, **platform.authorization(token))
    return platform.channel.ctap2(GET_ASSERTION, request)[0]


@pytest.mark.parametrize(
    "options, others, needed, attempt, expected",
    [
        case(
            "CHK-235",
            "credentialManagement by a token without cm: PIN_AUTH_INVALID",
            (),
            MC | GA | LBW | ACFG,
            CM,
            lambda platform, token: manage(platform, token, COUNT)[0],
            OK,
        ),
        case(
            "CHK-237",
            "writing large blobs by a token without lbw: PIN_AUTH_INVALID",
            (),
            MC | GA | CM | ACFG,
            LBW,
            lambda platform, token: write_large_blobs(platform, token, EMPTY_BLOBS, 0, len(EMPTY_BLOBS)),
            OK,
        ),
        case(
            "CHK-238",
            "authenticatorConfig by a token without acfg: PIN_AUTH_INVALID",
            (),
            MC | GA | CM | LBW,
            ACFG,
            lambda platform, token: configure(platform, token, TOGGLE_ALWAYS_UV),
            OK,
        ),
        case(
            "CHK-236",
            "bioEnrollment by a token without be: PIN_AUTH_INVALID",
            FINGERPRINT_KEY,
            MC | GA | CM | LBW | ACFG,
            BE,
            lambda platform, token: enroll(platform, token, ENUMERATE)[0],
            INVALID_OPTION,  # there is no finger yet
        ),
    ],
)
def test_a_command_needs_its_permission(new_key, version, options, others, needed, attempt, expected):
    platform = Platform(new_key("--pin", PIN, *options).channel(), version)
    assert attempt(platform, platform.token(PIN, others, RP_ID)) == PIN_AUTH_INVALID
    assert attempt(platform, platform.token(PIN, needed)) == expected


@check("CHK-240", "getPinUvAuthTokenUsingPinWithPermissions gives a token of 32 bytes")
def test_chk_240_a_token_with_permissions(platform):
    status, token = platform.request_token(PIN, MC | GA, RP_ID)
    assert status == OK and len(token) == 32


@check("CHK-241", "a discoverable credential made by that token has the UV flag")
@check("CHK-242", "an assertion by that token has the UV flag")
def test_chk_241_242_a_token_with_permissions_verifies_the_user(platform, rp_id):
    token = platform.token(PIN, MC, rp_id)
    made = make_credential(platform.channel, rp_id, options={"rk": True}, **platform.authorization(token))
    assert made.auth_data.flags & (UP | UV) == UP | UV
    token = platform.token(PIN, GA, rp_id)
    assertion = get_assertion(platform.channel, rp_id, **platform.authorization(token))
    assert assertion.flags & (UP | UV) == UP | UV
    assertion.verify(made)


@check("CHK-244", "a token with permissions while a PIN change is forced: PIN_POLICY_VIOLATION; one afterwards")
def test_chk_244_no_token_before_a_forced_change(own):
    assert configure(own, own.token(PIN, ACFG), SET_MIN_PIN_LENGTH, {FORCE_CHANGE_PIN: True}) == OK
    assert own.request_token(PIN, MC, RP_ID)[0] == PIN_POLICY_VIOLATION
    assert own.change_pin(PIN, "a new PIN") == OK
    assert own.token("a new PIN", MC, RP_ID)


@check("CHK-245", "getPinUvAuthTokenUsingUvWithPermissions gives a token to a user whom the key verifies")
@check("CHK-246", "makeCredential by that token has the UV flag")
@check("CHK-247", "getAssertion by that token has the UV flag")
def test_chk_245_to_247_a_token_by_built_in_verification(with_uv, rp_id):
    authorization = with_uv.authorization(uv_token(with_uv, MC, rp_id))
    made = make_credential(with_uv.channel, rp_id, options={"rk": True}, **authorization)
    assert made.auth_data.flags & (UP | UV) == UP | UV
    authorization = with_uv.authorization(uv_token(with_uv, GA, rp_id))
    assertion = get_assertion(with_uv.channel, rp_id, allow_list=[made.descriptor], **authorization)
    assert assertion.flags & (UP | UV) == UP | UV
    assertion.verify(made)


@check("X-01", "under alwaysUv, without built-in verification, registering and logging in need a token: PUAT_REQUIRED")
@pytest.mark.parametrize("with_pin", [False, True], ids=["without_pin", "with_pin"])
def test_x_01_under_alwaysUv_requests_need_a_token(new_key, rp_id, with_pin):
    channel = new_key("--always-uv", *(("--pin", PIN) if with_pin else ())).channel()
    options = get_info(channel)[4]
    assert options["alwaysUv"] is True and "uv" not in options
    assert channel.ctap2(MAKE_CREDENTIAL, make_credential_request(rp_id))[0] == PUAT_REQUIRED
    assert channel.ctap2(GET_ASSERTION, get_assertion_request(rp_id))[0] == PUAT_REQUIRED
    silent = get_assertion_request(rp_id, options={"up": False})
    assert channel.ctap2(GET_ASSERTION, silent)[0] == NO_CREDENTIALS, "a silent one does not"


@check("X-02", "a key with a PIN whose makeCredUvNotRqd is false registers by a token only: PUAT_REQUIRED")
def test_x_02_without_makeCredUvNotRqd_every_registration_needs_a_token(new_key, rp_id):
    platform = Platform(new_key("--pin", PIN, "--always-uv").channel(), 2)
    assert get_info(platform.channel)[4].get("makeCredUvNotRqd", False) is False
    for rk in (False, True):
        request = make_credential_request(rp_id, options={"rk": rk})
        assert platform.channel.ctap2(MAKE_CREDENTIAL, request)[0] == PUAT_REQUIRED
        assert try_to_register(platform, rp_id, platform.token(PIN, MC, rp_id), options={"rk": rk}) == OK


@check("X-02", "makeCredUvNotRqd holds for credentials that are not discoverable: others need a token, PUAT_REQUIRED")
def test_x_02_discoverable_credentials_need_a_token(pin_channel, rp_id):
    assert get_info(pin_channel)[4]["makeCredUvNotRqd"] is True
    for rk, expected in ((False, OK), (True, PUAT_REQUIRED)):
        request = make_credential_request(rp_id, options={"rk": rk})
        assert pin_channel.ctap2(MAKE_CREDENTIAL, request)[0] == expected


@pytest.mark.parametrize(
    "permissions, rp_id, expected",
    [
        case("X-05", "a token without any permission: INVALID_PARAMETER", 0, RP_ID, (INVALID_PARAMETER,)),
        case("X-05", LACKING, BE, None, (UNAUTHORIZED_PERMISSION,)),
        case("X-05", LACKING, BE | CM, None, (UNAUTHORIZED_PERMISSION,)),
        case("X-05", FOR_NO_RP, MC, None, (MISSING_PARAMETER, INVALID_PARAMETER)),
        case("X-05", FOR_NO_RP, GA | CM, None, (MISSING_PARAMETER, INVALID_PARAMETER)),
    ],
)
def test_tokens_that_there_are_not(platform, permissions, rp_id, expected):
    assert platform.request_token(PIN, permissions, rp_id)[0] in expected
    assert platform.retries() == 8


@check("X-05", LACKING)
def test_x_05_without_the_largeBlobs_command_there_is_no_lbw(new_key):
    platform = Platform(new_key("--pin", PIN, "--large-blobs", "extension").channel(), 2)
    assert platform.request_token(PIN, LBW)[0] == UNAUTHORIZED_PERMISSION


@check("X-05", "the same rules hold for tokens by built-in user verification")
@pytest.mark.parametrize(
    "permissions, expected",
    [(0, (INVALID_PARAMETER,)), (BE, (UNAUTHORIZED_PERMISSION,)), (MC, (MISSING_PARAMETER, INVALID_PARAMETER))],
    ids=["none", "be", "mc"],
)
def test_x_05_tokens_by_built_in_verification_that_there_are_not(with_uv, permissions, expected):
    agreement, _ = with_uv.agree()
    assert with_uv.call(6, key_agreement=agreement, permissions=permissions)[0] in expected


@check("X-06", "a token of one relying party at another: PIN_AUTH_INVALID")
def test_x_06_a_token_is_bound_to_its_relying_party(platform, rp_id):
    token = platform.token(PIN, MC | GA, rp_id)
    assert try_to_register(platform, "other." + rp_id, token) == PIN_AUTH_INVALID
    assert try_to_log_in(platform, "other." + rp_id, token) == PIN_AUTH_INVALID
    assert try_to_log_in(platform, rp_id, token) == NO_CREDENTIALS
    assert try_to_register(platform, rp_id, token) == OK


@check("X-06", "makeCredential by a token without mc, getAssertion by one without ga: PIN_AUTH_INVALID")
def test_x_06_a_token_needs_the_permission(platform, rp_id):
    token = platform.token(PIN, GA, rp_id)
    assert try_to_register(platform, rp_id, token) == PIN_AUTH_INVALID
    assert try_to_log_in(platform, rp_id, token) == NO_CREDENTIALS
    token = platform.token(PIN, MC, rp_id)
    assert try_to_log_in(platform, rp_id, token) == PIN_AUTH_INVALID
    assert try_to_register(platform, rp_id, token) == OK
