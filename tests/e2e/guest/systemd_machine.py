"""A machine that systemd has booted, with a person logged in at its screen: what the virtual machine itself is too small for.

systemd is the first process of a PID namespace, with no more units than a login needs. udev is the virtual machine's own; logind gives
the devices that udev's rules tag with "uaccess" to who is logged in at the seat, as it does on any desktop.
"""

import os
import pwd
import shutil
import signal
import subprocess

from waiting import wait_until

SYSTEM_UNITS = "/lib/systemd/system"
# the machine's own, as far as its version of systemd has them; what they want besides is left out
UNITS = [
    "dbus.service", "dbus.socket", "dbus-org.freedesktop.login1.service", "systemd-logind.service",
    "systemd-journald.service", "systemd-journald.socket", "systemd-journald-dev-log.socket",
    "user.slice", "user@.service", "user-runtime-dir@.service", "user-.slice.d", "user@.service.d",
]  # fmt: skip
OWN_UNITS = {
    "sysinit.target": "[Unit]\nDescription=Nothing to set up\n",
    "basic.target": "[Unit]\nDescription=Nothing to wait for\n",
    "shutdown.target": "[Unit]\nDefaultDependencies=no\n",
    "login.target": "[Unit]\nRequires=dbus.socket systemd-logind.service\nWants=systemd-journald.service\n"
    "After=systemd-logind.service\nAllowIsolate=yes\n",
    # at the first virtual terminal, which makes it a session at the seat
    "session.service": """[Unit]
Requires=systemd-logind.service
After=systemd-logind.service dbus.socket
[Service]
Type=oneshot
User={user}
PAMName=login
TTYPath=/dev/tty1
StandardInput=tty
StandardOutput=append:{folder}/said
StandardError=append:{folder}/log
WorkingDirectory=~
Environment={environment}
ExecStart={command}
ExecStopPost=+/bin/sh -c 'echo $SERVICE_RESULT >{folder}/ended'
TimeoutStartSec=infinity
""",
}
SECONDS = 600  # for a start, emulated on a busy machine
# Which is too slow for what systemd and D-Bus take for the end of patience. What has no such setting is started beforehand.
PATIENCE = {
    "/run/systemd/system.conf.d/patience.conf": f"[Manager]\nDefaultTimeoutStartSec={SECONDS}\nDefaultTimeoutStopSec={SECONDS}\n",
    "/run/systemd/user.conf.d/patience.conf": f"[Manager]\nDefaultTimeoutStartSec={SECONDS}\nDefaultTimeoutStopSec={SECONDS}\n",
    **{f"/etc/dbus-1/{bus}.d/patience.conf": f'<busconfig><limit name="auth_timeout">{SECONDS}000</limit></busconfig>\n'
       for bus in ("system", "session")},
}  # fmt: skip
BUS_PATIENCE = {"SYSTEMD_BUS_TIMEOUT": str(SECONDS)}


class SystemdMachine:
    """Boots it and logs the user in; `command` is the session, which ends with it."""

    def __init__(self, folder, user, command, environment):
        self._folder = folder
        self._said_before = 0
        units = os.path.join(folder, "units")
        os.makedirs(units)
        for name in UNITS:
            source = os.path.join(SYSTEM_UNITS, name)
            if os.path.isdir(source):
                shutil.copytree(source, os.path.join(units, name), symlinks=False)
            elif os.path.exists(source):
                shutil.copy(source, os.path.join(units, name))
        fields = {
            "user": user, "folder": folder, "command": " ".join(command),
            "environment": " ".join(f'"{name}={value}"' for name, value in {**environment, **BUS_PATIENCE}.items()),
        }  # fmt: skip
        for name, text in OWN_UNITS.items():
            with open(os.path.join(units, name), "w", encoding="ascii") as unit:
                unit.write(text.format(**fields) if "{user}" in text else text)
        for path, text in PATIENCE.items():
            os.makedirs(os.path.dirname(path), exist_ok=True)
            with open(path, "w", encoding="ascii") as file:
                file.write(text)
        if not os.path.ismount("/sys/fs/cgroup"):
            subprocess.run(["mount", "-t", "cgroup2", "cgroup2", "/sys/fs/cgroup"], check=True)
        os.makedirs("/run/systemd/system", exist_ok=True)
        with open(os.path.join(folder, "systemd.log"), "ab") as log:
            self._process = subprocess.Popen(
                ["unshare", "--pid", "--fork", "--kill-child", "--mount-proc", "/lib/systemd/systemd",
                 "--system", "--unit=login.target", "--log-target=console", "--show-status=no"],
                env={"PATH": os.environ["PATH"], "container": "test", "SYSTEMD_UNIT_PATH": units, **BUS_PATIENCE},
                stdin=subprocess.DEVNULL, stdout=log, stderr=log,
            )  # fmt: skip
        self._first = wait_until(self._first_process, 30, "systemd")
        wait_until(lambda: os.path.exists("/run/systemd/private"), SECONDS, "systemd to listen")
        for unit in ("login.target", f"user@{pwd.getpwnam(user).pw_uid}.service"):
            started = self.run("systemctl", "start", unit)
            assert started.returncode == 0, f"{unit} does not start: {started.stderr}"
        self.run("systemctl", "start", "--no-block", "session.service", check=True)

    def _first_process(self):
        children = f"/proc/{self._process.pid}/task/{self._process.pid}/children"
        with open(children, encoding="ascii") as numbers:
            return numbers.read().strip()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        journal = self.run("journalctl", "--no-pager", "--output=short-monotonic")
        with open(os.path.join(self._folder, "journal"), "w", encoding="utf-8") as file:
            file.write(journal.stdout)
        self._process.send_signal(signal.SIGKILL)  # --kill-child: systemd with it, and so all that runs there
        self._process.wait()

    def run(self, *command, **options):
        """A command of root's, inside."""
        enter = ["nsenter", f"--target={self._first}", "--pid", "--mount", *command]
        return subprocess.run(enter, stdin=subprocess.DEVNULL, capture_output=True, text=True, env={**os.environ, **BUS_PATIENCE}, **options)

    def new_lines(self):
        """What the session has said since the last call, in whole lines."""
        try:
            with open(os.path.join(self._folder, "said"), encoding="utf-8") as said:
                text = said.read()[self._said_before :]
        except FileNotFoundError:
            return []
        whole = text[: text.rfind("\n") + 1]
        self._said_before += len(whole)
        return whole.splitlines()

    @property
    def has_ended(self):
        return os.path.exists(os.path.join(self._folder, "ended"))


def add_user(name):
    subprocess.run(["useradd", "--create-home", "--shell", "/bin/bash", name], check=True)
    return pwd.getpwnam(name)
