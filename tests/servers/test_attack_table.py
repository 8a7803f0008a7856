"""The attack pack against the three servers: what each makes of each deviation is what docs/attack-pack.md says (tests/attack/servers.json)."""

import json
import os
import subprocess

import pytest
from daemon import REPOSITORY
from sites import ORIGIN, SERVERS, Server

FOUND = os.path.join(REPOSITORY, "tests/attack/servers.json")


def attacked(program, folder, name):
    """{version, results: {scenario: [outcome, what the site did]}}"""
    root, certificate, report = folder / "root.pem", folder / "certificate.pem", folder / "report.json"
    certificate.write_bytes(subprocess.run([program, "attestation", "root", "--attestation-root", root], check=True, capture_output=True, timeout=60).stdout)
    server = Server(name, folder / "server.log", "--attestation-root", str(certificate))
    try:
        done = subprocess.run([program, "attack", "--site", f"http://127.0.0.1:{server.port}", "--origin", ORIGIN, "--attestation-root", root,
                               "--policy", "trust", "--policy", "counters", "--json", report], capture_output=True, text=True, timeout=600, check=False,
                              env={"PATH": os.environ["PATH"], "HOME": str(folder), "LANG": "C.UTF-8"})
    finally:
        server.stop()
    assert done.returncode in (0, 1), f"{done.stdout[-2000:]}{done.stderr}"
    results = json.loads(report.read_text())["results"]
    errors = [each for each in results if each["outcome"] == "error"]
    assert not errors, errors
    return {"version": version_of(name), "results": {each["id"]: [each["outcome"], each["site"]] for each in results}}


def version_of(name):
    """As the pinned files have it."""
    if name == "simplewebauthn":
        with open(os.path.join(REPOSITORY, "tools/demo/package-lock.json"), encoding="utf-8") as lock:
            return json.load(lock)["packages"]["node_modules/@simplewebauthn/server"]["version"]
    if name == "py_webauthn":
        with open(os.path.join(REPOSITORY, "tests/e2e/servers/py_webauthn/requirements.txt"), encoding="utf-8") as lines:
            return next(line.split("==")[1].split()[0] for line in lines if line.startswith("webauthn=="))
    with open(os.path.join(REPOSITORY, "tests/e2e/servers/webauthn4j/libraries.sha256"), encoding="utf-8") as lines:
        return next(line.split("/")[-2] for line in lines if "/webauthn4j-core/" in line)


@pytest.mark.parametrize("name", SERVERS)
def test_a_server_makes_of_each_deviation_what_the_page_says(request, tmp_path, name):
    found = attacked(os.path.abspath(request.config.getoption("--fauxkey")), tmp_path, name)
    known = {}
    if os.path.exists(FOUND):
        with open(FOUND, encoding="utf-8") as file:
            known = json.load(file)
    if request.config.getoption("--write-tables"):
        with open(FOUND, "w", encoding="utf-8") as file:
            rows = json.dumps({**known, name: found}, indent=1, ensure_ascii=False, sort_keys=True)
            file.write(rows + "\n")
        return
    assert found == known.get(name), "what a server does has changed: --write-tables writes it anew; then tests/attack/page"
