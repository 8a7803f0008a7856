"""minPinLength, pinComplexityPolicy, thirdPartyPayment and uvm (CTAP 2.3, 12; uvm: WebAuthn Level 2, 10.3)."""

import pytest
from authorized import ACFG, NEW_MIN_PIN_LENGTH, PIN_COMPLEXITY_POLICY, RP_IDS, SET_MIN_PIN_LENGTH, configure
from conformance import case, check
from daemon import PIN
from ctap2 import OK, Platform, get_assertion, get_info, make_credential

LISTED, OTHER = "listed.example", "other.example"


@pytest.fixture
def platform(new_key):
    return Platform(new_key("--pin", PIN).channel(), 2)


def set_policy(platform, params):
    assert configure(platform, platform.token(PIN, ACFG), SET_MIN_PIN_LENGTH, params) == OK


def outputs(channel, rp_id, extension):
    return make_credential(channel, rp_id, extensions={extension: True}).auth_data.extensions or {}


@pytest.mark.parametrize(
    "rp_id, told",
    [
        case("CHK-202", "a listed relying party learns the minimum PIN length that getInfo tells", LISTED, True),
        case("CHK-203", "a relying party that is not listed learns no minimum PIN length", OTHER, False),
    ],
)
def test_minPinLength(platform, rp_id, told):
    assert "minPinLength" in get_info(platform.channel)[2]
    set_policy(platform, {NEW_MIN_PIN_LENGTH: 6, RP_IDS: [LISTED]})
    assert get_info(platform.channel)[0x0D] == 6
    assert outputs(platform.channel, rp_id, "minPinLength") == ({"minPinLength": 6} if told else {})


@pytest.mark.parametrize(
    "rp_id, told",
    [
        case("CHK-204", "a listed relying party learns of a PIN complexity policy what getInfo tells", LISTED, True),
        case("CHK-205", "a relying party that is not listed learns nothing of a PIN complexity policy", OTHER, False),
    ],
)
def test_pinComplexityPolicy(platform, rp_id, told):
    assert "pinComplexityPolicy" in get_info(platform.channel)[2]
    for params, in_force in (({RP_IDS: [LISTED]}, False), ({PIN_COMPLEXITY_POLICY: True}, True)):
        set_policy(platform, params)
        assert get_info(platform.channel)[0x1B] is in_force
        expected = {"pinComplexityPolicy": in_force} if told else {}
        assert outputs(platform.channel, rp_id, "pinComplexityPolicy") == expected


@pytest.mark.parametrize(
    "rk, asked",
    [
        case("CHK-206", "a discoverable credential made for third-party payments says so", True, True),
        case("CHK-207", "a credential that is not discoverable, made for third-party payments, says so", False, True),
        case("CHK-208", "a credential that was not made for third-party payments says that", False, False),
    ],
)
def test_thirdPartyPayment(channel, rp_id, rk, asked):
    extensions = {"thirdPartyPayment": True} if asked else None
    made = make_credential(channel, rp_id, options={"rk": rk}, extensions=extensions)
    assertion = get_assertion(
        channel, rp_id, allow_list=[made.descriptor], extensions={"thirdPartyPayment": True}
    )
    assert assertion.auth_data.extensions == {"thirdPartyPayment": asked}


@check("CHK-209", "a key with uvm tells how the user was verified, by one to three methods of three numbers each")
def test_chk_209_uvm_tells_how_the_user_was_verified(new_key, rp_id):
    channel = new_key("--uvm").channel()
    assert "uvm" in get_info(channel)[2]
    methods = outputs(channel, rp_id, "uvm")["uvm"]
    assert 1 <= len(methods) <= 3
    for method in methods:
        assert len(method) == 3 and all(type(number) is int for number in method), method
