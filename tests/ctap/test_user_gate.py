"""The user's part: yes, no, not in time, and what the terminal shows (CTAP 2.3, 6; CHK-009, 010, 015)."""

import time

import pytest
from ctap2 import (
    CREDENTIAL_EXCLUDED,
    GET_ASSERTION,
    GET_INFO,
    KEEPALIVE_CANCEL,
    MAKE_CREDENTIAL,
    NO_CREDENTIALS,
    OK,
    OPERATION_DENIED,
    RESET,
    SELECTION,
    USER_ACTION_TIMEOUT,
    descriptor,
    get_assertion_request,
    make_credential,
    make_credential_request,
)

RP_ID = "gate.example"
WAITING = {
    "makeCredential": (MAKE_CREDENTIAL, make_credential_request(RP_ID)),
    "selection": (SELECTION, None),
    "reset": (RESET, None),
    "empty_pinUvAuthParam": (
        MAKE_CREDENTIAL,
        make_credential_request(RP_ID, pin_uv_auth_param=b"", pin_uv_auth_protocol=2),
    ),
}
COMMANDS = pytest.mark.parametrize("command, parameters", WAITING.values(), ids=WAITING.keys())


def registered(starter):
    """A store that knows one credential, and the credential."""
    key = starter.start(store=True)
    made = make_credential(key.channel(), RP_ID, options={"rk": True})
    return key, made


class TestCancel:
    @COMMANDS
    def test_every_waiting_command_can_be_cancelled(self, new_key, command, parameters):
        channel = new_key(approve="ask").channel()
        seen = []
        channel.start(command, parameters)
        while 2 not in seen:
            _, status = channel.wire.receive(channel.cid)
            seen.append(status[0])
        channel.cancel()
        assert channel.finish()[0] == KEEPALIVE_CANCEL
        assert channel.ctap2(GET_INFO)[0] == OK

    @pytest.mark.parametrize("what", ["getAssertion", "excluded"])
    def test_a_login_and_a_registration_of_the_same_key_too(self, starter, what):
        key, made = registered(starter)
        channel = starter.restart(key, approve="ask").channel()
        if what == "getAssertion":
            channel.start(GET_ASSERTION, get_assertion_request(RP_ID, allow_list=[made.descriptor]))
        else:
            channel.start(MAKE_CREDENTIAL, make_credential_request(RP_ID, exclude_list=[made.descriptor]))
        while channel.wire.receive(channel.cid)[1] != b"\x02":
            pass
        channel.cancel()
        assert channel.finish()[0] == KEEPALIVE_CANCEL

    def test_a_cancelled_registration_leaves_no_credential(self, new_key):
        channel = new_key(approve="ask").channel()
        channel.start(MAKE_CREDENTIAL, make_credential_request(RP_ID, options={"rk": True}))
        channel.wire.receive(channel.cid)
        channel.cancel()
        assert channel.finish()[0] == KEEPALIVE_CANCEL
        assert channel.ctap2(GET_ASSERTION, get_assertion_request(RP_ID))[0] == NO_CREDENTIALS

    def test_a_cancelled_reset_erases_nothing(self, starter):
        key, made = registered(starter)
        channel = starter.restart(key, approve="ask").channel()
        channel.start(RESET)
        channel.wire.receive(channel.cid)
        channel.cancel()
        assert channel.finish()[0] == KEEPALIVE_CANCEL
        silently = get_assertion_request(RP_ID, allow_list=[made.descriptor], options={"up": False})
        assert channel.ctap2(GET_ASSERTION, silently)[0] == OK


class TestDeny:
    @COMMANDS
    def test_a_no_is_operation_denied(self, new_key, command, parameters):
        channel = new_key(approve="deny").channel()
        assert channel.ctap2(command, parameters)[0] == OPERATION_DENIED

    def test_a_no_to_a_login_is_operation_denied(self, starter):
        key, made = registered(starter)
        channel = starter.restart(key, approve="deny").channel()
        assert channel.ctap2(GET_ASSERTION, get_assertion_request(RP_ID))[0] == OPERATION_DENIED
        exclude = make_credential_request(RP_ID, exclude_list=[made.descriptor])
        assert channel.ctap2(MAKE_CREDENTIAL, exclude)[0] == OPERATION_DENIED

    def test_who_says_no_is_not_asked_where_there_is_nothing_to_approve(self, new_key):
        channel = new_key(approve="deny").channel()
        request = get_assertion_request(RP_ID, allow_list=[descriptor(b"nobody's")])
        assert channel.ctap2(GET_ASSERTION, request)[0] == NO_CREDENTIALS


@pytest.mark.slow
def test_no_answer_in_thirty_seconds_is_a_timeout(new_key):
    channel = new_key(approve="ask").channel()
    started = time.monotonic()
    channel.start(MAKE_CREDENTIAL, make_credential_request(RP_ID))
    assert channel.finish(seconds=60)[0] == USER_ACTION_TIMEOUT
    assert 10 <= time.monotonic() - started < 40


class TestTerminal:
    @pytest.fixture
    def key(self, new_key):
        return new_key(approve="ask", terminal=True)

    def test_it_names_the_operation_the_relying_party_and_the_account(self, key):
        channel = key.channel()
        user = {"id": b"1", "name": "alice@gate.example", "displayName": "Alice"}
        channel.start(MAKE_CREDENTIAL, make_credential_request(RP_ID, user=user))
        shown = key.read_terminal("Press y")
        assert "alice@gate.example" in shown
        assert "egister" in shown and RP_ID in shown
        key.type("y")
        assert channel.finish()[0] == OK

    def test_a_no_there_is_operation_denied(self, key):
        channel = key.channel()
        channel.start(MAKE_CREDENTIAL, make_credential_request(RP_ID))
        assert RP_ID in key.read_terminal("Press y")
        key.type("n")
        assert channel.finish()[0] == OPERATION_DENIED

    def test_a_login_shows_the_account_that_it_is_for(self, starter):
        key = starter.start(store=True)
        user = {"id": b"1", "name": "alice@gate.example"}
        make_credential(key.channel(), RP_ID, user=user, options={"rk": True})
        key = starter.restart(key, approve="ask", terminal=True)
        channel = key.channel()
        channel.start(GET_ASSERTION, get_assertion_request(RP_ID))
        shown = key.read_terminal("Press y")
        assert "alice@gate.example" in shown
        assert "og in" in shown and RP_ID in shown
        key.type("y")
        assert channel.finish()[0] == OK

    def test_a_reset_says_what_it_does(self, key):
        channel = key.channel()
        channel.start(RESET)
        assert "rase" in key.read_terminal("?").lower()
        channel.cancel()
        assert channel.finish()[0] == KEEPALIVE_CANCEL

    @pytest.mark.parametrize(
        "name",
        ["\x1b[2J\x1b[1;1Hgood.example", "a\nLog in at good.example?", "a\r\rb", "a‮elpmaxe", "a\x9b31mb", "a\x07\x08"],
        ids=["escape", "newline", "return", "right_to_left", "c1_control", "bell"],
    )
    @pytest.mark.parametrize("where", ["rp", "user"])
    def test_characters_that_would_rule_the_terminal_are_escaped(self, key, name, where):
        channel = key.channel()
        user = {"id": b"1", "name": name if where == "user" else "alice"}
        request = make_credential_request(RP_ID, user=user, **({"rp": {"id": name}} if where == "rp" else {}))
        channel.start(MAKE_CREDENTIAL, request)
        shown = key.read_terminal("?")
        line = shown[: shown.index("?")]
        for dangerous in "\x1b\x07\x08\n\r\x9b‮":
            assert dangerous not in line.strip(), repr(shown)
        channel.cancel()
        assert channel.finish()[0] == KEEPALIVE_CANCEL

    def test_what_was_typed_before_the_question_does_not_answer_it(self, key):
        key.type("y\ny\ny\n")
        time.sleep(0.2)
        channel = key.channel()
        channel.start(MAKE_CREDENTIAL, make_credential_request(RP_ID))
        key.read_terminal(RP_ID)
        for _ in range(5):
            assert channel.wire.receive(channel.cid)[0] == 0x3B
        channel.cancel()
        assert channel.finish()[0] == KEEPALIVE_CANCEL

    def test_after_a_cancel_a_late_yes_does_not_count_for_the_next(self, key):
        channel = key.channel()
        channel.start(MAKE_CREDENTIAL, make_credential_request(RP_ID))
        key.read_terminal(RP_ID)
        channel.cancel()
        assert channel.finish()[0] == KEEPALIVE_CANCEL
        key.type("y")
        time.sleep(0.2)
        channel.start(MAKE_CREDENTIAL, make_credential_request("next.example"))
        key.read_terminal("next.example")
        for _ in range(5):
            assert channel.wire.receive(channel.cid)[0] == 0x3B
        channel.cancel()
        assert channel.finish()[0] == KEEPALIVE_CANCEL

    def test_an_excluded_registration_asks_before_it_tells(self, starter):
        key, made = registered(starter)
        key = starter.restart(key, approve="ask", terminal=True)
        channel = key.channel()
        channel.start(MAKE_CREDENTIAL, make_credential_request(RP_ID, exclude_list=[made.descriptor]))
        assert RP_ID in key.read_terminal("Press y")
        key.type("y")
        assert channel.finish()[0] == CREDENTIAL_EXCLUDED
