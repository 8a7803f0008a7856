"""The documents' blocks, and their commands run as a reader would run them.

A document is read from top to bottom in one home, with `fauxkey` in the PATH; a daemon that a block starts goes on for the next blocks.

    ```console     a terminal: lines that begin with “$ ” are commands, the others what is shown; “…” is anything, on a line of its own any lines;
                   “^C” ends the daemon that runs
    ```sh          commands alone

What a reader does besides, and what is other here than there, stands in comments before a block, in the order in which it happens:

    <!-- test: browser registers alice at example.com -->   meanwhile; also “logs in at”, “is refused at”
    <!-- test: types TEXT -->              at the terminal: what the daemon asks next, or the block's command; \\n is Enter
    <!-- test: first COMMAND -->           something that was done before
    <!-- test: with WORDS as OTHERS -->    in the block's commands; OTHERS may be a $(command)
    <!-- test: on a socket WORDS as … -->  the same, where there can be no USB device
    <!-- test: Ctrl-C -->                  the daemon has been ended before
    <!-- test: fresh -->                   another home, without a daemon
    <!-- test: status 0 1 -->              what the block's last command may end with
    <!-- test: run by PATH -->             not run here, but by that test, which names the document
    <!-- test: not run: REASON -->         by no test: only looked at (a shell takes it, programs, options, presets and files exist)
"""

import json
import os
import re
import shlex
import shutil
import subprocess
import tempfile
import threading
import time
from dataclasses import dataclass, field
from pathlib import Path

from control import Control
from hid import open_fido2_device
from pseudo_terminal import Terminal
from visitor import Site

REPOSITORY = Path(__file__).parents[2]
DOCUMENTS = [REPOSITORY / "README.md", *sorted((REPOSITORY / "docs").glob("*.md")), *sorted((REPOSITORY / "clients").glob("*/README.md"))]
RUN = ("console", "sh")
SHOWN = ("text", "json", "python", "javascript", "cpp", "yaml", "ini", "toml")
SECONDS = 40  # for a command, or for a daemon to be ready

BESIDES = ("webdriver", "ui")  # what runs until Ctrl-C beside a key
READY = re.compile(r"^(ready|control|webdriver|inspector): .*\n", re.MULTILINE)
FENCE = re.compile(r"^( *)```(.*)$")
DIRECTIVE = re.compile(r"<!-- test: (.*?) -->")

# `fauxkey` in the documents, with a socket in the place of the USB device that there can be none of here.
PROGRAM = """#!/bin/bash
arguments=("$@")
for i in "${!arguments[@]}"; do
  [[ ${arguments[i]} != uhid ]] || arguments[i]=unix:$XDG_RUNTIME_DIR/key.sock
done
if [[ ${1:-} == run && " $* " != *' --transport '* && " $* " != *' --help '* ]]; then
  if [[ " $* " == *' --keyless '* ]]; then
    arguments+=(--transport unix)
  else
    arguments+=(--transport "unix:$XDG_RUNTIME_DIR/key.sock")
  fi
fi
exec "$FAUXKEY_UNDER_TEST" "${arguments[@]}"
"""


@dataclass
class Block:
    document: Path
    line: int
    language: str
    text: str
    directives: list = field(default_factory=list)

    def __str__(self):
        return f"{self.document.name}:{self.line}"

    def said(self, word):
        """What its directives of this kind say."""
        return [rest.removeprefix(word).strip() for rest in self.directives if rest == word or rest.startswith(f"{word} ")]

    @property
    def run_by(self):
        return next(iter(self.said("run by")), None)

    @property
    def not_run(self):
        return next(iter(self.said("not run:")), None)

    def steps(self):
        """Its commands, each with the lines shown after it (None: nothing is said of these)."""
        steps = []
        if self.language == "sh":
            return [(command, None) for command in whole_commands(self.text.splitlines())]
        for line in self.text.splitlines():
            if line.startswith("$ "):
                steps.append((line[2:], []))
            elif steps and steps[-1][0].endswith("\\") and line.startswith("> "):
                steps[-1] = (f"{steps[-1][0]}\n{line[2:]}", [])
            elif line == "^C":
                steps.append(("^C", []))
            elif steps:
                steps[-1][1].append(line)
            else:
                raise AssertionError(f"{self}: a console's first line is a command: {line}")
        return steps

    def commands(self):
        return [command for command, _ in self.steps() if command != "^C"]


def whole_commands(lines):
    """Lines put together until a shell takes them; comments and empty lines left out."""
    commands, begun = [], []
    for line in lines:
        if not begun and (not line.strip() or line.lstrip().startswith("#")):
            continue
        begun.append(line)
        if not line.endswith("\\") and shell_takes("\n".join(begun)):
            commands.append("\n".join(begun))
            begun = []
    return commands + (["\n".join(begun)] if begun else [])


def shell_takes(script):
    return subprocess.run(["bash", "-n"], input=script, text=True, capture_output=True, check=False).returncode == 0


def blocks(document):
    """All that are fenced, in their order."""
    found, directives, fence = [], [], None
    for number, line in enumerate(document.read_text().splitlines(), 1):
        mark = FENCE.match(line)
        if fence is not None:
            if mark and not mark[2]:
                found.append(Block(document, fence[0], fence[2], "\n".join(fence[3]), directives))
                directives, fence = [], None
            else:
                fence[3].append(line.removeprefix(fence[1]))
        elif mark:
            fence = (number, mark[1], mark[2], [])
        elif line.strip():
            said = DIRECTIVE.findall(line)
            directives = [*directives, *said] if said else []
    assert fence is None, f"{document.name}:{fence[0]}: this block has no end"
    return found


def words_of(command):
    """Of a simple command, without the variables that are set before it; none where it is no simple one."""
    lexer = shlex.shlex(command.replace("\\\n", " "), posix=True, punctuation_chars=True)
    lexer.whitespace_split = True
    lexer.commenters = "#"
    words = list(lexer)
    while words and re.match(r"\w+=", words[0]):
        words.pop(0)
    return words


def is_daemon(command):
    words = words_of(command)
    if len(words) < 2 or os.path.basename(words[0]) != "fauxkey" or "--help" in words or words[-1] == "&":
        return False
    return is_key(words) or words[1] in BESIDES


def is_key(words):
    return words[1] == "run" or (words[1] == "replay" and "--as-key" in words)


# --- what is shown

HIDRAW = re.compile(r"/dev/hidraw\d+")
CHANGING = [
    (re.compile(r"\x1b\[[0-9;?]*[A-Za-z]"), ""),
    (re.compile(r"\d\d:\d\d:\d\d\.\d{3}"), "TIME"),
    (re.compile(r"\d{4}-\d\d-\d\d([ T]\d\d:\d\d(:\d\d)?Z?)?"), "DATE"),
    (re.compile(r"\d+(\.\d+)? [KM]iB"), "SIZE"),
    (re.compile(r"127\.0\.0\.1:\d+"), "127.0.0.1:PORT"),
    (re.compile(r"\b[0-9a-f]{8,}\b"), "HEX"),
    (re.compile(r"\b[A-Za-z0-9_-]{22,}\b(?=[\"',\s]|$)"), "BASE64"),
    (re.compile(r"\d+ s left"), "N s left"),
    (HIDRAW, "/dev/hidrawN"),
]


TURNING = re.compile(r"[-|/\\] .* \(\d+ s\)$")


def plain(line):
    """A line without what differs from one time to the next; columns may be wider."""
    for pattern, instead in CHANGING:
        line = pattern.sub(instead, line)
    return re.sub(r" {2,}", "  ", line.rstrip())


def matches(expected, lines, whole):
    """Whether the lines are those expected: all of them, or (not `whole`) the first of them."""
    if not expected:
        return not lines or not whole
    if expected[0].strip() == "…":
        return any(matches(expected[1:], lines[skipped:], whole) for skipped in range(len(lines) + 1))
    if not lines:
        return False
    pattern = ".*".join(re.escape(part) for part in plain(expected[0]).split("…"))
    return re.fullmatch(pattern, plain(lines[0])) is not None and matches(expected[1:], lines[1:], whole)


def screen_lines(text):
    """A countdown's states are lines, too; equal ones in a row are one. What turns while something takes its time is none."""
    lines = []
    for line in re.split(r"[\r\n]+", text):
        if plain(line) and not TURNING.match(plain(line)) and (not lines or plain(lines[-1]) != plain(line)):
            lines.append(line)
    return lines


class Reader:
    """Who reads the documents: a home, a PATH, a terminal in which the daemon runs, another one for commands. `device`: where there can be
    USB devices, with the program itself; elsewhere a socket takes the device's place."""

    def __init__(self, program, device=False, seconds=SECONDS):
        self._program = os.path.abspath(program)
        self._device = device
        self._seconds = seconds
        self._node = "/dev/hidraw3"  # as documents call it
        self._daemons = []  # the newest last
        self._visit = None
        self._error = None
        self._new_home()

    # --- the home

    def _new_home(self):
        self.folder = tempfile.mkdtemp(prefix="fauxkey-")
        self._home = os.path.join(self.folder, "home")
        self._runtime = os.path.join(self.folder, "run")
        self._work = os.path.join(self._home, "fauxkey")
        tools = os.path.join(self.folder, "bin")
        for folder in (self._home, self._work, tools):
            os.mkdir(folder)
        os.mkdir(self._runtime, 0o700)
        os.makedirs(os.path.join(self._work, "build"))
        for name in ("tools", "tests", "docs", "src", "udev", "clients", ".ci", "CMakePresets.json"):
            os.symlink(REPOSITORY / name, os.path.join(self._work, name))
        for place in (tools, os.path.join(self._work, "build")):
            path = os.path.join(place, "fauxkey")
            if self._device:
                os.symlink(self._program, path)
                continue
            with open(path, "w", encoding="utf-8") as file:
                file.write(PROGRAM)
            os.chmod(path, 0o755)
        hidden = ("DISPLAY", "WAYLAND_DISPLAY", "DBUS_SESSION_BUS_ADDRESS", "NOTIFY_SOCKET", "FAUXKEY_ADDRESS")
        self._environment = {
            **{name: value for name, value in os.environ.items() if name not in hidden and not name.startswith("XDG_")},
            "HOME": self._home, "XDG_RUNTIME_DIR": self._runtime, "PATH": f"{tools}:{os.environ['PATH']}",
            "FAUXKEY_UNDER_TEST": self._program, "LC_ALL": "C.UTF-8", "TERM": "xterm", "PS1": "$ ",
        }
        self._sites = {}

    def close(self):
        for daemon in self._daemons:
            daemon.kill()
        shutil.rmtree(self.folder, ignore_errors=True)

    def _fresh(self):
        self._end_daemons()
        shutil.rmtree(self.folder, ignore_errors=True)
        self._new_home()

    # --- blocks

    def read(self, block):
        try:
            self._read(block)
        except (AssertionError, OSError, subprocess.SubprocessError, TimeoutError) as error:
            log = f"\nthe daemon's terminal: {self._daemon.text[-3000:]}" if self._daemon else ""
            raise AssertionError(f"{block}: {error}{log}") from error

    def _read(self, block):
        for before in block.directives:
            if before == "fresh":
                self._fresh()
            elif before == "Ctrl-C":
                self._end_daemons()
            elif before.startswith("first "):
                command = before.removeprefix("first ")
                if is_daemon(command):
                    self._start_daemon(command)
                else:
                    self._run(command, None, (), {0})
        steps = block.steps()
        visits, typed = block.said("browser"), block.said("types")
        status = {int(number) for number in (block.said("status") or ["0"])[0].split()}
        starts = any(is_daemon(command) for command, _ in steps)
        if visits and not starts:
            self._begin_visit(visits, typed)
        for place, (command, shown) in enumerate(steps):
            command = self._with(command, block.said("with") + ([] if self._device else block.said("on a socket"))).replace("/dev/hidraw3", self._node)
            if command == "^C":
                self._end_visit()
                self._end_daemons(1)
            elif is_daemon(command):
                self._end_visit()
                self._start_daemon(command)
                if visits and words_of(command)[1] == "run" and "--keyless" not in command:
                    self._begin_visit(visits, typed)
                if shown:
                    self._daemon.wait_for(lambda text, shown=shown: matches(shown, self._screen(text), whole=False), "to show\n" + "\n".join(shown), self._seconds)
            else:
                self._run(command, shown, () if visits else typed, status if place == len(steps) - 1 else {0})
        self._end_visit()

    def _with(self, command, replacements):
        for replacement in replacements:
            words, _, others = replacement.partition(" as ")
            assert words in command or replacement.count(" as ") == 1, replacement
            command = command.replace(words, others)
        return command

    def _screen(self, text):
        """As a reader would see it, who has a USB device and another home."""
        text = text.replace(f"unix:{self._runtime}/fauxkey/control.sock", "unix:CONTROL")
        text = re.sub(rf"(unix:)?{re.escape(self._runtime)}/[\w./-]*\.sock", "/dev/hidraw3", text)
        text = text.replace("unix:CONTROL", "unix:/run/user/1000/fauxkey/control.sock")
        return screen_lines(text.replace(self._runtime, "/run/user/1000").replace(self._home, "/home/alice"))

    # --- commands

    def _run(self, command, shown, typed, status):
        if typed:
            terminal = Terminal(["bash", "-ec", command], self._environment, self._work)
            for text in typed:
                terminal.answer(text.replace("\\n", "\n"), self._seconds)
            ended, text = terminal.wait(self._seconds), terminal.text
            terminal.kill()
        else:
            done = subprocess.run(["bash", "-ec", command], cwd=self._work, env=self._environment, text=True, stdin=subprocess.DEVNULL,
                                  stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=self._seconds, start_new_session=True, check=False)
            ended, text = done.returncode, done.stdout
        assert ended in status, f"{command} ends with status {ended}:\n{text}"
        lines = self._screen(text)
        if shown is None:
            return
        shown = [line for line in shown if line.strip()]
        assert matches(shown, lines, whole=True), f"{command} shows\n" + "\n".join(lines) + "\nand not\n" + "\n".join(shown)

    def _start_daemon(self, command):
        words = words_of(command)
        if is_key(words):
            self._end_daemons()
        variables = re.match(r"(\w+=('[^']*'|\S*) +)*", command)[0]
        self._daemons.append(Terminal(["bash", "-c", f"{variables}exec {command.removeprefix(variables)}"], self._environment, self._work))
        # keys first, then the control interface
        last = "control: " if words[1] == "run" and "--control none" not in command else ": "
        self._daemon.wait_for(lambda text: READY.search(text) and last in text, "to be ready", self._seconds)
        if ready := re.search(r"^ready: (\S+)", self._daemon.text, re.M):
            self._node = ready[1]

    @property
    def _daemon(self):
        return self._daemons[-1] if self._daemons else None

    def _end_daemons(self, most=None):
        """The newest first."""
        for _ in range(len(self._daemons) if most is None else min(most, len(self._daemons))):
            daemon = self._daemons.pop()
            status = daemon.interrupt(self._seconds)
            daemon.kill()
            assert status == 0, f"the daemon ended with status {status}:\n{daemon.text}"

    # --- the browser

    def _begin_visit(self, visits, typed):
        self._error = None
        self._visit = threading.Thread(target=self._visit_all, args=(visits,), daemon=True)
        self._visit.start()
        control = Control(f"unix:{self._runtime}/fauxkey/control.sock")
        deadline = time.monotonic() + self._seconds
        asked = bool(typed)
        while self._visit.is_alive() and time.monotonic() < deadline:
            if not asked and control.get("/v1/prompts")["prompts"]:
                return  # for the block to answer
            if asked and "Press y" in self._daemon.text:
                self._daemon.answer(typed[0].replace("\\n", "\n"), self._seconds)
                return
            time.sleep(0.02)

    def _visit_all(self, visits):
        try:
            for visit in visits:
                self._visit_one(visit)
        except Exception as error:  # pylint: disable=broad-except
            self._error = error

    def _visit_one(self, visit):
        address = self._node

        class Plugged:
            @staticmethod
            def fido2_device():
                return open_fido2_device(address)

        action, _, rp_id = visit.rpartition(" at ")
        known = self._sites.get(rp_id)
        site = Site(Plugged, rp_id, "1234" if self._key_has_pin() else None)
        site.accounts = known.accounts if known else []
        self._sites[rp_id] = site
        if action.startswith("registers "):
            site.register(action.removeprefix("registers "), resident_key_requirement="required")
        elif action == "logs in":
            site.log_in()
        elif action == "is refused":
            try:
                site.log_in()
            except Exception:  # pylint: disable=broad-except
                return
            raise AssertionError(f"{rp_id} let the browser in")
        else:
            raise AssertionError(f"a browser does not know how to: {visit}")

    def _key_has_pin(self):
        keys = Control(f"unix:{self._runtime}/fauxkey/control.sock").get("/v1/keys")["keys"]
        return any(key["pin"]["set"] for key in keys)

    def _end_visit(self):
        if self._visit:
            visit, self._visit = self._visit, None
            visit.join(self._seconds)
            assert not visit.is_alive(), "the browser still waits for the key"
            assert self._error is None, f"the browser: {self._error!r}"


def presets():
    return {preset["name"] for preset in json.loads((REPOSITORY / "CMakePresets.json").read_text())["configurePresets"]}
