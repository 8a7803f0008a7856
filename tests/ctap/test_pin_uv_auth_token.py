"""What a pinUvAuthToken is good for, and how long (CTAP 2.3, 6.5.2.1, 6.5.3 and 6.5.5.7)."""

import time

import pytest
from daemon import PIN
from ctap2 import (
    CM,
    CREDENTIAL_MANAGEMENT,
    GA,
    GET_ASSERTION,
    INVALID_PARAMETER,
    MAKE_CREDENTIAL,
    MC,
    MISSING_PARAMETER,
    NO_CREDENTIALS,
    OK,
    PIN_AUTH_INVALID,
    UNAUTHORIZED_PERMISSION,
    Platform,
    get_assertion,
    get_assertion_request,
    make_credential,
    make_credential_request,
)


@pytest.fixture
def platform(pin_channel):
    return Platform(pin_channel, 2)


def try_to_register(platform, rp_id, token):
    request = make_credential_request(rp_id, **platform.authorization(token))
    return platform.channel.ctap2(MAKE_CREDENTIAL, request)[0]


def try_to_log_in(platform, rp_id, token, **changes):
    request = get_assertion_request(rp_id, **platform.authorization(token), **changes)
    return platform.channel.ctap2(GET_ASSERTION, request)[0]


def try_to_count(platform, token):
    param = platform.protocol.authenticate(token, b"\x01")
    return platform.channel.ctap2(CREDENTIAL_MANAGEMENT, {1: 1, 3: platform.version, 4: param})[0]


class TestPermissions:
    @pytest.mark.parametrize(
        "permissions, register, log_in, count",
        [
            (MC, OK, PIN_AUTH_INVALID, PIN_AUTH_INVALID),
            (GA, PIN_AUTH_INVALID, NO_CREDENTIALS, PIN_AUTH_INVALID),
            (CM, PIN_AUTH_INVALID, PIN_AUTH_INVALID, OK),
        ],
        ids=["makeCredential", "getAssertion", "credentialManagement"],
    )
    def test_chk_235_240_x_06_a_token_is_good_for_its_permission_alone(
        self, platform, rp_id, permissions, register, log_in, count
    ):
        bound_to = None if permissions == CM else rp_id
        for attempt, expected in (
            (lambda token: try_to_register(platform, rp_id, token), register),
            (lambda token: try_to_log_in(platform, rp_id, token), log_in),
            (lambda token: try_to_count(platform, token), count),
        ):
            assert attempt(platform.token(PIN, permissions, bound_to)) == expected

    def test_the_old_token_is_not_good_for_credential_management(self, platform):
        assert try_to_count(platform, platform.token(PIN)) == PIN_AUTH_INVALID

    def test_x_05_no_permission_at_all_is_refused(self, platform, rp_id):
        assert platform.request_token(PIN, 0, rp_id)[0] == INVALID_PARAMETER

    @pytest.mark.parametrize("permission", [0x08, 0x80], ids=["be", "unknown"])
    def test_x_05_a_permission_for_what_the_key_lacks_is_refused(self, platform, rp_id, permission):
        status, _ = platform.request_token(PIN, permission, rp_id)
        assert status == UNAUTHORIZED_PERMISSION or (permission == 0x80 and status == INVALID_PARAMETER)
        assert platform.retries() == 8

    @pytest.mark.parametrize("permissions", [MC, GA, MC | GA, MC | CM])
    def test_x_05_mc_and_ga_need_a_relying_party(self, platform, permissions):
        assert platform.request_token(PIN, permissions)[0] in (MISSING_PARAMETER, INVALID_PARAMETER)

    def test_the_old_subcommand_takes_no_permissions(self, platform, rp_id):
        agreement, secret = platform.agree()
        pin_hash_enc = platform.protocol.encrypt(secret, bytes(16))
        for members in ({"permissions": MC}, {"rp_id": rp_id}):
            status, _ = platform.call(5, key_agreement=agreement, pin_hash_enc=pin_hash_enc, **members)
            assert status == INVALID_PARAMETER
        assert platform.retries() == 8


class TestBinding:
    def test_x_06_a_token_of_one_relying_party_is_nothing_at_another(self, platform, rp_id):
        token = platform.token(PIN, MC | GA, rp_id)
        assert try_to_register(platform, "other." + rp_id, token) == PIN_AUTH_INVALID
        assert try_to_log_in(platform, "other." + rp_id, token) == PIN_AUTH_INVALID

    def test_the_old_token_is_bound_by_its_first_use(self, platform, rp_id):
        token = platform.token(PIN)
        assert try_to_log_in(platform, rp_id, token, options={"up": False}) == NO_CREDENTIALS
        assert try_to_log_in(platform, "other." + rp_id, token, options={"up": False}) == PIN_AUTH_INVALID

    def test_a_new_token_ends_the_old_one(self, platform, rp_id):
        old = platform.token(PIN, MC, rp_id)
        new = platform.token(PIN, MC, rp_id)
        assert old != new
        assert try_to_register(platform, rp_id, old) == PIN_AUTH_INVALID
        assert try_to_register(platform, rp_id, new) == OK

    def test_a_token_of_one_protocol_is_nothing_to_the_other(self, pin_channel, rp_id):
        one, two = Platform(pin_channel, 1), Platform(pin_channel, 2)
        token = two.token(PIN, MC, rp_id)
        assert try_to_register(one, rp_id, token) == PIN_AUTH_INVALID

    def test_a_token_ends_with_a_power_cycle(self, starter, rp_id):
        key = starter.start(store=True)
        before = Platform(key.channel(), 2)
        assert before.set_pin(PIN) == OK
        token = before.token(PIN, MC, rp_id)
        after = Platform(starter.restart(key).channel(), 2)
        assert try_to_register(after, rp_id, token) == PIN_AUTH_INVALID

    def test_a_token_ends_with_a_change_of_the_pin(self, new_key, rp_id):
        platform = Platform(new_key("--pin", PIN).channel(), 2)
        token = platform.token(PIN, MC, rp_id)
        assert platform.change_pin(PIN, "another pin") == OK
        assert try_to_register(platform, rp_id, token) == PIN_AUTH_INVALID


class TestConsent:
    """The user's consent covers one operation: presence given spends a token's permissions (6.5.3)."""

    def test_a_token_registers_once(self, platform, rp_id):
        token = platform.token(PIN, MC, rp_id)
        assert try_to_register(platform, rp_id, token) == OK
        assert try_to_register(platform, rp_id, token) == PIN_AUTH_INVALID

    def test_a_token_logs_in_once(self, platform, rp_id):
        made = make_credential(platform.channel, rp_id)
        token = platform.token(PIN, GA, rp_id)
        assert try_to_log_in(platform, rp_id, token, allow_list=[made.descriptor]) == OK
        assert try_to_log_in(platform, rp_id, token, allow_list=[made.descriptor]) == PIN_AUTH_INVALID

    def test_silent_assertions_do_not_spend_it(self, platform, rp_id):
        """Browsers look for credentials silently before the real request, with the same token."""
        made = make_credential(platform.channel, rp_id)
        token = platform.token(PIN, GA, rp_id)
        authorization = platform.authorization(token)
        for _ in range(3):
            silent = get_assertion(
                platform.channel, rp_id, allow_list=[made.descriptor], options={"up": False}, **authorization
            )
            assert silent.flags == 0x04
        assert try_to_log_in(platform, rp_id, token, allow_list=[made.descriptor]) == OK


@pytest.mark.slow
def test_a_token_that_is_not_used_ends_after_thirty_seconds(new_key, rp_id):
    platform = Platform(new_key("--pin", PIN).channel(), 2)
    token = platform.token(PIN, MC, rp_id)
    time.sleep(30.5)
    assert try_to_register(platform, rp_id, token) == PIN_AUTH_INVALID
