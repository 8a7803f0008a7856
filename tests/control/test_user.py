"""The user of a key, whom a test directs."""

import threading
import time

import pytest
from fido2.client import ClientError
from fido2.ctap import CtapError
from fido2.ctap2 import ClientPin, Ctap2
from test_keys import b64
from visitor import Site


def status_of(error):
    cause = error.value.cause if isinstance(error.value, ClientError) else error.value
    return cause.code


def select(key):
    return Ctap2(key.fido2_device()).selection()


def test_a_user_who_denies_ends_the_request(key):
    key.patch("/user", {"presence": "deny"})
    with pytest.raises(CtapError) as error:
        select(key)
    assert status_of(error) == CtapError.ERR.OPERATION_DENIED


def test_the_next_answers_alone_are_others(key):
    for presence in ("deny", "approve", "deny"):
        key.post("/user/next", {"presence": presence})
    assert key.get("/user")["next"] == 3
    for expected in (False, True, False, True):
        if expected:
            select(key)
        else:
            with pytest.raises(CtapError):
                select(key)


def test_an_answer_comes_after_its_delay(key):
    key.patch("/user", {"delayMs": 300})
    begun = time.monotonic()
    select(key)
    assert time.monotonic() - begun >= 0.29


def test_nobody_touches_until_the_time_is_over(plug_in):
    key = plug_in(presenceTimeoutMs=200, user={"presence": "never"})
    with pytest.raises(CtapError) as error:
        select(key)
    assert status_of(error) == CtapError.ERR.USER_ACTION_TIMEOUT


def test_a_change_reaches_who_waits(key):
    key.patch("/user", {"presence": "never"})
    threading.Timer(0.2, lambda: key.patch("/user", {"presence": "approve"})).start()
    select(key)


def test_a_prompt_is_listed_and_answered(key, control):
    key.patch("/user", {"presence": "ask"})
    site = Site(key, "example.org")
    results = []
    thread = threading.Thread(target=lambda: results.append(site.register("alice")))
    thread.start()
    (prompt,) = control.get("/v1/prompts?waitMs=10000")["prompts"]
    assert (prompt["key"], prompt["operation"], prompt["rpId"], prompt["account"]) == (
        key.state["name"], "makeCredential", "example.org", "alice")
    assert 0 < prompt["leftMs"] <= 30_000
    control.post(f"/v1/prompts/{prompt['id']}", {"answer": "approve"})
    thread.join(20)
    assert results
    assert control.get("/v1/prompts")["prompts"] == []
    assert control.request("POST", f"/v1/prompts/{prompt['id']}", {"answer": "approve"}).status == 404


def test_a_key_can_be_looked_at_while_it_asks(key, control):
    key.patch("/user", {"presence": "ask"})
    thread = threading.Thread(target=lambda: pytest.raises(CtapError, select, key))
    thread.start()
    (prompt,) = control.get("/v1/prompts?waitMs=10000")["prompts"]
    begun = time.monotonic()
    assert key.get()["state"] == "plugged-in"
    assert key.get("/credentials")["credentials"] == []
    assert time.monotonic() - begun < 1
    assert control.request("PATCH", key.path + "/pin", {"pin": "1234"}).status == 409
    control.post(f"/v1/prompts/{prompt['id']}", {"answer": "deny"})
    thread.join(20)
    assert not thread.is_alive()


def test_unplugging_ends_a_question(key, control):
    key.patch("/user", {"presence": "ask"})
    channel = key.channel()
    channel.send(0x10, b"\x0b")
    assert control.get("/v1/prompts?waitMs=10000")["prompts"]
    key.post("/unplug")
    assert control.get("/v1/prompts")["prompts"] == []


def test_built_in_verification_succeeds_fails_and_is_refused(plug_in):
    key = plug_in(userVerification="prompt")
    client_pin = ClientPin(Ctap2(key.fido2_device()))

    def get_token():
        return client_pin.get_uv_token(ClientPin.PERMISSION.GET_ASSERTION, "example.org")

    assert get_token()
    key.patch("/user", {"verified": "no"})
    with pytest.raises(CtapError) as error:
        get_token()
    assert status_of(error) == CtapError.ERR.UV_INVALID
    assert key.get()["uvRetries"] == 4
    key.patch("/user", {"verified": "refused"})
    with pytest.raises(CtapError) as error:
        get_token()
    assert status_of(error) == CtapError.ERR.OPERATION_DENIED
    assert key.get()["uvRetries"] == 4
    key.patch("/pin", {"uvRetries": 0})
    with pytest.raises(CtapError) as error:
        get_token()
    assert status_of(error) == CtapError.ERR.UV_BLOCKED


def test_the_pin_and_its_tries_are_set(plug_in):
    key = plug_in(pin="1234")
    key.patch("/pin", {"retries": 1})
    client_pin = ClientPin(Ctap2(key.fido2_device()))
    assert client_pin.get_pin_retries()[0] == 1
    with pytest.raises(CtapError) as error:
        client_pin.get_pin_token("9999")
    assert status_of(error) == CtapError.ERR.PIN_BLOCKED
    assert key.patch("/pin", {"pin": "4321"}) == {
        "set": True, "retries": 8, "needsPowerCycle": False, "forceChange": False, "uvRetries": 5}
    assert client_pin.get_pin_token("4321")
    key.patch("/pin", {"forceChange": True})
    with pytest.raises(CtapError):
        client_pin.get_pin_token("4321")


def test_a_finger_is_enrolled_and_another_is_not_known(plug_in):
    key = plug_in(userVerification="fingerprint")
    assert key.post("/fingers", {"finger": 3, "name": "thumb"}) == {"name": "thumb", "finger": 3}
    assert key.get()["fingers"] == [{"name": "thumb", "finger": 3}]
    ctap = Ctap2(key.fido2_device())
    assert ctap.info.options["bioEnroll"] is True
    client_pin = ClientPin(ctap)
    key.patch("/user", {"finger": 3})
    assert client_pin.get_uv_token(ClientPin.PERMISSION.GET_ASSERTION, "example.org")
    key.patch("/user", {"finger": 4})
    with pytest.raises(CtapError) as error:
        client_pin.get_uv_token(ClientPin.PERMISSION.GET_ASSERTION, "example.org")
    assert status_of(error) == CtapError.ERR.UV_INVALID


class TestAccountsOnADisplay:
    """A key with a display asks its user which account is meant (CTAP 2.3, 6.2.2, step 12.2.3); one without leaves that to the platform."""

    RP = "example.org"

    @pytest.fixture
    def accounts(self, key):
        site = Site(key, self.RP)
        for name in ("alice", "bob", "carol"):
            site.register(name, resident_key_requirement="required")
        return site

    @pytest.fixture
    def log_in(self, key, accounts):
        ctap = Ctap2(key.fido2_device())

        def ask(**more):
            return ctap, ctap.get_assertion(self.RP, bytes(32), **more)

        return ask

    def test_the_chosen_account_alone_answers(self, key, log_in):
        for account, chosen in (("bob", b"bob"), (b64(b"alice"), b"alice")):
            assert key.patch("/user", {"account": account})["account"] == account
            ctap, answer = log_in()
            assert (answer.user["id"], answer.user_selected, answer.number_of_credentials) == (chosen, True, None)
            with pytest.raises(CtapError) as error:
                ctap.get_next_assertion()
            assert status_of(error) == CtapError.ERR.NOT_ALLOWED

    def test_without_a_display_the_platform_gets_all(self, key, log_in):
        key.patch("/user", {"account": "bob"})
        assert key.patch("/user", {"account": None})["account"] is None
        ctap, answer = log_in()
        assert (answer.user["id"], answer.user_selected, answer.number_of_credentials) == (b"carol", None, 3)
        assert [ctap.get_next_assertion().user["id"] for _ in range(2)] == [b"bob", b"alice"]

    def test_who_finds_none_of_the_accounts_refuses(self, key, control, log_in):
        key.patch("/user", {"account": "mallory"})
        with pytest.raises(CtapError) as error:
            log_in()
        assert status_of(error) == CtapError.ERR.OPERATION_DENIED
        after, why = 0, None
        while why is None:  # events come a moment later
            batch = control.events(after=after, wait=10_000, types="ctap.answer", key=key.state["name"])
            assert batch, "the refusal is no event"
            after = batch[-1]["id"]
            why = next((one["data"]["why"] for one in batch if "why" in one["data"]), None)
        assert why == "6.2.2 step 12: the user chose none of the accounts on the key's display"

    def test_it_is_one_touch_and_the_next_one_may_be_for_another(self, key, log_in):
        key.post("/user/next", {"account": "bob"})
        key.post("/user/next", {"account": "bob", "presence": "deny"})
        assert log_in()[1].user["id"] == b"bob"
        with pytest.raises(CtapError):
            log_in()
        assert key.get("/user")["next"] == 0
        assert log_in()[1].number_of_credentials == 3

    def test_a_prompt_shows_them_and_its_answer_chooses(self, key, control, log_in):
        key.patch("/user", {"presence": "ask", "account": "bob"})
        for answer, chosen in (({}, b"bob"), ({"account": "carol"}, b"carol")):
            results = []
            thread = threading.Thread(target=lambda into=results: into.append(log_in()[1]))
            thread.start()
            (prompt,) = control.get("/v1/prompts?waitMs=10000")["prompts"]
            assert (prompt["question"], prompt["operation"], prompt["rpId"]) == ("account", "getAssertion", self.RP)
            assert prompt["accounts"] == [{"userHandle": b64(name.encode()), "userName": name, "userDisplayName": name.title()}
                                          for name in ("carol", "bob", "alice")]
            control.post(f"/v1/prompts/{prompt['id']}", {"answer": "approve", **answer})
            thread.join(20)
            assert results[0].user["id"] == chosen

    def test_where_there_is_no_choice_nobody_is_asked_to_choose(self, key, accounts, log_in):
        key.patch("/user", {"account": "bob"})
        named = {"type": "public-key", "id": accounts.accounts[2].credential_id}
        _, answer = log_in(allow_list=[named])
        assert answer.credential["id"] == named["id"] and answer.user_selected is None
        _, silent = log_in(options={"up": False})
        assert silent.number_of_credentials == 3, "neither up nor uv: nothing is shown"
