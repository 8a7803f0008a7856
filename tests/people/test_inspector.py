"""The inspector in real browsers: what a person sees of the keys, and does to them.

FAUXKEY_SCREENSHOTS=FOLDER has it make the documents' pictures there.
"""

import json
import os
import re
import subprocess
import time
from pathlib import Path

import inspector_scene as scene
import pytest
from browsers import DOWN, END, ENTER, HOME, Chromium, Firefox
from control import Control, Key
from fido2.ctap2 import Ctap2
from visitor import Site

GUARD_SECONDS = 0.6  # a prompt takes no answer sooner
GET_NEXT_ASSERTION = 8


class Ui:
    """`fauxkey ui --no-open`, as its user starts it."""

    def __init__(self, daemon, *options):
        self.process = subprocess.Popen(
            [daemon._program, "ui", "--no-open", *options], env=daemon.environment(), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
        )
        said = self.process.stdout.readline()
        assert said.startswith("inspector: http://127.0.0.1:"), (said, self.process.stderr.read() if not said else "")
        self.url = said.removeprefix("inspector: ").strip()
        base, self.token = self.url.split("/#")
        self.control = Control(base, self.token)

    def end(self):
        """What it said meanwhile."""
        self.process.terminate()
        _, said = self.process.communicate(timeout=20)
        assert self.process.returncode == 0, said
        return said


@pytest.fixture
def daemon(starter):
    folder = starter.folder()
    return starter.start("--keyless", folder=folder, control=f"unix:{folder}/fauxkey/control.sock")


@pytest.fixture
def ui(daemon):
    started = Ui(daemon)
    yield started
    said = started.end()
    assert started.token not in said, "the token is in the log"


@pytest.fixture(scope="module")
def chromium():
    browser = Chromium()
    yield browser
    browser.close()


@pytest.fixture(scope="module")
def firefox():
    browser = Firefox()
    yield browser
    browser.close()


@pytest.fixture(scope="module", params=["chromium", "firefox"])  # all tests in one, then all in the other
def browser(request):
    return request.getfixturevalue(request.param)


@pytest.fixture
def page(browser, ui):
    """The page, without keys; the browser has nothing to complain of at the end."""
    browser.open(ui.url)
    browser.see("#connection", "Live")
    yield browser
    browser.open("about:blank")  # or it would go on looking for a daemon that is gone
    assert browser.complaints() == []


@pytest.fixture
def in_chromium(chromium, ui):
    chromium.open(ui.url)
    chromium.see("#connection", "Live")
    yield chromium
    chromium.size(1440, 900)
    chromium.open("about:blank")
    assert chromium.complaints() == []


@pytest.fixture
def control(daemon):
    return daemon.control


def test_what_happens_to_keys_is_seen_as_it_happens(page, control):
    page.see("#keys-empty", "No key is plugged in")
    key = Key(control, name="desk", pin="1234", user={"presence": "approve"})
    page.see("#key-list", "desk")
    page.see("#panel-overview", "8 of 8 tries left")
    page.see("#panel-overview", "s left")  # to be reset by a host
    site = Site(key, "shop.example", "4321")
    scene.refused(site.log_in, usernameless=True, user_verification="required")
    page.see("#panel-overview", "7 of 8 tries left")
    page.see("#trace-list .refusal .why", "wrong PIN, 7 tries left")
    assert "PIN_INVALID" in page.text("#trace-list .refusal")
    page.tab("credentials")
    page.see("#panel-credentials", "holds no credential")
    site = Site(key, "shop.example", "1234")
    site.register("alice", resident_key_requirement="required")
    page.see("#credential-list", "shop.example")
    assert "alice" in page.text("#credential-list")
    control.delete("/v1/keys/desk")
    page.see("#keys-empty", "No key is plugged in")


def test_a_prompt_is_approved_by_a_click_and_denied_by_a_key(page, control):
    key = Key(control, name="desk", user={"presence": "ask"})
    site = Site(key, "shop.example")
    registering = scene.in_background(site.register, "alice")
    page.see(".prompt", "Register at shop.example as alice")
    time.sleep(GUARD_SECONDS)
    page.click(".prompt .approve")
    registering.join(20)
    page.gone(".prompt")
    assert len(site.accounts) == 1
    started = control.get("/v1/status")["lastEvent"]
    logging_in = scene.in_background(site.log_in)
    page.see(".prompt", "Log in at shop.example")
    time.sleep(GUARD_SECONDS)
    page.keys("p")
    page.until("document.activeElement.matches('.prompt')")
    page.keys("d")
    logging_in.join(20)
    page.gone(".prompt")
    assert [event["data"]["answer"] for event in control.events(started, types="prompt.answered")] == ["deny"]
    page.see("#trace-list .refusal", "OPERATION_DENIED")


def test_a_click_that_comes_as_the_prompt_does_is_no_answer(in_chromium, control):
    key = Key(control, name="desk", user={"presence": "ask"})
    in_chromium.run(
        "new MutationObserver(() => document.querySelector('.prompt .approve')?.click())"
        ".observe(document.getElementById('prompts'), {childList: true})"
    )
    asked = scene.in_background(Site(key, "shop.example").register)
    in_chromium.see(".prompt", "shop.example")
    assert len(control.get("/v1/prompts")["prompts"]) == 1
    time.sleep(GUARD_SECONDS)
    in_chromium.click(".prompt .deny")
    asked.join(20)


def test_keys_are_plugged_in_unplugged_and_removed_by_hand(page, control):
    page.keys("n")
    page.write("#plug-name", "mine")
    page.choose("#plug-transport", "unix")
    page.click("#plug [type=submit]")
    page.see("#key-list", "mine")
    page.see("#key h2", "mine")
    page.click("#plug-toggle")
    page.see("#key .chip", "unplugged")
    assert control.get("/v1/keys/mine")["addresses"] == []
    page.click("#plug-toggle")
    page.see("#key .chip", "plugged in")
    page.click("#plug-open")
    page.write("#plug-name", "mine")
    page.choose("#plug-transport", "unix")
    page.click("#plug [type=submit]")
    page.see("#plug .error", "mine")
    page.click("#plug [data-close]")
    page.run("[...document.querySelectorAll('#panel-overview button')].find(each => each.innerText.startsWith('Remove')).click()")
    page.click("#confirm-yes")
    page.see("#keys-empty", "No key is plugged in")
    assert control.get("/v1/keys")["keys"] == []


def test_a_fault_that_is_added_takes_effect(page, control):
    key = Key(control, name="desk", user={"presence": "approve"})
    site = Site(key, "shop.example")
    site.register("alice", resident_key_requirement="required")
    page.see("#key h2", "desk")
    page.tab("faults")
    page.see("#panel-faults", "does nothing wrong")
    page.write("#fault-rule", '{"action": {"type": "moonlight"}}')
    page.click("#fault-add")
    page.see("#fault-error", "action")
    page.run("const kind = document.getElementById('fault-kind');"
             "kind.value = [...kind.options].find(each => each.text.includes('NO_CREDENTIALS')).value; kind.dispatchEvent(new Event('change'))")
    page.click("#fault-add")
    page.see(".fault", "NO_CREDENTIALS")
    scene.refused(site.log_in, usernameless=True)
    page.see(".fault", "used up (1)")
    site.log_in(usernameless=True)
    page.tab("overview")


def test_a_clock_is_frozen_and_advanced(page, control):
    Key(control, name="desk")
    page.see("#panel-overview", "s left")
    page.click("#clock-freeze")
    page.see("#clock-freeze", "Let it go on")
    before = control.get("/v1/keys/desk")["clock"]
    assert before["frozen"]
    page.write("#advance-by", "3600")
    page.click("#advance")
    page.see("#panel-overview", "its 10 s are over")
    after = control.get("/v1/keys/desk")["clock"]
    assert after["now"] - before["now"] == pytest.approx(3600) and after["unixTime"] - before["unixTime"] == 3600


HOSTILE = "<img src=x onerror=\"document.title='taken'\"><script>document.title='taken'</script>"
TURNED = "moc.elpmaxe\u202egro.live\u200b"


def test_names_that_a_host_chose_are_text_and_nothing_else(page, control):
    key = Key(control, name="desk", user={"presence": "ask"})
    control.post(f"{key.path}/credentials", scene.credential(HOSTILE, TURNED, userDisplayName=HOSTILE))
    ctap = Ctap2(key.fido2_device())
    user = {"id": b"1", "name": TURNED, "displayName": HOSTILE}
    asked = scene.in_background(lambda: ctap.make_credential(bytes(32), {"id": HOSTILE, "name": TURNED}, user, [{"type": "public-key", "alg": -7}]))
    page.see(".prompt", HOSTILE)
    shown = page.text(".prompt")
    assert "\\u{202E}" in shown and "\\u{200B}" in shown and "\u202e" not in shown
    page.see("#trace-list", "<script>")
    page.run("[...document.querySelectorAll('#trace-list .request')].at(-1).click()")
    page.see("#trace-detail", HOSTILE)
    page.tab("credentials")
    page.see("#credential-list", "</script>")
    assert "\\u{202E}" in page.text("#credential-list")
    time.sleep(GUARD_SECONDS)
    page.click(".prompt .deny")
    asked.join(20)
    page.gone(".prompt")
    assert page.run("return document.querySelectorAll('main img, main script, #prompts img, #prompts script').length") == 0
    assert page.run("return document.title") == "fauxkey"
    page.tab("overview")


def test_the_export_is_the_trace(in_chromium, control):
    key = Key(control, name="desk", user={"presence": "approve"})
    site = Site(key, "shop.example")
    site.register("alice")
    site.log_in()
    in_chromium.choose("#trace-key", "desk")
    in_chromium.until("document.querySelector('#trace-list').innerText.includes('getAssertion')")
    in_chromium.click("#trace-export")
    exported = Path(in_chromium.downloads) / "fauxkey-trace.jsonl"
    deadline = time.monotonic() + 20
    while not exported.exists() and time.monotonic() < deadline:
        time.sleep(0.05)
    lines = [json.loads(line) for line in exported.read_text().splitlines()]
    exported.unlink()
    told = [event["data"] for event in control.events(0, key="desk", types="ctap.*,u2f.*,hid.*")]
    assert lines == [message for message in told if message in lines] and len(lines) == len(told)
    assert {"makeCredential", "getAssertion"} <= {line["command"] for line in lines}


def test_ten_thousand_messages_are_few_elements(in_chromium, control):
    key = Key(control, name="desk")
    channel = key.channel()
    for _ in range(5050):
        channel.ctap2(GET_NEXT_ASSERTION)
    page = in_chromium
    page.until("/^(9,[5-9]|10,0)/.test(document.getElementById('trace-count').innerText)", seconds=60)
    assert page.run("return document.querySelectorAll('#trace-list [role=option]').length") < 60
    page.see("#trace-list .refusal", "NOT_ALLOWED")
    page.keys("t")
    page.keys(HOME)
    first = page.run("return document.querySelector('#trace-list').scrollTop")
    assert first == 0
    page.see("#trace-latest", "Latest")
    page.keys(DOWN + DOWN + ENTER)
    page.see("#trace-detail", "getNextAssertion")
    page.keys("\ue00c")
    page.gone("#trace-detail")
    page.keys(END)
    page.until("document.querySelector('#trace-list [aria-selected=true]')?.ariaPosInSet === document.querySelector('#trace-list [aria-selected=true]')?.ariaSetSize")
    page.click("#trace-latest")
    page.gone("#trace-latest")
    channel.ctap2(GET_NEXT_ASSERTION)
    page.until("(list => list.scrollTop + list.clientHeight >= list.scrollHeight - 24)(document.getElementById('trace-list'))")


def test_a_page_lets_no_other_page_in(ui, control):
    port = ui.control.url.rsplit(":", 1)[1]
    token = {"Authorization": f"Bearer {ui.token}"}
    assert ui.control.request("GET", "/v1/status", headers=token).status == 200
    for foreign in ({"Origin": "http://evil.example"}, {"Origin": "null"}, {"Host": f"evil.example:{port}"}):
        assert ui.control.request("POST", "/v1/keys", {}, {**token, **foreign}).status == 403
        assert ui.control.request("GET", "/", headers=foreign).status == 403
    stranger = Control(ui.control.url)
    for path in ("/v1/status", "/v1/keys", "/t/x/v1/keys", "//v1/keys", "/inspector/../v1/keys"):
        assert stranger.request("GET", path).status in (401, 404), path
    assert stranger.request("POST", "/v1/keys", {}).status == 401
    answer = stranger.request("GET", "/")
    policy = answer.headers["Content-Security-Policy"]
    assert "default-src 'none'" in policy and "frame-ancestors 'none'" in policy and "unsafe" not in policy
    assert answer.headers["Referrer-Policy"] == "no-referrer" and answer.headers["Cache-Control"] == "no-store"
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert not re.search(r"""(src|href)=["']?(\w+:)?//""", answer.text), "the page loads nothing from elsewhere"
    assert control.get("/v1/keys")["keys"] == []


@pytest.mark.skipif(os.geteuid() != 0, reason="takes root, who can be another user")
def test_another_user_who_has_the_link_gets_nothing(ui):
    done = subprocess.run(["curl", "-s", "-H", f"Authorization: Bearer {ui.token}", f"{ui.control.url}/v1/keys"], user=65534, group=65534,
                          capture_output=True, text=True, check=False)
    assert "another user" in done.stdout


def test_the_address_holds_no_token_once_the_page_is_there(page, ui):
    assert page.run("return location.href") == ui.control.url + "/"
    page.see("#connection", "Live")
    page.run("window.isOld = true; location.reload()")
    page.until("!window.isOld")
    page.see("#connection", "Live")


def test_a_daemon_that_ends_and_one_that_comes_are_noticed(chromium, starter):
    folder = starter.folder()
    address = f"unix:{folder}/fauxkey/control.sock"
    daemon = starter.start("--keyless", folder=folder, control=address)
    scene.Key(daemon.control, name="before")
    ui = Ui(daemon)
    try:
        chromium.open(ui.url)
        chromium.see("#key-list", "before")
        daemon.stop()
        chromium.see("#connection", "Connection lost")
        chromium.see("#notice", "start one with fauxkey run")
        again = starter.start("--keyless", folder=folder, control=address)
        scene.Key(again.control, name="after")
        chromium.see("#connection", "Live")
        chromium.see("#key-list", "after")
        chromium.gone("#notice")
    finally:
        ui.end()
    chromium.see("#notice", "Connection lost")
    chromium.complaints()


def test_a_port_serves_the_page_itself_and_asks_for_another_token(chromium, starter):
    daemon = starter.start("--keyless", control="127.0.0.1:0")
    chromium.open(daemon.control.url + "/#" + daemon.control.token)
    chromium.see("#connection", "Live")
    chromium.open(f"{daemon.control.url}/t/{daemon.control.token}/")
    chromium.see("#connection", "Live")
    assert daemon.control.token not in chromium.run("return location.href")
    daemon.stop()
    port = daemon.control.url.rsplit(":", 1)[1]
    again = starter.start("--keyless", folder=daemon.folder, control=f"127.0.0.1:{port}")
    chromium.see("#notice", "with another token")
    chromium.write("#token", again.control.token)
    chromium.click("#notice button")
    chromium.see("#connection", "Live")
    assert Ui(again).end()
    chromium.complaints()


def test_without_a_daemon_ui_says_what_to_start(daemon, tmp_path):
    done = subprocess.run([daemon._program, "ui", "--no-open"], env={**os.environ, "XDG_RUNTIME_DIR": str(tmp_path)}, capture_output=True,
                          text=True, timeout=30, check=False)
    assert done.returncode == 1 and "fauxkey run" in done.stderr


# Answers for as many credentials as no test has the time to make; cursors are numbers here.
MANY = """
  const real = window.fetch;
  window.askedFor = 0;
  window.fetch = (address, options) => {
    const url = new URL(address, location.href);
    if (!url.pathname.endsWith("/credentials")) return real(address, options);
    window.askedFor += 1;
    const total = 100000;
    const first = Number(url.searchParams.get("cursor") ?? 0) + Number(url.searchParams.get("offset") ?? 0);
    const last = Math.min(total, first + Number(url.searchParams.get("limit")));
    const credentials = [];
    for (let i = first; i < last; ++i) {
      credentials.push({credentialId: `id${i}`, isResidentCredential: true, rpId: `site${i}.example`, userName: `user${i}`, signCount: i, algorithm: -7,
                        credProtect: 1, createdAt: 1767225600 + i, backupEligibility: false, backupState: false});
    }
    return Promise.resolve(new Response(JSON.stringify({credentials, total, ...(last < total ? {next: String(last)} : {})})));
  };
"""


def test_a_hundred_thousand_credentials_are_scrolled(page, control):
    Key(control, name="desk")
    page.see("#key-list", "desk")
    page.run(MANY)
    page.tab("credentials")
    page.see("#panel-credentials", "100,000 credentials")
    page.see("#credential-list", "site0.example")
    for row in (50_000, 99_999, 12_345, 0):
        page.run("document.getElementById('credential-list').scrollTop = 52 * arguments[0]", row)
        page.until("document.getElementById(`credential-list-${a0}`)?.innerText.includes(`site${a0}.example`)", row)
    assert page.run("return document.querySelectorAll('#credential-list [role=option]').length") < 60
    assert page.run("return window.askedFor") < 20
    page.run("document.getElementById('credential-list').focus()")
    page.keys(END)
    page.until("document.querySelector('#credential-list [aria-selected=true]')?.innerText.includes('site99999.example')")
    page.keys(ENTER)
    page.see("#panel-credentials .detail", "id99999")


def test_credentials_are_found_and_deleted(page, control):
    key = Key(control, name="desk")
    for number in range(130):
        control.post(f"{key.path}/credentials", scene.credential(f"site{number:03}.example", f"user{number:03}"))
    page.tab("credentials")
    page.see("#panel-credentials", "130 credentials")
    # again, as the list may grow to its length only after it is told
    page.until("(list => { list.scrollTop = list.scrollHeight; return list.innerText.includes(a0) })(document.getElementById('credential-list'))",
               "site129.example")
    page.write("#credential-search", "SITE07")
    page.see("#panel-credentials .count", "10 of 130")
    page.see("#credential-list-3", "user073")  # drawn after it is counted
    page.click("#credential-list-3")
    page.see("#panel-credentials .detail", "user073")
    page.click("#panel-credentials .detail .danger")
    page.click("#confirm-yes")
    page.see("#panel-credentials .count", "9 of 129")
    page.gone("#credential-list", "user073")


def test_a_key_that_lasts_is_shown_and_not_scripted(chromium, starter):
    daemon = starter.start(store=True, approve="remote", control="127.0.0.1:0")
    page = chromium
    page.open(daemon.control.url + "/#" + daemon.control.token)
    page.see("#why-not", "lasts on disk")
    assert page.run("return [...document.querySelectorAll('#panel-overview fieldset, #panel-overview .danger')].every(each => each.disabled)")
    page.click("#plug-toggle")
    page.see("#key .chip", "unplugged")
    page.click("#plug-toggle")
    page.see("#key .chip", "plugged in")
    page.tab("faults")
    page.see("#panel-faults", "lasts on disk")
    assert page.run("return document.querySelector('#panel-faults fieldset').disabled")
    asked = scene.in_background(Site(daemon, "shop.example").register)
    page.see(".prompt", "shop.example")
    time.sleep(GUARD_SECONDS)
    page.click(".prompt .deny")
    asked.join(20)
    page.see("#trace-list .refusal", "OPERATION_DENIED")
    assert page.complaints() == []


def test_a_phone_shows_one_part_at_a_time_and_nothing_beside_it(in_chromium, control):
    scene.set_up(control)
    page = in_chromium
    page.size(360, 740)
    page.see(".prompt", "login.bank.example")
    for view in ("keys", "key", "trace"):
        page.click(f".views [data-view={view}]")
        page.see(f"#{view}")
        assert page.run("return [document.documentElement.scrollWidth, document.documentElement.scrollHeight]") == [360, 740]
        cut = page.run(
            "return [...document.querySelectorAll('button, select, input, h2')].filter(each => each.checkVisibility())"
            ".filter(each => {const box = each.getBoundingClientRect(); return box.right > 360 || box.left < 0}).map(each => each.outerHTML)"
        )
        assert cut == []
    page.click(".prompt .deny")


def test_dark_is_as_the_system_has_it_or_as_chosen(in_chromium):
    page = in_chromium

    def brightness():
        return page.run("return Number(/\\d+/.exec(getComputedStyle(document.body).backgroundColor)[0])")

    page.dark(False)
    assert brightness() > 200
    page.dark(True)
    assert brightness() < 60
    page.click("#theme")
    page.see("#theme", "light")
    assert brightness() > 200
    page.dark(False)
    page.click("#theme")
    assert brightness() < 60
    page.click("#theme")
    page.see("#theme", "auto")


def test_everything_can_be_reached_by_tab_and_is_named(page, control):
    Key(control, name="desk")
    page.see("#key-list", "desk")
    unnamed = page.run(
        "return [...document.querySelectorAll('button, input, select, textarea')].filter(each => !each.closest('dialog'))"
        ".filter(each => !(each.innerText?.trim() || each.ariaLabel || each.labels?.length || each.title)).map(each => each.outerHTML)"
    )
    assert unnamed == []
    page.keys("?")
    page.until("document.getElementById('help').open")
    page.click("#help [type=submit]")
    page.until("!document.getElementById('help').open")
    page.keys("2")
    page.until("document.activeElement.id === 'tab-credentials'")
    page.keys("\ue012")  # left
    page.until("document.activeElement.id === 'tab-overview'")


@pytest.mark.skipif("FAUXKEY_SCREENSHOTS" not in os.environ, reason="makes pictures for the documents where FAUXKEY_SCREENSHOTS says")
def test_pictures(in_chromium, control, ui):
    folder = Path(os.environ["FAUXKEY_SCREENSHOTS"])
    page = in_chromium
    page.size(1440, 860)
    scene.set_up(control)
    page.see(".prompt", "login.bank.example")
    page.see("#trace-list .refusal", "NO_CREDENTIALS")
    page.run("[...document.querySelectorAll('.message.refusal')].at(-1).click()")
    page.see("#trace-detail")
    page.screenshot(folder / "inspector.png")
    page.dark(True)
    page.tab("credentials")
    page.see("#credential-list", "git.example")
    page.screenshot(folder / "inspector-dark.png")
    page.dark(False)
    page.size(360, 740, 2)
    page.click(".views [data-view=trace]")
    page.run("document.querySelector('#trace-detail button[aria-label=Close]').click()")
    page.run("document.getElementById('trace-list').scrollTop += 120")
    time.sleep(0.5)
    page.screenshot(folder / "inspector-phone.png")
