"""kill -9 at any moment loses nothing that was acknowledged and takes no counter back.

200 rounds in all. Each prints its seed; FAUXKEY_SEED repeats the choices (the moments are the machine's).
"""

import os
import random
import threading
import time

import pytest
from ctap2 import (
    GET_ASSERTION,
    MAKE_CREDENTIAL,
    OK,
    Assertion,
    Credential,
    Platform,
    get_assertion_request,
    get_info,
    make_credential_request,
)
from fido2.webauthn import AuthenticatorData

ROUNDS = int(os.environ.get("FAUXKEY_KILL_ROUNDS", "200"))
WORKERS = 4  # parametrized, so that they can run side by side
FIRST_STARTS = max(1, ROUNDS // 8)
PIN_ROUNDS = max(1, ROUNDS // 8)
WORK_ROUNDS = (ROUNDS - FIRST_STARTS - PIN_ROUNDS) // WORKERS
RP_IDS = [f"{name}.example" for name in ("a", "b", "c")]


@pytest.fixture
def dice(request):
    seed = int(os.environ.get("FAUXKEY_SEED", random.SystemRandom().randrange(2**32)))
    print(f"FAUXKEY_SEED={seed}")
    return random.Random(seed)


class Ledger:
    """What the key has acknowledged: a relying party's memory."""

    def __init__(self):
        self.credentials = []
        self.counters = {}

    def register(self, channel, dice):
        rp_id = dice.choice(RP_IDS)
        request = make_credential_request(
            rp_id, user={"id": os.urandom(16), "name": "alice"}, options={"rk": dice.random() < 0.5}
        )
        status, members = channel.ctap2(MAKE_CREDENTIAL, request)
        assert status == OK, f"{status:#04x}"
        made = Credential(rp_id, AuthenticatorData(members[2]), request[3]["id"])
        made.discoverable = request[7]["rk"]
        self.credentials.append(made)
        self.counters[made.id] = made.auth_data.counter

    def log_in(self, channel, credential):
        request = get_assertion_request(credential.rp_id, allow_list=[credential.descriptor])
        status, members = channel.ctap2(GET_ASSERTION, request)
        assert status == OK, f"a credential is lost: {status:#04x}"
        assertion = Assertion(members)
        assertion.verify(credential)
        before = self.counters[credential.id]
        assert assertion.counter > before, f"a counter went from {before} to {assertion.counter}"
        self.counters[credential.id] = assertion.counter

    def work(self, channel, dice):
        """Registers and logs in until the key dies. A broken rule is kept for the test to see."""
        self.broken = None
        try:
            while True:
                if not self.credentials or dice.random() < 0.3:
                    self.register(channel, dice)
                else:
                    self.log_in(channel, dice.choice(self.credentials[-20:]))
        except AssertionError as rule:
            self.broken = rule
        except Exception:  # the connection has gone, in whatever way
            pass

    def check(self, channel, credentials):
        for credential in credentials:
            self.log_in(channel, credential)

    def check_discoverable(self, channel):
        """Every acknowledged account is found without a list, too."""
        for rp_id in RP_IDS:
            expected = {made.id for made in self.credentials if made.discoverable and made.rp_id == rp_id}
            if not expected:
                continue
            status, members = channel.ctap2(GET_ASSERTION, get_assertion_request(rp_id))
            assert status == OK, f"{len(expected)} accounts are lost: {status:#04x}"
            found = {members[1]["id"]}
            for _ in range(members.get(5, 1) - 1):
                status, following = channel.ctap2(8)
                assert status == OK
                found.add(following[1]["id"])
            assert expected <= found, f"{len(expected - found)} accounts are lost"


@pytest.mark.timeout(600)
@pytest.mark.parametrize("worker", range(WORKERS))
def test_registrations_and_logins(starter, dice, worker):
    ledger = Ledger()
    folder = starter.folder()
    for _ in range(WORK_ROUNDS):
        key = starter.start(store=True, folder=folder)
        channel = key.channel()
        ledger.check(channel, dice.sample(ledger.credentials[-10:], min(4, len(ledger.credentials))))
        work = threading.Thread(target=ledger.work, args=(channel, dice))
        work.start()
        time.sleep(dice.uniform(0, 0.15))
        key.process.kill()
        work.join(60)
        assert not work.is_alive()
        key.kill()
        if ledger.broken:
            raise ledger.broken
    channel = starter.start(store=True, folder=folder).channel()
    assert ledger.credentials, "not one registration came through; the test shows nothing"
    ledger.check(channel, ledger.credentials)
    ledger.check_discoverable(channel)
    print(f"{len(ledger.credentials)} registrations, {sum(ledger.counters.values())} logins, {WORK_ROUNDS} kills")


@pytest.mark.timeout(600)
def test_the_first_start(starter, dice):
    """A keystore and its unlock key that were half made when the process died do not lock the owner out."""
    usual = min(timed_start(starter) for _ in range(3))
    reached = 0
    for _ in range(FIRST_STARTS):
        folder = starter.folder()
        starter.start_and_kill(folder, dice.uniform(0, usual))
        reached += os.path.exists(os.path.join(folder, "keystore.db"))
        channel = starter.start(store=True, folder=folder).channel()
        assert get_info(channel)
        ledger = Ledger()
        ledger.register(channel, dice)
        starter.restart(starter.last, approve="auto")
        ledger.check(starter.last.channel(), ledger.credentials)
        starter.last.stop()
    print(f"{reached} of {FIRST_STARTS} had begun a keystore")


def timed_start(starter):
    began = time.monotonic()
    starter.start(store=True).stop()
    return time.monotonic() - began


@pytest.mark.timeout(600)
def test_pin_tries(starter, dice):
    """A try that was answered stays spent, and the right PIN stays the right one."""
    folder = starter.folder()
    key = starter.start(store=True, folder=folder)
    pin = "correct horse"
    assert Platform(key.channel(), 2).set_pin(pin) == OK
    least = 8
    for round_number in range(PIN_ROUNDS):
        platform = Platform(key.channel(), 2)
        left = platform.retries()
        assert left <= least, f"{left} tries left where at most {least} may be"
        if left < 4:
            assert platform.token(pin)
            assert platform.retries() == 8
            least = left = 8
        answered = threading.Event()

        def guess(platform=platform, answered=answered):
            try:
                platform.request_token(f"wrong {round_number}")
                answered.set()
            except Exception:  # the connection has gone
                pass

        work = threading.Thread(target=guess)
        work.start()
        time.sleep(dice.uniform(0, 0.02))
        key.process.kill()
        work.join(60)
        key.kill()
        least = left - 1 if answered.is_set() else left
        key = starter.start(store=True, folder=folder)
    assert Platform(key.channel(), 2).token(pin)


def test_what_is_left_behind_by_a_kill_is_cleaned_up(starter):
    key = starter.start(store=True)
    os.kill(key.process.pid, 9)
    key.kill()
    key = starter.start(store=True, folder=key.folder)
    ledger = Ledger()
    ledger.register(key.channel(), random.Random(1))
    key.stop()
    left = {name for name in os.listdir(key.folder) if os.path.isfile(os.path.join(key.folder, name))}
    assert left <= {"keystore.db", "unlock.key", "unlock.key.mark", "log", "keystore.db.lock"}, left
