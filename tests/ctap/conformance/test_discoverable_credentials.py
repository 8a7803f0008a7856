"""Discoverable credentials and getNextAssertion (CTAP 2.3, 6.1.2, 6.2 and 6.3)."""

import time

import pytest
from conformance import case, check
from daemon import PIN
from ctap2 import (
    CLIENT_PIN,
    CREDENTIAL_MANAGEMENT,
    GA,
    GET_ASSERTION,
    GET_INFO,
    GET_NEXT_ASSERTION,
    MAKE_CREDENTIAL,
    MC,
    NO_CREDENTIALS,
    NOT_ALLOWED,
    SELECTION,
    UP,
    UV,
    Platform,
    get_assertion,
    get_assertion_request,
    get_next_assertion,
    make_credential,
    make_credential_request,
)
from hid import PING

NAMES = ("alice", "bob", "carol")


def user(name):
    return {"id": name.encode() * 4, "name": name, "displayName": name.title()}


def register(channel, rp_id, name, **changes):
    return make_credential(channel, rp_id, user=user(name), options={"rk": True}, **changes)


def next_status(channel):
    return channel.ctap2(GET_NEXT_ASSERTION)[0]


@check("CHK-110", "rk true: the credential is found without its id; rk false: it is not")
def test_chk_110_a_discoverable_credential_is_found_without_its_id(channel, rp_id):
    make_credential(channel, rp_id, options={"rk": False})
    assert channel.ctap2(GET_ASSERTION, get_assertion_request(rp_id))[0] == NO_CREDENTIALS
    made = register(channel, rp_id, "alice")
    assertion = get_assertion(channel, rp_id).verify(made)
    assert assertion.user["id"] == made.user_id
    assert 5 not in assertion.members, "numberOfCredentials is for more than one"


@check(
    "CHK-111",
    "three accounts without verification: numberOfCredentials 3 in the first answer, the newest first, user with "
    "the id alone",
)
def test_chk_111_accounts_come_with_their_ids_only(channel, rp_id):
    made = [register(channel, rp_id, name) for name in NAMES]
    first = get_assertion(channel, rp_id)
    following = [get_next_assertion(channel) for _ in made[1:]]
    assert first.members[5] == 3
    for assertion, credential in zip([first, *following], reversed(made), strict=True):
        assertion.verify(credential)
        assert assertion.flags == UP
        assert assertion.user == {"id": credential.user_id}
    assert not any(5 in assertion.members for assertion in following)
    assert next_status(channel) == NOT_ALLOWED


@pytest.mark.parametrize(
    "version", [case("CHK-112", f"two accounts, verified by PIN protocol {v}: every member of user", v) for v in (1, 2)]
)
def test_accounts_come_with_their_names_once_the_user_is_verified(pin_channel, rp_id, version):
    platform = Platform(pin_channel, version)
    made = [
        register(pin_channel, rp_id, name, **platform.authorization(platform.token(PIN, MC, rp_id)))
        for name in NAMES[:2]
    ]
    first = get_assertion(pin_channel, rp_id, **platform.authorization(platform.token(PIN, GA, rp_id)))
    second = get_next_assertion(pin_channel)
    assert first.members[5] == 2 and 5 not in second.members
    assert first.flags == second.flags == UP | UV
    assert [first.verify(made[1]).user, second.verify(made[0]).user] == [user("bob"), user("alice")]


@check("CHK-112", "… or by the key itself")
def test_chk_112_accounts_come_with_their_names_once_the_key_has_verified_the_user(new_key, rp_id):
    channel = new_key("--uv").channel()
    for name in NAMES[:2]:
        make_credential(channel, rp_id, user=user(name), options={"rk": True, "uv": True})
    first = get_assertion(channel, rp_id, options={"uv": True})
    assert first.members[5] == 2
    assert [first.user, get_next_assertion(channel).user] == [user("bob"), user("alice")]


@check(
    "CHK-113",
    "the key has no display on which users choose: userSelected is never said, and each getAssertion counts all "
    "accounts",
)
def test_chk_113_the_key_never_says_that_the_user_has_chosen(channel, rp_id):
    for name in NAMES:
        register(channel, rp_id, name)
    for _ in range(3):
        members = get_assertion(channel, rp_id).members
        assert members[5] == 3 and 6 not in members


@check("CHK-115", "the same account again: the first credential is replaced by one with another id and key")
def test_chk_115_the_same_account_again_replaces_its_credential(channel, rp_id):
    old, other = register(channel, rp_id, "alice"), register(channel, rp_id, "bob")
    new = register(channel, rp_id, "alice")
    assert old.id != new.id and dict(old.public_key) != dict(new.public_key)
    first = get_assertion(channel, rp_id).verify(new)
    assert first.members[5] == 2, "another account is not touched"
    get_next_assertion(channel).verify(other)
    gone = get_assertion_request(rp_id, allow_list=[old.descriptor])
    assert channel.ctap2(GET_ASSERTION, gone)[0] == NO_CREDENTIALS


class TestGetNextAssertion:
    @pytest.fixture
    def asked(self, channel, rp_id):
        """A channel that was told of three accounts and has seen the first."""
        for name in NAMES:
            register(channel, rp_id, name)
        assert get_assertion(channel, rp_id).members[5] == 3
        return channel

    @check("X-08", "getNextAssertion without getAssertion: NOT_ALLOWED")
    def test_x_08_without_a_getAssertion_it_is_not_allowed(self, new_key):
        assert next_status(new_key().channel()) == NOT_ALLOWED

    @check("X-08", "… where there was one account only, or an allowList")
    def test_x_08_where_one_answer_was_all_it_is_not_allowed(self, channel, rp_id):
        made = [register(channel, rp_id, "alice")]
        get_assertion(channel, rp_id)
        assert next_status(channel) == NOT_ALLOWED
        made.append(register(channel, rp_id, "bob"))
        get_assertion(channel, rp_id, allow_list=[credential.descriptor for credential in made])
        assert next_status(channel) == NOT_ALLOWED

    @check("X-08", "… when the accounts are used up")
    def test_x_08_when_the_accounts_are_used_up_it_is_not_allowed(self, asked):
        for _ in NAMES[1:]:
            get_next_assertion(asked)
        assert next_status(asked) == NOT_ALLOWED

    @pytest.mark.parametrize(
        "command, parameters",
        [
            case("X-08", "… after another command in between: getInfo", GET_INFO, None),
            case("X-08", "… after another command in between: selection", SELECTION, None),
            case("X-08", "… after another command in between: clientPIN", CLIENT_PIN, {1: 2, 2: 1}),
            case("X-08", "… after another command in between: credentialManagement, refused",
                 CREDENTIAL_MANAGEMENT, {1: 1}),
            case("X-08", "… after another command in between: getAssertion, refused", GET_ASSERTION, {}),
            case("X-08", "… after another command in between: getAssertion of another relying party", GET_ASSERTION,
                 get_assertion_request("nobody.example")),
            case("X-08", "… after another command in between: makeCredential", MAKE_CREDENTIAL,
                 make_credential_request("between.example")),
            case("X-08", "… after another command in between: an unknown one", 0x77, None),
        ],
    )  # fmt: skip
    def test_another_command_in_between_ends_it(self, asked, command, parameters):
        get_next_assertion(asked)
        asked.ctap2(command, parameters)
        assert next_status(asked) == NOT_ALLOWED

    @check("X-08", "… on another channel, whose commands do not end it on its own")
    def test_x_08_it_belongs_to_the_channel_that_asked(self, asked, key):
        other = key.channel()
        assert next_status(other) == NOT_ALLOWED
        assert other.call(PING, b"x") == b"x"
        get_next_assertion(asked)

    @pytest.mark.slow
    @check("X-08", "… after 30 s without a getNextAssertion")
    def test_x_08_after_thirty_seconds_it_is_not_allowed(self, new_key, rp_id):
        channel = new_key().channel()
        for name in NAMES:
            register(channel, rp_id, name)
        get_assertion(channel, rp_id)
        time.sleep(16)
        get_next_assertion(channel)
        time.sleep(16)  # each one starts the time anew (6.3)
        get_next_assertion(channel)
        get_assertion(channel, rp_id)
        time.sleep(30.5)
        assert next_status(channel) == NOT_ALLOWED
