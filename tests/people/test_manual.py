"""The manual pages are well-formed, and name what the program knows: neither less nor more."""

import re
import subprocess
from pathlib import Path

import pytest

PAGES = Path(__file__).parents[2] / "docs/man"


def options_in(help_text):
    """Of a list as --help-all prints it."""
    return set(re.findall(r"^  (?:-\w, )?--([a-z-]+)", help_text, re.MULTILINE))


def options_of_page(name):
    """Those that have an entry of their own."""
    return set(re.findall(r"^\.It Fl (?:\w , Fl )?-([a-z-]+)", (PAGES / name).read_text(), re.MULTILINE))


@pytest.mark.parametrize("page", sorted(PAGES.iterdir()), ids=lambda page: page.name)
def test_mandoc_has_nothing_to_say_of_a_page(page):
    said = subprocess.run(["mandoc", "-T", "lint", page], capture_output=True, text=True, check=False)
    # What other pages this machine has is none of this page's affairs.
    remarks = [line for line in (said.stdout + said.stderr).splitlines() if not re.search("mandoc.db|referenced manual not found", line)]
    assert not remarks


@pytest.mark.parametrize("page", sorted(PAGES.iterdir()), ids=lambda page: page.name)
def test_the_pages_that_a_page_refers_to_are_there(page):
    own = set(re.findall(r"^\.Xr (fauxkey\S*) (\d)", page.read_text(), re.MULTILINE))
    assert {f"{name}.{section}" for name, section in own} <= {other.name for other in PAGES.iterdir()}


def test_each_option_of_run_is_in_its_page_and_each_of_the_page_in_run(home):
    own, common = home.run("run", "--help-all").stdout.split("Options of every command:")
    assert options_of_page("fauxkey-run.1") == options_in(own)
    assert {"config", "color", "help"} <= options_in(common)


def test_each_option_of_every_command_is_in_the_programs_page(home):
    common = home.run("run", "--help-all").stdout.split("Options of every command:")[1]
    keystore = {"store", "unlock"}
    assert options_of_page("fauxkey.1") == options_in(common) | keystore


def entries():
    """The commands that fauxkey(1) describes, each with its entry's text."""
    found = {}
    for entry in re.split(r"^\.It ", (PAGES / "fauxkey.1").read_text(), flags=re.MULTILINE)[1:]:
        command = re.match(r"(?:Xo\n\.)?Cm ([a-z-]+(?: [a-z-]+)*)", entry)
        if command:
            found[re.split(r" (?:Op|Oo|Ar|Fl|Cm)\b", command[1])[0]] = entry
    return found


def commands(home):
    listed = home.run("--help-all").stdout.split("Commands:\n")[1].split("\nOptions:")[0]
    return set(re.findall(r"^  ([a-z-]+(?: [a-z-]+)*)", listed, re.MULTILINE))


def test_each_command_is_in_the_programs_page_and_each_of_the_page_in_the_program(home):
    assert set(entries()) == commands(home)


def test_each_option_of_a_command_is_in_its_entry(home):
    shared = {"store", "unlock"} | options_of_page("fauxkey-run.1")
    missing = {}
    for command, entry in entries().items():
        if command in ("run", "help"):
            continue
        own = home.run("help", *command.split()).stdout + home.run(*command.split(), "--help-all").stdout
        own = options_in(own.split("Options of every command:")[0])
        named = set(re.findall(r"Fl -([a-z-]+)", entry))
        if own - shared - named:
            missing[command] = own - shared - named
        assert named <= own | shared, f"{command} has no option {named - own}"
    assert not missing


def test_each_key_of_the_configuration_file_is_in_its_page(home):
    printed = home.run("run", "--no-config", "--print-config").stdout
    keys = set(re.findall(r"^#?([a-z-]+) = ", printed, re.MULTILINE))
    page = (PAGES / "fauxkey.toml.5").read_text()
    assert keys == set(re.findall(r"^\.It Cm ([a-z-]+)", page, re.MULTILINE))
