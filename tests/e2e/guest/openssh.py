"""ssh-keygen with the key: generating, downloading, signing and verifying."""

import base64
import os
import struct

from terminal import run

NAMESPACE, IDENTITY = "test@fauxkey.example", "alice@fauxkey.example"
USER_PRESENT, USER_VERIFIED = 0x01, 0x04

ASKPASS = """#!/bin/sh
# What ssh asks by: answers a question for the PIN, and keeps every question.
printf '%s\\n' "$1" >>"$ASKPASS_QUESTIONS"
case $1 in *PIN*) printf '%s\\n' "$ASKPASS_PIN" ;; esac
"""


class Ssh:
    """ssh-keygen in a folder of its own. Whatever it asks is asked by SSH_ASKPASS; `questions` are those so far."""

    def __init__(self, folder):
        self.folder = folder
        os.makedirs(folder)
        askpass = self.path("askpass")
        with open(askpass, "w", encoding="ascii") as file:
            file.write(ASKPASS)
        os.chmod(askpass, 0o755)
        self._environment = {
            **os.environ, "HOME": folder, "DISPLAY": ":none", "SSH_ASKPASS": askpass, "SSH_ASKPASS_REQUIRE": "force",
            "ASKPASS_QUESTIONS": self.path("questions"),
        }
        self.forget_questions()

    def path(self, name):
        return os.path.join(self.folder, name)

    def forget_questions(self):
        with open(self.path("questions"), "w", encoding="ascii"):
            pass

    @property
    def questions(self):
        with open(self.path("questions"), encoding="utf-8") as lines:
            return lines.read().splitlines()

    def _keygen(self, *arguments, stdin="", pin="", folder=None):
        environment = {**self._environment, "ASKPASS_PIN": pin}
        return run(["ssh-keygen", *arguments], stdin, env=environment, cwd=folder or self.folder)

    def generate(self, name, kind, *options, pin=""):
        """ssh-keygen -t KIND; the key's files are NAME and NAME.pub."""
        flags = [flag for option in options for flag in ("-O", option)]
        return self._keygen("-t", kind, *flags, "-N", "", "-C", name, "-f", self.path(name), pin=pin)

    def download(self, folder, pin):
        """ssh-keygen -K into a folder."""
        os.makedirs(self.path(folder))
        return self._keygen("-K", "-N", "", folder=self.path(folder), pin=pin)

    def sign(self, name, message, pin=""):
        """ssh-keygen -Y sign; the armoured signature is its stdout."""
        return self._keygen("-Y", "sign", "-f", self.path(name), "-n", NAMESPACE, stdin=message, pin=pin)

    def verify(self, name, message, signature):
        """ssh-keygen -Y verify by somebody who knows only the public key."""
        with open(self.path("signature"), "w", encoding="ascii") as file:
            file.write(signature)
        with open(self.path("allowed"), "w", encoding="ascii") as file:
            file.write(f"{IDENTITY} {self.public_key(name)}\n")
        return self._keygen(
            "-Y", "verify", "-f", self.path("allowed"), "-I", IDENTITY, "-n", NAMESPACE, "-s", self.path("signature"),
            stdin=message,
        )

    def public_key(self, name):
        """Its type and its base64, without the comment."""
        with open(self.path(f"{name}.pub"), encoding="utf-8") as file:
            return " ".join(file.read().split()[:2])


def _strings(blob):
    while blob:
        (length,) = struct.unpack(">I", blob[:4])
        yield blob[4 : 4 + length]
        blob = blob[4 + length :]


def flags_and_counter(signature):
    """What the key signed besides the message (OpenSSH's PROTOCOL.sshsig and PROTOCOL.u2f)."""
    blob = base64.b64decode("".join(signature.splitlines()[1:-1]))
    assert blob[:6] == b"SSHSIG", blob[:6]
    *_, signature_blob = _strings(blob[10:])  # public key, name space, reserved, hash, signature
    return struct.unpack(">BI", signature_blob[-5:])
