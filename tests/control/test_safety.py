"""Who may control keys: whoever runs the daemon, and no web page."""

import os
import socket
import stat
import subprocess
import time

import pytest
from visitor import Site

REPOSITORY = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))


@pytest.fixture(scope="module")
def port_daemon(shared_starter):
    return shared_starter.start("--keyless", control="127.0.0.1:0")


@pytest.fixture
def port(port_daemon):
    yield port_daemon.control
    port_daemon.assert_alive()


def host_of(control):
    return control.url.removeprefix("http://")


def test_the_token_is_wanted(port):
    token, port.token = port.token, None
    try:
        answer = port.request("GET", "/v1/status")
        assert answer.status == 401 and "control.token" in answer.json["error"]
        assert answer.headers["WWW-Authenticate"] == "Bearer"
        for wrong in ("", "x", token[:-1], token + "x", token.swapcase()):
            assert port.request("GET", "/v1/status", headers={"Authorization": f"Bearer {wrong}"}).status == 401
        assert port.request("GET", "/v1/status", headers={"Authorization": f"Bearer {token}"}).status == 200
        assert port.request("GET", f"/t/{token}/v1/status").status == 200
        assert port.request("GET", f"/t/{token[:-1]}/v1/status").status == 401
    finally:
        port.token = token


def test_token_file_and_socket_are_their_owners_alone(port_daemon, daemon):
    token = os.path.join(port_daemon.folder, "fauxkey", "control.token")
    assert stat.S_IMODE(os.stat(token).st_mode) == 0o600
    path = daemon.control.url.removeprefix("unix:")
    assert stat.S_IMODE(os.stat(path).st_mode) == 0o600


@pytest.mark.skipif(os.geteuid() != 0, reason="takes root, who can be another user")
def test_another_user_cannot_even_by_an_open_socket(daemon):
    path = daemon.control.url.removeprefix("unix:")
    folder = os.path.dirname(path)
    modes = os.stat(folder).st_mode, os.stat(path).st_mode
    os.chmod(folder, 0o755)
    os.chmod(path, 0o666)
    try:
        done = subprocess.run(["curl", "-s", "--unix-socket", path, "http://x/v1/status"], user=65534, group=65534, capture_output=True, text=True,
                              check=False)
    finally:
        os.chmod(folder, modes[0])
        os.chmod(path, modes[1])
    assert "another user" in done.stdout


@pytest.mark.parametrize("host", ["evil.example", "evil.example:{port}", "127.0.0.1", "127.0.0.1:1", "localhost.evil.example:{port}", "", "[::2]:{port}"])
def test_a_foreign_host_is_refused_although_the_token_is_right(port, host):
    """DNS rebinding: the page's own name leads to this machine."""
    number = host_of(port).rsplit(":", 1)[1]
    assert port.request("GET", "/v1/status", headers={"Host": host.format(port=number)}).status == 403


@pytest.mark.parametrize("origin", ["http://evil.example", "null", "http://127.0.0.1:1", "https://127.0.0.1:{port}", "http://localhost"])
def test_a_foreign_origin_is_refused(port, control, origin):
    headers = {"Origin": origin.format(port=host_of(port).rsplit(":", 1)[1])}
    assert port.request("POST", "/v1/keys", {}, headers).status == 403
    assert control.request("POST", "/v1/keys", {}, headers).status == 403
    assert port.get("/v1/keys")["keys"] == []


def test_a_pages_preflight_gets_no_leave(port):
    answer = port.request("OPTIONS", "/v1/keys", headers={"Origin": "http://evil.example", "Access-Control-Request-Method": "POST"})
    assert answer.status == 403
    assert not [name for name in answer.headers if name.lower().startswith("access-control")]


def test_answers_are_neither_kept_nor_guessed_at(control):
    headers = control.request("GET", "/v1/status").headers
    assert headers["Cache-Control"] == "no-store" and headers["X-Content-Type-Options"] == "nosniff"


@pytest.mark.parametrize(
    "method, path, status",
    [("GET", "/inspector/none", 404), ("GET", "/inspector/index.html/x", 404), ("GET", "/v1", 404), ("GET", "/v1/keys/", 404), ("GET", "/v1/keys/none", 404), ("PUT", "/v1/keys", 405),
     ("GET", "/v1/keys/../../etc/passwd", 404), ("GET", "/v1/keys/%2e%2e/x", 404), ("DELETE", "/v1/status", 405), ("GET", "/session/1/webauthn/x", 404)],
)
def test_what_is_not_there_is_said_to_be_not_there(control, method, path, status):
    answer = control.request(method, path)
    assert answer.status == status
    assert answer.json


@pytest.mark.parametrize("body", ["{", "nul", '{"a":1}x', "[" * 100_000, '{"pin": 1e999}', '{"a":' * 40 + "1" + "}" * 40, "\x00", '"\xff"', b"\xff\xfe"])
def test_a_body_that_is_no_json_is_refused(control, body):
    answer = control.request("POST", "/v1/keys", body.encode("latin1") if isinstance(body, str) else body)
    assert answer.status == 400
    assert "JSON" in answer.json["error"] or "member" in answer.json["error"]


def test_a_body_that_is_too_large_is_refused(control):
    try:
        assert control.request("POST", "/v1/keys", b" " * (1 << 20) + b"{").status == 413
    except (BrokenPipeError, ConnectionResetError):
        pass  # refused before all of it was sent
    connection = control.connect()
    connection.putrequest("POST", "/v1/keys")
    connection.putheader("Content-Length", str(1 << 40))
    connection.endheaders()
    assert connection.getresponse().status == 413
    connection.close()


def chunked(control, chunks):
    connection = control.connect()
    connection.request("POST", "/v1/keys", body=chunks, headers={"Transfer-Encoding": "chunked"}, encode_chunked=True)
    return connection.getresponse()


def test_a_body_without_a_stated_length_has_the_same_limit(control):
    def endless():
        for _ in range(64):
            yield b" " * 65536

    try:
        assert chunked(control, endless()).status == 413
    except (BrokenPipeError, ConnectionResetError):
        pass  # refused before all of it was sent


def test_slow_clients_hold_up_nobody(control):
    """A thousand connections: most say nothing, some drip a head or a body."""
    path = control.url.removeprefix("unix:")
    slow = []
    for number in range(1000):
        one = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        one.connect(path)
        if number % 3 == 1:
            one.send(b"POST /v1/keys HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\n{")
        elif number % 3 == 2:
            one.send(b"GET /v1/sta")
        slow.append(one)
    begun = time.monotonic()
    for _ in range(20):
        assert control.get("/v1/status")["program"] == "fauxkey"
    assert time.monotonic() - begun < 10
    for one in slow:
        one.close()


def test_pipelined_and_kept_connections_are_served(control):
    connection = control.connect()
    for _ in range(5):
        connection.request("GET", "/v1/status")
        answer = connection.getresponse()
        assert answer.status == 200
        answer.read()
    connection.close()


def test_an_idle_daemon_makes_no_wake_ups(starter):
    """Connections that come and go leave nothing running behind: it sleeps as before the first. (A sanitizer wakes up by itself.)"""
    daemon = starter.start("--keyless", control="unix:" + starter.folder() + "/control.sock")

    def switches():
        total = 0
        for task in os.listdir(f"/proc/{daemon.process.pid}/task"):
            with open(f"/proc/{daemon.process.pid}/task/{task}/status", encoding="ascii") as status:
                total += sum(int(line.split()[1]) for line in status if "ctxt_switches" in line)
        return total

    def in_two_seconds():
        time.sleep(0.5)
        before = switches()
        time.sleep(2)
        return switches() - before

    at_first = in_two_seconds()
    for _ in range(10):
        daemon.control.get("/v1/status")
    key = daemon.control.plug_in()
    daemon.control.delete(f"/v1/keys/{key['name']}")
    assert in_two_seconds() <= at_first + 2


def test_routes_are_those_of_the_openapi_file(control):
    """What the file names is there (not 404 or 405 by the router), and nothing else answers."""
    import yaml

    document = yaml.safe_load(control.request("GET", "/v1/openapi.yaml").text)
    with open(os.path.join(REPOSITORY, "src/control/openapi.yaml"), encoding="utf-8") as file:
        assert document == yaml.safe_load(file)
    methods = {"get", "post", "put", "patch", "delete"}
    for path, item in document["paths"].items():
        concrete = path.replace("{prompt}", "0")
        allowed = control.request("TRACE", concrete)
        assert allowed.status == 405, f"{path} is not there"
        assert {name.strip().lower() for name in allowed.headers["Allow"].split(",")} == methods & set(item)


@pytest.mark.parametrize("address", ["0.0.0.0:0", "127.0.0.1", "127.0.0.1:x", "127.0.0.1:70000", "nowhere", "unix:"])
def test_an_address_that_others_could_reach_or_is_none_is_refused(starter, address):
    with pytest.raises(RuntimeError) as error:
        starter.start("--keyless", control=address)
    assert "status 2" in str(error.value)


def test_an_address_that_is_taken_is_said_to_be(starter, port, daemon):
    for address in (host_of(port), daemon.control.url):
        with pytest.raises(RuntimeError) as error:
            starter.start("--keyless", control=address)
        assert "status 1" in str(error.value)
    assert port.get("/v1/status") and daemon.control.get("/v1/status")


def test_a_key_that_lasts_is_not_scripted_and_keeps_its_secrets(starter):
    daemon = starter.start(store=True, control="unix:" + starter.folder() + "/control.sock")
    control = daemon.control
    site = Site(daemon, "example.org")
    site.register("alice", resident_key_requirement="required")
    (listed,) = control.get("/v1/keys/main/credentials")["credentials"]
    assert listed["userName"] == "alice" and "privateKey" not in listed
    main = "/v1/keys/main"
    for method, path, body in (
        ("PATCH", "/user", {"presence": "approve"}), ("POST", "/user/next", {"presence": "approve"}), ("PATCH", "/pin", {"pin": "1234"}),
        ("PATCH", "/clock", {"frozen": True}), ("POST", "/reset", None), ("POST", "/fork", {}), ("POST", "/faults", {"action": {"type": "bogusSignature"}}),
        ("DELETE", "/credentials", None), ("POST", "/credentials", {}),
    ):
        answer = control.request(method, main + path, body)
        assert answer.status == 403 and "--ephemeral" in answer.json["error"], path
    assert control.request("DELETE", main).status == 409
    control.delete(f"{main}/credentials/{listed['credentialId']}")
    assert control.get(f"{main}/credentials")["credentials"] == []
