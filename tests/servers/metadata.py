"""What servers make of the metadata of `fauxkey metadata`, each library in the way that it documents.

SimpleWebAuthn: MetadataService with an mdsServers URL, mode “strict”. webauthn4j: FidoMDS3MetadataBLOBProvider behind a
MetadataBLOBBasedTrustAnchorRepository, which takes keys that nobody certified. py_webauthn has none.
"""

import select
import subprocess

import pytest
from sites import START_SECONDS, verdict

LISTS = {
    "as it is": [],
    "FIDO_CERTIFIED": ["--status", "{}=FIDO_CERTIFIED_L1"],
    "UPDATE_AVAILABLE": ["--status", "{}=UPDATE_AVAILABLE"],
    "REVOKED": ["--status", "{}=REVOKED"],
    "USER_KEY_REMOTE_COMPROMISE": ["--status", "{}=USER_KEY_REMOTE_COMPROMISE"],
    "nextUpdate in the past": ["--next-update", "2020-01-01"],
    "signed by nobody": ["--bad-signature"],
}
PERSONAS = {"fauxkey": list(LISTS), "platform-tpm": ["as it is", "REVOKED"], "platform-android": ["as it is", "REVOKED"],
            "platform-apple": ["as it is", "REVOKED"], "u2f-only": ["as it is", "REVOKED"]}


class List:
    """`fauxkey metadata --serve`."""

    def __init__(self, daemon, *options):
        command = ["metadata", "--attestation-root", f"{daemon.folder}/attestation-root.pem", "--serve", "127.0.0.1:0", *options]
        self.process = daemon.start_beside(*command)
        ready, _, _ = select.select([self.process.stdout], [], [], START_SECONDS)
        line = self.process.stdout.readline().decode() if ready else ""
        assert line.startswith("metadata: http://127.0.0.1:"), line
        self.url = line.removeprefix("metadata: ").strip()

    def stop(self):
        self.process.terminate()
        assert self.process.wait(20) == 0
        self.process.stdout.close()


@pytest.fixture
def serve_list(daemon):
    lists = []

    def serve(*options):
        lists.append(List(daemon, *options))
        return lists[-1].url

    yield serve
    for one in lists:
        one.stop()


@pytest.mark.parametrize("name", LISTS)
def test_metadata_is_judged_as_the_table_says(server, daemon, serve_list, plug_in, visitor, found, name):
    personas = [persona for persona, names in PERSONAS.items() if name in names]
    site = server.fresh("--metadata", serve_list(*options_of(name, personas)), "--metadata-root", daemon.attestation_root)
    try:
        found("metadata", name, {persona: verdict(visitor(plug_in(persona=persona), site)) for persona in personas})
    finally:
        site.stop()


def options_of(name, personas):
    """What is said of a persona is said of each; all else once."""
    options = LISTS[name]
    if options[:1] != ["--status"]:
        return options
    return [word for persona in personas for word in (options[0], options[1].format(persona))]
