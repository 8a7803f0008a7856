"""A login that wants a security key: pam_u2f, with pamtester as the program that people log in to."""

import os

from terminal import run_at_terminal

ORIGIN = "pam://fauxkey"
ASKS_PIN = "PIN"


class Login:
    """A PAM service whose only condition is pam_u2f."""

    def __init__(self, name, *options):
        self._service = name
        self._mapping = f"/tmp/{name}.keys"
        with open(f"/etc/pam.d/{name}", "w", encoding="ascii") as file:
            arguments = " ".join([f"authfile={self._mapping}", f"origin={ORIGIN}", f"appid={ORIGIN}", *options])
            file.write(f"auth required pam_u2f.so {arguments}\naccount required pam_permit.so\n")

    def register(self, *options, answers=()):
        """pamu2fcfg; what it says is what the administrator puts into the mapping."""
        command = ["pamu2fcfg", "-u", "root", "-o", ORIGIN, "-i", ORIGIN, *options]
        registered = run_at_terminal(command, *answers).succeeded().stdout.strip()
        with open(self._mapping, "w", encoding="ascii") as file:
            file.write(f"{registered}\n")
        os.chmod(self._mapping, 0o600)
        return registered

    def log_in(self, *answers):
        return run_at_terminal(["pamtester", self._service, "root", "authenticate", "acct_mgmt"], *answers)
