"""A notification server that a test directs, and what was said to it."""

import queue
import threading

from desktop import WAIT_SECONDS
from jeepney import DBusAddress, HeaderFields, MessageType, new_error, new_method_return, new_signal
from jeepney.bus_messages import message_bus
from jeepney.io.threading import open_dbus_connection

SERVICE, PATH = "org.freedesktop.Notifications", "/org/freedesktop/Notifications"
SIGNALS = DBusAddress(PATH, interface=SERVICE)


class Shown:
    def __init__(self, arguments, number):
        _, self.replaces, _, self.title, self.body, actions, hints, self.expires = arguments
        self.id = self.replaces or number
        self.actions = dict(zip(actions[1::2], actions[::2]))  # by what stands on the button
        self.hints = {name: value for name, (_, value) in hints.items()}


class Server:
    def __init__(self, bus, capabilities=("body", "actions"), on_shown=None, hangs=False):
        self._capabilities, self._on_shown, self._hangs = list(capabilities), on_shown, hangs
        self.shown, self.closed = queue.Queue(), queue.Queue()
        self.count, self.client, self._new = 0, None, None
        self._connection = open_dbus_connection(bus=bus.address)
        self._thread = threading.Thread(target=self._serve, daemon=True)
        self._owned = threading.Event()
        self._thread.start()
        self._connection.send(message_bus.RequestName(SERVICE))
        assert self._owned.wait(WAIT_SECONDS)

    def _serve(self):
        while True:
            try:
                message = self._connection.receive()
            except Exception:
                return  # the bus has ended, or the test
            kind = message.header.message_type
            if kind == MessageType.method_return:
                self._owned.set()
            if kind == MessageType.method_call and not self._hangs:
                self._connection.send(self._answer(message))
                self._shown_now()

    def _answer(self, message):
        member = message.header.fields[HeaderFields.member]
        if member == "GetCapabilities":
            return new_method_return(message, "as", (self._capabilities,))
        if member == "Notify":
            self.count += 1
            shown = Shown(message.body, self.count)
            self.client = message.header.fields[HeaderFields.sender]
            self._new = shown
            return new_method_return(message, "u", (shown.id,))
        if member == "CloseNotification":
            self.closed.put(message.body[0])
            return new_method_return(message)
        return new_error(message, "org.freedesktop.DBus.Error.UnknownMethod")

    def _shown_now(self):
        shown, self._new = self._new, None
        if shown:
            if self._on_shown:
                self._on_shown(self, shown)
            self.shown.put(shown)

    def next(self):
        return self.shown.get(timeout=WAIT_SECONDS)

    def press(self, shown, button):
        self.tell("ActionInvoked", "us", (shown.id, shown.actions[button]))

    def dismiss(self, shown):
        self.tell("NotificationClosed", "uu", (shown.id, 2))

    def tell(self, signal, signature, body):
        self._connection.send(new_signal(SIGNALS, signal, signature, body))

    def leave(self):
        """Another may take its place."""
        self._connection.send(message_bus.ReleaseName(SERVICE))

    def close(self):
        self._connection.interrupt()
        self._thread.join(5)
        self._connection.close()


class Bystander:
    """Another program on the bus, which says what only the server may say."""

    def __init__(self, bus):
        self._connection = open_dbus_connection(bus=bus.address)

    def press(self, client, shown, button):
        signal = new_signal(SIGNALS, "ActionInvoked", "us", (shown.id, shown.actions[button]))
        self._connection.send(signal)
        signal = new_signal(SIGNALS, "ActionInvoked", "us", (shown.id, shown.actions[button]))
        signal.header.fields[HeaderFields.destination] = client
        self._connection.send(signal)

    def close(self):
        self._connection.close()
