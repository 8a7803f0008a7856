"""The keystore's and credentials' commands, as their user runs them."""

import json
import os
import pty
import re
import select
import shutil
import signal
import subprocess
import time

import pytest
from ctap2 import GET_ASSERTION, OK, Platform, get_assertion, get_assertion_request, get_info, make_credential

PIN = "correct horse"
NO_CREDENTIALS = 0x2E


class Store:
    """A keystore in a folder of its own, with keys that run on it and commands that work on it."""

    def __init__(self, starter):
        self.starter = starter
        self.folder = starter.folder()
        self.path = os.path.join(self.folder, "keystore.db")
        self.unlock = f"keyfile:{self.folder}/unlock.key"
        self.variables = {}
        self.key = None

    def start(self, path=None):
        self.key = self.starter.start(
            "--store", path or self.path, "--unlock", self.unlock, folder=self.folder, store=None,
            environment=self.variables,
        )  # fmt: skip
        return self.key.channel()

    def stop(self):
        self.key.stop()

    def environment(self):
        home = {f"XDG_{kind}_HOME": os.path.join(self.folder, kind.lower()) for kind in ("DATA", "CONFIG")}
        return {**os.environ, **home, "HOME": self.folder, **self.variables}

    def run(self, *arguments, store=None, unlock=None, status=0, **options):
        """A command on this keystore; what it says on stdout, or, where it fails, on stderr."""
        command = [self.starter._program, *arguments, "--store", store or self.path, "--unlock", unlock or self.unlock]
        done = subprocess.run(
            command, capture_output=True, text=True, timeout=60, check=False, env=self.environment(),
            start_new_session=True, stdin=subprocess.DEVNULL, **options,
        )  # fmt: skip
        assert done.returncode == status, f"{command}: {done.returncode}: {done.stdout}{done.stderr}"
        if status:
            lines = done.stderr.splitlines()
            assert len(lines) == 1 and lines[0].startswith("fauxkey: ") and lines[0].endswith("."), done.stderr
            assert ": " in lines[0].removeprefix("fauxkey: ")
            return lines[0]
        assert done.stderr == ""
        return done.stdout

    def credentials(self):
        return json.loads(self.run("credentials", "list", "--json"))


@pytest.fixture
def store(starter):
    return Store(starter)


def register(channel, rp_id, name, display_name=None):
    user = {"id": os.urandom(16), "name": name}
    if display_name:
        user["displayName"] = display_name
    return make_credential(channel, rp_id, user=user, options={"rk": True})


@pytest.fixture
def filled(store):
    """Three credentials of two sites; alice's has been used three times."""
    channel = store.start()
    store.made = {
        "alice": register(channel, "one.example", "alice", "Alice A."),
        "bob": register(channel, "two.example", "bob"),
        "carol": register(channel, "one.example", "carol"),
    }
    for _ in range(3):
        get_assertion(channel, "one.example", allow_list=[store.made["alice"].descriptor])
    store.stop()
    return store


# --- credentials


def test_list_shows_site_account_dates_and_counter(filled):
    listed = filled.credentials()
    assert [(c["rpId"], c["user"]["name"]) for c in listed] == [
        ("one.example", "alice"), ("one.example", "carol"), ("two.example", "bob"),
    ]  # fmt: skip
    alice, carol, _ = listed
    assert alice["id"] == filled.made["alice"].id.hex()
    assert alice["algorithm"] == "ES256"
    assert alice["signCount"] >= 3 > carol["signCount"]
    assert alice["lastUsedAt"] is not None
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", alice["createdAt"])
    table = filled.run("credentials", "list").splitlines()
    assert table[0].split()[:2] == ["SITE", "ACCOUNT"]
    assert len(table) == 4
    assert table[1].startswith("one.example  alice")
    assert filled.made["alice"].id.hex()[:16] in table[1]


@pytest.mark.parametrize("algorithm,name", [(-7, "ES256"), (-8, "EdDSA"), (-36, "ES512"), (-257, "RS256")])
def test_list_names_each_algorithm(store, algorithm, name):
    channel = store.start()
    make_credential(channel, "one.example", options={"rk": True}, key_params=[{"type": "public-key", "alg": algorithm}])
    store.stop()
    assert store.credentials()[0]["algorithm"] == name


def run_at_terminal(store, arguments, columns, typed=b"", unlock=None):
    """The same at a terminal of this width; what it shows, and the exit status."""
    pid, terminal = pty.fork()
    if pid == 0:
        command = [store.starter._program, *arguments, "--store", store.path, "--unlock", unlock or store.unlock]
        os.execve(command[0], command, {**store.environment(), "TERM": "dumb"})
    import fcntl
    import struct
    import termios

    fcntl.ioctl(terminal, termios.TIOCSWINSZ, struct.pack("HHHH", 24, columns, 0, 0))
    shown = b""
    waiting = list(typed if isinstance(typed, list) else [typed] if typed else [])
    deadline = time.monotonic() + 60
    while True:
        ready, _, _ = select.select([terminal], [], [], max(0, deadline - time.monotonic()))
        assert ready, shown
        try:
            chunk = os.read(terminal, 4096)
        except OSError:
            break
        if not chunk:
            break
        shown += chunk
        if waiting and shown.rstrip(b" ").endswith((b":", b"]")):
            os.write(terminal, waiting.pop(0))
    _, status = os.waitpid(pid, 0)
    os.close(terminal)
    return shown.decode(), os.waitstatus_to_exitcode(status)


@pytest.mark.parametrize("columns", [72, 80, 100])
def test_tables_fit_the_terminal_and_names_of_sites_cannot_play_with_it(store, columns):
    channel = store.start()
    register(channel, "a-very-long-name-of-a-site-that-does-not-fit.example", "somebody-with-a-long-name@a-long-domain.example")
    register(channel, "evil.example", "\x1b[2J\u202eevil\x07")
    register(channel, "wide.example", "漢字漢字漢字漢字漢字漢字漢字")
    store.stop()
    shown, status = run_at_terminal(store, ["credentials", "list"], columns)
    assert status == 0
    assert "\x1b" not in shown and "\x07" not in shown and "\u202e" not in shown
    import unicodedata

    for line in shown.splitlines():
        width = sum(2 if unicodedata.east_asian_width(c) in "WF" else 1 for c in line)
        assert width <= columns, line


def test_show_takes_the_beginning_of_an_id(filled):
    alice = filled.made["alice"].id.hex()
    assert json.loads(filled.run("credentials", "show", alice[:12], "--json"))["id"] == alice
    shown = filled.run("credentials", "show", alice.upper())
    assert "Alice A." in shown and "one.example" in shown and alice in shown
    assert "no credential" in filled.run("credentials", "show", "00" * 32, status=1)
    filled.run("credentials", "show", "nonsense", status=2)


def test_an_id_that_several_begin_with_is_refused(store):
    channel = store.start()
    made = []
    while len({c.id[:1] for c in made}) == len(made):
        made.append(register(channel, "one.example", f"user{len(made)}"))
    store.stop()
    digits = made[-1].id.hex()[:2]
    assert "More than one" in store.run("credentials", "show", digits, status=1)
    assert "More than one" in store.run("credentials", "delete", digits, status=1)
    assert len(store.credentials()) == len(made)


def test_rename_changes_what_the_key_tells_hosts(filled):
    alice = filled.made["alice"]
    filled.run("credentials", "rename", alice.id.hex()[:16], "--name", "ålice@new", "--display-name", "")
    renamed = next(c for c in filled.credentials() if c["id"] == alice.id.hex())
    assert renamed["user"]["name"] == "ålice@new"
    assert renamed["user"]["displayName"] is None
    channel = filled.start()
    assert get_assertion(channel, "one.example", allow_list=[alice.descriptor])
    filled.stop()
    filled.run("credentials", "rename", alice.id.hex(), status=2)
    filled.run("credentials", "rename", alice.id.hex(), "--name", "x" * 65, status=2)


def test_delete_takes_those_out_and_no_other(filled):
    alice, carol = (filled.made[name].id.hex() for name in ("alice", "carol"))
    # A mistyped one changes nothing.
    filled.run("credentials", "delete", alice, "00" * 32, status=1)
    assert len(filled.credentials()) == 3
    filled.run("credentials", "delete", alice, carol[:20], alice)
    assert [c["user"]["name"] for c in filled.credentials()] == ["bob"]
    channel = filled.start()
    gone = get_assertion_request("one.example", allow_list=[filled.made["alice"].descriptor])
    assert channel.ctap2(GET_ASSERTION, gone)[0] == NO_CREDENTIALS
    assert get_assertion(channel, "two.example", allow_list=[filled.made["bob"].descriptor])


def test_purge_asks_first_and_deletes_one_site_only(filled):
    assert "--yes" in filled.run("credentials", "purge", "--rp", "one.example", status=2)
    shown, status = run_at_terminal(filled, ["credentials", "purge", "--rp", "one.example"], 80, b"n\n")
    assert status == 1 and "2 credentials of one.example" in shown
    assert len(filled.credentials()) == 3
    shown, status = run_at_terminal(filled, ["credentials", "purge", "--rp", "one.example"], 80, b"y\n")
    assert status == 0, shown
    assert [c["rpId"] for c in filled.credentials()] == ["two.example"]
    filled.run("credentials", "purge", "--rp", "two.example", "--yes")
    assert filled.credentials() == []
    assert "no credential" in filled.run("credentials", "purge", "--rp", "two.example", "--yes", status=1)
    assert "no discoverable credentials" in filled.run("credentials", "list")


def test_commands_say_who_has_the_keystore(filled):
    filled.start()
    for command in (["credentials", "list"], ["keystore", "check"], ["keystore", "info"],
                    ["keystore", "snapshot", "save", "x"], ["keystore", "protect"]):  # fmt: skip
        said = filled.run(*command, status=1)
        assert f"process {filled.key.process.pid} (fauxkey run)" in said


def test_commands_make_no_keystore(store):
    for command in (["credentials", "list"], ["keystore", "check"], ["keystore", "compact"], ["keystore", "protect"],
                    ["keystore", "snapshot", "list"], ["keystore", "accept-older"]):  # fmt: skip
        assert "There is no keystore at" in store.run(*command, status=1)
    assert not os.path.exists(store.path)


# --- what opens the keystore


def test_protect_goes_from_key_file_to_passphrase_and_back(filled):
    store = filled
    store.variables = {"OLD_PASS": "one", "NEW_PASS": "two"}
    said = store.run("keystore", "protect", "--new-unlock", "env:OLD_PASS")
    assert "Argon2id" in said and "unlock.key" in said
    assert "key file" not in store.run("keystore", "info", unlock="env:OLD_PASS")
    store.run("credentials", "list", status=1)
    store.unlock = "env:OLD_PASS"
    assert len(store.credentials()) == 3
    store.run("keystore", "protect", "--new-unlock", "env:NEW_PASS")
    store.run("credentials", "list", status=1)
    store.unlock = "env:NEW_PASS"
    channel = store.start()
    assert get_assertion(channel, "one.example", allow_list=[store.made["alice"].descriptor])
    store.stop()
    new_key = f"keyfile:{store.folder}/new/other.key"
    store.run("keystore", "protect", "--new-unlock", new_key)
    store.unlock = new_key
    assert len(store.credentials()) == 3
    assert os.stat(f"{store.folder}/new/other.key").st_mode & 0o777 == 0o600
    info = json.loads(store.run("keystore", "info", "--json"))
    assert info["unlock"] == "keyfile" and info["argon2id"] is None and info["credentials"] == 3


def test_a_passphrase_costs_about_half_a_second_and_no_less_than_the_least(filled):
    store = filled
    store.variables = {"PASS": "one"}
    store.run("keystore", "protect", "--new-unlock", "env:PASS")
    store.unlock = "env:PASS"
    cost = json.loads(store.run("keystore", "info", "--json"))["argon2id"]
    assert cost["passes"] >= 3 and 64 << 20 <= cost["memory"] <= 1 << 30
    started = time.process_time_ns(), os.times().children_user + os.times().children_system
    store.run("keystore", "check")
    used = os.times().children_user + os.times().children_system - started[1]
    assert 0.05 < used < 5
    # The same again never makes it weaker.
    store.run("keystore", "protect")
    again = json.loads(store.run("keystore", "info", "--json"))["argon2id"]
    assert again["memory"] >= cost["memory"] and again["memory"] * again["passes"] >= cost["memory"] * cost["passes"]


def test_wrong_passphrases_slow_down(filled):
    store = filled
    store.variables = {"PASS": "right"}
    store.run("keystore", "protect", "--new-unlock", "env:PASS")
    store.unlock = "env:PASS"
    store.variables = {"PASS": "wrong"}
    for _ in range(5):
        assert "does not open" in store.run("keystore", "check", status=1)
    with open(f"{store.path}.lock", encoding="ascii") as file:
        assert "wrong passphrases: 5," in file.read()
    # The pause after five is over soon; after nine it is longer than this test.
    store.variables = {"PASS": "right"}
    for ago, refused in ((0, True), (30, False)):
        with open(f"{store.path}.lock", "w", encoding="ascii") as file:
            file.write(f"1 x\nwrong passphrases: 9, the last at {int(time.time()) - ago}\n")
        if refused:
            said = store.run("keystore", "check", status=1)
            assert re.search(r"9 times in a row: wait 1[56] seconds and try again", said)
        else:
            store.run("keystore", "check")


@pytest.mark.parametrize("where", ["ask", "ask:terminal"])
def test_a_passphrase_is_typed_at_the_terminal(filled, where):
    shown, status = run_at_terminal(filled, ["keystore", "protect", "--new-unlock", where], 200, [b"typed pass\n"] * 2)
    assert status == 0, shown
    assert "typed pass" not in shown
    shown, status = run_at_terminal(filled, ["keystore", "check"], 200, [b"wrong\n", b"typed pass\n"], unlock=where)
    assert status == 0, shown
    assert "That did not open it." in shown


def fake_pinentry(folder, script):
    path = os.path.join(folder, "pinentry")
    with open(path, "w", encoding="utf-8") as file:
        file.write(f"""#!/usr/bin/python3
import sys, os
log = open({folder!r} + "/pinentry.log", "a")
answers = {script!r}
turn = len(os.listdir({folder!r} + "/turns"))
open({folder!r} + f"/turns/{{turn}}", "w").close()
def say(text): sys.stdout.write(text + "\\n"); sys.stdout.flush()
say("OK Pleased to meet you")
for line in sys.stdin:
    log.write(line); log.flush()
    if line.startswith("GETPIN"):
        for answer in answers[min(turn, len(answers) - 1)]: say(answer)
    elif line.startswith("OPTION"): say("ERR 83886254 Unknown option <Pinentry>")
    elif line.startswith("BYE"): say("OK"); break
    else: say("OK")
""")
    os.chmod(path, 0o755)
    os.makedirs(os.path.join(folder, "turns"))


def test_a_passphrase_is_typed_into_pinentry_where_there_is_no_terminal(filled):
    store = filled
    folder = os.path.join(store.folder, "bin")
    os.mkdir(folder)
    # With percent signs, several data lines, a status line and a comment.
    answer = ["S PASSWORD_FROM_CACHE", "# a comment", "D 100%25 pa", "D ss %C3%A4%0a", "OK"]
    fake_pinentry(folder, [answer])
    store.variables = {"PATH": f"{folder}:{os.environ['PATH']}", "PASS": "100% pass ä\n"}
    store.run("keystore", "protect", "--new-unlock", "ask")
    store.unlock = "env:PASS"
    assert len(store.credentials()) == 3
    store.unlock = "ask:pinentry"
    assert len(store.credentials()) == 3
    with open(f"{folder}/pinentry.log", encoding="utf-8") as log:
        said = log.read()
    assert "SETDESC New passphrase for '" in said and "keystore.db" in said
    assert said.count("GETPIN") == 3


@pytest.mark.parametrize(
    "answer,expected",
    [
        (["ERR 83886179 Operation cancelled <Pinentry>"], "No passphrase was given"),
        (["ERR 83886340 No pinentry <Pinentry>"], "pinentry ended without an answer"),
        (["D %zz", "OK"], "longer than 1024 bytes"),
        (["D " + "x" * 900, "D " + "x" * 900, "OK"], "longer than 1024 bytes"),
        (["D " + "x" * 5000, "OK"], "pinentry ended without an answer"),
        (["OK"], "is empty"),
        (["nonsense"], "pinentry ended without an answer"),
        (["INQUIRE QUALITY x"], "pinentry ended without an answer"),
        ([], "pinentry ended without an answer"),
    ],
)
def test_whatever_pinentry_says_is_an_answer_or_a_sentence(filled, answer, expected):
    store = filled
    folder = os.path.join(store.folder, "bin")
    os.mkdir(folder)
    fake_pinentry(folder, [answer])
    if not answer:
        with open(os.path.join(folder, "pinentry"), "w", encoding="utf-8") as file:
            file.write("#!/bin/sh\nexit 1\n")
    store.variables = {"PATH": f"{folder}:{os.environ['PATH']}"}
    store.run("keystore", "protect", "--new-unlock", "env:PASS", status=1)  # it is not set
    store.variables["PASS"] = "x"
    assert expected in store.run("keystore", "protect", "--new-unlock", "ask:pinentry", status=1)
    assert len(store.credentials()) == 3


def test_without_terminal_and_pinentry_it_is_said_what_else_there_is(filled):
    store = filled
    store.variables = {"PATH": store.folder}
    for where in ("ask", "ask:pinentry"):
        said = store.run("keystore", "protect", "--new-unlock", where, status=1)
        assert "pinentry" in said and "keyfile:FILE" in said
    assert "no terminal" in store.run("keystore", "protect", "--new-unlock", "ask:terminal", status=1)


@pytest.mark.skipif(shutil.which("pinentry-curses") is None, reason="pinentry-curses is not installed")
def test_a_real_pinentry_is_understood(filled):
    """In text mode, on the terminal of whoever asks."""
    store = filled
    store.variables = {"FAUXKEY_PINENTRY": "pinentry-curses", "PASS": "typed"}
    store.run("keystore", "protect", "--new-unlock", "env:PASS")
    pid, terminal = pty.fork()
    if pid == 0:
        command = [store.starter._program, "keystore", "check", "--store", store.path, "--unlock", "ask:pinentry"]
        os.execve(command[0], command, {**store.environment(), "TERM": "xterm"})
    shown = b""
    typed = False
    deadline = time.monotonic() + 60
    while True:
        ready, _, _ = select.select([terminal], [], [], max(0, deadline - time.monotonic()))
        assert ready, shown
        try:
            chunk = os.read(terminal, 65536)
        except OSError:
            break
        shown += chunk
        if not typed and b"Passphrase" in shown and b"OK" in shown:
            os.write(terminal, b"typed\r")
            typed = True
    _, status = os.waitpid(pid, 0)
    os.close(terminal)
    assert os.waitstatus_to_exitcode(status) == 0, shown
    assert b"Sound: 3 credentials" in shown


# --- older copies


def test_an_older_copy_of_the_whole_file_is_refused_until_it_is_accepted(filled):
    store = filled
    with open(store.path, "rb") as file:
        old = file.read()
    channel = store.start()
    register(channel, "three.example", "dave")
    store.stop()
    with open(store.path, "wb") as file:
        file.write(old)
    said = store.run("credentials", "list", status=1)
    assert "older copy" in said and "fauxkey keystore accept-older" in said
    with pytest.raises(RuntimeError, match="older copy"):
        store.start()
    store.run("keystore", "accept-older")
    assert len(store.credentials()) == 3


def test_a_key_file_whose_folder_cannot_be_written_does_without_a_mark(filled):
    store = filled
    os.remove(f"{store.folder}/unlock.key.mark")
    os.mkdir(f"{store.folder}/unlock.key.mark")
    assert len(store.credentials()) == 3


# --- snapshots


def test_a_snapshot_keeps_and_restores_the_whole_state(store):
    channel = store.start()
    platform = Platform(channel, 2)
    assert platform.set_pin(PIN) == OK
    store.stop()
    store.run("keystore", "snapshot", "save", "with-pin")
    channel = store.start()
    platform = Platform(channel, 2)
    assert platform.request_token("wrong")[0] != OK
    assert platform.change_pin(PIN, "another one") == OK
    store.stop()
    store.run("keystore", "snapshot", "save", "changed")
    listed = json.loads(store.run("keystore", "snapshot", "list", "--json"))
    assert [s["name"] for s in listed] == ["with-pin", "changed"]
    assert "with-pin" in store.run("keystore", "snapshot", "list")
    store.run("keystore", "snapshot", "restore", "with-pin")
    channel = store.start()
    platform = Platform(channel, 2)
    assert platform.retries() == 8
    assert platform.token(PIN)
    store.stop()
    store.run("keystore", "snapshot", "restore", "changed")
    assert Platform(store.start(), 2).token("another one")
    store.stop()
    store.run("keystore", "snapshot", "delete", "changed")
    assert "no snapshot" in store.run("keystore", "snapshot", "restore", "changed", status=1)
    assert "already" in store.run("keystore", "snapshot", "save", "with-pin", status=1)
    store.run("keystore", "snapshot", "save", "../escape", status=1)


def test_a_fork_is_a_clone_that_a_site_can_tell_by_its_counter(filled):
    """The rule of WebAuthn 7.2, step 22: a signature counter that is not greater than the last one seen."""
    store = filled
    store.run("keystore", "snapshot", "save", "moment")
    said = store.run("keystore", "snapshot", "fork", "moment")
    clone = os.path.join(store.folder, "keystore-moment.db")
    assert clone in said
    alice = store.made["alice"]
    last, alarms = 0, 0
    for path in (store.path, clone, store.path, clone):
        channel = store.start(path)
        count = get_assertion(channel, "one.example", allow_list=[alice.descriptor]).counter
        alarms += count <= last
        last = max(last, count)
        store.stop()
    assert alarms >= 1
    # Neither is taken for an older copy of the other, and each has its own lock.
    store.start(clone)
    assert len(store.credentials()) == 3
    store.stop()
    assert "already" in store.run("keystore", "snapshot", "fork", "moment", status=1)
    elsewhere = os.path.join(store.folder, "elsewhere", "x.db")
    store.run("keystore", "snapshot", "fork", "moment", "--to", elsewhere)
    assert "Sound: 3" in store.run("keystore", "check", store=elsewhere)


def test_killed_while_restoring_the_key_is_as_before_or_as_then(store):
    store.start()
    store.stop()
    store.run("keystore", "snapshot", "save", "empty")
    channel = store.start()
    register(channel, "one.example", "alice")
    store.stop()
    for delay in range(12):
        command = [store.starter._program, "keystore", "snapshot", "restore", "empty",
                   "--store", store.path, "--unlock", store.unlock]  # fmt: skip
        process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        time.sleep(delay * 0.004)
        process.send_signal(signal.SIGKILL)
        process.wait()
        store.run("keystore", "check")
        assert len(store.credentials()) in (0, 1)


# --- health


def damage(path, sql):
    import sqlite3

    with sqlite3.connect(path) as connection:
        connection.executescript(sql)
    connection.close()


def test_check_names_what_is_damaged_and_loses_none_of_the_others(filled):
    store = filled
    assert store.run("keystore", "check").startswith("Sound: 3 credentials")
    assert json.loads(store.run("keystore", "check", "--json"))["sound"] is True
    flip = "UPDATE {0} SET sealed = zeroblob(length(sealed)) WHERE {1} = (SELECT {1} FROM {0} LIMIT 1)"
    damage(store.path, flip.format("credentials", "place"))
    done = subprocess.run(
        [store.starter._program, "keystore", "check", "--json", "--store", store.path, "--unlock", store.unlock],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 1
    assert "damaged" in done.stderr
    found = json.loads(done.stdout)
    assert found["sound"] is False and found["credentials"] == 2
    kept = store.credentials()
    assert len(kept) == 2
    (damaged,) = found["damaged"]
    sites = [c["rpId"] for c in kept]
    # A neighbour of the same site tells the site; without one it is not known.
    assert damaged == {"what": "credential", "rpId": "one.example" if sites.count("two.example") else ""}


def test_check_names_a_damaged_counter_by_its_account(filled):
    store = filled
    damage(store.path, "UPDATE counters SET sealed = zeroblob(length(sealed))")
    done = subprocess.run(
        [store.starter._program, "keystore", "check", "--store", store.path, "--unlock", store.unlock],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 1
    assert "Damaged: the signature counter of a credential of one.example (alice)." in done.stdout
    assert "Sound: 3 credentials, 0 counters" in done.stdout


def test_check_names_a_record_that_was_taken_out(filled):
    store = filled
    damage(store.path, "DELETE FROM records")
    os.remove(f"{store.folder}/unlock.key.mark")  # or it is refused as an older copy
    done = subprocess.run(
        [store.starter._program, "keystore", "check", "--store", store.path, "--unlock", store.unlock],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode in (0, 1)
    assert "Sound: 3 credentials" in done.stdout


def test_compact_gives_room_back(store):
    channel = store.start()
    for i in range(60):
        register(channel, f"s{i}.example", f"user{i}")
    store.stop()
    for i in range(0, 9, 3):
        store.run("credentials", "purge", "--rp", f"s{i}.example", "--yes")
    ids = [c["id"] for c in store.credentials()]
    store.run("credentials", "delete", *ids[:50])
    before = os.path.getsize(store.path)
    said = store.run("keystore", "compact")
    assert re.search(r"has [\d.]+ KiB now; it had [\d.]+ KiB", said)
    assert os.path.getsize(store.path) < before * 0.7
    assert len(store.credentials()) == len(ids) - 50
    assert get_info(store.start())
