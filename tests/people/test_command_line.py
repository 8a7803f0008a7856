"""Help fits a screen, tables fit the terminal, errors are one sentence, and Ctrl-C leaves nothing half-done."""

import base64
import json
import os
import random
import re
import signal
import time

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec

ESCAPE = "\x1b"
WIDE = "\u5bc6\u9470"  # two columns each


def credential(number, name, rp_id="example.com"):
    """As Chrome's DevTools have it. Credentials may share a private key."""
    return {
        "credentialId": base64.b64encode(number.to_bytes(32, "big")).decode(),
        "isResidentCredential": True,
        "rpId": rp_id,
        "privateKey": credential.private_key,
        "userHandle": base64.b64encode(b"user %d" % number).decode(),
        "signCount": 0,
        "backupEligibility": False,
        "backupState": False,
        "userName": name,
        "userDisplayName": name,
    }


credential.private_key = base64.b64encode(
    ec.generate_private_key(ec.SECP256R1()).private_bytes(
        serialization.Encoding.DER, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
).decode()


def write_credentials(home, credentials, name="credentials.json"):
    path = home.folder / name
    path.write_text(json.dumps({"id": 1, "result": {"credentials": list(credentials)}}))
    return path


def fill(home, *credentials):
    done = home.run("credentials", "import", write_credentials(home, credentials))
    assert done.returncode == 0, done.stderr


def columns_of(line):
    """On a terminal."""
    return sum(2 if "\u2e80" <= character <= "\u9fff" else 1 for character in line)


def topics(home):
    listed = home.run("--help-all").stdout.split("Commands:\n")[1].split("\nOptions:")[0]
    leaves = [command.split() for command in re.findall(r"^  ([a-z-]+(?: [a-z-]+)*)", listed, re.MULTILINE)]
    return [[]] + sorted({tuple(leaf[:size]) for leaf in leaves for size in range(1, len(leaf) + 1)})


class TestHelp:
    def test_each_command_s_fits_a_screen_of_80_by_24(self, home):
        for topic in topics(home):
            lines = home.run("help", *topic).stdout.splitlines()
            assert len(lines) <= 23, f"{topic} has {len(lines)} lines"
            assert max(map(len, lines)) <= 80, topic
            assert any(line.startswith("Usage: ") for line in lines)

    def test_help_of_a_command_is_the_same_by_each_way_to_ask(self, home):
        asked = home.run("help", "credentials", "list").stdout
        assert home.run("credentials", "list", "--help").stdout == asked
        assert home.run("--help").stdout == home.run("help").stdout

    def test_commands_that_people_need_first_have_examples_that_are_command_lines(self, home):
        for topic in ([], ["run"], ["credentials", "export"], ["keystore", "protect"], ["replay"]):
            shown = home.run("help", *topic).stdout
            examples = re.findall(r"^  (fauxkey .*?)(?:  #.*)?$", shown.split("Examples:")[1], re.MULTILINE)
            assert examples
            for example in examples:
                words = re.split(r" [|>]", example)[0].split()[1:]
                assert home.run(*words, "--help").returncode == 0, example

    def test_all_help_has_what_the_screen_has_no_room_for(self, home):
        screen, everything = home.run("run", "--help").stdout, home.run("run", "--help-all").stdout
        assert "--uvm" not in screen and "--uvm" in everything
        assert "--help-all" in screen

    def test_it_goes_by_the_terminal_s_width(self, home):
        for columns in (60, 80, 100):
            shown = home.start("run", "--help", columns=columns)
            assert shown.wait() == 0
            lines = re.sub(ESCAPE + r"\[\d*m", "", shown.shown).split("\r\n")
            longest = max(len(line) for line in lines if not line.startswith("  fauxkey "))
            assert columns - 20 < longest <= columns

    def test_a_full_disk_is_an_error(self, home):
        with open("/dev/full", "w", encoding="utf-8") as full:
            done = home.start("help", stdout=full)
            assert done.wait() == 1
            assert "could not be written" in done.shown


class TestTables:
    @pytest.fixture
    def filled(self, home):
        fill(
            home,
            credential(1, "alice@a-very-long-name-of-a-company.example", "login.accounts.of-a-long-site.example"),
            credential(2, WIDE * 8, "short.example"),
            credential(3, "evil\u202e\u001b[31mname", "short.example"),
        )
        return home

    @pytest.mark.parametrize("columns", [40, 60, 80, 120, 200])
    def test_no_line_is_wider_than_the_terminal(self, filled, columns):
        table = filled.start("credentials", "list", "--color", "never", columns=columns)
        assert table.wait() == 0
        lines = table.shown.replace("\r\n", "\n").strip("\n").split("\n")
        assert len(lines) == 4
        assert max(map(columns_of, lines)) <= columns
        assert "SITE" in lines[0] and "ACCOUNT" in lines[0] and "ID" in lines[0]
        # The columns stand below each other, wide characters or not.
        at = columns_of(lines[0][: lines[0].rindex("ID")])
        for line in lines[1:]:
            assert at == columns_of(re.sub(r"[0-9a-f]+…?$", "", line)), line
        # A site's owner stands at the end of its name.
        sites = {line.split()[0].removeprefix("…") for line in lines[1:]}
        assert any(len(site) > 5 and "login.accounts.of-a-long-site.example".endswith(site) for site in sites)

    def test_elsewhere_it_is_in_full_whatever_the_terminal_is(self, filled):
        one = filled.run("credentials", "list", environment={"COLUMNS": "40"}).stdout
        assert one == filled.run("credentials", "list").stdout
        assert "login.accounts.of-a-long-site.example" in one
        assert "alice@a-very-long-name-of-a-company.example" in one

    def test_no_text_of_a_site_moves_the_cursor(self, filled):
        shown = filled.run("credentials", "list").stdout
        assert "\u202e" not in shown and ESCAPE not in shown
        assert "evil\\u{202E}\\u{1B}[31mname" in shown

    def test_colours_are_for_terminals_that_want_them(self, filled):
        def coloured(*options, environment=None):
            shown = filled.start("credentials", "list", *options, environment=environment)
            assert shown.wait() == 0
            return ESCAPE in shown.shown

        assert coloured()
        assert not coloured(environment={"NO_COLOR": "1"})
        assert coloured(environment={"NO_COLOR": ""})
        assert not coloured(environment={"TERM": "dumb"})
        assert not coloured("--color", "never")
        assert coloured("--color", "always", environment={"NO_COLOR": "1"})
        assert ESCAPE not in filled.run("credentials", "list").stdout
        assert ESCAPE in filled.run("credentials", "list", "--color=always").stdout
        assert ESCAPE not in filled.run("credentials", "list", "--store", "/none").stderr


def provoked(home):
    """Command lines that go wrong, each for a reason of its own, and the status they end with."""
    (home.folder / "garbage").write_bytes(os.urandom(5000))
    (home.folder / "empty.db").touch()
    (home.folder / "text").write_text("no JSON\n")
    (home.folder / "closed").mkdir()
    fill(home, credential(1, "alice"), credential(2, "bob"))
    keystore = ("--store", "x.db", "--unlock", "env:WORDS")
    home.run("attestation", "root", *keystore, environment={"WORDS": "right"})
    own = home.folder / ".local/share/fauxkey/keystore.db"
    used = [
        [],
        ["foo"],
        ["stauts"],
        ["-x"],
        ["help", "foo"],
        ["--color", "blue", "status"],
        ["status", "extra"],
        ["status", "--json=x"],
        ["approve", "x"],
        ["run", "--nonsense"],
        ["run", "--store"],
        ["run", "--approve", "maybe"],
        ["run", "--approve", "\x1b[31mred\nline"],
        ["run", "--seed", "x"],
        ["run", "--uv=eye"],
        ["run", "--ctap", "9"],
        ["run", "--algorithms", "RS1"],
        ["run", "--transport", "tcp:1"],
        ["run", "--ephemeral", "--transport", "carrier-pigeon"],
        ["run", "--ephemeral", "--transport", "udp:nowhere"],
        ["run", "--ephemeral", "--store", "x"],
        ["run", "--pin", "1234"],
        ["run", "--ephemeral", "--pin", "1"],
        ["run", "--seed", "1"],
        ["run", "--unlock", "nonsense"],
        ["run", "--keyless", "--control", "none"],
        ["run", "--ephemeral", "--transport", "unix:k.sock", "--fault", "{"],
        ["run", "--ephemeral", "--transport", "unix:k.sock", "--fault", "@none"],
        ["run", "--ephemeral", "--serial", "a b"],
        ["run", "--ephemeral", "--trace-secrets"],
        ["run", "--config", "none.toml"],
        ["run", "--config", "garbage"],
        ["run", "--config", "a", "--no-config"],
        ["credentials"],
        ["credentials", "lst"],
        ["credentials", "show"],
        ["credentials", "show", "xyz"],
        ["credentials", "rename", "00"],
        ["credentials", "purge"],
        ["credentials", "purge", "--rp", "example.com"],
        ["credentials", "export", "--format", "paper"],
        ["credentials", "export", "--rp", "a", "00"],
        ["credentials", "export", "--plain", "--passphrase", "env:X"],
        ["credentials", "export", "--passphrase", "secret words", "--to", "y"],
        ["credentials", "import"],
        ["credentials", "import", "text", "--backup-eligible", "perhaps"],
        ["keystore"],
        ["keystore", "protect", "--new-unlock", "nonsense"],
        ["keystore", "snapshot", "save"],
        ["completion", "tcsh"],
        ["replay"],
        ["webdriver"],
        ["webdriver", "--to", "ftp://x"],
        ["attack"],
        ["attack", "--site", "x"],
        ["attack", "--site", "http://example.org"],
        ["attack", "--site", "http://localhost:1", "--only", "none"],
        ["attack", "--site", "http://localhost:1", "--policy", "none"],
        ["attack", "--list", "--scenarios", "none"],
        ["attack", "--list", "--scenarios", "garbage"],
        ["attack", "--site", "http://localhost:1", "--site-file", "text"],
    ]
    failed = [
        ["status"],
        ["approve"],
        ["deny", "3"],
        ["credentials", "list", "--store", "none.db"],
        ["credentials", "list", "--store", "garbage"],
        ["credentials", "list", "--store", "empty.db"],
        ["credentials", "list", "--store", "."],
        ["credentials", "list", "--store", "/none/none.db"],
        ["credentials", "list", "--unlock", "keyfile:none"],
        ["credentials", "list", "--unlock", "keyfile:garbage"],
        ["credentials", "list", "--unlock", "ask"],
        ["credentials", "list", *keystore[:2], "--unlock", "env:UNSET"],
        ["credentials", "list", *keystore[:2], "--unlock", "fd:77"],
        ["credentials", "list", *keystore[:2], "--unlock", "credential:x"],
        ["credentials", "list", *keystore],  # wrong passphrase
        ["credentials", "show", "ff"],
        ["credentials", "show", "00"],  # of two
        ["credentials", "delete", "ff"],
        ["credentials", "purge", "--rp", "none.example", "--yes"],
        ["credentials", "export", "--plain", "--to", "text"],
        ["credentials", "export", "--plain", "--to", "/none/x"],
        ["credentials", "export", "--plain", "--rp", "none.example"],
        ["credentials", "import", "none"],
        ["credentials", "import", "."],
        ["credentials", "import", "text"],
        ["credentials", "import", "garbage"],
        ["keystore", "info", "--store", "garbage"],
        ["keystore", "check", "--store", "garbage"],
        ["keystore", "compact", "--store", "none.db"],
        ["keystore", "snapshot", "save", "../x"],
        ["keystore", "snapshot", "restore", "none"],
        ["keystore", "snapshot", "delete", "none"],
        ["keystore", "snapshot", "fork", "none"],
        ["attestation", "root", "--store", "/proc/none/x.db"],
        ["replay", "none"],
        ["replay", "garbage"],
        ["replay", "text", "--to", "unix:none"],
        ["run", "--ephemeral", "--transport", "unix:/none/k.sock"],
        ["run", "--ephemeral", "--transport", "unix:k.sock", "--control", "unix:/none/c.sock"],
        ["run", "--ephemeral", "--transport", "unix:k.sock", "--trace", "/none/t"],
        ["run", "--store", "garbage", "--transport", "unix:k.sock"],
    ]
    assert own.exists()
    return [(line, 2) for line in used] + [(line, 1) for line in failed]


def test_every_error_is_one_sentence_with_the_next_step(home):
    wrong = []
    for line, status in provoked(home):
        done = home.run("-q", *line, environment={"WORDS": "wrong"}) if line else home.run()
        *notes, said = done.stderr.splitlines(keepends=True) or [""]
        problems = []
        if done.returncode != status:
            problems.append(f"status {done.returncode}")
        # An export tells first what is left behind.
        if not all(one.startswith("fauxkey: ") for one in (*notes, said)) or (notes and "export" not in line):
            problems.append("form")
        if not re.search(r"(\.|\(see fauxkey help[a-z -]*\))\n$", said):
            problems.append("end")
        # What to do: a colon, "see", "give" and their like.
        if not re.search(r": \S|see |give |is \S+ meant|takes |needs |go together|start ", said.removeprefix("fauxkey: ")):
            problems.append("no next step")
        if re.search(r"exception|std::|what\(\)|basic_string|terminate|[Ee]rror \d|CLI::|json\.", said):
            problems.append("jargon")
        if re.search(r"[\x00-\x08\x0b-\x1f\x7f]", said):
            problems.append("control characters")
        if problems:
            wrong.append(f"{line}: {', '.join(problems)}: {said!r}")
    assert not wrong, "\n" + "\n".join(wrong)


class TestProgress:
    def test_long_work_shows_on_a_terminal_and_is_gone_when_done(self, home):
        fill(home, credential(1, "alice"))
        work = home.start("keystore", "protect", "--new-unlock", "env:WORDS", environment={"WORDS": "open sesame"})
        assert work.wait() == 0, work.shown
        if "Measuring" not in work.shown and "Turning" not in work.shown:
            pytest.skip("this machine is too quick for progress")
        assert re.search(r"(Measuring|Turning).* \(\d+ s\)", work.shown)
        text = re.sub(r"\r\x1b\[K[^\r\n]*(?=\r\x1b\[K)", "", work.shown).replace("\r" + ESCAPE + "[K", "")
        assert text.startswith("The keystore ")
        assert work.line() == ""

    @pytest.mark.parametrize("how", ["file", "quiet", "dumb"])
    def test_nowhere_else(self, home, how):
        fill(home, credential(1, "alice"))
        environment = {"WORDS": "open sesame", **({"TERM": "dumb"} if how == "dumb" else {})}
        line = ["keystore", "protect", "--new-unlock", "env:WORDS", *(["-q"] if how == "quiet" else [])]
        if how == "file":
            done = home.run(*line, environment=environment)
            assert done.returncode == 0 and done.stderr == ""
        else:
            done = home.start(*line, environment=environment)
            assert done.wait() == 0
            assert ESCAPE not in done.shown and "Measuring" not in done.shown


MANY = 700


class TestControlC:
    """At random moments."""

    @staticmethod
    def drafts(home):
        return [path for path in home.folder.rglob("*") if ".new-" in path.name]

    def interrupted(self, home, rounds, longest, *line, environment=None, check, number=signal.SIGINT):
        """Each time the command either is done or ended by the signal, and `check(done)` holds."""
        moments = random.Random(6)
        ended = left = 0
        # Some more where all of them came too late for it.
        while left < rounds or (not ended and left < 10 * rounds):
            left += 1
            work = home.start(*line, environment=environment)
            moment = moments.uniform(0, longest)
            begun = time.monotonic()
            while time.monotonic() - begun < moment and work.process.poll() is None:
                work.read(0.01)
            if number == signal.SIGINT:
                work.type("\x03")
            else:
                work.process.send_signal(number)
            status = work.wait()
            assert status in (0, -number), f"after {moment:.3f} s: {status}, {work.shown!r}"
            ended += status != 0
            assert work.as_before(), f"after {moment:.3f} s the terminal is not as it was"
            assert work.line().replace("^C", "") == "", f"after {moment:.3f} s: {work.shown!r}"
            assert not self.drafts(home), f"after {moment:.3f} s: {self.drafts(home)}"
            check(status == 0)
        assert ended, "it was never interrupted"

    def sound(self, home, *options, environment=None):
        done = home.run("keystore", "check", "--json", *options, environment=environment)
        assert done.returncode == 0, done.stderr
        return json.loads(done.stdout)["credentials"]

    def test_export_leaves_a_whole_file_or_none(self, home):
        fill(home, *(credential(number, f"user {number}") for number in range(40)))
        target = home.folder / "out.json"

        def check(done):
            if done or target.exists():
                found = json.loads(target.read_text())
                assert len(found["result"]["credentials"] if "result" in found else found["credentials"]) == 40
                target.unlink()

        self.interrupted(
            home, 12, 0.15, "credentials", "export", "--plain", "--format", "cdp", "--to", "out.json", check=check
        )

    def test_an_import_goes_on_where_it_ended(self, home):
        fill(home, credential(0, "first"))
        file = write_credentials(home, (credential(number, f"user {number}") for number in range(1, MANY)))
        counts = [1]

        def check(done):
            counts.append(self.sound(home))
            assert counts[-1] >= counts[-2]
            assert not done or counts[-1] == MANY

        self.interrupted(home, 6, 0.5, "credentials", "import", file, check=check)
        assert home.run("credentials", "import", file).returncode == 0
        assert self.sound(home) == MANY

    def test_compacting_loses_nothing(self, home):
        fill(home, *(credential(number, f"user {number}") for number in range(300)))
        self.interrupted(home, 6, 0.15, "keystore", "compact", check=lambda done: self.sound(home) == 300 or pytest.fail())

    @pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM], ids=["ctrl-c", "sigterm"])
    def test_a_keystore_opens_by_what_it_did_or_by_what_it_was_to(self, home, number):
        fill(home, credential(1, "alice"))
        words = {"WORDS": "open sesame"}

        def check(done):
            by_words = home.run("credentials", "list", "--unlock", "env:WORDS", environment=words)
            by_file = home.run("credentials", "list")
            assert (by_words.returncode == 0) != (by_file.returncode == 0), by_words.stderr + by_file.stderr
            assert not done or by_words.returncode == 0
            if by_words.returncode == 0:
                back = f"keyfile:{home.folder}/.config/fauxkey/unlock.key"
                again = home.run("keystore", "protect", "--unlock", "env:WORDS", "--new-unlock", back, environment=words)
                assert again.returncode == 0, again.stderr

        self.interrupted(
            home, 3, 1.0, "keystore", "protect", "--new-unlock", "env:WORDS", environment=words, check=check, number=number
        )

    @pytest.mark.parametrize("how", ["typed", signal.SIGINT, signal.SIGTERM, signal.SIGHUP], ids=str)
    def test_a_passphrase_prompt_gives_the_echo_back(self, home, how):
        fill(home, credential(1, "alice"))
        asked = home.start("keystore", "protect", "--new-unlock", "ask")
        asked.read_until("New passphrase")
        assert not asked.echoes()
        if how == "typed":
            asked.type("\x03")
        else:
            asked.process.send_signal(how)
        assert asked.wait() == -(signal.SIGINT if how == "typed" else how)
        assert asked.as_before()
        assert asked.line() == ""
        assert home.run("credentials", "list").returncode == 0, "it was changed all the same"
