"""`fauxkey metadata`: statements and the signed list, as relying parties' libraries take them (FIDO MDS 3)."""

import base64
import datetime
import json
import os
import subprocess
import urllib.error
import urllib.request
from hashlib import sha256

import pytest
from attestations import chains_of
from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature
from cryptography.hazmat.primitives.hashes import SHA256
from ctap2 import CLIENT_DATA_HASH, ES256, MAKE_CREDENTIAL, OK, get_info, make_credential_request, params
from fido2.attestation import InvalidSignature as WrongBlob
from fido2.attestation import UntrustedAttestation
from fido2.cbor import encode
from fido2.mds3 import MdsAttestationVerifier
from fido2.mds3 import parse_blob as parse_with_der_signature
from fido2.webauthn import Aaguid, AttestationObject

# FIDO Metadata Statement 3.1, 4; the registry's names for values.
MEMBERS = {
    "legalHeader", "aaguid", "attestationCertificateKeyIdentifiers", "description", "alternativeDescriptions",
    "authenticatorVersion", "protocolFamily", "schema", "upv", "authenticationAlgorithms", "publicKeyAlgAndEncodings",
    "attestationTypes", "userVerificationDetails", "keyProtection", "isKeyRestricted", "isFreshUserVerificationRequired",
    "matcherProtection", "cryptoStrength", "attachmentHint", "tcDisplay", "attestationRootCertificates", "icon",
    "multiDeviceCredentialSupport", "authenticatorGetInfo",
}  # fmt: skip
REQUIRED = {
    "description", "authenticatorVersion", "protocolFamily", "schema", "upv", "authenticationAlgorithms",
    "publicKeyAlgAndEncodings", "attestationTypes", "userVerificationDetails", "keyProtection", "matcherProtection",
    "attachmentHint", "tcDisplay", "attestationRootCertificates",
}  # fmt: skip
ALGORITHMS = {
    -7: "secp256r1_ecdsa_sha256_raw", -8: "ed25519_eddsa_sha512_raw", -35: "secp384r1_ecdsa_sha384_raw",
    -36: "secp521r1_ecdsa_sha512_raw", -257: "rsassa_pkcsv15_sha256_raw", -47: "secp256k1_ecdsa_sha256_raw",
}  # fmt: skip
TYPES = {"basic_full", "basic_surrogate", "attca", "anonca", "none"}
METHODS = {"presence_internal", "fingerprint_internal", "passcode_external", "pattern_internal"}
HINTS = {"internal", "external", "wired", "wireless", "nfc", "bluetooth", "network"}


def unpadded(text):
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


@pytest.fixture(scope="module")
def written(request, tmp_path_factory):
    """What one run wrote of all personas: its folder, and the file of the root."""
    folder = tmp_path_factory.mktemp("mds")
    run = Runner(os.path.abspath(request.config.getoption("--fauxkey")), folder)
    done = run("--out", str(folder / "out"))
    assert done.returncode == 0 and done.stdout == "", done.stderr
    return run


class Runner:
    def __init__(self, program, folder):
        self.program, self.folder = program, folder
        self.root_file = str(folder / "root-with-key.pem")
        self.out = folder / "out"
        self.environment = {**os.environ, "HOME": str(folder), "XDG_CONFIG_HOME": str(folder / "config"), "XDG_DATA_HOME": str(folder / "data")}

    def __call__(self, *options, root=True):
        command = [self.program, "metadata", *options, *(("--attestation-root", self.root_file) if root else ())]
        return subprocess.run(command, capture_output=True, text=True, env=self.environment, timeout=120, check=False)

    def blob(self, *options):
        done = self(*options)
        assert done.returncode == 0, done.stderr
        return done.stdout.strip()

    def root(self):
        with open(self.root_file, "rb") as file:
            return x509.load_pem_x509_certificate(file.read())

    def statement(self, name):
        return json.loads((self.out / f"{name}.json").read_text())

    def names(self):
        listed = subprocess.run([self.program, "persona", "list", "--json"], capture_output=True, text=True, env=self.environment, check=True)
        return [persona["name"] for persona in json.loads(listed.stdout)]


def der_signature(raw):
    return encode_dss_signature(int.from_bytes(raw[:32]), int.from_bytes(raw[32:]))


def parse_blob(blob, root):
    """By python-fido2 2.2, which takes an ES256 signature in DER alone, where a JWT has r and s (RFC 7518, 3.4)."""
    signed, signature = blob.rsplit(b".", 1)
    encoded = base64.urlsafe_b64encode(der_signature(unpadded(signature.decode()))).rstrip(b"=")
    return parse_with_der_signature(signed + b"." + encoded, root)


def payload_of(blob):
    return json.loads(unpadded(blob.split(".")[1]))


def root_der(root):
    return root.public_bytes(serialization.Encoding.DER)


def test_there_is_a_statement_of_each_persona_and_the_root_without_its_key(written):
    names = written.names()
    assert len(names) >= 12
    assert {path.name for path in written.out.iterdir()} == {f"{name}.json" for name in names} | {"blob.jwt", "root.pem"}
    assert x509.load_pem_x509_certificate((written.out / "root.pem").read_bytes()) == written.root()
    assert "PRIVATE" not in (written.out / "root.pem").read_text()


def test_each_statement_has_the_members_of_fido_metadata_statement_3(written):
    for name in written.names():
        statement = written.statement(name)
        assert set(statement) <= MEMBERS and REQUIRED <= set(statement), name
        assert statement["schema"] == 3
        assert ("aaguid" in statement) != ("attestationCertificateKeyIdentifiers" in statement), name
        assert ("aaguid" in statement) == (statement["protocolFamily"] == "fido2")
        assert statement["description"] and len(statement["description"]) <= 200
        assert statement["upv"] and all(set(version) == {"major", "minor"} for version in statement["upv"])
        assert set(statement["authenticationAlgorithms"]) <= set(ALGORITHMS.values()) and statement["authenticationAlgorithms"]
        assert statement["publicKeyAlgAndEncodings"] == (["cose"] if statement["protocolFamily"] == "fido2" else ["ecc_x962_raw"])
        assert statement["attestationTypes"] and set(statement["attestationTypes"]) <= TYPES
        methods = [[method["userVerificationMethod"] for method in way] for way in statement["userVerificationDetails"]]
        assert methods[0] == ["presence_internal"]
        assert all(len(way) == 1 and way[0] in METHODS for way in methods)
        assert statement["keyProtection"] == statement["matcherProtection"] == ["software"]
        hints = statement["attachmentHint"]
        assert set(hints) <= HINTS and (hints == ["internal"] or hints[0] == "external" and len(hints) > 1), name
        assert statement["tcDisplay"] == []
        with_root = set(statement["attestationTypes"]) - {"basic_surrogate", "none"}
        roots = [base64.b64decode(root) for root in statement["attestationRootCertificates"]]
        assert roots == ([root_der(written.root())] if with_root else []), name


def test_a_statement_says_what_a_running_key_says_of_itself(written, new_key):
    fleeting = {0x19, 0x1E}  # encIdentifier, encCredStoreState
    for name in written.names():
        statement = written.statement(name)
        if statement["protocolFamily"] == "u2f":
            assert "authenticatorGetInfo" not in statement
            continue
        channel = new_key("--persona", name).channel()
        info = get_info(channel)
        told = statement["authenticatorGetInfo"]
        assert told["versions"] == info[1] and told["options"] == info[4], name
        assert told["aaguid"] == info[3].hex() == statement["aaguid"].replace("-", "")
        assert told.get("transports") == info.get(9)
        assert told.get("attestationFormats") == info.get(0x16)
        assert len(told) == len(set(info) - fleeting), name
        upv = {"FIDO_2_0": (1, 0), "FIDO_2_1": (1, 1), "FIDO_2_3": (1, 3)}
        assert [(v["major"], v["minor"]) for v in statement["upv"]] == [upv[v] for v in upv if v in info[1]]
        if 0x0A in info:
            named = [ALGORITHMS[entry["alg"]] for entry in info[0x0A] if entry["alg"] in ALGORITHMS]
            assert statement["authenticationAlgorithms"] == named
        methods = {way[0]["userVerificationMethod"] for way in statement["userVerificationDetails"]}
        assert ("passcode_external" in methods) == ("clientPin" in info[4])
        assert bool({"fingerprint_internal", "pattern_internal"} & methods) == ("uv" in info[4])


def test_the_list_is_a_jwt_signed_under_the_root(written):
    blob = (written.out / "blob.jwt").read_text().strip()
    header, payload, signature = blob.split(".")
    header = json.loads(unpadded(header))
    assert header["alg"] == "ES256" and header["typ"] == "JWT"
    (signer,) = [x509.load_der_x509_certificate(base64.b64decode(der)) for der in header["x5c"]]
    signer.verify_directly_issued_by(written.root())
    raw = unpadded(signature)
    assert len(raw) == 64
    der = der_signature(raw)
    signed = blob.rsplit(".", 1)[0].encode()
    signer.public_key().verify(der, signed, ec.ECDSA(SHA256()))
    with pytest.raises(InvalidSignature):
        signer.public_key().verify(der, signed + b"x", ec.ECDSA(SHA256()))
    entries = json.loads(unpadded(payload))["entries"]
    by_name = {entry["metadataStatement"]["description"]: entry for entry in entries}
    assert len(by_name) == len(entries) == len(written.names())
    for name in written.names():
        entry = by_name[f"fauxkey: {name}"]
        statement = written.statement(name)
        assert entry["metadataStatement"] == statement
        for member in ("aaguid", "attestationCertificateKeyIdentifiers"):
            assert entry.get(member) == statement.get(member)
        assert [report["status"] for report in entry["statusReports"]] == ["NOT_FIDO_CERTIFIED"]


def test_python_fido2_takes_the_list_and_not_one_that_is_badly_signed(written):
    blob = parse_blob((written.out / "blob.jwt").read_bytes().strip(), root_der(written.root()))
    assert len(blob.entries) == len(written.names())
    assert blob.next_update > datetime.date.today()
    bad = written.blob("--persona", "fauxkey", "--bad-signature").encode()
    with pytest.raises((WrongBlob, InvalidSignature)):
        parse_blob(bad, root_der(written.root()))
    assert parse_blob(bad, None).entries, "all but the signature is good"


def registration(channel, rp_id="example.org"):
    status, members = channel.ctap2(MAKE_CREDENTIAL, make_credential_request(rp_id, key_params=params(ES256, -257)))
    assert status == OK, f"{status:#04x}"
    return AttestationObject(encode({"fmt": members[1], "authData": members[2], "attStmt": members[3]}))


@pytest.mark.parametrize("persona", ["fauxkey", "yubikey-5", "platform-tpm", "platform-apple"])
def test_a_registration_is_good_by_the_list_until_the_model_is_revoked(written, new_key, persona):
    key = new_key("--persona", persona, "--attestation-root", written.root_file)
    attested = registration(key.channel())
    root = root_der(written.root())
    verifier = MdsAttestationVerifier(parse_blob(written.blob("--persona", persona).encode(), root))
    verifier.verify_attestation(attested, CLIENT_DATA_HASH)
    entry = verifier.find_entry(attested, CLIENT_DATA_HASH)
    assert entry.metadata_statement.description == f"fauxkey: {persona}"
    revoked = written.blob("--persona", persona, "--status", f"{persona}=REVOKED")
    with pytest.raises(UntrustedAttestation):
        MdsAttestationVerifier(parse_blob(revoked.encode(), root)).verify_attestation(attested, CLIENT_DATA_HASH)
    other = new_key("--persona", persona)  # under a root of its own
    with pytest.raises(UntrustedAttestation):
        verifier.verify_attestation(registration(other.channel()), CLIENT_DATA_HASH)


def test_u2fs_certificate_is_found_by_its_key(written, new_key):
    key = new_key("--persona", "u2f-only", "--attestation", "fido-u2f", "--attestation-root", written.root_file)
    from fido2.ctap1 import Ctap1

    registered = Ctap1(key.fido2_device()).register(CLIENT_DATA_HASH, sha256(b"example.org").digest())
    leaf = x509.load_der_x509_certificate(registered.certificate)
    digest = x509.SubjectKeyIdentifier.from_public_key(leaf.public_key()).digest.hex()
    assert written.statement("u2f-only")["attestationCertificateKeyIdentifiers"] == [digest]
    leaf.verify_directly_issued_by(written.root())


def test_status_reports_and_dates_are_as_asked_for(written):
    blob = payload_of(
        written.blob(
            "--persona", "fauxkey,solo-2",
            "--status", "fauxkey=FIDO_CERTIFIED_L1@2024-02-29",
            "--status", "fauxkey=USER_KEY_REMOTE_COMPROMISE@2025-03-01",
            "--status", "solo-2=UPDATE_AVAILABLE",
            "--next-update", "2021-01-01", "--number", "77",
        )
    )  # fmt: skip
    assert (blob["no"], blob["nextUpdate"]) == (77, "2021-01-01")
    fauxkey, solo = blob["entries"]
    today = datetime.datetime.now(datetime.UTC).date().isoformat()
    reports = [(report["status"], report["effectiveDate"]) for report in fauxkey["statusReports"]]
    assert reports[1:] == [("FIDO_CERTIFIED_L1", "2024-02-29"), ("USER_KEY_REMOTE_COMPROMISE", "2025-03-01")]
    assert fauxkey["timeOfLastStatusChange"] == "2025-03-01"
    update = solo["statusReports"][1]
    assert update["authenticatorVersion"] == solo["metadataStatement"]["authenticatorVersion"]
    assert update["effectiveDate"] <= today


@pytest.mark.parametrize(
    "options, why",
    [
        (["--status", "fauxkey"], "such as yubikey-5=REVOKED"),
        (["--status", "fauxkey=LOST"], "there is no status LOST"),
        (["--status", "fauxkey=REVOKED@2025-02-29"], "is no date"),
        (["--status", "nobody=REVOKED"], "there is no persona nobody"),
        (["--next-update", "tomorrow"], "--next-update takes a date"),
        (["--persona", "nobody"], "nobody"),
        (["--serve", "unix:/tmp/x"], "a port of this machine"),
        (["--serve", "0.0.0.0:1"], "--serve"),
        (["--store", "/tmp/x.db"], "give one of them"),
    ],
)
def test_what_cannot_be_is_refused_in_a_sentence(written, options, why):
    done = written(*options)
    assert done.returncode == 2 and why in done.stderr, done.stderr
    assert done.stdout == ""


def test_without_a_shared_root_it_is_the_keystores_own(written, starter):
    done = written("--persona", "fauxkey", root=False)
    assert done.returncode == 0, done.stderr
    printed = subprocess.run([written.program, "attestation", "root"], capture_output=True, text=True, env=written.environment, check=True)
    root = x509.load_pem_x509_certificate(printed.stdout.encode())
    assert parse_blob(done.stdout.strip().encode(), root_der(root)).entries


def test_it_is_served_for_libraries_to_fetch(written):
    command = [written.program, "metadata", "--persona", "fauxkey", "--serve", "127.0.0.1:0", "--attestation-root", written.root_file]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True, env=written.environment) as process:
        try:
            url = process.stdout.readline().strip().removeprefix("metadata: ")
            assert url.endswith("/blob.jwt")
            with urllib.request.urlopen(url, timeout=30) as answer:
                assert answer.headers["Content-Type"] == "application/jwt"
                assert parse_blob(answer.read(), root_der(written.root())).entries
            base = url.removesuffix("/blob.jwt")
            with urllib.request.urlopen(base + "/root.pem", timeout=30) as answer:
                assert b"PRIVATE" not in answer.read()
            with urllib.request.urlopen(base + "/fauxkey.json", timeout=30) as answer:
                assert json.load(answer) == written.statement("fauxkey")
            for path, status in (("/../root-with-key.pem", 404), ("/nothing", 404)):
                with pytest.raises(urllib.error.HTTPError) as refused:
                    urllib.request.urlopen(base + path, timeout=30)
                assert refused.value.code == status
            with pytest.raises(urllib.error.HTTPError) as refused:
                urllib.request.urlopen(urllib.request.Request(base + "/blob.jwt", data=b"x"), timeout=30)
            assert refused.value.code == 405
        finally:
            process.terminate()
        assert process.wait(30) == 0


def test_the_control_interface_tells_of_the_very_key(new_key, starter):
    root_file = os.path.join(starter.folder(), "root.pem")
    daemon = new_key("--keyless", "--attestation-root", root_file, control="unix:" + starter.folder() + "/control.sock")
    control = daemon.control
    key = control.plug_in(attestation="tpm", aaguid="01020304-0506-4708-890a-0b0c0d0e0f10")
    path = f"/v1/keys/{key['name']}"
    statement = control.get(path + "/metadata")
    assert statement["aaguid"] == "01020304-0506-4708-890a-0b0c0d0e0f10"
    assert statement["attestationTypes"] == ["attca"]
    root = x509.load_pem_x509_certificate(control.get(path + "/attestation")["root"].encode())
    answer = control.request("GET", path + "/metadata/blob?status=REVOKED&nextUpdate=2022-02-02&number=5")
    assert answer.headers["Content-Type"] == "application/jwt"
    blob = parse_blob(answer.text.encode(), root_der(root))
    assert [entry.aaguid for entry in blob.entries] == [Aaguid.parse(statement["aaguid"])]
    assert [report.status for report in blob.entries[0].status_reports][1:] == ["REVOKED"]
    assert (blob.no, blob.next_update) == (5, datetime.date(2022, 2, 2))
    bad = control.request("GET", path + "/metadata/blob?badSignature=true")
    with pytest.raises((WrongBlob, InvalidSignature)):
        parse_blob(bad.text.encode(), root_der(root))
    for query in ("status=LOST", "nextUpdate=soon", "number=x", "sign=no"):
        assert control.request("GET", path + "/metadata/blob?" + query).status == 400, query


def test_a_chain_of_two_is_good_by_the_list_too(written, new_key):
    key = new_key("--attestation-chain", "2", "--attestation-root", written.root_file)
    attested = registration(key.channel())
    assert len(chains_of(attested.fmt, attested.att_stmt)[0]) == 2
    verifier = MdsAttestationVerifier(parse_blob(written.blob("--persona", "fauxkey").encode(), root_der(written.root())))
    verifier.verify_attestation(attested, CLIENT_DATA_HASH)
