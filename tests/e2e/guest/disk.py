"""A LUKS2 volume that security keys open, as systemd does it: systemd-cryptenroll and systemd-cryptsetup."""

import ctypes
import os
import shutil
import subprocess

from terminal import run, run_at_terminal

SIZE = 24 * 1024 * 1024  # of which LUKS2's header takes 16 MiB
PASSPHRASE = "the passphrase that was there first"
ASKS_PIN = "token PIN"
CONTENT = b"what the volume keeps\n"
# Debian 12 has it where no PATH leads to
CRYPTSETUP = shutil.which("systemd-cryptsetup") or "/lib/systemd/systemd-cryptsetup"

SYS_KEYCTL, KEYCTL_CLEAR, KEY_SPEC_USER_KEYRING = 250, 7, -4  # <asm/unistd_64.h>, <linux/keyctl.h>


def forget_pins():
    """systemd keeps a PIN that was typed for a few minutes, in the kernel's keyring of its user."""
    ctypes.CDLL(None).syscall(SYS_KEYCTL, KEYCTL_CLEAR, KEY_SPEC_USER_KEYRING)


class Volume:
    """A file as a loop device with a LUKS2 header, a passphrase and known content."""

    def __init__(self, path):
        os.makedirs("/run/systemd/ask-password", exist_ok=True)  # where they look for who else may ask; with systemd as init it is there
        with open(path, "wb") as file:
            file.truncate(SIZE)
        self._key_file = f"{path}.key"
        with open(self._key_file, "w", encoding="ascii") as file:
            file.write(PASSPHRASE)
        os.chmod(self._key_file, 0o600)
        self.name = f"{os.path.basename(path)}-open"
        self.device = self._output("losetup", "--find", "--show", path)
        self._run("cryptsetup", "luksFormat", "--batch-mode", "--type=luks2", "--pbkdf=pbkdf2",
                  "--pbkdf-force-iterations=1000", self.device, self._key_file)
        self._run("cryptsetup", "open", f"--key-file={self._key_file}", self.device, self.name)
        with open(self._opened, "r+b") as volume:
            volume.write(CONTENT)
        self.detach()

    @staticmethod
    def _run(*command):
        run(list(command)).succeeded()

    @staticmethod
    def _output(*command):
        return run(list(command)).succeeded().stdout.strip()

    @property
    def _opened(self):
        return f"/dev/mapper/{self.name}"

    @property
    def is_open(self):
        return os.path.exists(self._opened)

    def enroll(self, *options, answers=(), device="auto"):
        """systemd-cryptenroll of a security key."""
        command = ["systemd-cryptenroll", f"--unlock-key-file={self._key_file}", f"--fido2-device={device}", *options, self.device]
        forget_pins()
        return run_at_terminal(command, *answers)

    def slots(self):
        """The kinds of its slots, as systemd-cryptenroll lists them."""
        lines = self._output("systemd-cryptenroll", self.device).splitlines()
        return sorted(line.split()[1] for line in lines[1:])

    def wipe_keys(self):
        """Removes all security keys and leaves the passphrase."""
        self._run("systemd-cryptenroll", "--wipe-slot=fido2", self.device)

    def attach(self, *options, answers=(), device="auto"):
        """systemd-cryptsetup with a security key; where that fails, it asks for the passphrase."""
        chosen = ",".join(["luks", f"fido2-device={device}", *options])
        command = [CRYPTSETUP, "attach", self.name, self.device, "-", chosen]
        forget_pins()
        return run_at_terminal(command, *answers)

    def content(self):
        with open(self._opened, "rb") as volume:
            return volume.read(len(CONTENT))

    def detach(self):
        self._run(CRYPTSETUP, "detach", self.name)

    def close(self):
        if self.is_open:
            self.detach()
        subprocess.run(["losetup", "--detach", self.device], check=False)
