"""What happens, as others are told of it."""

import json
import threading
import time

import pytest
from control import Stream
from fido2.ctap import CtapError
from fido2.ctap2 import Ctap2
from visitor import Site


def kinds(events):
    return [event["type"] for event in events]


def test_a_registration_and_a_login_are_told(key, control, stream):
    events = stream(f"/v1/events?key={key.state['name']}")
    site = Site(key, "example.org")
    site.register("alice", resident_key_requirement="required")
    added = events.wait_for("credential.added")[1]
    assert added["key"] == key.state["name"]
    assert added["credential"]["rpId"] == "example.org" and added["credential"]["userName"] == "alice"
    assert "privateKey" not in json.dumps(added)
    site.log_in()
    assert events.wait_for("credential.asserted")[1]["credential"]["signCount"] > 0


def test_requests_and_answers_are_told_decoded(key, stream):
    events = stream(f"/v1/events?key={key.state['name']}&types=ctap.*")
    Site(key, "example.org").register("alice")
    request = events.wait_for("ctap.request")[1]
    assert request["command"] == "getInfo"
    deadline = time.monotonic() + 20
    while not any(event[1]["command"] == "makeCredential" and event[0] == "ctap.answer" for event in events.events):
        assert time.monotonic() < deadline
        time.sleep(0.05)
    made = next(event[1] for event in events.events if event[1]["command"] == "makeCredential")
    assert made["parameters"]["rp"]["id"] == "example.org"


def test_a_refusal_says_why(key, stream):
    events = stream(f"/v1/events?key={key.state['name']}&types=ctap.answer")
    key.patch("/user", {"presence": "deny"})
    with pytest.raises(CtapError):
        Ctap2(key.fido2_device()).selection()
    deadline = time.monotonic() + 20
    while not any(event[1].get("why") for event in events.events):
        assert time.monotonic() < deadline, events.events
        time.sleep(0.05)


def test_prompts_plugging_and_removal_are_told(key, control, stream):
    events = stream()
    key.patch("/user", {"presence": "ask"})
    thread = threading.Thread(target=lambda: Ctap2(key.fido2_device()).selection())
    thread.start()
    prompt = events.wait_for("prompt.asked")[1]
    control.post(f"/v1/prompts/{prompt['id']}", {"answer": "approve"})
    thread.join(20)
    assert events.wait_for("prompt.answered")[1]["answer"] == "approve"
    key.post("/power-cycle")
    events.wait_for("key.unplugged")
    assert events.wait_for("key.plugged-in")[1]["addresses"] == key.get()["addresses"]
    control.delete(key.path)
    events.wait_for("key.removed")


def test_changes_by_the_interface_are_told_too(key, control):
    from test_keys import credential

    _, data = credential("example.org")
    key.post("/credentials", data)
    key.patch(f"/credentials/{data['credentialId']}", {"userName": "bob"})
    control.delete(f"{key.path}/credentials/{data['credentialId']}")
    told = control.events(key=key.state["name"], types="credential.*")
    assert kinds(told)[-3:] == ["credential.added", "credential.updated", "credential.deleted"]
    assert all(event["data"]["credential"]["credentialId"] == data["credentialId"] for event in told[-3:])


def test_a_reader_goes_on_where_it_was(key, control, stream):
    before = control.get("/v1/status")["lastEvent"]
    key.post("/power-cycle")
    told = control.events(after=before, key=key.state["name"])
    assert kinds(told) == ["key.unplugged", "key.plugged-in"]
    assert kinds(control.events(after=told[0]["id"], key=key.state["name"])) == ["key.plugged-in"]
    again = stream(f"/v1/events?key={key.state['name']}", **{"Last-Event-ID": str(told[0]["id"])})
    assert again.wait_for("key.plugged-in")[2] == str(told[1]["id"])


def test_a_batch_waits_for_its_first_event(key, control):
    last = control.get("/v1/status")["lastEvent"]
    threading.Timer(0.3, lambda: key.post("/unplug")).start()
    begun = time.monotonic()
    assert kinds(control.events(after=last, wait=10_000, types="key.unplugged")) == ["key.unplugged"]
    assert time.monotonic() - begun < 5


@pytest.mark.slow
def test_who_falls_behind_is_told_how_much_is_missed(control):
    """10,000 events are kept."""
    name = control.plug_in()["name"]
    first = control.get("/v1/status")["lastEvent"]
    while control.get("/v1/status")["lastEvent"] < first + 10_100:
        for _ in range(50):
            control.post(f"/v1/keys/{name}/power-cycle")
    answer = control.get(f"/v1/events/batch?after={first}")
    assert answer["missed"] > 0
    assert answer["events"][0]["id"] == first + answer["missed"] + 1


def test_a_daemon_that_ends_ends_its_streams_cleanly(starter):
    daemon = starter.start("--keyless", control="unix:" + starter.folder() + "/control.sock")
    events = Stream(daemon.control)

    def wait():
        try:
            daemon.control.get("/v1/prompts?waitMs=30000")
        except ConnectionError:
            pass  # the daemon ended first

    waiting = threading.Thread(target=wait)
    waiting.start()
    time.sleep(0.2)
    begun = time.monotonic()
    daemon.stop()
    assert time.monotonic() - begun < 5
    waiting.join(5)
    assert not waiting.is_alive()
    events.close()


def test_the_trace_is_the_messages_among_the_events(key, control):
    Site(key, "example.org").register("alice")
    name = key.state["name"]
    deadline = time.monotonic() + 20  # an answer may be told after the host has it
    while not any(event["type"] == "ctap.answer" and event["data"]["command"] == "makeCredential" for event in control.events(0, key=name)):
        assert time.monotonic() < deadline
        time.sleep(0.05)
    answer = control.request("GET", f"/v1/trace?key={name}")
    assert answer.headers["Content-Type"] == "application/jsonl"
    lines = [json.loads(line) for line in answer.text.splitlines()]
    events = [event for event in control.events(0, key=name) if event["type"].endswith((".request", ".answer"))]
    assert lines == [event["data"] for event in events] and len(lines) > 5
    last = control.get("/v1/status")["lastEvent"]
    assert control.request("GET", f"/v1/trace?after={last}").text == ""


def test_an_instance_has_a_name_of_its_own(control, starter):
    mine = control.get("/v1/status")["instance"]
    assert mine == control.get("/v1/events/batch?after=0")["instance"]
    other = starter.start("--keyless", control="unix:" + starter.folder() + "/control.sock")
    assert other.control.get("/v1/status")["instance"] != mine
