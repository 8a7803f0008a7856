"""credProtect and hmac-secret (CTAP 2.3, 12.1 and 12.7)."""

import os

import pytest
from daemon import PIN
from ctap2 import (
    CREDENTIAL_EXCLUDED,
    ED,
    GA,
    GET_ASSERTION,
    INVALID_PARAMETER,
    MAKE_CREDENTIAL,
    MC,
    MISSING_PARAMETER,
    NO_CREDENTIALS,
    OK,
    PIN_AUTH_INVALID,
    UNSUPPORTED_OPTION,
    UP,
    UV,
    Platform,
    get_assertion,
    get_assertion_request,
    get_next_assertion,
    make_credential,
    make_credential_request,
)


@pytest.fixture(params=[1, 2], ids=["protocol_1", "protocol_2"])
def platform(pin_channel, request):
    return Platform(pin_channel, request.param)


def make_verified(platform, rp_id, **changes):
    token = platform.token(PIN, MC, rp_id)
    return make_credential(platform.channel, rp_id, **platform.authorization(token), **changes)


def get_verified(platform, rp_id, **changes):
    token = platform.token(PIN, GA, rp_id)
    return get_assertion(platform.channel, rp_id, **platform.authorization(token), **changes)


class TestCredProtect:
    @pytest.mark.parametrize(
        "level, by_id, without_list",
        [(1, OK, OK), (2, OK, NO_CREDENTIALS), (3, NO_CREDENTIALS, NO_CREDENTIALS)],
        ids=["chk_177_level_1", "chk_178_level_2", "chk_179_level_3"],
    )
    @pytest.mark.parametrize("up", [True, False], ids=["with_touch", "silently"])
    def test_without_user_verification_it_hides_the_credential(self, platform, rp_id, level, by_id, without_list, up):
        made = make_verified(platform, rp_id, options={"rk": True}, extensions={"credProtect": level})
        assert made.auth_data.extensions == {"credProtect": level}
        channel = platform.channel
        listed = get_assertion_request(rp_id, allow_list=[made.descriptor], options={"up": up})
        assert channel.ctap2(GET_ASSERTION, listed)[0] == by_id
        assert channel.ctap2(GET_ASSERTION, get_assertion_request(rp_id, options={"up": up}))[0] == without_list
        get_verified(platform, rp_id).verify(made)
        get_verified(platform, rp_id, allow_list=[made.descriptor]).verify(made)

    def test_it_holds_for_credentials_in_their_ids_too(self, platform, rp_id):
        made = make_verified(platform, rp_id, extensions={"credProtect": 3})
        listed = get_assertion_request(rp_id, allow_list=[made.descriptor])
        assert platform.channel.ctap2(GET_ASSERTION, listed)[0] == NO_CREDENTIALS
        get_verified(platform, rp_id, allow_list=[made.descriptor]).verify(made)

    def test_hidden_credentials_do_not_count(self, platform, rp_id):
        levels = {}
        for level in (1, 2, 3):
            user = {"id": bytes([level])}
            levels[level] = make_verified(
                platform, rp_id, user=user, options={"rk": True}, extensions={"credProtect": level}
            )
        unverified = get_assertion(platform.channel, rp_id)
        unverified.verify(levels[1])
        assert 5 not in unverified.members
        verified = get_verified(platform, rp_id)
        assert verified.members[5] == 3
        verified.verify(levels[3])
        get_next_assertion(platform.channel).verify(levels[2])

    def test_level_3_is_not_given_away_by_the_excludeList_without_user_verification(self, platform, rp_id):
        made = make_verified(platform, rp_id, extensions={"credProtect": 3})
        exclude = make_credential_request(rp_id, exclude_list=[made.descriptor])
        assert platform.channel.ctap2(MAKE_CREDENTIAL, exclude)[0] == OK
        token = platform.token(PIN, MC, rp_id)
        exclude = make_credential_request(rp_id, exclude_list=[made.descriptor], **platform.authorization(token))
        assert platform.channel.ctap2(MAKE_CREDENTIAL, exclude)[0] == CREDENTIAL_EXCLUDED

    @pytest.mark.parametrize("level", [0, 4, 2**32])
    def test_a_level_that_does_not_exist_is_refused(self, platform, rp_id, level):
        request = make_credential_request(rp_id, extensions={"credProtect": level})
        assert platform.channel.ctap2(MAKE_CREDENTIAL, request)[0] == INVALID_PARAMETER


class TestHmacSecret:
    @pytest.fixture(params=[False, True], ids=["in_its_id", "discoverable"])
    def credential(self, platform, rp_id, request):
        made = make_verified(platform, rp_id, options={"rk": request.param}, extensions={"hmac-secret": True})
        assert made.auth_data.extensions == {"hmac-secret": True}  # CHK-125
        return made

    def ask(self, platform, credential, *salts, verified=False):
        extensions, decrypt = platform.hmac_secret(*salts)
        get = get_verified if verified else lambda p, *a, **k: get_assertion(p.channel, *a, **k)
        assertion = get(platform, credential.rp_id, allow_list=[credential.descriptor], extensions=extensions)
        assert assertion.flags == UP | ED | (UV if verified else 0)
        assertion.verify(credential)
        output = decrypt(assertion.auth_data.extensions["hmac-secret"])
        assert len(output) == 32 * len(salts)
        return [output[at : at + 32] for at in range(0, len(output), 32)]

    def test_chk_126_one_salt_then_two_give_the_same_for_the_same(self, platform, credential):
        first, second = os.urandom(32), os.urandom(32)
        (once,) = self.ask(platform, credential, first)
        again, other = self.ask(platform, credential, first, second)
        assert once == again
        assert other != once
        assert self.ask(platform, credential, second, first) == [other, once]

    def test_chk_127_with_user_verification_the_secret_is_another(self, platform, credential):
        salts = os.urandom(32), os.urandom(32)
        without = self.ask(platform, credential, *salts)
        with_uv = self.ask(platform, credential, *salts, verified=True)
        assert not set(without) & set(with_uv)
        assert self.ask(platform, credential, *salts, verified=True) == with_uv

    def test_each_credential_has_secrets_of_its_own(self, platform, credential):
        other = make_verified(platform, credential.rp_id, extensions={"hmac-secret": True})
        salt = os.urandom(32)
        assert self.ask(platform, credential, salt) != self.ask(platform, other, salt)

    def test_both_protocols_give_the_same(self, pin_channel, rp_id):
        one, two = Platform(pin_channel, 1), Platform(pin_channel, 2)
        made = make_verified(two, rp_id, extensions={"hmac-secret": True})
        salt = os.urandom(32)
        assert self.ask(one, made, salt) == self.ask(two, made, salt)

    @pytest.mark.parametrize("salts", [(b"x" * 16,), (b"x" * 32, b"y" * 16), (b"x" * 96,), (b"",)])
    def test_chk_129_130_salts_of_any_other_size_are_refused(self, platform, credential, salts):
        extensions, _ = platform.hmac_secret(*salts)
        request = get_assertion_request(credential.rp_id, allow_list=[credential.descriptor], extensions=extensions)
        status, _ = platform.channel.ctap2(GET_ASSERTION, request)
        assert status == INVALID_PARAMETER, f"{status:#04x}"

    def test_a_wrong_saltAuth_is_refused(self, platform, credential):
        extensions, _ = platform.hmac_secret(os.urandom(32), broken_auth=True)
        request = get_assertion_request(credential.rp_id, allow_list=[credential.descriptor], extensions=extensions)
        assert platform.channel.ctap2(GET_ASSERTION, request)[0] == PIN_AUTH_INVALID

    def test_it_needs_the_users_presence(self, platform, credential):
        extensions, _ = platform.hmac_secret(os.urandom(32))
        request = get_assertion_request(
            credential.rp_id, allow_list=[credential.descriptor], extensions=extensions, options={"up": False}
        )
        assert platform.channel.ctap2(GET_ASSERTION, request)[0] == UNSUPPORTED_OPTION

    @pytest.mark.parametrize("absent", [1, 2, 3], ids=["keyAgreement", "saltEnc", "saltAuth"])
    def test_a_missing_member_is_refused(self, platform, credential, absent):
        extensions, _ = platform.hmac_secret(os.urandom(32))
        del extensions["hmac-secret"][absent]
        request = get_assertion_request(credential.rp_id, allow_list=[credential.descriptor], extensions=extensions)
        assert platform.channel.ctap2(GET_ASSERTION, request)[0] == MISSING_PARAMETER

    def test_without_a_protocol_number_the_first_is_meant(self, pin_channel, rp_id):
        platform = Platform(pin_channel, 1)
        made = make_verified(platform, rp_id, extensions={"hmac-secret": True})
        salt = os.urandom(32)
        extensions, decrypt = platform.hmac_secret(salt)
        del extensions["hmac-secret"][4]
        assertion = get_assertion(pin_channel, rp_id, allow_list=[made.descriptor], extensions=extensions)
        assert [decrypt(assertion.auth_data.extensions["hmac-secret"])] == self.ask(platform, made, salt)

    def test_every_account_of_a_getNextAssertion_has_its_own(self, platform, rp_id):
        for user_id in (b"alice", b"bob"):
            make_verified(
                platform, rp_id, user={"id": user_id}, options={"rk": True}, extensions={"hmac-secret": True}
            )
        extensions, decrypt = platform.hmac_secret(os.urandom(32))
        first = get_assertion(platform.channel, rp_id, extensions=extensions)
        second = get_next_assertion(platform.channel)
        outputs = {decrypt(assertion.auth_data.extensions["hmac-secret"]) for assertion in (first, second)}
        assert len(outputs) == 2

    def test_it_works_without_a_pin(self, channel, rp_id):
        made = make_credential(channel, rp_id, extensions={"hmac-secret": True})
        platform = Platform(channel, 2)
        salt = os.urandom(32)
        assert self.ask(platform, made, salt) == self.ask(platform, made, salt)
