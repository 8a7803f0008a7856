"""What web-platform-tests checks of virtual authenticators, in our own words, with USB keys that `fauxkey webdriver` plugs in.

    wpt_cases.py CHECKLIST    the page that must say what is found: docs/wpt-checklist.md; what is found goes to $OUT

Each row is carried out in real Chromium, and a row that comes out otherwise than web-platform-tests wants is checked for what must
come out instead. Chromium shows dialogs to a person where its own virtual authenticators have none, so there is one here.
"""

import http.client
import http.server
import os
import re
import sys
import threading
import time

from desktop import Desktop
from expect import expect
from process import START_SECONDS, Program
from report import Report
from webdriver import wait_until_driver_answers
from wpt_browser import Browser
from wpt_commands import command_rows
from wpt_rows import CEREMONY_SECONDS, creation_rows, login_rows, other_rows

POLL_SECONDS = 0.5
CLOSING_SECONDS = 2
CLOSING_TRIES = 8  # a dialog that has just come up takes no keys
# The steps of Chromium's dialog that pass by themselves; all others wait for a person.
PASSING_STEPS = {"kNotStarted", "kUsbInsertAndActivate", "kClientPinTapAgain", "kClosed"}

PAGE = b"""<!doctype html><title>Checklist</title><body><p>A page of a secure origin, and nothing else.</p><script>
var controller, kept;
const random = length => crypto.getRandomValues(new Uint8Array(length));
const bytes = buffer => new Uint8Array(buffer);
const base64url = buffer => btoa(String.fromCharCode(...bytes(buffer))).replaceAll('+', '-').replaceAll('/', '_').replaceAll('=', '');
const sha256 = async data => base64url(await crypto.subtle.digest('SHA-256', data));
const text = string => new TextEncoder().encode(string);
const same = (one, other) => base64url(one) === base64url(other);
const user = changes => ({id: random(16), name: 'someone', displayName: 'Some One', ...changes});
const algorithms = (...numbers) => ({pubKeyCredParams: numbers.map(alg => ({type: 'public-key', alg}))});
const selection = changes => ({authenticatorSelection: changes});
const named = (...credentials) => ({allowCredentials: credentials.map(({rawId}) => ({type: 'public-key', id: rawId}))});
const results = credential => credential.getClientExtensionResults();

// Functions, so that frames of the same origin reach them.
function creation(changes) {
  return {rp: {name: 'Checklist'}, user: user(), challenge: random(16), ...algorithms(-7), timeout: 200000, ...changes};
}
function request(changes) {
  return {challenge: random(16), timeout: 200000, ...changes};
}
function create(changes, more) {
  return navigator.credentials.create({publicKey: creation(changes), signal: controller?.signal, ...more});
}
function get(changes, more) {
  return navigator.credentials.get({publicKey: request(changes), signal: controller?.signal, ...more});
}
async function held(changes) {
  return kept ??= await create(changes);
}
function isWhole(credential, Response, ...parts) {
  return credential instanceof PublicKeyCredential && credential.type === 'public-key' && credential.id === base64url(credential.rawId)
    && credential.response instanceof Response && parts.every(part => credential.response[part] instanceof ArrayBuffer);
}
async function made(changes) {
  return isWhole(await create(changes), AuthenticatorAttestationResponse, 'clientDataJSON', 'attestationObject');
}
async function found(changes) {
  const assertion = await get({...named(await held()), ...changes});
  return isWhole(assertion, AuthenticatorAssertionResponse, 'clientDataJSON', 'authenticatorData', 'signature');
}

const authenticatorData = response => response.authenticatorData ?? response.getAuthenticatorData();
const flags = response => bytes(authenticatorData(response))[32];
const counter = response => new DataView(authenticatorData(response)).getUint32(33);
const clientData = response => new TextDecoder().decode(response.clientDataJSON);
async function answers(credential, type, challenge, wantedFlags) {
  const said = JSON.parse(clientData(credential.response));
  return said.type === type && said.challenge === base64url(challenge) && said.origin === location.origin
    && await sha256(text('localhost')) === base64url(authenticatorData(credential.response).slice(0, 32))
    && flags(credential.response) === wantedFlags && Object.keys(results(credential)).length === 0;
}
async function isSigned(registration, {response}) {
  const key = await crypto.subtle.importKey(
    'spki', registration.response.getPublicKey(), {name: 'ECDSA', namedCurve: 'P-256'}, false, ['verify']);
  const der = bytes(response.signature), middle = 4 + der[3];
  const word = integer => [...new Uint8Array(32), ...integer].slice(-32);
  const signature = bytes([...word(der.slice(4, middle)), ...word(der.slice(middle + 2))]);
  const hash = await crypto.subtle.digest('SHA-256', response.clientDataJSON);
  return crypto.subtle.verify(
    {name: 'ECDSA', hash: 'SHA-256'}, key, signature, bytes([...bytes(response.authenticatorData), ...bytes(hash)]));
}
function inJson({id, rawId, type, authenticatorAttachment, response}, more, ...parts) {
  for (const part of parts) more[part] = base64url(response[part]);
  return {id, rawId: base64url(rawId), type, authenticatorAttachment, response: more};
}
const says = (json, wanted) => Object.entries(wanted).every(([name, value]) =>
  typeof value === 'object' ? says(json[name], value) : json[name] === value);

async function frame(attributes) {
  const element = Object.assign(document.createElement('iframe'), attributes);
  const loaded = new Promise(resolve => element.onload = resolve);
  document.body.append(element);
  await loaded;
  return element.contentWindow;
}
async function inFrame(attributes, start, ceremony) {
  const inner = await frame(attributes);
  const told = new Promise(resolve => addEventListener('message', event => resolve(event.data), {once: true}));
  start(inner, `navigator.credentials.${ceremony}.then(() => 'done', e => e.name).then(told => parent.postMessage(told, '*')); void 0`);
  return await told === 'done';
}
const byUrl = (inner, code) => inner.location = 'javascript:' + encodeURIComponent(code);
const byEval = (inner, code) => inner.eval(code);
const byWriting = (inner, code) => inner.document.write('<scr' + 'ipt>' + code + '</scr' + 'ipt>');
const CREATE = 'create({publicKey: parent.creation()})';
const GET = "get({publicKey: parent.request({...parent.named(parent.kept), userVerification: 'discouraged'})})";
</script>"""
# what the rows of frames use of it by parent.…
PAGE = PAGE.replace(b"const named = ", b"var named = ")

BEGIN = """const [script, seconds] = [%s, arguments[0]], done = arguments[1];
    document.querySelectorAll('iframe').forEach(each => each.remove());
    controller = new AbortController();
    window.outcome = script().then(value => value === true ? 'true' : String(JSON.stringify(value)), error => error?.name ?? String(error));
    Promise.race([window.outcome, new Promise(resolve => setTimeout(resolve, 1000 * seconds, null))]).then(done);"""
GO_ON = "Promise.race([window.outcome, new Promise(resolve => setTimeout(resolve, 1000 * arguments[0], null))]).then(arguments[1]);"


class Dialog:
    """Chromium's dialog, of which its log tells."""

    def __init__(self, log_path, desktop):
        self._log_path = log_path
        self._desktop = desktop
        self._read_up_to = 0

    def forget(self):
        self._read_up_to = os.path.getsize(self._log_path)

    def step(self):
        """The step that waits for a person since the last forget(), or None."""
        with open(self._log_path, "rb") as log:
            log.seek(self._read_up_to)
            steps = [step.decode() for step in re.findall(rb"UI step: (\w+)\n", log.read())]
        return steps[-1] if steps and steps[-1] not in PASSING_STEPS else None

    def press(self, key):
        self._desktop.press(key)


class Checklist:
    def __init__(self, browser, dialog, desktop, report, origins):
        self._browser = browser
        self._dialog = dialog
        self._desktop = desktop
        self._report = report
        self._origin, self._other_origin = origins
        self._results = {}  # of rows and commands by what they are about

    def carry_out(self, rows, commands):
        self._open()
        keys = []
        for row in rows:
            if row.script and row.key not in keys:
                keys.append(row.key)
        for key in keys:
            with self._report.case(f"an authenticator with {', '.join(f'{name} {value}' for name, value in key.items())}"):
                self._browser.use(key)
            file = None
            for row in rows:
                if row.script and row.key == key:
                    self._begin_file(row.file != file)
                    file = row.file
                    self._try(row, lambda row=row: self._carry_out(row))
        with self._report.case("an authenticator for the commands"):
            self._browser.use({"protocol": "ctap2", "hasResidentKey": True})
        for command in commands:
            self._browser.take_all()
            self._try(command, lambda command=command: self._command(command))

    def _open(self):
        self._browser.call("POST", "/url", {"url": self._origin})

    def _begin_file(self, is_new):
        if is_new:
            self._browser.take_all()
            self._browser.run("kept = undefined")

    def _try(self, row, what):
        result = "failed"
        with self._report.case(f"{row.file}: {row.case}", lambda: self._desktop.screenshot("failed")):
            self._desktop.case = f"{len(self._results):03}"
            result = what()
        self._results[id(row)] = result

    def _command(self, command):
        command.check(self._browser)
        return command.otherwise or ", ".join(filter(None, ("pass", command.note)))

    def _carry_out(self, row):
        if row.before:
            row.before(self._browser, self._other_origin)
        try:
            outcome, step = self._outcome(row)
        finally:
            if row.before:
                self._browser.call("POST", "/frame", {"id": None})
        if row.after:
            row.after(self._browser)
        expect(outcome == row.outcome, f"{outcome} came out, not {row.outcome}{f', after {step}' if step else ''}")
        if step:
            note = f"where a person {'allows it' if row.person == 'Return' else 'gives up'} in Chromium's {step}"
        else:
            note = row.note
        return row.otherwise or ", ".join(filter(None, ("pass", note)))

    def _outcome(self, row):
        """What came out, and the step of the dialog in which a person had to do something, or None."""
        self._dialog.forget()
        outcome = self._browser.wait(BEGIN % f"async () => {{ {row.script} }}", POLL_SECONDS)
        deadline = time.monotonic() + row.patience
        while outcome is None:
            step = self._dialog.step()
            if step:
                outcome = self._answered(row.person or "Escape")
                expect(row.person, f"Chromium asked a person: {step}; then {outcome} came out")
                return outcome, step
            if time.monotonic() > deadline:
                outcome = self._answered("Escape")
                expect(row.patience < CEREMONY_SECONDS, f"nothing came out in {row.patience} s, then {outcome}")
                return outcome, None
            outcome = self._browser.wait(GO_ON, POLL_SECONDS)
        return outcome, None

    def _answered(self, key):
        for _ in range(CLOSING_TRIES):
            self._dialog.press(key)
            outcome = self._browser.wait(GO_ON, CLOSING_SECONDS)
            if outcome is not None:
                return outcome
        self._browser.run("controller.abort()")
        return self._browser.wait(GO_ON, CLOSING_SECONDS)

    def table(self, rows):
        lines = ["| file | case | result |", "| --- | --- | --- |"]
        return lines + [f"| {row.file} | {row.case} | {self._results.get(id(row), row.otherwise)} |" for row in rows]

    def page(self, rows, commands):
        results = [self._results.get(id(row), row.otherwise) for row in (*rows, *commands)]
        passed = sum(result.startswith("pass") for result in results)
        return "\n".join([HEAD, f"{len(results)} rows: {passed} pass, {len(results) - passed} have a reason.", "",
                          "## The commands: webdriver/tests/classic/external/webauthn", "", COMMANDS_HEAD, "", *self.table(commands), "",
                          "## The ceremonies: webauthn", "", *self.table(rows), ""])


HEAD = """# The webdriver cases of web-platform-tests

What web-platform-tests checks of virtual authenticators, in our words, and how it comes out in real Chromium behind `fauxkey webdriver`,
where each authenticator is a USB key. `tests/e2e/suites/wpt-chromium` carries the rows out, checks what stands instead of “pass” too where
a key is asked at all, and fails where this page does not say what it finds. With its own virtual authenticators Chromium shows no dialogs;
with real keys it does, so the result says where a person is needed.
"""
COMMANDS_HEAD = """These tests give most of their authenticators the transport internal, which is answered with *unsupported operation* here.
What they check does not depend on it, so they are carried out with usb."""


class Quiet(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_GET(self):
        self.send_response(200)
        self.send_header("Content-Type", "text/html; charset=utf-8")
        self.send_header("Content-Length", str(len(PAGE)))
        self.end_headers()
        self.wfile.write(PAGE)

    def log_message(self, *_):
        pass


def serve():
    """The demo site forbids frames, so the page is one of our own; its origin. Each call makes another one."""
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Quiet)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    return f"http://localhost:{server.server_port}"


def main(checklist_path):
    out = os.environ["OUT"]
    report = Report()
    rows = sorted([*creation_rows(), *login_rows(), *other_rows()], key=lambda row: row.file)
    commands = list(command_rows())
    with Desktop(out) as desktop:
        options = ["--to", "http://127.0.0.1:9515", "--listen", "127.0.0.1:4445"]
        proxy = Program([os.environ["FAUXKEY"], "webdriver", *options], os.path.join(out, "proxy.log"))
        log = os.path.join(out, "driver.log")
        # Only when it is verbose, it lets through what the browser says.
        driver = Program(["/usr/bin/chromedriver", "--port=9515", "--verbose", f"--log-path={log}"], os.path.join(out, "driver-errors.log"))
        try:
            address = proxy.wait_for_line("webdriver: ", START_SECONDS)
            wait_until_driver_answers(address)
            browser = Browser(address)
            checklist = Checklist(browser, Dialog(log, desktop), desktop, report, (serve(), serve()))
            checklist.carry_out(rows, commands)
            browser.quit()
        finally:
            proxy.stop()
            driver.popen.terminate()
    found = checklist.page(rows, commands)
    with open(os.path.join(out, "wpt-checklist.md"), "w", encoding="utf-8") as file:
        file.write(found)
    with report.case("docs/wpt-checklist.md says what was found"):
        with open(checklist_path, encoding="utf-8") as file:
            expect(file.read() == found, "it does not; look at the differences from wpt-checklist.md in what the suite leaves, and copy that")
    return report.failed


if __name__ == "__main__":
    sys.exit(1 if main(sys.argv[1]) else 0)
