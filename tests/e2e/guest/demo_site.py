"""The relying party: tools/demo, which verifies with SimpleWebAuthn, or another site that starts as it does."""

import json
import os
import urllib.request

from process import START_SECONDS, Program

SERVE = os.path.join(os.path.dirname(os.path.abspath(__file__)), "../../../tools/demo/serve")


class Site:
    """A running site. It starts while others do: only who asks for its address waits for it."""

    def __init__(self, out, name="site", attestation_root_path=None, command=(SERVE,)):
        command = [*command, "--port", "0"]
        if attestation_root_path:
            command += ["--attestation-root", attestation_root_path]
        self._program = Program(command, os.path.join(out, f"{name}.log"))
        self._origin = None

    @property
    def origin(self):
        if not self._origin:
            self._origin = self._program.wait_for_line("ready: ", START_SECONDS)
        return self._origin

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self._program.stop()

    def credentials(self, account):
        """What the server keeps for the account: a list of {id, counter, …}."""
        # by address, as the browser may be the only one here that knows what localhost is
        port = self.origin.rpartition(":")[2]
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/api/accounts", timeout=30) as response:
            accounts = json.load(response)
        return next((each["credentials"] for each in accounts if each["name"] == account), [])
