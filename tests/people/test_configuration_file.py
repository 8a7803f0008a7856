"""fauxkey.toml: each option of run, what wins over what, and errors that say where they are."""

import os
import re
import tomllib

import pytest


@pytest.fixture
def write(home):
    def write(text, name=".config/fauxkey/fauxkey.toml", mode=0o600):
        path = home.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
        path.chmod(mode)
        return path

    return write


def effective(home, *options, status=0, environment=None):
    """What run would do, as it prints it."""
    done = home.run("run", *options, "--print-config", environment=environment)
    assert done.returncode == status, done.stderr
    return tomllib.loads(done.stdout)


def refused(home, *options):
    done = home.run("run", *options)
    assert done.returncode == 2, done.stderr
    return done.stderr


def keys(home):
    return re.findall(r"^#([a-z-]+) = (.*)$", home.run("run", "--no-config", "--print-config").stdout, re.MULTILINE)


def values(home):
    """Of each key one that is not its default, from what the program says of it."""
    choice = {"uv": '"fingerprint"', "approve": '"auto"', "ctap": '"2.1"', "attestation": '"self"', "large-blobs": '"extension"'}
    text = {"persona": '"solo-2"', "aaguid": '"01234567-89ab-4cde-8f01-23456789abcd"', "algorithms": '["ES256"]', "prompt": '["terminal", "notification"]', "enterprise-attestation": '["a.example", "b.example"]', "fault": '["{}"]'}
    number = {"presence-timeout": "60", "packet-timeout": "1000"}
    return {key: {**choice, **text, **number}.get(key, placeholder) for key, placeholder in keys(home)}


def test_each_option_of_run_can_stand_in_the_file(home, write):
    listed = home.run("run", "--help-all").stdout.split("Options of every command:")[0]
    options = set(re.findall(r"^  (?:-\w, )?--([a-z-]+)", listed, re.MULTILINE)) - {"print-config"}
    assert {key for key, _ in keys(home)} == options
    for key, value in values(home).items():
        write(f"{key} = {value}\n")
        if key in ("pin", "seed"):
            assert f'{key} = ' not in home.run("run", "--print-config").stdout.replace(f"#{key}", "")
        else:
            assert effective(home) == tomllib.loads(f"{key} = {value}\n"), key


def test_what_is_printed_is_read_as_the_same(home, write):
    everything = "".join(f"{key} = {value}\n" for key, value in values(home).items())
    write(everything)
    printed = home.run("run", "--print-config").stdout
    other = write(printed, name="other.toml")
    assert home.run("run", "--config", other, "--print-config").stdout == re.sub(
        r"# \(It is set.*\)", lambda _: _[0], printed
    ) or effective(home, "--config", other) == tomllib.loads(printed)


def test_texts_keep_what_needs_quoting(home, write):
    text = 'a "b" \\ c\t\u00e9\u202e\u0007'
    write(f"store = '''{text}'''\n".replace("\u0007", ""))
    assert effective(home)["store"] == text.replace("\u0007", "")


def test_the_command_line_wins(home, write):
    write('approve = "auto"\ntransport = ["unix:/a", "unix:/b"]\nuvm = true\nctap = "2.1"\n')
    own = effective(home, "--approve", "deny", "--transport", "unix:/c", "--uvm=false")
    assert own == {"approve": "deny", "transport": ["unix:/c"], "uvm": False, "ctap": "2.1"}


def test_an_option_of_the_line_has_those_ignored_that_it_makes_meaningless(home, write):
    write('store = "/a.db"\nunlock = "ask"\n')
    assert effective(home, "--ephemeral") == {"ephemeral": True}
    write("ephemeral = true\nseed = 3\n")
    assert effective(home, "--store", "/b.db") == {"store": "/b.db"}


def test_the_user_s_file_comes_before_the_machine_s_and_a_named_one_before_both(home, write):
    write('ctap = "2.1"\n')
    other = write('ctap = "2.0"\n', name="other.toml")
    assert effective(home) == {"ctap": "2.1"}
    assert effective(home, environment={"XDG_CONFIG_HOME": str(home.folder / "none")}) == {}
    assert effective(home, "--config", str(other)) == {"ctap": "2.0"}
    assert effective(home, "--no-config") == {}
    done = home.run("run", "--print-config")
    assert str(home.folder / ".config/fauxkey/fauxkey.toml") in done.stderr, "it does not say what it read"


@pytest.mark.parametrize(
    ("text", "line", "said"),
    [
        ('approve = "auto"\n\nstroe = "/x"\n', 3, "there is no option stroe; is store meant?"),
        ("always_uv = true\n", 1, "is always-uv meant?"),
        ("\n[run]\nuvm = true\n", 2, "there is no option run"),
        ('ephemeral = "yes"\n', 1, "ephemeral takes true or false"),
        ("store = 5\n", 1, "store takes a text in quotes"),
        ("store = true\n", 1, "store takes a text in quotes"),
        ('seed = "1"\n', 1, "seed takes a whole number"),
        ("seed = -1\n", 1, "seed takes a whole number"),
        ("transport = [1]\n", 1, "transport takes a text in quotes, or a list"),
        ("transport = []\n", 1, "empty list"),
        ('approve = ["auto"]\n', 1, "approve takes a text in quotes"),
        ('uvm = true\napprove = "maybe"\n', 2, "approve takes ask, auto, deny or remote, and not maybe"),
        ('algorithms = "RS1"\n', 1, "there is no algorithm RS1"),
        ("print-config = true\n", 1, "there is no option print-config"),
        ("uvm = true\nuvm = true\n", 2, "no TOML"),
        ("uvm = tru\n", 1, "no TOML"),
        ('store = "\udcff"\n', 1, "no TOML"),
        ("a = " + "[" * 5000, 1, "no TOML"),
    ],
)
def test_an_error_names_the_file_and_the_line(home, write, text, line, said):
    path = write("")
    path.write_bytes(text.encode("utf-8", "surrogateescape"))
    sentence = refused(home)
    assert sentence.startswith(f"fauxkey: {path}:{line}: ")
    assert said in sentence
    assert sentence.count("\n") == 1


@pytest.mark.parametrize("secret", ['pin = "1234"', "seed = 7"])
def test_a_secret_is_refused_in_a_file_that_others_can_read(home, write, secret):
    path = write(f"ephemeral = true\n{secret}\n", mode=0o640)
    sentence = refused(home)
    assert f"{path}:2: " in sentence
    assert "chmod 600" in sentence
    path.chmod(0o600)
    printed = home.run("run", "--print-config")
    assert printed.returncode == 0, printed.stderr
    assert "1234" not in printed.stdout
    assert "seed = 7" not in printed.stdout


def test_files_that_are_none_are_refused_in_time(home):
    os.mkfifo(home.folder / "pipe")
    for path in ("/dev/zero", str(home.folder / "pipe"), str(home.folder), str(home.folder / "none.toml")):
        assert "configuration file" in refused(home, "--config", path)
    assert effective(home, "--config", "/dev/null") == {}


def test_what_does_not_go_together_names_the_file_too(home, write):
    path = write('pin = "1234"\n')
    sentence = refused(home, "--transport", "unix:key.sock")
    assert "--pin is for --ephemeral keys only" in sentence
    assert str(path) in sentence


def test_other_commands_find_the_keystore_by_the_file(home, write):
    store, key = home.folder / "s/keystore.db", home.folder / "s/unlock.key"
    write(f'store = "{store}"\nunlock = "keyfile:{key}"\nephemeral = false\n')
    assert home.run("attestation", "root").returncode == 0
    assert store.exists() and key.exists()
    assert str(store) in home.run("keystore", "info").stdout
    elsewhere = home.run("keystore", "info", "--no-config")
    assert elsewhere.returncode == 1 and str(store) not in elsewhere.stderr
    write("nonsense = 1\n")
    assert home.run("keystore", "info").returncode == 2


def test_a_key_of_the_file_s_kind_runs(request, starter):
    folder = starter.folder()
    path = os.path.join(folder, "config", "fauxkey")
    os.makedirs(path)
    with open(os.path.join(path, "fauxkey.toml"), "w", encoding="utf-8") as file:
        file.write('ctap = "2.0"\nalgorithms = ["EdDSA"]\n')
    key = starter.start(folder=folder)
    assert "Algorithms: EdDSA." in key.log_tail()
    assert path in key.log_tail()
