"""The Debian package: what is in it, and what becomes of a fresh Debian into which it is installed."""

import fcntl
import json
import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest
import yaml
from debian_tree import Containerfile, Tree

REPOSITORY = Path(__file__).parents[2]
CONTAINERFILE = REPOSITORY / "tools/Containerfile"
OLDER = "0.0.1"
USER_UNITS = "usr/lib/systemd/user"
INSTALL = "apt-get install -y --no-install-recommends"


def run(*command, **options):
    outcome = subprocess.run(command, capture_output=True, text=True, **options)
    assert outcome.returncode == 0, f"{' '.join(map(str, command))} ended with status {outcome.returncode}: {outcome.stdout}{outcome.stderr}"
    return outcome.stdout


def make_package(program, folder, version=None):
    """The package of the build folder that the program is in."""
    configuration = program.parent / "CPackConfig.cmake"
    assert configuration.exists(), f"{program} is in no build folder of CMake's"
    run("cpack", "--config", configuration, "-G", "DEB", "-B", folder, *(["-D", f"CPACK_PACKAGE_VERSION={version}"] if version else []))
    (made,) = folder.glob("fauxkey_*.deb")
    return made


@pytest.fixture(scope="session")
def program(request):
    return Path(request.config.getoption("--fauxkey")).absolute()


@pytest.fixture(scope="session")
def package(program, tmp_path_factory, worker_id):
    """Made once for all processes that run tests."""
    base = tmp_path_factory.getbasetemp()
    folder = (base if worker_id == "master" else base.parent) / "package"
    with open(f"{folder}.lock", "w", encoding="ascii") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        made = list(folder.glob("fauxkey_*.deb"))
        return made[0] if made else make_package(program, folder)


@pytest.fixture(scope="session")
def unpacked(package, tmp_path_factory):
    folder = tmp_path_factory.mktemp("unpacked")
    run("dpkg-deb", "-x", package, folder)
    return folder


def field(package, name):
    return run("dpkg-deb", "-f", package, name).strip()


# --- what is in it


def test_the_package_has_program_rules_units_and_documents(unpacked):
    expected = [
        "usr/bin/fauxkey", "usr/lib/udev/rules.d/70-fauxkey.rules", "usr/lib/modules-load.d/fauxkey.conf",
        f"{USER_UNITS}/fauxkey.service", f"{USER_UNITS}/fauxkey.socket", "usr/share/fauxkey/limits.d/fauxkey.conf",
        "usr/share/doc/fauxkey/copyright", "usr/share/doc/fauxkey/changelog.Debian.gz", "usr/share/doc/fauxkey/README.md",
    ]  # fmt: skip
    expected += [f"usr/share/man/man{page.suffix[1:]}/{page.name}.gz" for page in REPOSITORY.glob("docs/man/*.[157]")]
    expected += [f"usr/share/doc/fauxkey/docs/{document.name}" for document in REPOSITORY.glob("docs/*.md")]
    completions = {"fauxkey.bash": "bash-completion/completions/fauxkey", "_fauxkey": "zsh/vendor-completions/_fauxkey",
                   "fauxkey.fish": "fish/vendor_completions.d/fauxkey.fish"}  # fmt: skip
    expected += [f"usr/share/{place}" for name, place in completions.items() if (REPOSITORY / "tools/completion" / name).exists()]
    assert [path for path in expected if not (unpacked / path).is_file()] == []


def test_the_package_has_nothing_else(unpacked):
    allowed = re.compile(
        r"usr/(bin/fauxkey|lib/(udev/rules\.d|modules-load\.d|systemd/user)/[\w.-]*fauxkey\.\w+|share/(man/man[157]/[\w.-]+\.gz"
        r"|(doc/fauxkey|fauxkey)/.+|lintian/overrides/fauxkey|(bash-completion/completions|zsh/vendor-completions|fish/vendor_completions\.d)/[\w.]+))"
    )
    files = [str(path.relative_to(unpacked)) for path in unpacked.rglob("*") if not path.is_dir()]
    assert [path for path in files if not allowed.fullmatch(path)] == []


def test_all_of_it_is_roots_and_nobody_elses_to_write(package):
    entries = [line.split() for line in run("dpkg-deb", "-c", package).splitlines()]
    assert {owner for _, owner, *_ in entries} == {"root/root"}
    assert {mode for mode, *_ in entries} == {"drwxr-xr-x", "-rw-r--r--", "-rwxr-xr-x"}
    assert [entry[5] for entry in entries if entry[0] == "-rwxr-xr-x"] == ["./usr/bin/fauxkey"]


def test_the_program_is_stripped_and_runs(unpacked):
    program = unpacked / "usr/bin/fauxkey"
    assert ".debug_info" not in run("readelf", "--section-headers", "--wide", program)
    assert run(program, "version").startswith("fauxkey ")


def test_its_control_file_names_what_it_needs(package):
    depends, recommends = field(package, "Depends"), field(package, "Recommends")
    for library in ("libsodium", "libsqlite3", "libcbor", "libmicrohttpd", "libcurl", "libsystemd", "libc6"):
        assert library in depends
    assert "pinentry" in recommends and "notification-daemon" in recommends
    assert field(package, "Section") and field(package, "Maintainer")


def test_the_changelog_is_of_the_packages_version(package, unpacked):
    log = run("zcat", unpacked / "usr/share/doc/fauxkey/changelog.Debian.gz")
    assert log.startswith(f"fauxkey ({field(package, 'Version')}) ")


def test_the_units_are_what_systemd_takes(unpacked, tmp_path):
    program = unpacked / "usr/bin/fauxkey"
    for unit in (unpacked / USER_UNITS).iterdir():
        (tmp_path / unit.name).write_text(unit.read_text().replace("ExecStart=fauxkey ", f"ExecStart={program} "))
    said = subprocess.run(["systemd-analyze", "--user", "--man=no", "verify", *tmp_path.iterdir()], capture_output=True, text=True,
                          env={**os.environ, "XDG_RUNTIME_DIR": str(tmp_path)})  # fmt: skip
    assert (said.returncode, said.stdout + said.stderr) == (0, "")


def test_the_maintainer_scripts_are_what_sh_takes(package, tmp_path):
    run("dpkg-deb", "-e", package, tmp_path)
    for name in ("postinst", "postrm"):
        script = tmp_path / name
        assert script.read_text().startswith("#!/bin/sh\n") and os.access(script, os.X_OK)
        run("sh", "-n", script)


# --- what the documents show


def workflow_steps():
    for block in re.findall(r"^```yaml\n(.*?)^```", (REPOSITORY / "docs/ci.md").read_text(), re.MULTILINE | re.DOTALL):
        content = yaml.safe_load(block)
        yield from content["jobs"]["test"]["steps"] if isinstance(content, dict) else content


def test_the_workflow_has_the_steps_that_it_needs():
    whole = "\n".join(step.get("run", "") for step in workflow_steps())
    for needed in ("modprobe uhid", "fauxkey doctor", "apt-get install", "pytest"):
        assert needed in whole
    assert any(step.get("uses", "").startswith("actions/checkout@") for step in workflow_steps())


@pytest.mark.parametrize("document", ["ci.md", "containers.md", "install.md"])
def test_the_files_and_commands_of_the_documents_exist(program, document):
    text = (REPOSITORY / "docs" / document).read_text()
    for path in re.findall(r"(?<![\w/-])(?:fauxkey/)?((?:tools|clients|udev|tests/e2e)/[\w./-]*\w)", text):
        assert (REPOSITORY / path).exists(), f"there is no {path}"
    code = "\n".join([*re.findall(r"`([^`\n]+)`", text), *re.findall(r"^ *```\w+\n(.*?)^ *```", text, re.MULTILINE | re.DOTALL)])
    commands = {words[1] for words in map(str.split, re.findall(r"(?:^ *|sudo |run: )(fauxkey [a-z]+)", code, re.MULTILINE))}
    assert commands
    for command in commands:
        run(program, "help", command)
    presets = json.loads((REPOSITORY / "CMakePresets.json").read_text())
    for tool, kind in (("cmake", "configurePresets"), ("cmake --build", "buildPresets"), ("cpack", "packagePresets")):
        for preset in re.findall(rf"^{tool} --preset (\w+)", text, re.MULTILINE):
            assert preset in [each["name"] for each in presets[kind]]


def test_each_command_of_the_workflow_is_what_bash_takes():
    for step in workflow_steps():
        if "run" in step:
            run("bash", "-n", "-c", step["run"])


def test_the_containerfile_copies_all_that_the_build_reads():
    copied = [source for stage in Containerfile(CONTAINERFILE).stages()[:1] for word, rest in stage if word == "COPY" for source in rest.split()[:-1]]
    assert all((REPOSITORY / source).exists() for source in copied)
    assert {"CMakeLists.txt", "CMakePresets.json", "src", "include", "keystore", "udev", "docs", "tools"} <= set(copied)


# --- fresh trees


@pytest.mark.fresh_tree
def test_lintian_has_nothing_to_say(package):
    run("lintian", "--allow-root", "--fail-on", "error,warning", package)


def host_suite():
    return re.search(r"^VERSION_CODENAME=(\w+)", Path("/etc/os-release").read_text(), re.MULTILINE)[1]


@pytest.fixture
def trees():
    if os.geteuid() != 0:
        pytest.skip("only root can make a Debian tree")
    folder = REPOSITORY / "build/trees"
    made = []

    def make(suite, purpose, copy_of=None):
        path = folder / f"{suite}-{purpose}"
        shutil.rmtree(path, ignore_errors=True)
        folder.mkdir(parents=True, exist_ok=True)
        made.append(path)
        return Tree(str(path), suite, copy_of)

    yield make
    for path in made:
        shutil.rmtree(path, ignore_errors=True)


def packages_of(suite, trees, program, clean, folder):
    """An older package and this one: of the build under test where it is this suite's, else built in there as tools/Containerfile says."""
    if suite == host_suite():
        return make_package(program, folder / "older", OLDER), make_package(program, folder / "new"), None
    tree = trees(suite, "build", copy_of=clean)
    Containerfile(CONTAINERFILE).build(0, tree, REPOSITORY)
    tree.run(f"cpack --config build/CPackConfig.cmake -G DEB -B /older -D CPACK_PACKAGE_VERSION={OLDER}", "/src")
    (older,), (new,) = tree.files("/older/fauxkey_*.deb"), tree.files("/src/build/fauxkey_*.deb")
    return Path(older), Path(new), tree


def put(tree, package):
    tree.put(package, f"/{package.name}")
    return f"./{package.name}"


def names_of_ours(tree):
    """What is in the tree's file system by our name, but for what users have."""
    return tree.run("find / -xdev ( -path /proc -o -path /home -o -path /var/log ) -prune -o -name '*fauxkey*' -print".replace("(", r"\(").replace(")", r"\)"))


@pytest.mark.fresh_tree
@pytest.mark.timeout(3600)
@pytest.mark.parametrize("suite", ["trixie", "bookworm"])
def test_a_fresh_debian_takes_it_upgrades_it_and_lets_it_go(suite, trees, program, tmp_path):
    clean = trees(suite, "clean")
    older, new, built = packages_of(suite, trees, program, clean, tmp_path)
    tree = trees(suite, "installed", copy_of=clean)
    tree.run("apt-get update")
    tree.run("useradd --create-home newcomer")

    # what it recommends can be had
    simulated = tree.run(f"apt-get install -s --install-recommends {put(tree, new)}")
    assert "Inst dunst" in simulated and "Inst pinentry-curses" in simulated

    # an older one, and what its user then has
    tree.run(f"{INSTALL} {put(tree, older)}")
    assert OLDER in tree.run("dpkg-query -W fauxkey")
    as_user = {"user": "newcomer", "HOME": "/home/newcomer"}
    root = tree.run("fauxkey attestation root", **as_user)
    tree.run("mkdir -p .config/systemd/user/fauxkey.service.d && echo '[Service]' > .config/systemd/user/fauxkey.service.d/mine.conf", "/home/newcomer", "newcomer")

    # this one
    tree.run(f"{INSTALL} ./{new.name}")
    assert tree.run("dpkg-query -W -f '${Version} ${Status}' fauxkey") == f"{field(new, 'Version')} install ok installed"
    assert tree.run("dpkg --verify fauxkey") == ""
    assert tree.run("fauxkey version", **as_user).startswith("fauxkey ")
    assert tree.run("fauxkey attestation root", **as_user) == root, "the keystore is another"
    assert "uhid" in tree.run("fauxkey doctor", status=77, **as_user)

    # and none
    tree.run("apt-get remove -y fauxkey")
    assert not os.path.exists(tree.path("/usr/bin/fauxkey"))
    assert "keystores stay" in tree.run("apt-get purge -y fauxkey")
    tree.run(f"rm /{older.name} /{new.name}")
    assert names_of_ours(tree) == "", names_of_ours(tree)
    for kept in (".local/share/fauxkey/keystore.db", ".config/fauxkey/unlock.key", ".config/systemd/user/fauxkey.service.d/mine.conf"):
        assert os.path.exists(tree.path(f"/home/newcomer/{kept}")), f"~/{kept} is gone"

    # as tools/Containerfile installs it
    if built:
        tree.run("deluser newcomer || userdel newcomer")
        user, environment = Containerfile(CONTAINERFILE).build(1, tree, REPOSITORY, built)
        assert tree.run("fauxkey version", user=user, **environment).startswith("fauxkey ")
        ended = tree.run("fauxkey run --ephemeral --approve auto", user=user, status=77, **environment)
        assert "uhid" in ended
