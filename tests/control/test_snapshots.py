"""Snapshots: all that a key holds, kept under a name and put back."""

import threading

import pytest
from fido2.client import ClientError
from fido2.ctap import CtapError
from fido2.ctap2 import ClientPin, Ctap2
from test_keys import b64, credential
from visitor import Site


def stored(key):
    return {one["credentialId"]: one for one in key.get("/credentials")["credentials"]}


def test_a_restored_key_holds_what_it_held(plug_in):
    """Credentials of either kind with their counters, PIN and tries, settings, fingers."""
    key = plug_in(pin="1234", userVerification="fingerprint")
    site = Site(key, "example.org", "1234")
    site.register("alice", resident_key_requirement="required")
    site.register("bob", resident_key_requirement="discouraged")
    site.log_in()
    key.post("/fingers", {"finger": 1, "name": "thumb"})
    key.patch("/pin", {"retries": 5})
    before = key.get()
    held = stored(key)
    assert key.post("/snapshots", {"name": "clean"})["discoverableCredentials"] == 1

    site.log_in()
    Site(key, "example.org", "1234").register("carol", resident_key_requirement="required")
    key.post("/fingers", {"finger": 4})
    key.patch("/pin", {"pin": "4321", "forceChange": True})
    key.control.delete(f"{key.path}/credentials/{b64(site.accounts[0].credential_id)}")
    assert stored(key) != held

    after = key.post("/snapshots/clean/restore")
    changes = {member for member in before if before[member] != after[member]}
    assert changes <= {"clock", "timers"}
    assert stored(key) == held
    again = Site(key, "example.org", "1234")
    again.accounts = site.accounts
    assert again.log_in()[0].counter > 0


def test_hosts_stay_connected_and_lose_what_a_power_cycle_takes(plug_in):
    key = plug_in(pin="1234")
    ctap = Ctap2(key.fido2_device())
    pin = ClientPin(ctap)
    address = key.address
    key.post("/snapshots", {"name": "empty"})
    token = pin.get_pin_token("1234", ClientPin.PERMISSION.MAKE_CREDENTIAL, "example.org")
    key.patch("/pin", {"pin": "4321"})
    key.post("/snapshots/empty/restore")
    assert key.address == address
    with pytest.raises(CtapError) as error:
        ctap.make_credential(bytes(32), {"id": "example.org", "name": "Site"}, {"id": b"a", "name": "a"},
                             [{"type": "public-key", "alg": -7}], pin_uv_param=pin.protocol.authenticate(token, bytes(32)),
                             pin_uv_protocol=pin.protocol.VERSION)
    assert error.value.code == CtapError.ERR.PIN_AUTH_INVALID
    assert pin.get_pin_token("1234")


def test_a_counter_goes_back_with_its_snapshot_as_a_clones_would(key):
    site = Site(key, "example.org")
    site.register()
    key.post("/snapshots", {"name": "s"})
    told = site.log_in()[0].counter
    assert site.log_in()[0].counter > told
    key.post("/snapshots/s/restore")
    assert site.log_in()[0].counter == told, "the site sees the same count twice"


def test_a_snapshot_is_restored_any_number_of_times_and_forked(key, control):
    site = Site(key, "example.org")
    site.register("alice", resident_key_requirement="required")
    held = stored(key)
    key.post("/snapshots", {"name": "one"})
    for _ in range(2):
        site.log_in()
        control.delete(f"{key.path}/credentials")
        key.post("/snapshots/one/restore")
        assert stored(key) == held
    control.delete(f"{key.path}/credentials")
    fork = key.post("/fork", {"name": "then", "snapshot": "one"})
    assert fork["discoverableCredentials"] == 1 and key.get()["discoverableCredentials"] == 0
    assert control.get("/v1/keys/then/snapshots")["snapshots"] == [], "snapshots stay with their key"




def test_snapshots_are_listed_and_deleted(key, control):
    assert key.get("/snapshots") == {"snapshots": []}
    saved = [key.post("/snapshots", {"name": name}) for name in ("b", "a")]
    assert key.get("/snapshots")["snapshots"] == saved and [one["name"] for one in saved] == ["b", "a"]
    assert saved[0]["savedAt"] <= key.get()["clock"]["unixTime"]
    control.delete(f"{key.path}/snapshots/b")
    assert [one["name"] for one in key.get("/snapshots")["snapshots"]] == ["a"]


def test_what_cannot_be_is_refused_with_a_sentence(key, control):
    key.post("/snapshots", {"name": "here"})
    for method, path, body, status in (
        ("POST", "/snapshots", {"name": "here"}, 409),
        ("POST", "/snapshots", {}, 400),
        ("POST", "/snapshots", {"name": "../etc"}, 400),
        ("POST", "/snapshots", {"name": 7}, 400),
        ("POST", "/snapshots/nowhere/restore", None, 404),
        ("POST", "/snapshots/here/restore", {"name": "x"}, 400),
        ("POST", "/fork", {"snapshot": "nowhere"}, 404),
        ("DELETE", "/snapshots/nowhere", None, 404),
    ):
        answer = control.request(method, key.path + path, body)
        assert answer.status == status and len(answer.json["error"]) > 20, (method, path, body)
    for number in range(99):
        key.post("/snapshots", {"name": f"n{number}"})
    assert control.request("POST", key.path + "/snapshots", {"name": "more"}).status == 409


def test_a_key_at_work_is_not_restored_under_its_hands(key, control):
    key.post("/snapshots", {"name": "s"})
    key.patch("/user", {"presence": "ask"})
    site = Site(key, "example.org")
    results = []
    thread = threading.Thread(target=lambda: results.append(site.register("alice", resident_key_requirement="required")))
    thread.start()
    (prompt,) = control.get("/v1/prompts?waitMs=10000")["prompts"]
    assert control.request("POST", key.path + "/snapshots/s/restore").status == 409
    control.post(f"/v1/prompts/{prompt['id']}", {"answer": "approve"})
    thread.join(20)
    assert results and key.get()["discoverableCredentials"] == 1


def test_a_restore_is_an_event(key, control):
    key.post("/snapshots", {"name": "s"})
    key.post("/snapshots/s/restore")
    (event,) = control.events(wait=5000, types="key.restored", key=key.state["name"])
    assert event["data"]["snapshot"] == "s"


def test_a_key_that_lasts_has_its_snapshots_elsewhere(starter):
    folder = starter.folder()
    daemon = starter.start(store=True, folder=folder, control=f"unix:{folder}/control.sock")
    answer = daemon.control.request("POST", "/v1/keys/main/snapshots", {"name": "s"})
    assert answer.status == 403


def test_a_key_of_the_command_line_is_restored_too(starter):
    """Its credentials that are not discoverable lie in their ids, and their counters in the key."""
    folder = starter.folder()
    daemon = starter.start(folder=folder, control=f"unix:{folder}/control.sock")
    control = daemon.control
    site = Site(daemon, "example.org")
    site.register("alice", resident_key_requirement="discouraged")
    site.log_in()
    control.post("/v1/keys/main/snapshots", {"name": "s"})
    told = site.log_in()[0].counter
    control.post("/v1/keys/main/snapshots/s/restore")
    assert site.log_in()[0].counter == told
    control.post("/v1/keys/main/reset")
    with pytest.raises(ClientError):
        site.log_in()
    control.post("/v1/keys/main/snapshots/s/restore")
    assert site.log_in()[0].counter == told
