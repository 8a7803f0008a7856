"""`fauxkey doctor` as people use it: what it finds, and what comes of the commands that it names."""

import contextlib
import json
import os
import pwd
import shutil
import subprocess

from expect import expect
from key import FAUXKEY
from terminal import run

DONE, FAILED, CANNOT_RUN = 0, 1, 77
NOBODY = pwd.getpwnam("nobody")
CONTAINER_MARKS = ("/.dockerenv", "/run/.containerenv", "/run/systemd/container")
FOLDER = "/tmp/doctor"


def _program_for_everybody():
    """The program where other users may run it too."""
    path = f"{FOLDER}/fauxkey"
    os.makedirs(f"{FOLDER}/home", exist_ok=True)
    shutil.copy(FAUXKEY, path)
    os.chmod(path, 0o755)
    return path


program = _program_for_everybody()
# Not the home of whoever runs the tests, whose tree this is.
environment = {name: value for name, value in os.environ.items() if name not in ("container", "XDG_RUNTIME_DIR")}
environment["HOME"] = f"{FOLDER}/home"


def as_nobody(*groups):
    return {"user": NOBODY.pw_uid, "group": NOBODY.pw_gid, "extra_groups": groups}


class Findings:
    def __init__(self, report):
        self.result = report["result"]
        self._all = report["findings"]

    def __iter__(self):
        return iter(self._all)

    def of(self, check, subject=None):
        """The one of this check (about this subject); a failure where there is not exactly one."""
        found = [one for one in self._all if one["check"] == check and subject in (None, one["subject"])]
        expect(len(found) == 1, f"{len(found)} findings of {check} about {subject}: {found}")
        return found[0]


def examine(status, *options, people_too=False, **popen_options):
    """What the doctor finds, which must end with this status; with `people_too`, its report for people says the same."""
    popen_options = {"env": environment, **popen_options}
    as_json = run([program, "doctor", "--json", *options], **popen_options)
    findings = Findings(json.loads(as_json.stdout))
    summary = "; ".join(f"{one['check']}: {one['text']}" for one in findings if one["result"] not in ("ok", "note"))
    expect(as_json.status == status, f"the status is {as_json.status} instead of {status}: {summary} {as_json.shown}")
    if people_too:
        as_text = run([program, "doctor", *options], **popen_options)
        expect(as_text.status == status, f"for people, the status is {as_text.status}")
        shown = " ".join(as_text.stdout.split())
        for finding in findings:
            for text in (finding["text"], finding["whatToDo"], finding["command"]):
                expect(" ".join((text or "").split()) in shown, f"the report for people lacks “{text}”: {shown}")
    return findings


def expect_finding(finding, result, text, advice=""):
    said = f"{finding['result']}: {finding['text']} -> {finding['whatToDo']} {finding['command']}"
    expect(finding["result"] == result and text in finding["text"], f"{said}; expected {result}: {text}")
    expect(advice in f"{finding['whatToDo']} {finding['command']}", f"{said}; expected the advice {advice}")


def mend(finding, shell=None):
    """Runs the command that a finding names, as root; `shell` is the process that $$ means."""
    expect(finding["command"], f"no command mends this: {finding}")
    command = finding["command"].replace("sudo ", "").replace("fauxkey ", f"{program} ", 1 if finding["command"].startswith("fauxkey ") else 0)
    if shell is not None:
        command = command.replace("$$", str(shell))
    return run(["bash", "-c", command], env=environment).succeeded()


@contextlib.contextmanager
def no_container():
    """This machine's tree may be a container's; the virtual machine is none."""
    for mark in CONTAINER_MARKS:
        with contextlib.suppress(FileNotFoundError):
            os.unlink(mark)
    yield


def apply_rules():
    subprocess.run(["udevadm", "control", "--reload"], check=True)
    subprocess.run(["udevadm", "trigger", "--settle", "--sysname-match=uhid", "--sysname-match=hidraw*"], check=True)
