"""Each command that a document shows is run, or named as some other test's, and does what is shown there; code that it shows is some."""

import json
import os
import re
import shlex
import shutil
import subprocess
from functools import cache
from pathlib import Path

import pytest
from documents import DOCUMENTS, REPOSITORY, RUN, SHOWN, Reader, blocks, presets, shell_takes, words_of

each_document = pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: str(path.relative_to(REPOSITORY)))

UNKNOWN = "--an-option-that-is-none"
# Options in running text that are other programs' than fauxkey and the repository's tools.
OF_OTHERS = {"--build-arg", "--device", "--device-cgroup-rule", "--fido2-device", "--group-add", "--init", "--install", "--now", "--prefix", "--preset", "--privileged",
             "--target", "--unix-socket", "--user", "--userns"}


@pytest.fixture
def fauxkey(request):
    return os.path.abspath(request.config.getoption("--fauxkey"))


@pytest.fixture
def reader(fauxkey):
    reader = Reader(fauxkey)
    yield reader
    reader.close()


@each_document
def test_commands_do_what_is_shown(document, reader):
    for block in blocks(document):
        if block.language in RUN and not block.run_by and not block.not_run:
            reader.read(block)


@pytest.mark.parametrize("block", ["```console\n$ echo one\ntwo\n```", "```console\n$ echo one\n```", "```console\n$ fauxkey version\n…\n$ false\n```",
                                   "```sh\nfauxkey run --no-such-option\n```", "```console\n$ fauxkey run --ephemeral\n…\nready: nowhere\n```"])
def test_a_page_that_shows_what_does_not_come_is_noticed(tmp_path, fauxkey, block):
    page = tmp_path / "page.md"
    page.write_text(f"# A page\n\n{block}\n")
    reader = Reader(fauxkey, seconds=3)
    try:
        with pytest.raises(AssertionError, match="page.md:3"):
            for one in blocks(page):
                reader.read(one)
    finally:
        reader.close()


@each_document
def test_commands_that_are_not_run_here_are_run_elsewhere_or_at_least_in_order(document, fauxkey):
    for block in blocks(document):
        if block.language not in RUN or not (block.run_by or block.not_run):
            continue
        if block.run_by:
            test = REPOSITORY / block.run_by
            assert test.is_file(), f"{block}: there is no {block.run_by}"
            assert document.name in test.read_text(), f"{block}: {block.run_by} does not say that it runs what {document.name} shows"
        for command in block.commands():
            look_at(command, fauxkey, str(block))


@each_document
def test_all_that_is_shown_is_in_a_fence_that_says_what_it_is(document):
    fenced = [line for block in blocks(document) for line in range(block.line, block.line + block.text.count("\n") + 3)]
    for block in blocks(document):
        assert block.language in (*RUN, *SHOWN), f"{block}: a fence is one of {', '.join((*RUN, *SHOWN))}"
    lines = document.read_text().splitlines()
    for number, line in enumerate(lines, 1):
        indented = line.startswith(("    ", "\t")) and not lines[number - 2].strip()
        assert number in fenced or not indented, f"{document.name}:{number}: put this into a fence (```sh, ```console, ```text …)"


@each_document
def test_code_and_data_are_well_formed(document):
    for block in blocks(document):
        try:
            if block.language == "python":
                compile(block.text, str(block), "exec", flags=0x2000)  # ast.PyCF_ALLOW_TOP_LEVEL_AWAIT
            elif block.language == "json":
                json.loads(block.text)
        except (SyntaxError, ValueError) as error:
            raise AssertionError(f"{block}: {error}") from error


@each_document
def test_options_in_running_text_exist(document, fauxkey):
    text = re.sub(r"^ *```.*?^ *```", "", document.read_text(), flags=re.MULTILINE | re.DOTALL)
    for span in re.findall(r"`([^`\n]+)`", text):
        words = span.split()
        if words[0] in ("fauxkey", "build/fauxkey") and len(words) > 1 and words[1].islower():
            unknown = set(options_in(words)) - options_of(fauxkey, tuple(words[1:]))
            assert not unknown, f"{document.name}: {span}: there is no {', '.join(unknown)}"
        elif words[0].startswith("tools/") and (REPOSITORY / words[0]).is_file():
            look_at(span, fauxkey, document.name)
        elif words[0].startswith("--"):
            unknown = set(options_in(words)) - all_options(fauxkey) - OF_OTHERS
            assert not unknown, f"{document.name}: no program here has {', '.join(unknown)}"


@each_document
def test_files_that_are_named_exist(document):
    text = re.sub(r"^ *```.*?^ *```", "", document.read_text(), flags=re.MULTILINE | re.DOTALL)
    named = re.findall(r"(?<![\w/.(-])((?:src|tests|keystore|include|clients|tools|udev|docs)/[\w./-]*\w)(?![\w…*-])", text)
    lost = {path for path in named if "NAME" not in path and not (REPOSITORY / path).exists()}
    assert not lost


def test_the_map_of_folders_is_that_of_the_repository():
    """Each of the table is there; each folder with sources is in the table, by itself or with the one around it."""
    rows = re.findall(r"^\| `([\w/]+)/` \|", (REPOSITORY / "README.md").read_text(), re.MULTILINE)
    assert len(rows) > 15 and all((REPOSITORY / row).is_dir() for row in rows), [row for row in rows if not (REPOSITORY / row).is_dir()]
    listed = subprocess.run(["git", "ls-files"], cwd=REPOSITORY, capture_output=True, text=True, check=True).stdout.split()
    folders = {name.split("/")[0] for name in listed if "/" in name and not name.startswith(".")} - {"src", "include"}
    folders |= {"/".join(name.split("/")[:2]) for name in listed if name.startswith("src/")}
    assert folders <= set(rows), folders - set(rows)


# --- what is looked at


def options_in(words):
    return [word.partition("=")[0] for word in words if re.fullmatch(r"--[a-z][\w-]*(=.*)?", word)]


def look_at(command, fauxkey, where):
    """All that can be said of a command that is not run."""
    assert shell_takes(command), f"{where}: no shell takes {command}"
    simple = []
    for word in [*words_of(command), ";"]:
        if re.fullmatch(r"[;&|<>()]+", word):
            if simple:
                look_at_simple(simple, fauxkey, where)
            simple = []
        else:
            simple.append(word)


def look_at_simple(words, fauxkey, where):
    program = words[0]
    if program == "sudo":
        return look_at_simple(words[1:], fauxkey, where)
    if os.path.basename(program) == "fauxkey":
        done = subprocess.run([fauxkey, *words[1:], UNKNOWN], capture_output=True, text=True, check=False, stdin=subprocess.DEVNULL)
        others = set(options_in(shlex.split(done.stderr.replace("'", " ").replace('"', " ")))) - {UNKNOWN}
        assert done.returncode == 2 and UNKNOWN in done.stderr and not others, f"{where}: {' '.join(words)}: {done.stderr}"
    elif program.startswith(("tools/", "tests/")):
        tool = REPOSITORY / program
        assert os.access(tool, os.X_OK), f"{where}: there is no {program}"
        text = tool.read_text()
        for word in words[1:]:
            assert re.search(rf"(?<![\w-]){re.escape(word)}(?![\w-])", text) or (tool.parent / "suites" / word).exists(), f"{where}: {program} knows no {word}"
    for option, name in zip(words, words[1:]):
        assert option != "--preset" or name in presets(), f"{where}: there is no preset {name}"
    for word in words[1:]:
        if re.match(r"(udev|docs|src|tests|tools|clients)/\w", word):
            assert list(REPOSITORY.glob(word)), f"{where}: there is no {word}"


@cache
def help_of(fauxkey, path):
    """All of it; empty where there is no such command."""
    for words in ([*path, "--help-all"], ["help", *path]):
        done = subprocess.run([fauxkey, *words], capture_output=True, text=True, check=False, stdin=subprocess.DEVNULL)
        if done.returncode == 0:
            return done.stdout
    return ""


def options_of(fauxkey, words):
    """Those of the command that the words name, and of the program."""
    path = []
    for word in words:
        if not re.fullmatch(r"[a-z][a-z-]*", word) or not help_of(fauxkey, (*path, word)):
            break
        path.append(word)
    return set(re.findall(r"(?<![\w-])--[a-z][\w-]*", help_of(fauxkey, tuple(path)) + help_of(fauxkey, ())))


@cache
def all_options(fauxkey):
    """Of every command, and of the repository's tools."""
    options, seen, todo = set(), set(), [()]
    while todo:
        path = todo.pop()
        text = help_of(fauxkey, path)
        options |= set(re.findall(r"(?<![\w-])--[a-z][\w-]*", text))
        for name in re.findall(r"^ +([a-z][a-z -]*?) {2,}", text, re.MULTILINE):
            further = (*path, *name.split())
            if further not in seen and len(further) <= 3 and help_of(fauxkey, further):
                seen.add(further)
                todo.append(further)
    for tool in ("test", "run", "demo/serve"):
        options |= set(re.findall(r"(?<![\w-])--[a-z][\w-]*", (REPOSITORY / "tools" / tool).read_text()))
    return options
