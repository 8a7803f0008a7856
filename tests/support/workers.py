"""Workers of a parallel test run, each with a key of its own in one daemon: what one does, and that it met nothing of another's."""

import base64

from fido2.ctap2 import Ctap2
from hid import open_fido2_device
from visitor import Site

RP_ID = "shared.example"
ACCOUNTS = 3
LOGINS = 2


class KeyAt:
    """A key by what hosts open."""

    def __init__(self, address):
        self.address = address
        self._opened = []

    def fido2_device(self):
        self._opened.append(open_fido2_device(self.address))
        return self._opened[-1]

    def close(self):
        for device in self._opened:
            device.close()


def work(address, worker):
    """Registers accounts at the site that all workers share and logs in; by credential id, the counters that the site was told."""
    key = KeyAt(address)
    try:
        site = Site(key, RP_ID)
        told = {}
        for number in range(ACCOUNTS):
            site.register(f"{worker}-{number}", resident_key_requirement="required")
            for login in range(LOGINS):
                data, response, _ = site.log_in(usernameless=login % 2 == 1)
                told.setdefault(base64.urlsafe_b64encode(response.raw_id).rstrip(b"=").decode(), []).append(data.counter)
                handle = response.response.user_handle
                assert handle is None or handle.decode().startswith(f"{worker}-"), f"{worker} was logged in as {handle}"
        Ctap2(key.fido2_device()).selection()  # the last of its events
        return told
    finally:
        key.close()


def events_of(control, key):
    """All of a worker that has ended; requests and answers are told a moment after they were."""
    events, last = [], 0
    while not any(event["type"] == "ctap.answer" and event["data"]["command"] == "selection" for event in events):
        batch = control.events(after=last, wait=20_000, key=key)
        assert batch, f"the events of {key} end with {events[-1:]}"
        events += batch
        last = batch[-1]["id"]
    return events


def assert_alone(control, key, worker, told):
    """The key holds this worker's accounts alone, counted for its logins alone, and its events are of nobody else."""
    held = {one["credentialId"]: one for one in control.get(f"/v1/keys/{key}/credentials")["credentials"]}
    names = {f"{worker}-{number}" for number in range(ACCOUNTS)}
    assert {one["userName"] for one in held.values()} == names, f"{key} holds {held}"
    assert told and set(told) <= set(held)
    for credential, counters in told.items():
        assert counters == sorted(set(counters)), f"counters of {worker} were {counters}"
    events = events_of(control, key)
    assert {event["data"]["key"] for event in events} == {key}
    added = [event["data"]["credential"]["credentialId"] for event in events if event["type"] == "credential.added"]
    assert sorted(added) == sorted(held)
    asserted = [(event["data"]["credential"]["credentialId"], event["data"]["credential"]["signCount"])
                for event in events if event["type"] == "credential.asserted"]
    assert {(credential, counter) for credential, counters in told.items() for counter in counters} <= set(asserted)
    counted = [(credential, count) for credential, one in held.items() for count in range(1, one["signCount"] + 1)]
    assert sorted(asserted) == sorted(counted), f"{key} counted without an event, or had one of another's"
    asked = [event["data"]["parameters"]["user"]["name"] for event in events
             if event["type"] == "ctap.request" and event["data"]["command"] == "makeCredential"]
    assert set(asked) == names, f"{key} was asked to register {asked}"
