"""Real shells complete fauxkey's commands, options and values, by the files that are installed."""

import os
import shutil
import subprocess
from pathlib import Path

import pytest
from person import AtTerminal

SCRIPTS = Path(__file__).parents[2] / "tools/completion"
FILES = {"bash": SCRIPTS / "fauxkey.bash", "zsh": SCRIPTS / "_fauxkey", "fish": SCRIPTS / "fauxkey.fish"}


@pytest.mark.parametrize("shell", FILES)
def test_the_files_are_what_the_program_makes(home, shell):
    made = home.run("completion", shell)
    assert made.returncode == 0, made.stderr
    assert FILES[shell].read_text() == made.stdout, f"make it anew: build/fauxkey completion {shell} >{FILES[shell]}"


@pytest.mark.parametrize("shell", FILES)
def test_the_shell_takes_its_file(shell):
    options = ["--no-execute"] if shell == "fish" else ["-n"]
    checked = subprocess.run([shell, *options, FILES[shell]], capture_output=True, text=True, check=False)
    assert checked.returncode == 0 and not checked.stderr, checked.stderr


def bash(home, line):
    """As bash calls it for the line's last word."""
    words = line.split(" ")
    script = f"""
        source {FILES['bash']}
        COMP_WORDS=("$@") COMP_CWORD=$(($# - 1))
        _fauxkey 2>/dev/null
        printf '%s\\n' "${{COMPREPLY[@]}}"
    """
    done = subprocess.run(
        ["bash", "-c", script, "bash", *words], capture_output=True, text=True, cwd=home.folder, check=True
    )
    return done.stdout.split()


def fish(home, line):
    done = subprocess.run(
        ["fish", "--no-config", "-c", "source $argv[1]; complete -C $argv[2]", FILES["fish"], line],
        capture_output=True,
        text=True,
        cwd=home.folder,
        env=home.environment(),
        check=True,
    )
    return [line.split("\t")[0] for line in done.stdout.splitlines()]


class Zsh:
    """Completion is the line editor's, so it needs a terminal."""

    def __init__(self, home):
        functions = home.folder / "functions"
        functions.mkdir()
        shutil.copy(FILES["zsh"], functions)
        self._terminal = AtTerminal(
            "zsh", "-f", "-i", environment=home.environment({"PS1": "% ", "TERM": "dumb"}), columns=250, folder=home.folder
        )
        self._say(
            f"fpath=({functions} $fpath); autoload -Uz compinit; compinit -u -D; unsetopt zle_bracketed_paste 2>/dev/null; "
            "zstyle ':completion:*' list-prompt ''; LISTMAX=1000; "
            "list_all() { print -r -- \"<$BUFFER>\"; compstate[insert]=; compstate[list]=; }; echo rea''dy",
            "ready",
        )

    def _say(self, text, until):
        self._terminal.type(text + "\n")
        self._terminal.read_until(until)
        self._terminal.read(0.2)

    def complete(self, line, until):
        """What the terminal shows after a tab."""
        self._terminal.shown = ""
        self._terminal.type(line + "\t\t")
        shown = self._terminal.read_until(until)
        shown = self._terminal.read(0.3)
        self._terminal.type("\x15")  # the line is gone
        self._terminal.read(0.1)
        return shown

    def close(self):
        self._terminal.close()


@pytest.fixture
def zsh(home):
    zsh = Zsh(home)
    yield zsh
    zsh.close()


@pytest.mark.parametrize("complete", [bash, fish])
class TestBashAndFish:
    def test_commands(self, home, complete):
        assert complete(home, "fauxkey ke") == ["keystore"]
        assert complete(home, "fauxkey keystore sn") == ["snapshot"]
        assert {"save", "restore", "fork", "list", "delete"} <= set(complete(home, "fauxkey keystore snapshot "))
        assert complete(home, "fauxkey -q cred") == ["credentials"]
        assert complete(home, "fauxkey help atte") == ["attestation"]

    def test_options_of_the_command_and_of_all(self, home, complete):
        assert complete(home, "fauxkey run --eph") == ["--ephemeral"]
        assert set(complete(home, "fauxkey run --trace")) == {"--trace", "--trace-secrets"}
        assert complete(home, "fauxkey keystore snapshot fork --t") == ["--to"]
        assert complete(home, "fauxkey status --col") == ["--color"]
        assert "--ephemeral" not in complete(home, "fauxkey status --")

    def test_values(self, home, complete):
        assert complete(home, "fauxkey run --approve au") == ["auto"]
        assert set(complete(home, "fauxkey run --approve ")) == {"ask", "auto", "deny", "remote"}
        assert complete(home, "fauxkey credentials export --format bit") == ["bitwarden"]
        assert complete(home, "fauxkey completion z") == ["zsh"]
        assert complete(home, "fauxkey --color al") == ["always"]
        assert complete(home, "fauxkey run --pin ") == []

    def test_files(self, home, complete):
        (home.folder / "backup.age").touch()
        assert complete(home, "fauxkey credentials import back") == ["backup.age"]
        assert complete(home, "fauxkey run --trace back") == ["backup.age"]


def test_bash_completes_at_its_prompt_with_bash_completion(home):
    terminal = AtTerminal(
        "bash", "--norc", "-i", environment=home.environment({"PS1": "$ ", "INPUTRC": "/dev/null"}), folder=home.folder
    )
    try:
        terminal.type(f". /usr/share/bash-completion/bash_completion; . {FILES['bash']}; echo rea''dy\n")
        terminal.read_until("ready")
        terminal.read(0.2)
        for typed, completed in [
            ("fauxkey ke\t", "fauxkey keystore "),
            ("fauxkey run --approve=au\t", "--approve=auto "),
            ("fauxkey run --unlock keyf\t", "--unlock keyfile:"),
        ]:
            terminal.shown = ""
            terminal.type(typed)
            terminal.read_until(completed)
            terminal.type("\x15")
    finally:
        terminal.close()


def test_zsh_completes_commands_options_and_values(home, zsh):
    (home.folder / "backup.age").touch()
    assert "keystore" in zsh.complete("fauxkey ke", "fauxkey keystore")
    shown = zsh.complete("fauxkey keystore snapshot ", "restore")
    assert {"save", "fork", "delete"} <= set(shown.split())
    zsh.complete("fauxkey run --eph", "--ephemeral")
    zsh.complete("fauxkey run --approve au", "--approve auto")
    zsh.complete("fauxkey run --approve=au", "--approve=auto")
    zsh.complete("fauxkey credentials import back", "backup.age")
    zsh.complete("fauxkey status --col", "--color")
