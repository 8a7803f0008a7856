"""What becomes of a key whose keystore's disk is full, or whose file is deleted or closed to it while it runs.

It tells the host by the right status and the log by a sentence, gives no answer that would be lost, and works again when
things are put right.
"""

import os
import random
import shutil
import stat
import subprocess

import pytest
from ctap2 import GET_ASSERTION, MAKE_CREDENTIAL, OK, get_assertion_request, get_info, make_credential_request
from daemon import Daemon
from test_kill import Ledger

KEY_STORE_FULL, OTHER = 0x28, 0x7F


def try_to_register(channel, rp_id="trouble.example", size=20):
    request = make_credential_request(
        rp_id, user={"id": os.urandom(16), "name": "n" * size}, options={"rk": True}
    )
    return channel.ctap2(MAKE_CREDENTIAL, request)[0]


@pytest.fixture
def used(starter):
    """A running key on a store, and what it has told relying parties."""
    key = starter.start(store=True)
    channel = key.channel()
    ledger = Ledger()
    for _ in range(5):
        ledger.register(channel, random.Random(1))
    ledger.check(channel, ledger.credentials)
    key.ledger = ledger
    return key


class TestDeletedUnderneath:
    def test_nothing_is_promised_that_would_be_lost(self, used):
        channel = used.channel()
        aside = used.store_path + ".aside"
        os.rename(used.store_path, aside)
        assert try_to_register(channel) == OTHER
        assert "was deleted or replaced while it was in use" in used.log_tail()
        assert get_info(channel)
        os.rename(aside, used.store_path)
        assert try_to_register(channel) == OK
        used.ledger.check(channel, used.ledger.credentials)

    def test_logins_go_on_as_long_as_their_counters_are_leased(self, used):
        channel = used.channel()
        os.unlink(used.store_path)
        used.ledger.check(channel, used.ledger.credentials)
        statuses = set()
        request = get_assertion_request(
            used.ledger.credentials[0].rp_id, allow_list=[used.ledger.credentials[0].descriptor]
        )
        for _ in range(70):
            statuses.add(channel.ctap2(GET_ASSERTION, request)[0])
        assert statuses == {OK, OTHER}

    def test_the_log_alone(self, used, starter):
        channel = used.channel()
        os.unlink(used.store_path + "-wal")
        assert try_to_register(channel) == OTHER
        assert "end fauxkey" in used.log_tail()
        again = starter.restart(used)
        used.ledger.check(again.channel(), used.ledger.credentials)
        assert try_to_register(again.channel()) == OK


@pytest.mark.native
class TestFullDisk:
    @pytest.fixture
    def small_disk(self, starter):
        folder = starter.folder()
        mounted = subprocess.run(
            ["mount", "-t", "tmpfs", "-o", "size=2m,mode=0700", "tmpfs", folder], capture_output=True, check=False
        )
        if mounted.returncode != 0:
            pytest.skip("only root can mount a small file system")
        yield folder
        subprocess.run(["umount", "--lazy", folder], check=False)

    @staticmethod
    def fill(folder):
        path = os.path.join(folder, "ballast")
        with open(path, "wb", buffering=0) as ballast:
            try:
                while True:
                    ballast.write(bytes(4096))
            except OSError:
                return path

    def test_it_says_so_and_logins_go_on(self, starter, small_disk):
        key = starter.start(store=True, folder=small_disk)
        channel = key.channel()
        ledger = Ledger()
        for _ in range(5):
            ledger.register(channel, random.Random(2))
        ledger.check(channel, ledger.credentials)
        # The log needs no room for what it has had once: all of it is taken by a reserve of a few registrations.
        ballast = self.fill(small_disk)
        statuses = [try_to_register(channel, size=3000) for _ in range(40)]
        assert set(statuses) <= {OK, KEY_STORE_FULL} and statuses[-1] == KEY_STORE_FULL
        assert "is full and nothing was changed" in key.log_tail()
        for _ in range(10):
            ledger.check(channel, ledger.credentials)
        os.unlink(ballast)
        assert try_to_register(channel, size=3000) == OK
        again = starter.restart(key)
        ledger.check(again.channel(), ledger.credentials)

    def test_a_key_that_starts_on_a_full_disk(self, starter, small_disk):
        key = starter.start(store=True, folder=small_disk)
        ledger = Ledger()
        for _ in range(5):
            ledger.register(key.channel(), random.Random(3))
        ledger.check(key.channel(), ledger.credentials)
        key.kill()
        ballast = self.fill(small_disk)
        try:
            key = starter.start(store=True, folder=small_disk)
            assert try_to_register(key.channel(), size=3000) in (OK, KEY_STORE_FULL)
            key.kill()
        except RuntimeError as ended:
            assert "full" in str(ended)
        os.unlink(ballast)
        ledger.check(starter.start(store=True, folder=small_disk).channel(), ledger.credentials)


@pytest.mark.native
class TestPermissionLost:
    """Root may do all, so the key runs as somebody else."""

    @pytest.fixture
    def somebody(self, starter, request, tmp_path):
        program = os.path.abspath(request.config.getoption("--fauxkey"))
        folder = starter.folder()
        if os.geteuid() == 0:
            if not shutil.which("setpriv"):
                pytest.skip("there is no setpriv to become somebody else with")
            os.chown(folder, 65534, 65534)
            # Beside the key's folder, for the build's may be closed to others.
            copy = os.path.join(folder, "program")
            shutil.copy(program, copy)
            wrapper = os.path.join(folder, "as-somebody")
            with open(wrapper, "w", encoding="ascii") as file:
                file.write(f'#!/bin/sh\nexec setpriv --reuid=65534 --regid=65534 --clear-groups {copy} "$@"\n')
            os.chmod(wrapper, 0o755)
            program = wrapper
        started = []

        def start():
            started.append(Daemon(program, folder, "unix", store=True))
            return started[-1]

        yield start
        for daemon in started:
            daemon.kill()

    def test_a_running_key_does_not_mind_and_a_new_one_says_what_to_do(self, somebody):
        key = somebody()
        channel = key.channel()
        ledger = Ledger()
        for _ in range(5):
            ledger.register(channel, random.Random(4))
        ledger.check(channel, ledger.credentials)
        before = stat.S_IMODE(os.stat(key.store_path).st_mode)
        os.chmod(key.store_path, 0)
        assert try_to_register(channel) == OK
        ledger.check(channel, ledger.credentials)
        key.stop()
        with pytest.raises(RuntimeError, match="cannot be written: give this user write permission"):
            somebody()
        os.chmod(key.store_path, before)
        again = somebody()
        ledger.check(again.channel(), ledger.credentials)
        again.stop()

    def test_a_file_that_can_be_read_alone(self, somebody):
        key = somebody()
        ledger = Ledger()
        ledger.register(key.channel(), random.Random(5))
        key.stop()
        os.chmod(key.store_path, 0o400)
        with pytest.raises(RuntimeError, match="cannot be written"):
            somebody()
        os.chmod(key.store_path, 0o600)
        ledger.check(somebody().channel(), ledger.credentials)
