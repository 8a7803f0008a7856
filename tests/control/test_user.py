"""The user of a key, whom a test directs."""

import threading
import time

import pytest
from fido2.client import ClientError
from fido2.ctap import CtapError
from fido2.ctap2 import ClientPin, Ctap2
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
