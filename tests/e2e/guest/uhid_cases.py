"""The key as a device of this machine's kernel: plugged in, idle, flooded, killed."""

import errno
import fcntl
import os
import select
import subprocess
import sys
import tempfile
import time
from concurrent.futures import ProcessPoolExecutor

from control import Control
from ctap2 import get_assertion, get_info, make_credential
from device import VANISHES_WITHIN_SECONDS
from expect import expect
from hid import CBOR, INIT, MSG, PING, BROADCAST, Wire, init_packet, open_link, packets
from key import FAUXKEY, Key
from process import START_SECONDS, Program
from report import Report
from waiting import wait_until
from workers import assert_alone, work

IDLE_SECONDS = 10
FLOOD_PACKETS = 3000
SETTLES_WITHIN_SECONDS = 20  # the kernel keeps 32 reports and drops the others, so there is little to work off
LONGEST_MESSAGE = 7609
HIDIOCGFEATURE_65, HIDIOCSFEATURE_65 = 0xC0414807, 0xC0414806  # <linux/hidraw.h>: with a report number before 64 bytes
out = os.environ["OUT"]
report = Report()


def connect(key):
    return Wire(open_link(key.node))


def expect_to_work(key):
    """A normal request of a program that has just opened the key."""
    wire = connect(key)
    try:
        channel = wire.open_channel()
        expect(channel.call(PING, b"still here") == b"still here", "PING echoes something else")
        expect("FIDO_2_0" in get_info(channel)[1], "getInfo has no FIDO_2_0")
    finally:
        wire.close()


def context_switches(pid):
    """How often the process's threads have run, by thread."""
    counts = {}
    for thread in os.listdir(f"/proc/{pid}/task"):
        with open(f"/proc/{pid}/task/{thread}/status", encoding="utf-8") as lines:
            fields = dict(line.rstrip("\n").split(":\t", 1) for line in lines if ":\t" in line)
        counts[f"{fields['Name']} {thread}"] = int(fields["voluntary_ctxt_switches"])
    return counts


def policies(pid):
    """How the kernel schedules each of the process's threads."""
    found = {}
    for thread in os.listdir(f"/proc/{pid}/task"):
        with open(f"/proc/{pid}/task/{thread}/comm", encoding="utf-8") as name:
            found[f"{name.read().strip()} {thread}"] = os.sched_getscheduler(int(thread)) & 0xFF
    return found


def many_at_once():
    with report.case("four-keys-at-once-each-answer-for-themselves"):
        keys = []
        try:
            for number in range(4):
                keys.append(Key(out, f"many-{number}", "--ephemeral"))
            expect(len({key.node for key in keys}) == 4, f"nodes {[key.node for key in keys]}")
            wires = [connect(key) for key in keys]
            channels = [wire.open_channel() for wire in wires]
            for number, channel in enumerate(channels):
                channel.send(PING, bytes([number]) * 300)
            for number, channel in reversed(list(enumerate(channels))):
                expect(channel.receive() == (PING, bytes([number]) * 300), f"key {number} echoes something else")
            for wire in wires:
                wire.close()
        finally:
            for key in keys:
                key.unplug()


def workers():
    """As in tests/control, but over the kernel, and each worker is a process."""
    with report.case("four-workers-with-a-key-each-see-nothing-of-one-another"):
        folder = tempfile.mkdtemp(prefix="fauxkey-")
        command = [FAUXKEY, "run", "--keyless", "--control", f"unix:{folder}/control.sock"]
        daemon = Program(command, os.path.join(out, "workers.log"), env={**os.environ, "XDG_RUNTIME_DIR": folder})
        try:
            control = Control(daemon.wait_for_line("control: ", START_SECONDS))
            names = [f"worker{number}" for number in range(4)]
            nodes = [control.plug_in(name=name, transports=["uhid"])["addresses"][0] for name in names]
            expect(len(set(nodes)) == 4, f"nodes {nodes}")
            with ProcessPoolExecutor(len(names)) as pool:
                told = list(pool.map(work, nodes, names))
            for name, counters in zip(names, told, strict=True):
                assert_alone(control, name, name, counters)
        finally:
            daemon.stop()


def killed():
    with report.case("a-killed-key-vanishes-and-its-hosts-are-told"):
        with Key(out, "killed", "--ephemeral") as key, Key(out, "survivor", "--ephemeral") as survivor:
            held = os.open(key.node, os.O_RDWR)
            try:
                key.kill()
                wait_until(lambda: not os.path.exists(key.node), VANISHES_WITHIN_SECONDS, f"{key.node} to vanish")
                expect(select.select([held], [], [], 2)[0], "who waits for a report of the key waits for ever")
                try:
                    expect(not os.read(held, 64), "a key that was killed still says something")
                except OSError as error:
                    expect(error.errno in (errno.EIO, errno.ENODEV), f"reading fails with {error}")
            finally:
                os.close(held)
            expect_to_work(survivor)


def idle():
    with report.case("an-idle-key-makes-no-wake-ups"), Key(out, "idle", "--ephemeral") as key:
        wire = connect(key)
        get_info(wire.open_channel())
        time.sleep(1)
        before = context_switches(key.pid)
        report_came = wire.link.read(IDLE_SECONDS)
        after = context_switches(key.pid)
        wire.close()
        expect(report_came is None, "an idle key said something")
        expect(len(before) >= 2 and before == after, f"its threads ran: {before} became {after}")
        expect_to_work(key)
        expect(context_switches(key.pid) != after, "answering cannot be seen in the same counts")


def real_time():
    with report.case("the-thread-that-reads-reports-has-real-time-priority"), Key(out, "priority", "--ephemeral") as key:
        expect_to_work(key)  # and so that thread has begun
        ahead = [name for name, policy in policies(key.pid).items() if policy in (os.SCHED_FIFO, os.SCHED_RR)]
        expect(len(ahead) == 1, f"of its threads, {policies(key.pid)}, these have real-time priority: {ahead}")


def control_transfers():
    with report.case("control-transfers-are-refused-at-once"), Key(out, "control", "--ephemeral") as key:
        node = os.open(key.node, os.O_RDWR)
        try:
            for request in (HIDIOCGFEATURE_65, HIDIOCSFEATURE_65):
                started = time.monotonic()
                try:
                    fcntl.ioctl(node, request, bytearray(65))
                    raise AssertionError(f"ioctl {request:#x} succeeded")
                except OSError as error:
                    expect(error.errno == errno.EIO, f"ioctl {request:#x} fails with {error}")
                expect(time.monotonic() - started < 3, "it took as long as the kernel waits")  # which is 5 s
        finally:
            os.close(node)
        expect_to_work(key)


def longest_message():
    with report.case("the-longest-message-comes-back-whole"), Key(out, "longest", "--ephemeral") as key:
        wire = connect(key)
        channel = wire.open_channel()
        payload = os.urandom(LONGEST_MESSAGE)
        expect(channel.call(PING, payload) == payload, "PING echoes something else")
        wire.close()


def replayed():
    with report.case("a-trace-plays-against-another-key-over-hidraw"):
        with Key(out, "recorded", "--ephemeral") as key:
            wire = connect(key)
            channel = wire.open_channel()
            get_info(channel)
            make_credential(channel, "replay.example", options={"rk": True})
            get_assertion(channel, "replay.example")
            payload = os.urandom(LONGEST_MESSAGE)
            expect(channel.call(PING, payload) == payload, "PING echoes something else")
            wire.close()
        for approve, status in (("auto", 0), ("deny", 1)):
            with Key(out, f"replayed-{approve}", "--ephemeral", approve=approve) as other:
                command = [FAUXKEY, "replay", key.trace_path, "--to", other.node]
                done = subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)
            expect(done.returncode == status, f"with --approve {approve} it ends with {done.returncode}: {done.stdout}{done.stderr}")
            count = done.stdout.splitlines()[-1]
            expect((", 0 different, 0 not replayed" in count) == (status == 0), f"with --approve {approve}: {count}")


def floods(cid):
    """Kinds of nonsense, as iterators of packets."""
    long_ping = list(packets(cid, PING, bytes(LONGEST_MESSAGE)))
    yield "long-messages", (long_ping[i % len(long_ping)] for i in range(FLOOD_PACKETS))
    yield "messages-that-never-end", (init_packet(cid, CBOR, b"\x01", LONGEST_MESSAGE) for _ in range(FLOOD_PACKETS))
    yield "new-channels", (init_packet(BROADCAST, INIT, os.urandom(8)) for _ in range(FLOOD_PACKETS))
    yield "short-requests", (init_packet(cid, (PING, MSG, CBOR)[i % 3], b"\x04") for i in range(FLOOD_PACKETS))
    yield "random-bytes", (os.urandom(64) for _ in range(FLOOD_PACKETS))


def flooded():
    with Key(out, "flooded", "--ephemeral", "--packet-timeout", "500") as key:
        first = connect(key)
        cid = first.open_channel().cid
        for name, flood in floods(cid):
            with report.case(f"after-a-flood-of-{name}-the-key-works"):
                before = len(os.listdir(f"/proc/{key.pid}/fd"))
                wire = connect(key)
                for packet in flood:  # as fast as the kernel takes them, and nobody reads the answers
                    wire.link.write_at_once(packet)
                deadline = time.monotonic() + SETTLES_WITHIN_SECONDS
                while wire.link.read(1.5) is not None:  # longer than any of the key's own time limits
                    expect(time.monotonic() < deadline, f"it still answers after {SETTLES_WITHIN_SECONDS} s")
                expect_to_work(key)
                wire.close()
                expect(len(os.listdir(f"/proc/{key.pid}/fd")) == before, "it keeps more files open than before")
        first.close()


def main():
    for case in (killed, many_at_once, workers, idle, real_time, control_transfers, longest_message, replayed):
        case()
    with report.case("a-flooded-key-starts-and-ends"):
        flooded()
    return 1 if report.failed else 0


sys.exit(main())
