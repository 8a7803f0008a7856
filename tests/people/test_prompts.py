"""How a person is asked: on the desktop, by pinentry, at the terminal. With FAUXKEY_PICTURES=FOLDER the pictures in docs are made
there."""

import os
import shlex
import shutil
import stat
import time

import pytest
from control import Control
from ctap2 import KEEPALIVE_CANCEL, MAKE_CREDENTIAL, OK, OPERATION_DENIED, RESET, SELECTION, USER_ACTION_TIMEOUT
from ctap2 import make_credential_request
from daemon import DESKTOP_VARIABLES
from desktop import Desktop, SessionBus, Tmux, until
from hid import Wire, open_link
from notifications import Bystander, Server

SITE = "shop.example"
ALICE = {"id": b"1", "name": "alice@shop.example", "displayName": "Alice"}
READABLE = 1.2  # an approval within the first half second does not count, and a busy key may begin to count it late


def picture_path(name, folder):
    return os.path.join(os.environ.get("FAUXKEY_PICTURES", folder), name)


def register(channel, rp_id=SITE, user=ALICE):
    channel.start(MAKE_CREDENTIAL, make_credential_request(rp_id, user=user))


def second_key(key, rp_id="work.example"):
    """A key beside the daemon's own, asked to do something."""
    made = key.control.ask("POST", "/v1/keys", {"name": "work", "transports": ["unix"], "user": {"presence": "ask"}})
    wire = Wire(open_link(made["addresses"][0]))
    channel = wire.open_channel()
    register(channel, rp_id)
    return channel


# --- notifications: what is said to the server, and what counts as an answer


@pytest.fixture
def folder(starter):
    return starter.folder()


@pytest.fixture
def bus(folder):
    bus = SessionBus(folder)
    yield bus
    bus.close()


@pytest.fixture
def serve(bus):
    servers = []

    def start(**options):
        servers.append(Server(bus, **options))
        return servers[-1]

    yield start
    for server in servers:
        server.close()


@pytest.fixture
def asking(new_key, bus):
    """A key whose person sits at this desktop."""

    def start(*options, **arguments):
        return new_key(*options, approve="ask", environment=bus.environment, control="127.0.0.1:0", **arguments)

    return start


class TestNotification:
    def test_it_says_what_is_asked_and_its_button_approves(self, serve, asking):
        server, key = serve(), asking()
        assert "by desktop notification" in key.log_tail()
        channel = key.channel()
        register(channel)
        shown = server.next()
        assert shown.title == "Register this security key?"
        assert shown.body == "Register this key at shop.example as alice@shop.example?\nKey: main\n30 s left"
        assert list(shown.actions) == ["Approve", "Deny"]
        assert (shown.hints["urgency"], shown.expires) == (2, 0)
        time.sleep(READABLE)
        server.press(shown, "Approve")
        assert channel.finish()[0] == OK

    def test_there_is_no_action_for_a_click_beside_the_buttons(self, serve, asking):
        server, key = serve(), asking()
        register(key.channel())
        assert "default" not in server.next().actions.values()

    def test_deny_denies_at_once(self, serve, asking):
        server, key = serve(on_shown=lambda server, shown: server.press(shown, "Deny")), asking()
        channel = key.channel()
        register(channel)
        assert channel.finish()[0] == OPERATION_DENIED
        assert server.count == 1

    def test_an_approval_sooner_than_one_can_read_is_asked_for_again(self, serve, asking):
        pressed = []

        def press_at_once(server, shown):
            if not pressed:
                server.press(shown, "Approve")
                server.dismiss(shown)
            pressed.append(shown)

        server, key = serve(on_shown=press_at_once), asking()
        channel = key.channel()
        register(channel)
        server.next()
        again = server.next()
        assert again.replaces == 0
        time.sleep(READABLE)
        server.press(again, "Approve")
        assert channel.finish()[0] == OK

    def test_names_are_no_markup_where_the_server_reads_it(self, serve, asking):
        server, key = serve(capabilities=("actions", "body", "body-markup")), asking()
        register(key.channel(), user={**ALICE, "name": "<b>R&D</b>‮"})
        assert "as &lt;b&gt;R&amp;D&lt;/b&gt;\\u{202E}?" in server.next().body

    def test_and_are_as_they_are_where_it_does_not(self, serve, asking):
        server, key = serve(), asking()
        register(key.channel(), user={**ALICE, "name": "<b>R&D</b>\n"})
        assert "as <b>R&D</b>\\u{A}?" in server.next().body

    def test_the_time_left_goes_down_in_the_same_notification(self, serve, asking):
        server, key = serve(), asking()
        channel = key.channel()
        register(channel)
        first = server.next()
        key.control.ask("PATCH", "/v1/keys/main/clock", {"advanceMs": 12_000})
        second = server.next()
        assert second.replaces == first.id
        assert second.body.endswith("\n20 s left")
        key.control.ask("PATCH", "/v1/keys/main/clock", {"advanceMs": 30_000})
        assert channel.finish()[0] == USER_ACTION_TIMEOUT
        assert server.closed.get(timeout=5) == first.id

    def test_a_dismissed_one_is_no_answer_and_comes_back(self, serve, asking):
        server, key = serve(), asking()
        channel = key.channel()
        register(channel)
        server.dismiss(server.next())
        key.control.ask("PATCH", "/v1/keys/main/clock", {"advanceMs": 6_000})
        again = server.next()
        assert again.replaces == 0
        time.sleep(READABLE)
        server.press(again, "Approve")
        assert channel.finish()[0] == OK

    def test_a_cancel_closes_it(self, serve, asking):
        server, key = serve(), asking()
        channel = key.channel()
        register(channel)
        shown = server.next()
        channel.cancel()
        assert channel.finish()[0] == KEEPALIVE_CANCEL
        assert server.closed.get(timeout=5) == shown.id

    def test_an_answer_from_elsewhere_closes_it(self, serve, asking):
        server, key = serve(), asking()
        channel = key.channel()
        register(channel)
        shown = server.next()
        (prompt,) = key.control.ask("GET", "/v1/prompts")["prompts"]
        key.control.ask("POST", f"/v1/prompts/{prompt['id']}", {"answer": "approve"})
        assert channel.finish()[0] == OK
        assert server.closed.get(timeout=5) == shown.id

    def test_nobody_but_the_server_can_press_its_buttons(self, serve, asking, bus):
        server, key = serve(), asking()
        channel = key.channel()
        register(channel)
        shown = server.next()
        time.sleep(READABLE)
        bystander = Bystander(bus)
        bystander.press(server.client, shown, "Approve")
        bystander.press(server.client, shown, "Deny")
        server.tell("ActionInvoked", "us", (shown.id, "approve"))
        server.tell("ActionInvoked", "us", (shown.id, "default"))
        for _ in range(5):
            assert channel.wire.receive(channel.cid)[0] == 0x3B
        bystander.close()
        channel.cancel()
        assert channel.finish()[0] == KEEPALIVE_CANCEL

    def test_a_second_question_waits_and_is_seen_to(self, serve, asking):
        server, key = serve(), asking()
        channel = key.channel()
        register(channel)
        first = server.next()
        other = second_key(key)
        assert server.next().body.endswith(" s left, 1 more waits")
        server.press(first, "Deny")
        assert channel.finish()[0] == OPERATION_DENIED
        second = server.next()
        assert "work.example" in second.body and "Key: work" in second.body and "more" not in second.body
        time.sleep(READABLE)
        server.press(second, "Approve")
        assert other.finish()[0] == OK
        other.wire.close()

    @pytest.mark.parametrize(
        "command, title",
        [(SELECTION, "Use this security key?"), (RESET, "ERASE this security key?")],
        ids=["selection", "reset"],
    )
    def test_other_operations_are_asked_about_too(self, serve, asking, command, title):
        server, key = serve(), asking()
        channel = key.channel()
        channel.start(command)
        shown = server.next()
        assert shown.title == title
        time.sleep(READABLE)
        server.press(shown, "Approve")
        assert channel.finish()[0] == OK

    def test_u2f_too(self, serve, asking):
        server, key = serve(), asking()
        channel = key.channel()
        apdu = b"\x00\x01\x03\x00\x00\x00\x40" + bytes(64) + b"\x00\x00"
        assert channel.apdu(apdu)[0] == 0x6985
        shown = server.next()
        assert shown.title == "Register this security key?"
        time.sleep(READABLE)
        server.press(shown, "Approve")
        assert channel.apdu_when_approved(apdu)[0] == 0x9000


class TestWhatIsThere:
    """Which way a question takes."""

    def test_a_server_without_buttons_is_not_used(self, serve, asking):
        server, key = serve(capabilities=("body",)), asking(terminal=True)
        assert "at the terminal" in key.log_tail()
        channel = key.channel()
        register(channel)
        key.read_terminal("Press y")
        assert server.count == 0
        key.type("y")
        assert channel.finish()[0] == OK

    @pytest.mark.parametrize("how", ["server", "bus"])
    def test_where_the_desktop_goes_the_terminal_asks_on(self, serve, asking, bus, how):
        server, key = serve(), asking(terminal=True)
        channel = key.channel()
        register(channel)
        server.next()
        if how == "server":
            server.leave()
        else:
            bus.close()
        assert SITE in key.read_terminal("Press y")
        key.type("y")
        assert channel.finish()[0] == OK

    def test_a_server_that_comes_after_the_start_is_asked(self, serve, asking):
        key = asking()
        assert "nowhere to ask" in key.log_tail()
        channel = key.channel()
        register(channel)
        until(lambda: "fauxkey approve" in key.log_tail(1) and "A request waits" in key.log_tail(), "a word on what to do")
        channel.cancel()
        assert channel.finish()[0] == KEEPALIVE_CANCEL
        server = serve(on_shown=lambda server, shown: server.press(shown, "Deny"))
        register(channel)
        assert channel.finish()[0] == OPERATION_DENIED
        assert server.count == 1

    def test_one_server_after_another_shows_the_same_question(self, serve, asking):
        first, key = serve(), asking()
        channel = key.channel()
        register(channel)
        first.next()
        first.close()
        second = serve()
        # There was none for a moment, so the question may have found nobody; the next is shown.
        channel.cancel()
        channel.finish()
        register(channel)
        assert SITE in second.next().body

    def test_a_server_that_hangs_delays_a_cancel_by_nothing(self, serve, asking):
        serve(hangs=True)
        key = asking("--prompt", "auto")
        channel = key.channel()
        register(channel)
        channel.wire.receive(channel.cid)
        started = time.monotonic()
        channel.cancel()
        assert channel.finish()[0] == KEEPALIVE_CANCEL
        assert time.monotonic() - started < 2

    def test_the_order_can_be_set(self, serve, asking):
        server = serve()
        key = asking("--prompt", "terminal,notification", terminal=True)
        channel = key.channel()
        register(channel)
        key.read_terminal("Press y")
        key.type("n")
        assert channel.finish()[0] == OPERATION_DENIED
        assert server.count == 0

    @pytest.mark.parametrize(
        "ways, said",
        [
            ("notification", "notification: no notification server runs"),
            ("terminal", "terminal: fauxkey was started from no terminal"),
            ("pinentry", "pinentry: there is neither a display nor a terminal"),
        ],
    )
    def test_a_way_that_is_wished_and_not_there_ends_the_start(self, asking, ways, said):
        with pytest.raises(RuntimeError) as error:
            asking("--prompt", ways)
        assert "status 1" in str(error.value) and said in str(error.value)

    @pytest.mark.parametrize(
        "options, said",
        [
            (("--approve", "auto", "--prompt", "terminal"), "--prompt says where a person is asked"),
            (("--prompt", "auto,terminal"), "--prompt auto tries all ways"),
            (("--prompt", "terminal,terminal"), "--prompt names terminal twice"),
            (("--prompt", "telegram"), "telegram"),
        ],
    )
    def test_what_makes_no_sense_is_refused(self, shared_key, options, said):
        refused = shared_key.run("run", "--ephemeral", *options)
        assert refused.returncode == 2 and said in refused.stderr

    def test_keys_of_a_test_bench_disturb_nobody(self, serve, asking):
        server = serve()
        key = asking("--keyless")
        other = second_key(key)
        until(lambda: key.control.ask("GET", "/v1/prompts")["prompts"], "the prompt waits on the board")
        assert server.count == 0
        other.cancel()
        assert other.finish()[0] == KEEPALIVE_CANCEL
        other.wire.close()


# --- a real desktop


@pytest.fixture(scope="module")
def desktop(shared_starter):
    for program in ("Xvfb", "dunst", "dbus-run-session", "xdotool", "import", "dmenu"):
        assert shutil.which(program), f"{program} is missing: run tools/setup people"
    desktop = Desktop(shared_starter.folder())
    desktop.start_dunst()
    yield desktop
    desktop.close()


class TestDunst:
    @pytest.fixture
    def key(self, new_key, desktop):
        return new_key(approve="ask", environment=desktop.environment, control="127.0.0.1:0")

    def choose(self, desktop, word):
        """As dunst has it: the middle button opens a menu of the notification's actions."""
        desktop.click("Dunst", 2)
        until(lambda: desktop.run("xdotool", "search", "--onlyvisible", "--class", "dmenu", check=False), "the menu")
        time.sleep(0.2)
        desktop.write(word)
        desktop.key("Return")

    @pytest.mark.parametrize("word, status", [("Approve", OK), ("Deny", OPERATION_DENIED)])
    def test_a_click_and_a_choice_answer(self, key, desktop, word, status, tmp_path):
        channel = key.channel()
        register(channel)
        until(lambda: desktop.shown() == 1, "a notification")
        time.sleep(READABLE)
        self.choose(desktop, word)
        assert channel.finish()[0] == status
        until(lambda: desktop.shown() == 0, "it goes away")

    def test_a_cancel_takes_it_away(self, key, desktop):
        channel = key.channel()
        register(channel)
        until(lambda: desktop.shown() == 1, "a notification")
        channel.cancel()
        assert channel.finish()[0] == KEEPALIVE_CANCEL
        until(lambda: desktop.shown() == 0, "it goes away")

    def test_a_click_that_dismisses_is_no_answer(self, key, desktop):
        channel = key.channel()
        register(channel)
        until(lambda: desktop.shown() == 1, "a notification")
        time.sleep(READABLE)
        desktop.click("Dunst", 1)
        until(lambda: desktop.shown() == 0, "it goes away")
        assert channel.wire.receive(channel.cid)[0] == 0x3B
        until(lambda: desktop.shown() == 1, "it comes back")
        channel.cancel()
        assert channel.finish()[0] == KEEPALIVE_CANCEL

    def test_what_one_sees(self, key, desktop, tmp_path):
        """A picture with markup in a name, and with a question that waits."""
        channel = key.channel()
        register(channel, user={**ALICE, "name": "<b>alice</b> & bob"})
        until(lambda: desktop.shown() == 1, "a notification")
        time.sleep(0.3)
        alone = str(tmp_path / "alone.png")
        desktop.picture(alone)
        channel.cancel()
        assert channel.finish()[0] == KEEPALIVE_CANCEL
        until(lambda: desktop.shown() == 0, "it goes away")

        register(channel)
        until(lambda: desktop.shown() == 1, "a notification")
        other = second_key(key)
        until(lambda: len(key.control.ask("GET", "/v1/prompts")["prompts"]) == 2, "two questions")
        time.sleep(1.5)
        picture = picture_path("prompt-notification.png", tmp_path)
        desktop.picture(picture)
        assert os.path.getsize(picture) > 3000 and desktop.shown() == 1
        for one in (channel, other):
            one.cancel()
            assert one.finish()[0] == KEEPALIVE_CANCEL
        other.wire.close()


# --- pinentry


class AtTerminal:
    """A key in a terminal multiplexer."""

    def __init__(self, program, folder, *options, environment=None, size=(100, 30)):
        self.folder, self.log_path = folder, os.path.join(folder, "log")
        socket = os.path.join(folder, "key.sock")
        command = [program, "run", *options, "--transport", f"unix:{socket}"]
        home = {"XDG_RUNTIME_DIR": folder, "HOME": folder, "XDG_DATA_HOME": folder, "XDG_CONFIG_HOME": folder, "TERM": "screen"}
        line = " ".join(map(shlex.quote, command)) + f" 2>{shlex.quote(self.log_path)} >{shlex.quote(folder)}/ready"
        outside = [f"-u {name}" for name in (*DESKTOP_VARIABLES, "LINES", "COLUMNS")]
        self.tmux = Tmux(folder, f"env {' '.join(outside)} sh -c {shlex.quote(line)}", {**home, **(environment or {})}, size)
        self._socket, self._wires = socket, []

    def channel(self):
        until(lambda: os.path.exists(self._socket), f"the key is there:\n{self.tmux.screen()}{self.log()}")
        self._wires.append(Wire(open_link(f"unix:{self._socket}")))
        return self._wires[-1].open_channel()

    def log(self):
        try:
            with open(self.log_path, encoding="utf-8") as log:
                return log.read()
        except FileNotFoundError:
            return ""

    @property
    def control(self):
        return Control(f"unix:{self.folder}/fauxkey/control.sock")

    def close(self):
        for wire in self._wires:
            wire.close()
        self.tmux.close()


@pytest.fixture
def at_terminal(request, starter):
    program = os.path.abspath(request.config.getoption("--fauxkey"))
    started = []

    def start(*options, ephemeral=True, **arguments):
        options = (*(["--ephemeral"] if ephemeral else []), *options)
        started.append(AtTerminal(program, starter.folder(), *options, **arguments))
        return started[-1]

    yield start
    for key in started:
        key.close()


CURSES = {"FAUXKEY_PINENTRY": "pinentry-curses"}


class TestPinentry:
    def test_a_dialog_in_the_terminal_says_what_is_asked_and_approves(self, at_terminal, tmp_path):
        key = at_terminal("--prompt", "pinentry", environment=CURSES)
        channel = key.channel()
        assert "by pinentry" in key.log()
        register(channel)
        shown = key.tmux.shows("<Approve>")
        assert "Register this key at shop.example as alice@shop.example?" in shown
        assert "Key: main" in shown and "30 s left (until " in shown and "<Deny>" in shown
        key.tmux.type("Enter")
        assert channel.finish()[0] == OK

    def test_its_other_button_denies(self, at_terminal):
        key = at_terminal("--prompt", "pinentry", environment=CURSES)
        channel = key.channel()
        register(channel)
        key.tmux.shows("<Deny>")
        key.tmux.type("Tab", "Enter")
        assert channel.finish()[0] == OPERATION_DENIED

    def test_a_cancel_takes_it_away_and_leaves_the_terminal_as_it_was(self, at_terminal):
        key = at_terminal("--prompt", "pinentry", environment=CURSES)
        channel = key.channel()
        register(channel)
        key.tmux.shows("<Approve>")
        channel.cancel()
        assert channel.finish()[0] == KEEPALIVE_CANCEL
        until(lambda: "Approve" not in key.tmux.screen(), "the dialog goes away")
        key.tmux.type("e", "c", "h", "o")
        key.tmux.shows("echo")  # the terminal's own doing

    def test_a_second_question_waits_and_is_seen_to(self, at_terminal):
        key = at_terminal("--prompt", "pinentry", environment=CURSES)
        channel = key.channel()
        register(channel)
        key.tmux.shows("<Approve>")
        other = second_key(key)
        key.tmux.shows("1 more waits")
        key.tmux.shows("<Deny>")
        key.tmux.type("Tab", "Enter")
        assert channel.finish()[0] == OPERATION_DENIED
        shown = key.tmux.shows("work.example")
        assert "Key: work" in shown and "more" not in shown
        key.tmux.type("Enter")
        assert other.finish()[0] == OK
        other.wire.close()

    def test_a_passphrase_is_typed_there_unseen(self, at_terminal):
        key = at_terminal("--approve", "auto", "--unlock", "ask:pinentry", environment=CURSES, ephemeral=False)
        for question in ("New passphrase", "The same again"):
            key.tmux.shows(question)
            key.tmux.shows("<OK>")
            key.tmux.type("s3cret phrase", "Enter")
            until(lambda: question not in key.tmux.screen(), "the next")
        channel = key.channel()
        assert "s3cret" not in key.tmux.screen()
        register(channel)
        assert channel.finish()[0] == OK

    def test_by_itself_the_terminal_is_asked_without_a_dialog(self, at_terminal):
        """Where there is no desktop; somebody sits before the daemon's messages."""
        key = at_terminal(environment=CURSES)
        channel = key.channel()
        register(channel)
        key.tmux.shows("Press y to approve")
        key.tmux.type("y")
        assert channel.finish()[0] == OK

    @pytest.mark.parametrize(
        "answers",
        [
            "exit 1",
            "echo nonsense",
            "echo OK; read -r _; exit 0",
            'echo OK; while read -r c _; do case $c in CONFIRM) echo "ERR 83886340 No pinentry";; *) echo OK;; esac; done',
            'echo OK; while read -r c _; do case $c in CONFIRM) echo "INQUIRE x";; *) echo OK;; esac; done',
            'echo OK; while read -r c _; do case $c in CONFIRM) echo "D y"; echo OK;; *) echo OK;; esac; done',
            "head -c 100000 /dev/zero | tr '\\0' x",
        ],
        ids=["ends", "nonsense", "ends_later", "no_display", "inquires", "data", "endless_line"],
    )
    def test_a_pinentry_that_does_not_answer_leaves_the_question_to_the_next_way(self, new_key, folder, answers):
        program = os.path.join(folder, "pinentry")
        with open(program, "w", encoding="utf-8") as file:
            file.write(f"#!/bin/sh\n{answers}\n")
        os.chmod(program, stat.S_IRWXU)
        key = new_key("--prompt", "pinentry,terminal", approve="ask", terminal=True, environment={"FAUXKEY_PINENTRY": program})
        channel = key.channel()
        register(channel)
        assert SITE in key.read_terminal("Press y")
        key.type("y")
        assert channel.finish()[0] == OK

    @pytest.mark.parametrize("behaviour", ["sleep 1000", "trap '' TERM; sleep 1000", "yes '# again'"], ids=["mute", "deaf", "endless"])
    def test_a_pinentry_that_hangs_ends_with_the_question(self, new_key, folder, behaviour):
        program = os.path.join(folder, "pinentry")
        with open(program, "w", encoding="utf-8") as file:
            file.write(f"#!/bin/sh\necho $$ >{folder}/pid\n{behaviour}\n")
        os.chmod(program, stat.S_IRWXU)
        key = new_key("--prompt", "pinentry", approve="ask", terminal=True, environment={"FAUXKEY_PINENTRY": program})
        channel = key.channel()
        register(channel)
        until(lambda: os.path.exists(f"{folder}/pid") and os.path.getsize(f"{folder}/pid"), "it starts")
        channel.cancel()
        assert channel.finish()[0] == KEEPALIVE_CANCEL
        with open(f"{folder}/pid", encoding="ascii") as file:
            pid = file.read().strip()
        until(lambda: not os.path.exists(f"/proc/{pid}"), "it ends")

    def test_what_one_sees(self, at_terminal, desktop, tmp_path):
        key = at_terminal("--prompt", "pinentry", environment=CURSES, size=(80, 15))
        channel = key.channel()
        register(channel)
        key.tmux.shows("<Approve>")
        desktop.open("xterm", "-fa", "DejaVu Sans Mono", "-fs", "10", "-geometry", "80x15+0+0", "-e", *key.tmux.attach)
        time.sleep(2)
        picture = picture_path("prompt-pinentry.png", tmp_path)
        desktop.picture(picture)
        assert os.path.getsize(picture) > 3000  # a screen without text is smaller
        channel.cancel()
        assert channel.finish()[0] == KEEPALIVE_CANCEL


class TestTerminal:
    def test_a_question_says_which_key_asks_and_what_waits(self, at_terminal):
        key = at_terminal("--prompt", "terminal")
        channel = key.channel()
        register(channel)
        key.tmux.shows("fauxkey: Register this key at shop.example as alice@shop.example? (Key: main)")
        key.tmux.shows("Press y to approve, n to refuse (")
        other = second_key(key)
        key.tmux.shows("s left, 1 more waits)")
        key.tmux.type("n")
        assert channel.finish()[0] == OPERATION_DENIED
        key.tmux.shows("work.example")
        key.tmux.shows("(Key: work)")
        until(lambda: key.tmux.screen().rstrip().endswith("s left)"), "the question is there")
        key.tmux.type("y")
        assert other.finish()[0] == OK
        other.wire.close()
