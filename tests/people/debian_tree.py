"""A fresh Debian in a folder, with no more than apt, in which packages are built and installed."""

import glob
import os
import re
import shlex
import shutil
import subprocess

MIRROR = os.environ.get("FAUXKEY_DEBIAN_MIRROR", "http://deb.debian.org/debian")
# By which programs in there reach the network as those out here do.
NETWORK = re.compile(r"(https?|ftp|all|no)_proxy|.*_CA_BUNDLE|SSL_CERT_FILE|GIT_SSL_CAINFO|PIP_CERT", re.IGNORECASE)
NETWORK_FILES = "/etc/resolv.conf", "/etc/hosts", "/etc/ssl/certs/ca-certificates.crt"
PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
# Of a tree and a user. Within a chroot there may be no mount point to keep this from being seen outside, so it is undone.
WITH_PROC = """
  mount --make-rprivate / 2>/dev/null
  tree=$0 user=$1
  shift
  mount -t proc proc "$tree/proc" || exit
  chroot --userspec="$user" "$tree" "$@"
  status=$?
  umount "$tree/proc"
  exit "$status"
"""


class Tree:
    """Of a suite (bookworm, trixie); `copy_of` another tree takes less time than one from the network."""

    def __init__(self, folder, suite, copy_of=None):
        self.folder = folder
        self.suite = suite
        if copy_of:
            subprocess.run(["cp", "-a", copy_of.folder, folder], check=True)
            return
        made = subprocess.run(["debootstrap", "--variant=minbase", suite, folder, MIRROR], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
        assert made.returncode == 0, f"debootstrap: {made.stdout[-2000:]}"
        for path in NETWORK_FILES:
            if os.path.exists(path):
                os.makedirs(os.path.dirname(self.path(path)), exist_ok=True)
                shutil.copy(os.path.realpath(path), self.path(path))
        settings = subprocess.run(["apt-config", "dump"], check=True, capture_output=True, text=True).stdout
        with open(self.path("/etc/apt/apt.conf.d/99network"), "w", encoding="utf-8") as file:
            file.writelines(f"{line}\n" for line in settings.splitlines() if re.match(r"Acquire::(https?|Retries)\b.* \"", line))

    def path(self, path):
        return os.path.join(self.folder, path.lstrip("/"))

    def run(self, command, cwd="/", user="root", status=0, **environment):
        """What a shell command said, which is to end with this status. It sees processes of its own and nothing of this machine."""
        settings = {"PATH": PATH, "LANG": "C.UTF-8", "DEBIAN_FRONTEND": "noninteractive", **environment}
        settings.update((name, value) for name, value in os.environ.items() if NETWORK.fullmatch(name))
        enter = ["unshare", "--mount", "--propagation", "unchanged", "--pid", "--fork", "--kill-child", "sh", "-c", WITH_PROC, self.folder, user]
        inside = ["env", "-i", *(f"{name}={value}" for name, value in settings.items()), "sh", "-c", f"cd {shlex.quote(cwd)} && {command}"]
        outcome = subprocess.run([*enter, *inside], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, errors="replace")
        assert outcome.returncode == status, f"{command} ended with status {outcome.returncode}: {outcome.stdout[-3000:]}"
        return outcome.stdout

    def files(self, pattern):
        return sorted(glob.glob(self.path(pattern)))

    def put(self, source, target):
        target = self.path(target)
        os.makedirs(os.path.dirname(target), exist_ok=True)
        if os.path.isdir(source):
            shutil.copytree(source, target, dirs_exist_ok=True, ignore=shutil.ignore_patterns("__pycache__", "node_modules"))
        else:
            shutil.copy(source, target)


class Containerfile:
    """What tools/Containerfile says, as far as it says it with the instructions that this knows."""

    KNOWN = {"ARG", "FROM", "WORKDIR", "COPY", "RUN", "USER", "ENV", "ENTRYPOINT", "CMD"}

    def __init__(self, path):
        with open(path, encoding="utf-8") as file:
            text = re.sub(r"^#.*\n", "", file.read(), flags=re.MULTILINE)
        self.lines = [line.strip().split(None, 1) for line in re.sub(r"\s*\\\n\s*", " ", text).splitlines() if line.strip()]
        unknown = {word for word, _ in self.lines} - self.KNOWN
        assert not unknown, f"this test does not know {unknown}"

    def stages(self):
        """The lines of each FROM, itself first."""
        stages = []
        for word, rest in self.lines:
            if word == "FROM":
                stages.append([])
            if stages:
                stages[-1].append((word, rest))
        return stages

    def build(self, number, tree, sources, built=None):
        """A stage's lines, done in a tree as an image's would be: files come from `sources`, or from an earlier stage's tree. Returns who
        its programs then run as, and in which environment."""
        folder, user, environment = "/", "root", {}
        for word, rest in self.stages()[number]:
            match word:
                case "WORKDIR":
                    folder = rest
                    os.makedirs(tree.path(folder), exist_ok=True)
                case "COPY":
                    *wanted, target = rest.split()
                    origin = sources if not wanted[0].startswith("--from=") else built.folder
                    for pattern in (each.lstrip("/") for each in wanted if not each.startswith("--")):
                        found = glob.glob(os.path.join(origin, pattern))
                        assert found, f"there is no {pattern} to copy"
                        for source in found:
                            into = os.path.join(target, os.path.basename(source)) if target.endswith("/") else target
                            tree.put(source, os.path.join(folder, into))
                case "RUN":
                    tree.run(rest, folder, user, **environment)
                case "USER":
                    user = rest
                case "ENV":
                    environment.update(pair.split("=", 1) for pair in rest.split())
        return user, environment
