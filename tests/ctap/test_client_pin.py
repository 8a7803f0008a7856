"""clientPIN: setting, changing, trying and spending a PIN (CTAP 2.3, 6.5), by both PIN/UV auth protocols."""

import os

import pytest
from daemon import PIN
from ctap2 import (
    CLIENT_PIN,
    GA,
    GET_ASSERTION,
    INVALID_PARAMETER,
    INVALID_SUBCOMMAND,
    MAKE_CREDENTIAL,
    MC,
    MISSING_PARAMETER,
    OK,
    PIN_AUTH_BLOCKED,
    PIN_AUTH_INVALID,
    PIN_BLOCKED,
    PIN_INVALID,
    PIN_NOT_SET,
    PIN_POLICY_VIOLATION,
    PUAT_REQUIRED,
    UNEXPECTED_TYPE,
    UP,
    UV,
    Platform,
    get_assertion,
    get_assertion_request,
    get_info,
    make_credential,
    make_credential_request,
    pad,
    pin_hash,
)

WRONG = "wrong staple"
FULL = 8  # retries of a new key


@pytest.fixture(params=[1, 2], ids=["protocol_1", "protocol_2"])
def version(request):
    return request.param


@pytest.fixture
def fresh(new_key, version):
    """A key of its own without a PIN."""
    return Platform(new_key().channel(), version)


@pytest.fixture
def with_pin(new_key, version):
    """A key of its own with PIN."""
    return Platform(new_key("--pin", PIN).channel(), version)


@pytest.fixture
def shared(pin_channel, version):
    """The shared key with PIN: not for tries with a wrong one."""
    return Platform(pin_channel, version)


class TestKeyAgreement:
    def test_chk_210_227_it_is_a_point_of_p_256_and_nothing_more(self, shared):
        status, members = shared.call(2)
        assert status == OK and members.keys() == {1}
        key = members[1]
        assert key.keys() == {1, 3, -1, -2, -3}
        assert (key[1], key[3], key[-1]) == (2, -25, 1)
        assert len(key[-2]) == len(key[-3]) == 32

    def test_the_protocols_have_keys_of_their_own(self, pin_channel):
        assert Platform(pin_channel, 1).call(2)[1] != Platform(pin_channel, 2).call(2)[1]

    def test_a_wrong_pin_costs_the_shared_secret_too(self, with_pin):
        before = with_pin.call(2)
        assert with_pin.request_token(WRONG)[0] == PIN_INVALID
        assert with_pin.call(2) != before

    @pytest.mark.parametrize(
        "change",
        [
            {-2: bytes(32), -3: bytes(32)},
            {-2: b"\x01" * 32},
            {-2: b"\xff" * 32},
            {-2: bytes(31)},
            {-3: bytes(33)},
            {-1: 2},
            {1: 1},
            {-3: None},
        ],
        ids=["the_point_zero", "not_on_the_curve", "above_the_field", "short_x", "long_y", "p_384", "okp", "no_y"],
    )
    def test_a_platform_key_that_is_no_point_is_refused(self, with_pin, change):
        agreement, secret = with_pin.agree()
        changed = {name: value for name, value in {**agreement, **change}.items() if value is not None}
        status, _ = with_pin.call(5, key_agreement=changed, pin_hash_enc=with_pin.protocol.encrypt(secret, pin_hash(PIN)))
        assert status in (INVALID_PARAMETER, MISSING_PARAMETER), f"{status:#04x}"
        assert with_pin.retries() == FULL


class TestSetting:
    def test_chk_211_228_a_pin_can_be_set_and_used(self, fresh, rp_id):
        assert get_info(fresh.channel)[4]["clientPin"] is False
        assert fresh.set_pin("1234") == OK
        assert get_info(fresh.channel)[4]["clientPin"] is True
        assert fresh.token("1234", MC, rp_id)

    def test_x_07_a_second_pin_cannot_be_set(self, fresh):
        assert fresh.set_pin("1234") == OK
        assert fresh.set_pin("5678") == PIN_AUTH_INVALID
        assert fresh.token("1234")

    def test_chk_212_229_it_can_be_changed_by_who_knows_it(self, with_pin):
        assert with_pin.change_pin(PIN, "another pin") == OK
        assert with_pin.token("another pin")
        assert with_pin.request_token(PIN)[0] == PIN_INVALID

    def test_a_wrong_old_pin_changes_nothing_and_costs_a_try(self, with_pin):
        assert with_pin.change_pin(WRONG, "another pin") == PIN_INVALID
        assert with_pin.retries() == FULL - 1
        assert with_pin.token(PIN)

    @pytest.mark.parametrize(
        "pin",
        ["1234", "x" * 63, "ęęęę", "字" * 21, "😀" * 4, "with space ", "\x01\x02\x03\x04"],
        ids=["4_digits", "63_bytes", "4_code_points_of_2", "63_bytes_of_3", "4_code_points_of_4", "space_at_end", "control"],
    )
    def test_chk_218_249_every_pin_from_4_code_points_to_63_bytes_is_taken(self, fresh, pin):
        assert fresh.set_pin(pin) == OK
        assert fresh.token(pin)

    @pytest.mark.parametrize("pin", ["", "1", "123", "ęęę", "字字字", "😀😀😀"])
    def test_chk_219_250_a_pin_below_4_code_points_is_refused(self, fresh, pin):
        assert fresh.set_pin(pin) == PIN_POLICY_VIOLATION
        assert get_info(fresh.channel)[4]["clientPin"] is False

    def test_chk_220_221_252_a_pin_of_64_bytes_is_refused(self, fresh):
        assert fresh.set_pin(None, padded=b"x" * 64) == PIN_POLICY_VIOLATION

    @pytest.mark.parametrize("size", [16, 48, 80, 128])
    def test_chk_251_a_pin_padded_to_anything_but_64_bytes_is_refused(self, fresh, size):
        assert fresh.set_pin(None, padded=b"1234".ljust(size, b"\0")) in (INVALID_PARAMETER, PIN_POLICY_VIOLATION)
        assert get_info(fresh.channel)[4]["clientPin"] is False

    def test_a_pin_that_is_no_utf_8_is_refused(self, fresh):
        assert fresh.set_pin(None, padded=b"\xff\xfe\xfd\xfc\xfb".ljust(64, b"\0")) != OK

    def test_changing_to_a_pin_against_the_rules_leaves_the_old_one(self, with_pin):
        assert with_pin.change_pin(PIN, "123") == PIN_POLICY_VIOLATION
        assert with_pin.token(PIN)

    def test_a_wrong_pinUvAuthParam_sets_nothing(self, fresh):
        agreement, secret = fresh.agree()
        new_pin_enc = fresh.protocol.encrypt(secret, pad("1234"))
        param = fresh.protocol.authenticate(secret, new_pin_enc + b"x")
        status, _ = fresh.call(3, key_agreement=agreement, new_pin_enc=new_pin_enc, param=param)
        assert status == PIN_AUTH_INVALID
        assert get_info(fresh.channel)[4]["clientPin"] is False

    def test_a_wrong_pinUvAuthParam_costs_no_try(self, with_pin):
        agreement, secret = with_pin.agree()
        new_pin_enc = with_pin.protocol.encrypt(secret, pad("5678"))
        pin_hash_enc = with_pin.protocol.encrypt(secret, pin_hash(PIN))
        members = {"key_agreement": agreement, "new_pin_enc": new_pin_enc, "pin_hash_enc": pin_hash_enc}
        assert with_pin.call(4, param=bytes(16), **members)[0] == PIN_AUTH_INVALID
        assert with_pin.retries() == FULL

    def test_x_07_without_a_pin_there_is_none_to_change_and_no_token(self, fresh):
        assert fresh.change_pin(PIN, "5678") == PIN_NOT_SET
        assert fresh.request_token(PIN)[0] == PIN_NOT_SET
        assert fresh.request_token(PIN, MC, "a.example")[0] == PIN_NOT_SET


class TestRetries:
    def test_chk_223_254_a_new_key_has_eight(self, with_pin):
        status, members = with_pin.call(1)
        assert status == OK and members[3] == FULL
        assert members.get(4, False) is False

    def test_chk_224_256_wrong_pins_cost_one_each_and_the_right_one_gives_them_back(self, with_pin, rp_id):
        for left in (FULL - 1, FULL - 2):
            assert with_pin.request_token(WRONG)[0] == PIN_INVALID
            assert with_pin.retries() == left
        assert with_pin.token(PIN, MC, rp_id)
        assert with_pin.retries() == FULL

    def test_chk_225_257_the_third_wrong_pin_in_a_row_blocks_until_a_power_cycle(self, with_pin):
        statuses = [with_pin.request_token(WRONG)[0] for _ in range(3)]
        assert statuses == [PIN_INVALID, PIN_INVALID, PIN_AUTH_BLOCKED]
        assert with_pin.request_token(PIN)[0] == PIN_AUTH_BLOCKED
        assert with_pin.change_pin(PIN, "5678") == PIN_AUTH_BLOCKED
        assert with_pin.retries() == FULL - 3
        assert with_pin.needs_power_cycle() is True

    def test_wrong_pins_by_change_and_by_token_count_together(self, with_pin):
        assert with_pin.change_pin(WRONG, "5678") == PIN_INVALID
        assert with_pin.request_token(WRONG, MC, "a.example")[0] == PIN_INVALID
        assert with_pin.request_token(WRONG)[0] == PIN_AUTH_BLOCKED

    def test_wrong_pins_by_both_protocols_count_together(self, new_key):
        channel = new_key("--pin", PIN).channel()
        one, two = Platform(channel, 1), Platform(channel, 2)
        statuses = [platform.request_token(WRONG)[0] for platform in (one, two, one)]
        assert statuses == [PIN_INVALID, PIN_INVALID, PIN_AUTH_BLOCKED]

    def test_the_right_pin_in_between_starts_the_count_anew(self, with_pin):
        for _ in range(3):
            assert with_pin.request_token(WRONG)[0] == PIN_INVALID
            assert with_pin.request_token(WRONG)[0] == PIN_INVALID
            assert with_pin.request_token(PIN)[0] == OK

    def test_an_undecryptable_pin_hash_costs_a_try(self, with_pin):
        agreement, _ = with_pin.agree()
        assert with_pin.call(5, key_agreement=agreement, pin_hash_enc=os.urandom(32))[0] == PIN_INVALID
        assert with_pin.retries() == FULL - 1

    def test_chk_226_258_eight_wrong_pins_over_power_cycles_block_for_good(self, starter, version, rp_id):
        key = starter.start(store=True)
        assert Platform(key.channel(), version).set_pin(PIN) == OK
        statuses = []
        for _ in range(3):
            key = starter.restart(key)
            platform = Platform(key.channel(), version)
            for _ in range(min(3, platform.retries())):
                statuses.append(platform.request_token(WRONG)[0])
        assert statuses == [PIN_INVALID, PIN_INVALID, PIN_AUTH_BLOCKED] * 2 + [PIN_INVALID, PIN_BLOCKED]
        key = starter.restart(key)
        platform = Platform(key.channel(), version)
        assert platform.retries() == 0
        assert platform.request_token(PIN)[0] == PIN_BLOCKED
        assert platform.change_pin(PIN, "5678") == PIN_BLOCKED
        # what needs no user verification goes on working
        made = make_credential(platform.channel, rp_id)
        get_assertion(platform.channel, rp_id, allow_list=[made.descriptor]).verify(made)

    def test_retries_are_spent_before_the_answer(self, starter, version):
        """Pulling the plug must not give a try back."""
        key = starter.start(store=True)
        platform = Platform(key.channel(), version)
        assert platform.set_pin(PIN) == OK
        assert platform.request_token(WRONG)[0] == PIN_INVALID
        key.kill()
        assert Platform(starter.restart(key).channel(), version).retries() == FULL - 1


class TestUse:
    def test_chk_213_214_215_232_233_234_the_old_token_registers_and_logs_in_with_user_verification(self, shared, rp_id):
        token = shared.token(PIN)
        made = make_credential(shared.channel, rp_id, **shared.authorization(token))
        assert made.auth_data.flags & (UP | UV) == UP | UV
        token = shared.token(PIN)
        assertion = get_assertion(shared.channel, rp_id, allow_list=[made.descriptor], **shared.authorization(token))
        assert assertion.flags & (UP | UV) == UP | UV
        assertion.verify(made)

    def test_without_a_token_a_key_with_pin_makes_no_discoverable_credential(self, shared, rp_id):
        request = make_credential_request(rp_id, options={"rk": True})
        assert shared.channel.ctap2(MAKE_CREDENTIAL, request)[0] == PUAT_REQUIRED

    def test_without_a_token_a_key_with_pin_makes_others_as_getInfo_says(self, shared, rp_id):
        assert get_info(shared.channel)[4]["makeCredUvNotRqd"] is True
        made = make_credential(shared.channel, rp_id)
        assert made.auth_data.flags & UV == 0

    @pytest.mark.parametrize("command", [MAKE_CREDENTIAL, GET_ASSERTION], ids=["makeCredential", "getAssertion"])
    def test_x_03_an_empty_pinUvAuthParam_asks_for_a_touch_and_tells_of_the_pin(self, channel, shared, rp_id, command):
        make_request = make_credential_request if command == MAKE_CREDENTIAL else get_assertion_request
        request = make_request(rp_id, pin_uv_auth_param=b"", pin_uv_auth_protocol=shared.version)
        assert channel.ctap2(command, request)[0] == PIN_NOT_SET
        assert shared.channel.ctap2(command, request)[0] == PIN_INVALID

    @pytest.mark.parametrize("command", [MAKE_CREDENTIAL, GET_ASSERTION], ids=["makeCredential", "getAssertion"])
    def test_x_04_a_param_without_or_with_an_unknown_protocol_is_refused(self, shared, rp_id, command):
        make_request = make_credential_request if command == MAKE_CREDENTIAL else get_assertion_request
        token = shared.token(PIN, MC | GA, rp_id)
        param = shared.authorization(token)["pin_uv_auth_param"]
        assert shared.channel.ctap2(command, make_request(rp_id, pin_uv_auth_param=param))[0] == MISSING_PARAMETER
        for unknown in (0, 3, 2**32):
            request = make_request(rp_id, pin_uv_auth_param=param, pin_uv_auth_protocol=unknown)
            assert shared.channel.ctap2(command, request)[0] == INVALID_PARAMETER

    @pytest.mark.parametrize("change", ["first", "last", "short", "long", "other_message"])
    def test_a_wrong_pinUvAuthParam_is_refused(self, shared, rp_id, change):
        token = shared.token(PIN, MC, rp_id)
        param = shared.authorization(token)["pin_uv_auth_param"]
        wrong = {
            "first": bytes([param[0] ^ 1]) + param[1:],
            "last": param[:-1] + bytes([param[-1] ^ 1]),
            "short": param[:-1],
            "long": param + b"\0",
            "other_message": shared.protocol.authenticate(token, bytes(32)),
        }[change]
        request = make_credential_request(rp_id, pin_uv_auth_param=wrong, pin_uv_auth_protocol=shared.version)
        assert shared.channel.ctap2(MAKE_CREDENTIAL, request)[0] == PIN_AUTH_INVALID

    def test_a_param_on_a_key_without_pin_is_refused(self, channel, rp_id):
        request = make_credential_request(rp_id, pin_uv_auth_param=bytes(32), pin_uv_auth_protocol=2)
        assert channel.ctap2(MAKE_CREDENTIAL, request)[0] == PIN_AUTH_INVALID


class TestRequests:
    @pytest.mark.parametrize("sub_command", [0, 6, 7, 8, 10, 0xFF, 2**63])
    def test_subcommands_that_are_not_claimed_are_refused(self, pin_channel, sub_command):
        status, _ = pin_channel.ctap2(CLIENT_PIN, {1: 2, 2: sub_command})
        assert status in (INVALID_SUBCOMMAND, INVALID_PARAMETER), f"{status:#04x}"

    @pytest.mark.parametrize(
        "request_members, expected",
        [
            pytest.param({}, MISSING_PARAMETER, id="nothing"),
            pytest.param({1: 2}, MISSING_PARAMETER, id="no_subcommand"),
            pytest.param({1: 2, 2: "2"}, UNEXPECTED_TYPE, id="subcommand_not_an_integer"),
            pytest.param({2: 2}, MISSING_PARAMETER, id="key_agreement_without_protocol"),
            pytest.param({1: 3, 2: 2}, INVALID_PARAMETER, id="unknown_protocol"),
            pytest.param({1: 2, 2: 3}, MISSING_PARAMETER, id="set_pin_without_anything"),
            pytest.param({1: 2, 2: 4}, MISSING_PARAMETER, id="change_pin_without_anything"),
            pytest.param({1: 2, 2: 5}, MISSING_PARAMETER, id="token_without_anything"),
            pytest.param({1: 2, 2: 9}, MISSING_PARAMETER, id="permissions_without_anything"),
            pytest.param({1: 2, 2: 5, 3: b"key", 6: bytes(32)}, UNEXPECTED_TYPE, id="key_agreement_not_a_map"),
        ],
    )
    def test_a_broken_request_is_refused(self, pin_channel, request_members, expected):
        status, _ = pin_channel.ctap2(CLIENT_PIN, request_members)
        assert status == expected, f"{status:#04x}"
