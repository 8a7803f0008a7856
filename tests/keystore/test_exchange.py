"""Credentials move in and out: other programs' files become logins, and what goes out is what `cryptography` and age
take for keys and files."""

import base64
import json
import os
import pty
import shutil
import stat
import subprocess
from pathlib import Path

import pytest
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, padding
from ctap2 import (
    BE,
    BS,
    CLIENT_DATA_HASH,
    GET_ASSERTION,
    NO_CREDENTIALS,
    OK,
    UNSUPPORTED_ALGORITHM,
    Credential,
    Platform,
    descriptor,
    get_assertion,
    get_assertion_request,
    make_credential,
    make_credential_request,
    params,
)
from fido2.webauthn import AuthenticatorData

FILES = Path(__file__).parent / "exchange"
FORMATS = ("fauxkey", "cxf", "cdp", "playwright", "keepassxc", "bitwarden", "pkcs8")
SITE = "shop.example"


def unbase64(text):
    text = text.replace("+", "-").replace("/", "_").rstrip("=")
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


class Cli:
    """`fauxkey credentials` on a keystore in a folder of its own, and the key that runs on it."""

    def __init__(self, config, starter):
        self._starter = starter
        self.folder = Path(starter.folder())
        self._program = os.path.abspath(config.getoption("--fauxkey"))

    def store_options(self):
        return "--store", str(self.folder / "keystore.db"), "--unlock", f"keyfile:{self.folder / 'unlock.key'}"

    def run(self, command, *arguments, status=0, passphrase=None, **options):
        done = subprocess.run(
            [self._program, "credentials", command, *self.store_options(), *map(str, arguments)],
            capture_output=True,
            text=options.pop("text", True),
            timeout=60,
            cwd=self.folder,
            env={**os.environ, "HOME": str(self.folder), "WORDS": passphrase or ""},
            start_new_session=True,  # without a terminal
            check=False,
            **options,
        )
        assert done.returncode == status, done.stderr
        return done

    def list(self):
        return json.loads(self.run("list", "--json").stdout)

    def key(self, *options):
        return self._starter.start(*options, folder=str(self.folder), store=True)

    def export(self, name, *arguments, **options):
        self.run("export", "--plain", "--to", name, *arguments, **options)
        return self.folder / name


@pytest.fixture
def cli(request, starter):
    return Cli(request.config, starter)


def private_keys_of(file):
    """Credential id and private key of each passkey in a file, by `cryptography`."""
    text = file.read_text()
    if text.startswith("# fauxkey"):
        for block in text.split("# fauxkey: ")[1:]:
            line, pem = block.split("\n", 1)
            yield unbase64(json.loads(line)["credentialId"]), serialization.load_pem_private_key(pem.encode(), None)
        return
    document = json.loads(text)
    found = []

    def walk(value):
        if isinstance(value, list):
            for element in value:
                walk(element)
        elif isinstance(value, dict):
            key = value.get("key") or value.get("privateKey") or value.get("keyValue")
            if isinstance(key, str):
                found.append((value.get("credentialId") or value.get("id"), key))
            for element in value.values():
                walk(element)

    walk(document)
    for credential_id, key in found:
        if key.startswith("-----"):
            private = serialization.load_pem_private_key(key.encode(), None)
        else:
            private = serialization.load_der_private_key(unbase64(key), None)
        if credential_id.startswith("b64."):
            yield unbase64(credential_id[4:]), private
        elif len(credential_id) == 36 and credential_id.count("-") == 4:
            yield bytes.fromhex(credential_id.replace("-", "")), private
        else:
            yield unbase64(credential_id), private


def verify(public_key, signature, message):
    """As `cryptography` has it; raises where the signature is none."""
    if isinstance(public_key, ed25519.Ed25519PublicKey):
        public_key.verify(signature, message)
    elif isinstance(public_key, ec.EllipticCurvePublicKey):
        digest = {384: hashes.SHA384, 521: hashes.SHA512}.get(public_key.curve.key_size, hashes.SHA256)
        public_key.verify(signature, message, ec.ECDSA(digest()))
    else:
        public_key.verify(signature, message, padding.PKCS1v15(), hashes.SHA256())


def log_in(channel, rp_id, credential_id, public_key):
    assertion = get_assertion(channel, rp_id, allow_list=[descriptor(credential_id)])
    assert assertion.id == credential_id
    verify(public_key, assertion.members[3], bytes(assertion.auth_data) + CLIENT_DATA_HASH)
    return assertion


IMPORTED = {
    # file: (rp ids, flags, first counter) of its first credential
    "cxf.json": (SITE, BE | BS, 0),
    "cdp.json": (SITE, BE, 4),
    "webdriver.json": (SITE, 0, 13),
    "playwright.json": (SITE, 0, 1),
    "keepassxc-es256.passkey": (SITE, BE | BS, 0),
    "keepassxc-ed25519.passkey": (SITE, BE | BS, 0),
    "bitwarden.json": (SITE, BE | BS, 0),
}


@pytest.mark.parametrize("name", IMPORTED)
def test_credentials_of_other_programs_log_in(cli, name):
    """With the flags and the counter that the site knows from that program."""
    rp_id, flags, counter = IMPORTED[name]
    cli.run("import", FILES / name)
    credential_id, private = next(iter(private_keys_of(FILES / name)))
    channel = cli.key().channel()
    for count in range(2):
        assertion = log_in(channel, rp_id, credential_id, private.public_key())
        assert assertion.auth_data.flags & (BE | BS) == flags
        assert assertion.auth_data.counter == (counter + count if counter else 0)


def test_credentials_that_are_not_discoverable_log_in_by_their_id_alone(cli):
    cli.run("import", FILES / "cdp.json")
    (credential_id, private) = list(private_keys_of(FILES / "cdp.json"))[1]
    channel = cli.key().channel()
    log_in(channel, "forum.example", credential_id, private.public_key())
    status, _ = channel.ctap2(GET_ASSERTION, get_assertion_request("forum.example"))
    assert status == NO_CREDENTIALS


@pytest.mark.parametrize("format_name", FORMATS)
def test_an_exported_key_is_the_one_that_the_site_knows(cli, format_name):
    key = cli.key("--backup-eligible")
    made = make_credential(key.channel(), SITE, options={"rk": True})
    key.stop()
    file = cli.export("out", "--format", format_name)
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    ((credential_id, private),) = private_keys_of(file)
    assert credential_id == made.id
    assert type(made.public_key).from_cryptography_key(private.public_key()) == made.public_key


@pytest.mark.parametrize("format_name", FORMATS)
def test_what_is_exported_logs_in_from_another_keystore(cli, request, starter, format_name):
    key = cli.key("--backup-eligible")
    made = make_credential(key.channel(), SITE, options={"rk": True})
    key.stop()
    file = cli.export("out", "--format", format_name)
    other = Cli(request.config, starter)
    other.run("import", file)
    assertion = get_assertion(other.key().channel(), SITE, allow_list=[made.descriptor])
    assertion.verify(made)


def test_pkcs8_of_every_algorithm_is_what_cryptography_reads(cli):
    key = cli.key("--backup-eligible")
    channel = key.channel()
    made = {}
    for algorithm in (-7, -8, -35, -36, -47, -257):
        request = make_credential_request(SITE, key_params=params(algorithm), options={"rk": True})
        status, members = channel.ctap2(1, request)
        assert status in (OK, UNSUPPORTED_ALGORITHM)  # not every build has all of them
        if status == OK:
            credential = Credential(SITE, AuthenticatorData(members[2]), request[3]["id"])
            made[credential.id] = credential.public_key
    key.stop()
    exported = dict(private_keys_of(cli.export("keys.pem", "--format", "pkcs8")))
    assert exported.keys() == made.keys()
    for credential_id, public_key in made.items():
        assert type(public_key).from_cryptography_key(exported[credential_id].public_key()) == public_key


def test_an_exported_credential_is_backed_up_from_then_on(cli):
    key = cli.key("--backup-eligible")
    channel = key.channel()
    made = make_credential(channel, SITE, options={"rk": True})
    assert made.auth_data.flags & (BE | BS) == BE
    assert get_assertion(channel, SITE).auth_data.flags & (BE | BS) == BE
    assert get_assertion(channel, SITE).auth_data.counter == 0
    key.stop()
    cli.export("out")
    assertion = get_assertion(cli.key().channel(), SITE)
    assert assertion.auth_data.flags & (BE | BS) == BE | BS
    assertion.verify(made)


def test_a_key_says_nothing_of_backups_unless_it_is_asked_to(cli):
    key = cli.key()
    made = make_credential(key.channel(), SITE, options={"rk": True})
    assert made.auth_data.flags & (BE | BS) == 0
    key.stop()
    said = cli.run("export", "--plain", "--to", "out").stderr
    assert "--backup-eligible" in said
    assert get_assertion(cli.key().channel(), SITE).auth_data.flags & (BE | BS) == 0


def test_what_is_not_discoverable_cannot_be_backed_up(cli):
    key = cli.key("--backup-eligible")
    made = make_credential(key.channel(), SITE)
    assert made.auth_data.flags & (BE | BS) == 0


def test_hmac_secrets_move(cli, request, starter):
    key = cli.key("--backup-eligible")
    channel = key.channel()
    make_credential(channel, SITE, options={"rk": True}, extensions={"hmac-secret": True})

    def output(channel):
        extensions, decrypt = Platform(channel, 2).hmac_secret(bytes(32))
        return decrypt(get_assertion(channel, SITE, extensions=extensions).auth_data.extensions["hmac-secret"])

    before = output(channel)
    key.stop()
    other = Cli(request.config, starter)
    other.run("import", cli.export("out", "--format", "cxf"))
    assert output(other.key().channel()) == before


def test_by_default_an_export_is_encrypted(cli):
    cli.run("import", FILES / "cxf.json")
    cli.run("export", "--passphrase", "env:WORDS", passphrase="correct horse")
    file = cli.folder / "fauxkey-credentials.json.age"
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    content = file.read_bytes()
    assert content.startswith(b"age-encryption.org/v1\n-> scrypt ")
    assert SITE.encode() not in content


def test_an_encrypted_export_is_imported_with_its_passphrase_alone(cli, request, starter):
    cli.run("import", FILES / "cxf.json")
    cli.run("export", "--to", "out.age", "--passphrase", "env:WORDS", passphrase="correct horse")
    other = Cli(request.config, starter)
    failed = other.run("import", cli.folder / "out.age", "--passphrase", "env:WORDS", passphrase="wrong", status=1)
    assert "does not open with this passphrase" in failed.stderr
    assert not (other.folder / "keystore.db").exists()
    other.run("import", cli.folder / "out.age", "--passphrase", "env:WORDS", passphrase="correct horse")
    assert {credential["id"] for credential in other.list()} == {credential["id"] for credential in cli.list()}


@pytest.mark.skipif(not shutil.which("age"), reason="there is no age here")
def test_age_opens_an_export(cli):
    cli.run("import", FILES / "cxf.json")
    cli.run("export", "--to", "out.age", "--passphrase", "env:WORDS", passphrase="correct horse")
    # It asks at its terminal.
    process, terminal = pty.fork()
    if process == 0:
        os.execlp("age", "age", "-d", "-o", cli.folder / "out", cli.folder / "out.age")
    os.read(terminal, 100)
    os.write(terminal, b"correct horse\n")
    assert os.waitstatus_to_exitcode(os.waitpid(process, 0)[1]) == 0
    assert json.loads((cli.folder / "out").read_text())["version"] == {"major": 1, "minor": 0}


def test_an_export_never_replaces_a_file(cli):
    cli.run("import", FILES / "cxf.json")
    (cli.folder / "out").write_text("mine")
    said = cli.run("export", "--plain", "--to", "out", status=1).stderr
    assert "was left as it is" in said
    assert (cli.folder / "out").read_text() == "mine"


def test_secrets_go_to_stdout_only_when_asked_to(cli):
    cli.run("import", FILES / "cxf.json")
    assert "PRIVATE KEY" not in cli.run("export", "--plain", "--format", "pkcs8").stdout
    assert "PRIVATE KEY" in cli.run("export", "--plain", "--format", "pkcs8", "--to", "-").stdout


def test_one_credential_or_one_site_can_be_chosen(cli):
    cli.run("import", FILES / "cxf.json")
    by_site = {credential["rpId"]: credential["id"] for credential in cli.list()}
    ((credential_id, _),) = private_keys_of(cli.export("a", "--rp", SITE))
    assert credential_id.hex() == by_site[SITE]
    ((credential_id, _),) = private_keys_of(cli.export("b", by_site["forum.example"][:10]))
    assert credential_id.hex() == by_site["forum.example"]
    assert "There is no credential" in cli.run("export", "--plain", "--to", "c", "ffffffff", status=1).stderr
    assert not (cli.folder / "c").exists()


def test_keepassxc_files_hold_one_credential_each(cli):
    cli.run("import", FILES / "cxf.json")
    cli.run("export", "--plain", "--format", "keepassxc", "--to", "out")
    files = sorted(path.name for path in (cli.folder / "out").iterdir())
    assert files == ["forum.example-alice@example.org.passkey", "shop.example-alice.passkey"]


def test_a_credential_that_the_format_cannot_hold_is_named(cli):
    cli.run("import", FILES / "cxf.json")
    done = cli.run("export", "--plain", "--format", "bitwarden", "--to", "out", status=1)
    assert "forum.example, alice@example.org was left out: Bitwarden's JSON has no place for EdDSA keys" in done.stderr
    assert len(list(private_keys_of(cli.folder / "out"))) == 1


@pytest.mark.parametrize("curve", ("p256", "ed25519", "p384", "p521", "secp256k1", "rsa"))
def test_a_private_key_of_openssl_logs_in(cli, curve):
    file = FILES / f"openssl-{curve}.pem"
    done = cli.run("import", file, "--rp", SITE, "--credential-id", "AAECAwQFBgc", "--user-handle", "AQID", "--user", "alice")
    assert "Imported 1 credential" in done.stdout
    private = serialization.load_pem_private_key(file.read_bytes(), None)
    log_in(cli.key().channel(), SITE, bytes(range(8)), private.public_key())


def test_several_files_come_in_together_or_not_at_all(cli):
    failed = cli.run("import", FILES / "cdp.json", FILES / "bitwarden-encrypted.json", status=1)
    assert "without a password" in failed.stderr
    assert not (cli.folder / "keystore.db").exists()
    cli.run("import", FILES / "cdp.json", FILES / "cxf.json")
    assert len(cli.list()) == 4
