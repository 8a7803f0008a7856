"""authenticatorConfig (CTAP 2.3, 6.11)."""

import pytest
from authorized import (
    ACFG,
    AUTHENTICATOR_CONFIG,
    ENABLE_ENTERPRISE_ATTESTATION,
    ENABLE_LONG_TOUCH_FOR_RESET,
    FORCE_CHANGE_PIN,
    NEW_MIN_PIN_LENGTH,
    PIN_COMPLEXITY_POLICY,
    RP_IDS,
    SET_MIN_PIN_LENGTH,
    TOGGLE_ALWAYS_UV,
    configure,
)
from conformance import check
from daemon import PIN
from ctap2 import OK, PIN_NOT_SET, PIN_POLICY_VIOLATION, Platform, get_info, make_credential

KEY_STORE_FULL = 0x28
FORCE_PIN_CHANGE, MIN_PIN_LENGTH, MAX_RP_IDS = 0x0C, 0x0D, 0x10  # members of getInfo
LONG_TOUCH_FOR_RESET, PIN_COMPLEXITY = 0x18, 0x1B


class Administrator:
    """A host that sets up a key of the test's own, which has a PIN."""

    def __init__(self, key, version):
        self.platform = Platform(key.channel(), version)

    def call(self, sub_command, params=None, pin=PIN):
        return configure(self.platform, self.platform.token(pin, ACFG), sub_command, params)

    @property
    def info(self):
        return get_info(self.platform.channel)


@pytest.fixture(params=[1, 2], ids=["protocol_1", "protocol_2"])
def version(request):
    return request.param


@pytest.fixture
def administrator(new_key, version):
    return Administrator(new_key("--pin", PIN), version)


@check("CHK-270", "enableEnterpriseAttestation turns getInfo's ep from false to true")
def test_chk_270_enterprise_attestation_is_enabled(new_key, version):
    administrator = Administrator(new_key("--enterprise-attestation", "listed.example", "--pin", PIN), version)
    assert administrator.info[4]["ep"] is False
    assert administrator.call(ENABLE_ENTERPRISE_ATTESTATION) == OK
    assert administrator.info[4]["ep"] is True


@check("CHK-271", "toggleAlwaysUv turns getInfo's alwaysUv on, and off again")
def test_chk_271_alwaysUv_is_toggled(administrator):
    for expected in (True, False):
        assert administrator.call(TOGGLE_ALWAYS_UV) == OK
        assert administrator.info[4]["alwaysUv"] is expected


@check(
    "CHK-272",
    "setMinPINLength raises the minimum, and forces a change of a PIN that is shorter (the report: of any PIN)",
)
def test_chk_272_a_minimum_above_the_pin_forces_a_change(administrator):
    assert administrator.call(SET_MIN_PIN_LENGTH, {NEW_MIN_PIN_LENGTH: len(PIN)}) == OK
    assert administrator.info[MIN_PIN_LENGTH] == len(PIN)
    assert administrator.info[FORCE_PIN_CHANGE] is False
    assert administrator.call(SET_MIN_PIN_LENGTH, {NEW_MIN_PIN_LENGTH: len(PIN) + 1}) == OK
    assert administrator.info[MIN_PIN_LENGTH] == len(PIN) + 1
    assert administrator.info[FORCE_PIN_CHANGE] is True
    assert administrator.platform.change_pin(PIN, "x" * len(PIN)) == PIN_POLICY_VIOLATION
    assert administrator.platform.change_pin(PIN, "x" * (len(PIN) + 1)) == OK


@check("CHK-273", "setMinPINLength takes as many relying parties as getInfo says")
def test_chk_273_all_relying_parties_that_there_is_room_for(administrator):
    rp_ids = [f"{number}.example" for number in range(administrator.info[MAX_RP_IDS])]
    assert rp_ids
    assert administrator.call(SET_MIN_PIN_LENGTH, {RP_IDS: rp_ids}) == OK
    channel = administrator.platform.channel
    for rp_id in (rp_ids[0], rp_ids[-1]):
        made = make_credential(channel, rp_id, extensions={"minPinLength": True})
        assert made.auth_data.extensions == {"minPinLength": administrator.info[MIN_PIN_LENGTH]}


@check("CHK-274", "setMinPINLength with forceChangePin forces a change of the PIN; without a PIN: PIN_NOT_SET")
def test_chk_274_a_change_is_forced(administrator, channel):
    assert administrator.info[FORCE_PIN_CHANGE] is False
    assert administrator.call(SET_MIN_PIN_LENGTH, {FORCE_CHANGE_PIN: True}) == OK
    assert administrator.info[FORCE_PIN_CHANGE] is True
    request = {1: SET_MIN_PIN_LENGTH, 2: {FORCE_CHANGE_PIN: True}}
    assert channel.ctap2(AUTHENTICATOR_CONFIG, request)[0] == PIN_NOT_SET


@check("CHK-275", "setMinPINLength with pinComplexityPolicy puts the policy in force, against simple PINs")
def test_chk_275_a_pin_complexity_policy_is_put_in_force(administrator):
    assert administrator.info[PIN_COMPLEXITY] is False
    assert administrator.call(SET_MIN_PIN_LENGTH, {PIN_COMPLEXITY_POLICY: True}) == OK
    assert administrator.info[PIN_COMPLEXITY] is True
    assert administrator.platform.change_pin(PIN, "111111") == PIN_POLICY_VIOLATION
    assert administrator.platform.change_pin(PIN, "another horse") == OK


@check("CHK-276", "enableLongTouchForReset turns getInfo's longTouchForReset on")
def test_chk_276_long_touch_for_reset_is_enabled(administrator):
    assert administrator.info[LONG_TOUCH_FOR_RESET] is False
    assert administrator.call(ENABLE_LONG_TOUCH_FOR_RESET) == OK
    assert administrator.info[LONG_TOUCH_FOR_RESET] is True


@check("X-12", "a minimum PIN length below the present one: PIN_POLICY_VIOLATION, and it stays")
def test_x_12_the_minimum_is_not_lowered(administrator):
    assert administrator.call(SET_MIN_PIN_LENGTH, {NEW_MIN_PIN_LENGTH: 6}) == OK
    for lower in (5, 4, 0):
        assert administrator.call(SET_MIN_PIN_LENGTH, {NEW_MIN_PIN_LENGTH: lower}) == PIN_POLICY_VIOLATION
    assert administrator.info[MIN_PIN_LENGTH] == 6


@check("X-12", "more relying parties than getInfo says: KEY_STORE_FULL, and the list stays")
def test_x_12_more_relying_parties_than_there_is_room_for(administrator):
    assert administrator.call(SET_MIN_PIN_LENGTH, {RP_IDS: ["kept.example"]}) == OK
    rp_ids = [f"{number}.example" for number in range(administrator.info[MAX_RP_IDS] + 1)]
    assert administrator.call(SET_MIN_PIN_LENGTH, {RP_IDS: rp_ids}) == KEY_STORE_FULL
    channel = administrator.platform.channel
    asked = {"minPinLength": True}
    assert make_credential(channel, "kept.example", extensions=asked).auth_data.extensions
    assert not make_credential(channel, rp_ids[0], extensions=asked).auth_data.extensions
