"""`fauxkey doctor` where there is no uhid to be had: its report, its exit status, and what it says of keystores."""

import json
import os
import re
import shutil
import sqlite3
import stat
import subprocess
from contextlib import closing
from pathlib import Path

import pytest

DONE, FAILED, USED_WRONGLY, CANNOT_RUN = 0, 1, 2, 77
DOCUMENT = Path(__file__).parents[2] / "docs/doctor.md"
MEMBERS = {"check": str, "subject": (str, type(None)), "result": str, "text": str, "whatToDo": (str, type(None)), "command": (str, type(None))}


class Doctor:
    def __init__(self, program, folder):
        self.program = program
        self.store = os.path.join(folder, "keystore.db")
        self.key_file = os.path.join(folder, "unlock.key")
        os.mkdir(os.path.join(folder, "run"), 0o700)
        self.environment = {**os.environ, "HOME": folder, "XDG_RUNTIME_DIR": os.path.join(folder, "run")}
        self.options = ("--store", self.store, "--unlock", f"keyfile:{self.key_file}")

    def run(self, *arguments, **more):
        options = {"env": self.environment, "capture_output": True, "text": True, "timeout": 60, "start_new_session": True, **more}
        return subprocess.run([self.program, *arguments], check=False, **options)

    def examine(self):
        """All findings about this home, by check; the report for programs must be as it is documented."""
        outcome = self.run("doctor", "--json", *self.options)
        report = json.loads(outcome.stdout)
        assert set(report) == {"result", "findings"}
        results = [finding["result"] for finding in report["findings"]]
        assert set(results) <= {"ok", "note", "problem", "impossible"}
        worst = next(result for result in ("impossible", "problem", "note", "ok") if result in results)
        assert report["result"] == worst
        assert outcome.returncode == {"impossible": CANNOT_RUN, "problem": FAILED}.get(worst, DONE)
        for finding in report["findings"]:
            assert set(finding) == set(MEMBERS)
            for name, kind in MEMBERS.items():
                assert isinstance(finding[name], kind) and finding[name] != "", f"{name} of {finding}"
        return report["findings"]

    def finding(self, check, subject=None):
        found = [one for one in self.examine() if one["check"] == check and subject in (None, one["subject"])]
        assert len(found) == 1, found
        return found[0]

    def mend(self, finding):
        assert finding["command"], finding
        subprocess.run(["bash", "-c", finding["command"].replace("sudo ", "")], check=True, env=self.environment, timeout=60)



@pytest.fixture
def doctor(request, tmp_path):
    return Doctor(os.path.abspath(request.config.getoption("--fauxkey")), str(tmp_path))


@pytest.fixture
def stored(doctor, new_key):
    """The same with a keystore, which a key has made."""
    key = new_key(folder=os.path.dirname(doctor.store), store=True)
    key.stop()
    return doctor


def test_it_ends_with_77_where_no_real_device_is_possible_and_says_why(doctor):
    if os.path.exists("/dev/uhid"):
        pytest.skip("this machine has /dev/uhid")
    finding = doctor.finding("uhid")
    if finding["result"] != "impossible":
        pytest.skip(f"this machine could have it: {finding['text']}")
    outcome = doctor.run("doctor")
    assert outcome.returncode == CANNOT_RUN
    assert "A real device is impossible here" in outcome.stdout


def test_each_finding_has_the_documented_members(doctor):
    assert len(doctor.examine()) >= 20


def test_the_document_has_a_section_on_each_check_and_on_no_other(doctor):
    checks = list(dict.fromkeys(finding["check"] for finding in doctor.examine()))
    sections = re.findall(r"^### ([a-z0-9-]+)$", DOCUMENT.read_text(), re.MULTILINE)
    assert sections == checks


def test_people_read_the_same_as_programs(doctor):
    shown = " ".join(doctor.run("doctor", *doctor.options).stdout.split())
    for finding in doctor.examine():
        for text in (finding["text"], finding["whatToDo"], finding["command"]):
            assert " ".join((text or "").split()) in shown


def test_colours_are_for_terminals_and_not_where_they_are_unwanted(doctor):
    def at_terminal(**variables):
        side, other = os.openpty()
        try:
            process = subprocess.Popen([doctor.program, "doctor"], stdin=other, stdout=other, stderr=other, start_new_session=True,
                                       env={**doctor.environment, "TERM": "xterm", **variables})
            os.close(other)
            shown = b""
            while True:
                try:
                    chunk = os.read(side, 65536)
                except OSError:
                    break
                if not chunk:
                    break
                shown += chunk
            process.wait(30)
            return shown
        finally:
            os.close(side)

    doctor.environment.pop("NO_COLOR", None)
    assert b"\x1b[" in at_terminal()
    assert b"\x1b[" not in at_terminal(NO_COLOR="1")
    assert b"\x1b[" not in at_terminal(TERM="dumb")
    assert "\x1b[" not in doctor.run("doctor").stdout


def test_an_unlock_source_that_is_none_is_used_wrongly(doctor):
    outcome = doctor.run("doctor", "--unlock", "correct horse")
    assert outcome.returncode == USED_WRONGLY
    assert "correct horse" not in outcome.stderr


def test_no_keystore_yet_is_well_and_none_is_made(doctor):
    assert doctor.finding("keystore")["result"] == "ok"
    assert not os.path.exists(doctor.store) and not os.path.exists(doctor.key_file)


def test_a_sound_keystore_is_opened_and_one_in_use_is_left_alone(stored, new_key):
    assert "opens and is sound" in stored.finding("keystore")["text"]
    key = new_key(folder=os.path.dirname(stored.store), store=True)
    finding = stored.finding("keystore")
    assert finding["result"] == "ok" and f"open in process {key.process.pid} (fauxkey run)" in finding["text"]
    key.stop()


def test_files_that_others_may_read_are_closed_by_the_command(stored):
    os.chmod(stored.store, 0o644)
    os.chmod(stored.key_file, 0o660)
    assert stored.finding("keystore")["result"] == "note"
    for path in (stored.store, stored.key_file):
        finding = stored.finding("keystore-files", path)
        assert finding["result"] == "problem"
        stored.mend(finding)
        assert stat.S_IMODE(os.stat(path).st_mode) == 0o600
    assert stored.finding("keystore-files")["result"] == "ok"
    assert stored.finding("keystore")["result"] == "ok"


def test_a_folder_that_others_may_write_is_closed_by_the_command(stored):
    folder = os.path.dirname(stored.store)
    os.chmod(folder, 0o777)
    stored.mend(stored.finding("keystore-files", folder))
    assert stored.finding("keystore-files")["result"] == "ok"


def test_a_missing_key_file_is_named_and_nothing_is_made_in_its_place(stored):
    os.rename(stored.key_file, f"{stored.key_file}.away")
    finding = stored.finding("unlock")
    assert finding["result"] == "problem" and finding["subject"] == stored.key_file
    assert not os.path.exists(stored.key_file)
    stored.mend(finding)
    assert stored.finding("keystore")["text"] == "there is no keystore to look into"


@pytest.mark.parametrize("content", [b"x" * 32, b"short"])
def test_a_key_file_that_does_not_open_the_keystore_is_a_problem(stored, content):
    with open(stored.key_file, "wb") as file:
        file.write(content)
    finding = stored.finding("keystore")
    assert finding["result"] == "problem" and finding["whatToDo"]


def test_damage_is_counted_and_the_command_names_what_it_is(stored):
    shutil.copy(stored.store, f"{stored.store}.good")
    with closing(sqlite3.connect(stored.store)) as database, database:
        largest = database.execute("SELECT tag FROM records ORDER BY length(sealed) DESC LIMIT 1").fetchone()
        database.execute("UPDATE records SET sealed = zeroblob(length(sealed)) WHERE tag = ?", largest)
    finding = stored.finding("keystore")
    assert finding["result"] == "problem" and "1 other record damaged" in finding["text"]
    command = finding["command"].replace("fauxkey", stored.program, 1)
    said = subprocess.run(["bash", "-c", command], capture_output=True, text=True, env=stored.environment, check=False, timeout=60)
    assert "Damaged: the attestation certificates and keys" in said.stdout


def test_a_file_that_is_no_keystore_is_left_as_it_is(doctor):
    with open(doctor.store, "w", encoding="ascii", opener=lambda path, flags: os.open(path, flags, 0o600)) as file:
        file.write("a letter")
    finding = doctor.finding("keystore")
    assert finding["result"] == "problem" and "is no fauxkey keystore" in finding["text"]
    assert Path(doctor.store).read_text() == "a letter"
