"""The control interface on a socket that a service manager has made: LISTEN_FDS, as systemd hands them over (sd_listen_fds(3))."""

import contextlib
import os
import socket
import subprocess

import pytest
from control import Control

FIRST = 3  # SD_LISTEN_FDS_START
READY_SECONDS = 60


@contextlib.contextmanager
def activated(program, folder, *sockets, options=()):
    """A daemon that was started because of these sockets, with what it said on stdout up to its "control:"."""

    def hand_over():
        for number, each in enumerate(sockets):
            os.dup2(each.fileno(), FIRST + number)

    # LISTEN_PID is the daemon's own, which is the shell's before
    command = ["sh", "-c", 'LISTEN_PID=$$ exec "$0" "$@"', program, "run", "--keyless", "--transport", "unix", *options]
    environment = {**os.environ, "XDG_RUNTIME_DIR": folder, "HOME": folder, "LISTEN_FDS": str(len(sockets))}
    with subprocess.Popen(command, env=environment, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
                          preexec_fn=hand_over, pass_fds=range(FIRST, FIRST + len(sockets))) as process:  # fmt: skip
        try:
            yield process
        finally:
            process.kill()


@pytest.fixture
def folder(shared_starter):
    return shared_starter.folder()


@pytest.fixture
def program(request):
    return os.path.abspath(request.config.getoption("--fauxkey"))


@pytest.fixture
def listener(folder):
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as made:
        made.bind(os.path.join(folder, "made.sock"))
        made.listen()
        yield made


def status_of(url, token=None):
    return Control(url, token).get("/v1/status")


def test_a_client_that_came_before_the_daemon_is_answered(program, folder, listener):
    with contextlib.closing(Control("unix:" + listener.getsockname()).connect()) as early:
        early.request("GET", "/v1/status")
        with activated(program, folder, listener) as daemon:
            assert daemon.stdout.readline() == f"control: unix:{listener.getsockname()}\n"
            assert early.getresponse().status == 200


def test_the_socket_stays_when_the_daemon_ends_and_serves_the_next_one(program, folder, listener):
    url = "unix:" + listener.getsockname()
    for _ in range(2):
        with activated(program, folder, listener) as daemon:
            daemon.stdout.readline()
            assert status_of(url)["version"]
            daemon.terminate()
            assert daemon.wait(READY_SECONDS) == 0
        assert os.path.exists(listener.getsockname())


def test_a_port_of_this_machine_wants_the_token(program, folder):
    with socket.create_server(("127.0.0.1", 0)) as port:
        with activated(program, folder, port) as daemon:
            url = daemon.stdout.readline().removeprefix("control: ").strip()
            assert url == f"http://127.0.0.1:{port.getsockname()[1]}"
            assert Control(url).request("GET", "/v1/status").status == 401
            with open(os.path.join(folder, "fauxkey", "control.token"), encoding="ascii") as token:
                assert status_of(url, token.read())["version"]


def refused(program, folder, *sockets):
    with activated(program, folder, *sockets) as daemon:
        _, errors = daemon.communicate(timeout=READY_SECONDS)
        assert daemon.returncode == 2
        return errors


def test_a_port_that_others_can_reach_is_refused(program, folder):
    with socket.create_server(("0.0.0.0", 0)) as port:
        assert "let ListenStream= name a path, 127.0.0.1:PORT or [::1]:PORT" in refused(program, folder, port)


def test_a_socket_that_does_not_listen_is_refused(program, folder):
    one, other = socket.socketpair()
    with one, other:
        assert "let ListenStream= name a path" in refused(program, folder, one)


def test_several_sockets_are_refused(program, folder, listener):
    with socket.create_server(("127.0.0.1", 0)) as port:
        assert "hands over 2 sockets" in refused(program, folder, listener, port)


def test_an_address_in_the_options_goes_before_the_socket_and_says_so(program, folder, listener):
    address = "unix:" + os.path.join(folder, "wanted.sock")
    with activated(program, folder, listener, options=["--control", address]) as daemon:
        assert daemon.stdout.readline() == f"control: {address}\n"
        assert status_of(address)["version"]
        daemon.terminate()
        assert "systemctl --user disable --now fauxkey.socket" in daemon.communicate(timeout=READY_SECONDS)[1]
