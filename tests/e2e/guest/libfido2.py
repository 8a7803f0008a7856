"""libfido2's tools as a person at a terminal uses them: fido2-token, fido2-cred, fido2-assert."""

import base64
import os
import re

from terminal import run, run_at_terminal

ASKS_PIN = "Enter PIN for"


def random_blob(size=32):
    return base64.b64encode(os.urandom(size)).decode()


def token(*arguments, answers=()):
    return run_at_terminal(["fido2-token", *arguments], *answers)


def information(node):
    """What `fido2-token -I` says, by its labels."""
    return dict(line.split(": ", 1) for line in token("-I", node).succeeded().lines if ": " in line)


def pin_retries(node):
    return int(information(node)["pin retries"])


class Registration:
    """What fido2-cred -M gave."""

    def __init__(self, folder, name, text, verified):
        lines = text.splitlines()
        self.client_data_hash, self.rp_id, self.format = lines[:3]
        self.id, public_key = verified.split("\n", 1)
        self.public_key_path = os.path.join(folder, f"{name}.pem")
        with open(self.public_key_path, "w", encoding="ascii") as file:
            file.write(public_key)


class Assertion:
    """One of those that fido2-assert -G gave: four lines, then the user's id if it is resident, then the secret if asked."""

    def __init__(self, lines, resident, secret):
        self.signed = lines[:4]
        self.user_id = lines[4] if resident else None
        self.secret = lines[5 if resident else 4] if secret else None


class Tools:
    """The tools with a key; `pin` is typed where `answers` are wanted."""

    def __init__(self, node, folder):
        self.node = node
        self.folder = folder
        os.makedirs(folder, exist_ok=True)

    def _input(self, *lines):
        path = os.path.join(self.folder, "input")
        with open(path, "w", encoding="utf-8") as file:
            file.write("".join(f"{line}\n" for line in lines))
        return path

    def make(self, rp_id, user_id, *options, algorithm="es256", user="alice", pin=None):
        """fido2-cred -M alone."""
        parameters = self._input(random_blob(), rp_id, user, user_id)
        answers = [(ASKS_PIN, pin)] if pin else []
        return run_at_terminal(["fido2-cred", "-M", *options, "-i", parameters, self.node, algorithm], *answers)

    def register(self, rp_id, user_id, *options, algorithm="es256", user="alice", pin=None):
        """fido2-cred -M, and -V of what it gave."""
        made = self.make(rp_id, user_id, *options, algorithm=algorithm, user=user, pin=pin).succeeded().stdout
        verified = verify_credential(made, *signed_options(options), algorithm=algorithm).succeeded().stdout
        return Registration(self.folder, f"{rp_id}-{user}", made, verified)

    def get(self, rp_id, credential_id, *options, salt=None, pin=None):
        """fido2-assert -G alone."""
        lines = [random_blob(), rp_id, *([credential_id] if credential_id else []), *([salt] if salt else [])]
        answers = [(ASKS_PIN, pin)] if pin else []
        return run_at_terminal(["fido2-assert", "-G", *options, "-i", self._input(*lines), self.node], *answers)

    def log_in(self, registration, *options, algorithm="es256", salt=None, pin=None):
        """fido2-assert -G and -V of the one assertion that it gave."""
        resident = "-r" in options
        got = self.get(
            registration.rp_id, None if resident else registration.id, *options, salt=salt, pin=pin
        ).succeeded()
        assertion = Assertion(got.lines, resident, salt is not None)
        verify_assertion(assertion, registration, *signed_options(options), algorithm=algorithm).succeeded()
        return assertion


def signed_options(options):
    """Those that -V checks as well: -h, -p, -v, -c LEVEL."""
    after_c = [False, *(option == "-c" for option in options)]
    return [option for option, is_level in zip(options, after_c) if is_level or option in ("-h", "-p", "-v", "-c")]


def verify_credential(made, *options, algorithm="es256"):
    return run(["fido2-cred", "-V", *options, algorithm], made)


def verify_assertion(assertion, registration, *options, algorithm="es256"):
    return run(
        ["fido2-assert", "-V", *options, registration.public_key_path, algorithm],
        "".join(f"{line}\n" for line in assertion.signed),
    )


def resident_credentials(node, rp_id, pin):
    """(id, display name, user's id) of each, by `fido2-token -L -k`."""
    listed = token("-L", "-k", rp_id, node, answers=[(ASKS_PIN, pin)]).succeeded().lines
    return [tuple(re.fullmatch(r"\d+: (\S+) (.*) (\S+) \S+ \S+", line).groups()) for line in listed]


def resident_rp_ids(node, pin):
    """By `fido2-token -L -r`."""
    return [line.split()[2] for line in token("-L", "-r", node, answers=[(ASKS_PIN, pin)]).succeeded().lines]


def fingers(node, pin):
    """(id, name) of each enrolled finger, by `fido2-token -L -e`."""
    listed = token("-L", "-e", node, answers=[(ASKS_PIN, pin)]).succeeded().lines
    return [tuple(re.fullmatch(r"\d+: (\S+) ?(.*)", line).groups()) for line in listed]
