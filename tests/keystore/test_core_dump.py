"""What is secret stays out of a picture of the running key's memory, and nobody but root gets to take one.

A key with a PIN registers, verifies and signs; root takes a core dump (gcore) of it, in which the test looks for every
secret of that key, which it knows from the keystore once the key has ended.
"""

import os
import secrets
import shutil
import signal
import subprocess
from hashlib import sha256

import pytest
from ctap2 import GA, MC, OK, Platform, get_assertion, make_credential, params

pytestmark = [
    pytest.mark.native,
    pytest.mark.skipif(shutil.which("gdb") is None, reason="gdb is not installed"),
]

PIN = "Zv9ρ-pin-that-stands-nowhere"
RP_ID = "example.com"
NOBODY = 65534


def gcore_command(pid, path, settings=()):
    """What gcore(1) does, which is a script around it."""
    command = ["gdb", "--batch", "-nx"]
    for line in ("set debuginfod enabled off", *settings, f"attach {pid}", f"generate-core-file {path}"):
        command += ["-ex", line]
    return command


def gcore(pid, path, settings=()):
    return subprocess.run(
        gcore_command(pid, path, settings), capture_output=True, text=True, timeout=300, check=False
    )


def use(key):
    """Registers and logs in by every way that touches a secret."""
    platform = Platform(key.channel(), 2)
    assert platform.set_pin(PIN) == OK
    tokens = []
    for algorithm in (-7, -8, -35, -36, -257, -47):
        for rk in (True, False):
            token = platform.token(PIN, MC, RP_ID)
            made = make_credential(
                platform.channel,
                RP_ID,
                user={"id": secrets.token_bytes(16), "name": "alice"},
                options={"rk": rk},
                key_params=params(algorithm),
                extensions={"hmac-secret": True},
                **platform.authorization(token),
            )
            token = platform.token(PIN, GA, RP_ID)
            salt = secrets.token_bytes(32)
            extensions, decrypt = platform.hmac_secret(salt)
            assertion = get_assertion(
                platform.channel,
                RP_ID,
                allow_list=[made.descriptor],
                extensions=extensions,
                **platform.authorization(token),
            )
            assert decrypt(assertion.auth_data.extensions["hmac-secret"])
            tokens.append(token)
    assert platform.request_token("wrong PIN")[0] != OK
    return tokens


def secrets_of(key, unlock):
    """Of the ended key's keystore."""
    program = os.path.join(os.path.dirname(key._program), "tests/fauxkey_keystore_secrets")
    lines = subprocess.run(
        [program, key.store_path, unlock], env=key.environment({"FAUXKEY_TEST_PASSPHRASE": PASSPHRASE}),
        capture_output=True, text=True, check=True,
    ).stdout.splitlines()  # fmt: skip
    found = [(name, bytes.fromhex(value)) for name, value in (line.split(" ") for line in lines)]
    assert {"master-key", "unlock-secret", "private-key", "cred-random-with-uv", "record-2"} <= {name for name, _ in found}
    return found


PASSPHRASE = "passphrase-" + secrets.token_hex(12)


def needles(name, secret):
    """The secret, and pieces of it, in the byte orders in which libraries keep numbers."""
    pieces = [secret] if len(secret) < 32 else [secret[at : at + 16] for at in range(0, len(secret) - 15, 16)]
    if name.startswith("record-"):
        return  # CBOR, whose parts are looked for by their own names
    for piece in pieces:
        if len(set(piece)) < 6:
            continue  # zeros and the like
        yield piece
        yield piece[::-1]
        # 64-bit limbs, the least significant first, of a big-endian number
        if len(piece) == 16:
            yield piece[8:] + piece[:8]
            yield piece[:8][::-1] + piece[8:][::-1]


def leaks(dump, found):
    return sorted({f"{name} at {dump.find(needle):#x}" for name, secret in found
                   for needle in needles(name, secret) if needle in dump})  # fmt: skip


def memory_in(path):
    """The pages of a core dump that are not all zeros."""
    with open(path, "rb") as file:
        dump = file.read()
    os.remove(path)
    pages = (dump[at : at + 4096] for at in range(0, len(dump), 4096))
    return b"".join(page for page in pages if page.strip(b"\0"))


@pytest.fixture(scope="module", params=["keyfile", "passphrase"])
def dumped(request):
    """A used key's memory as gcore dumps it, the same with the memory that is left out, and the key's secrets."""
    from conftest import Starter

    if os.geteuid() != 0:
        pytest.skip("only root may look into the daemon's memory")
    starter = Starter(request.config)
    folder = starter.folder()
    source = f"keyfile:{folder}/unlock.key" if request.param == "keyfile" else "env:FAUXKEY_TEST_PASSPHRASE"
    key = starter.start(
        "--store", os.path.join(folder, "keystore.db"), "--unlock", source, folder=folder, store=None,
        environment={"FAUXKEY_TEST_PASSPHRASE": PASSPHRASE},
    )  # fmt: skip
    tokens = use(key)
    dumps = {}
    for name, settings in (("usual", []), ("whole", ["set dump-excluded-mappings on"])):
        path = os.path.join(folder, name)
        taken = gcore(key.process.pid, path, settings)
        assert os.path.exists(path), taken.stdout + taken.stderr
        dumps[name] = memory_in(path)
    key.stop()
    found = secrets_of(key, source)
    found += [("PIN", PIN.encode()), ("PIN hash", sha256(PIN.encode()).digest()[:16])]
    found += [("token", token) for token in tokens]
    if request.param == "passphrase":
        found.append(("passphrase", PASSPHRASE.encode()))
    yield dumps, found
    starter.close()


def test_a_core_dump_taken_by_root_holds_no_secret(dumped):
    dumps, found = dumped
    assert leaks(dumps["usual"], found) == []


def test_the_search_finds_what_is_in_memory(dumped):
    """In the memory that dumps leave out, the secrets stand: so the search would have seen them elsewhere."""
    dumps, found = dumped
    names = {leak.split(" ")[0] for leak in leaks(dumps["whole"], found)}
    assert {"credentials-key", "counters-key", "PIN"} <= names
    assert b"keystore.db" in dumps["usual"]


@pytest.mark.skipif(os.geteuid() != 0, reason="starts the daemon as another user")
@pytest.mark.parametrize("debug", [False, True])
def test_the_same_user_may_look_only_with_debug(starter, debug):
    folder = starter.folder()
    os.chmod(folder, 0o777)
    program = ["setpriv", f"--reuid={NOBODY}", f"--regid={NOBODY}", "--clear-groups"]
    as_nobody = lambda *command: subprocess.run(  # noqa: E731
        [*program, *command], capture_output=True, text=True, check=False, timeout=120
    )
    assert as_nobody("true").returncode == 0
    key = as_nobody_daemon(starter, folder, program, ["--debug"] if debug else [])
    try:
        path = os.path.join(folder, "core")
        said = as_nobody(*gcore_command(key.pid, path))
        ptrace_scope = "/proc/sys/kernel/yama/ptrace_scope"
        if debug and os.path.exists(ptrace_scope) and open(ptrace_scope, encoding="ascii").read().strip() != "0":
            pytest.skip("this kernel lets nobody look at processes that are not its children")
        assert os.path.exists(path) == debug, said.stdout + said.stderr
        readable = as_nobody("head", "-c", "1", f"/proc/{key.pid}/mem").stderr
        assert ("Permission denied" in readable) != debug, readable
        with open(f"/proc/{key.pid}/limits", encoding="ascii") as limits:
            core = next(line for line in limits if line.startswith("Max core file size")).split()[4]
        assert debug or core == "0"
    finally:
        key.kill()
        key.wait()


def as_nobody_daemon(starter, folder, program, options):
    """An ephemeral key of another user's, ready."""
    binary = shutil.copy(starter._program, folder)  # the build folder may be closed to others
    home = {"HOME": folder, "XDG_RUNTIME_DIR": folder, "PATH": os.environ["PATH"]}
    process = subprocess.Popen(
        [*program, binary, "run", "--ephemeral", "--approve", "auto", "--transport", f"unix:{folder}/key.sock", *options],
        stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, env=home, start_new_session=True,
    )  # fmt: skip
    assert process.stdout.readline().startswith(b"ready: ")
    return process


def test_a_signal_that_dumps_core_leaves_none(starter):
    """Whatever the machine does with cores, the kernel makes none of this process (prctl(2), PR_SET_DUMPABLE)."""
    key = starter.start()
    with open(f"/proc/{key.process.pid}/status", encoding="ascii") as status:
        assert next(line for line in status if line.startswith("CoreDumping")).split()[1] == "0"
    os.kill(key.process.pid, signal.SIGABRT)
    _, status = os.waitpid(key.process.pid, 0)
    key.process.returncode = -signal.SIGABRT
    assert os.WIFSIGNALED(status) and os.WTERMSIG(status) == signal.SIGABRT
    assert not os.WCOREDUMP(status)
