// What a key is and how it stands: its tries, its timers, its clock, its user.
import {ask, keyPath} from "./api.js";
import {h, setAttribute, setText} from "./dom.js";
import {attempt, confirm} from "./notice.js";
import {changeKey, clockNow, refreshKeys, selectedKey} from "./state.js";
import {dateAndTime, domain, duration, plain} from "./text.js";

const MOST_TRIES = 8;
const MOST_UV_TRIES = 5;
const RESET_SECONDS = 10;
const PERMISSIONS = {
  mc: "register", ga: "log in", cm: "manage credentials", be: "enroll fingers", lbw: "write large blobs",
  acfg: "configure", pcmr: "list credentials",
};
export const WHY_NOT = "This key lasts on disk, so its user, PIN, clock and faults are nobody's to script. "
  + "Plug in a key here for that, or start the daemon with --ephemeral.";

const row = (name, ...value) => h("div.row", {}, h("dt", {}, name), h("dd", {}, ...value));

/** Tries that are left, as a bar whose number stands beside it. */
function tries(name, most) {
  const dots = Array.from({length: most}, () => h("i"));
  const text = h("span");
  return {
    element: row(name, h("span.tries", {"aria-hidden": "true"}, ...dots), text),
    show(left, note) {
      dots.forEach((dot, place) => dot.classList.toggle("left", place < left));
      setText(text, note ?? `${left} of ${most} tries left`);
    },
  };
}

/** Time that is left, as a bar and a text. */
function timer(name) {
  const bar = h("i");
  const text = h("span.time");
  const more = h("span.muted");
  const element = row(name, h("span.meter", {"aria-hidden": "true"}, bar), text, more);
  return {
    element,
    show(left, whole, none, about = "") {
      const running = left !== null && left > 0;
      element.classList.toggle("idle", !running);
      bar.style.width = running ? `${Math.min(100, (100 * left) / whole)}%` : "0";
      setText(text, running ? `${duration(left)} left` : none);
      setText(more, running ? about : "");
    },
  };
}

const button = (label, onclick, extra = {}, kind = "button") => h(kind, {type: "button", onclick, ...extra}, label);

export function makeOverview() {
  const name = () => selectedKey().name;
  const act = (path, body) => (event) => attempt(event.currentTarget, () => changeKey("POST", name(), path, body));
  const setClock = (body) => (event) => attempt(event.currentTarget, () => changeKey("PATCH", name(), "clock", body));

  const device = h("dd.mono");
  const serial = h("dd.mono");
  const kept = h("dd");
  const kind = h("dd");
  const fingers = h("dd");
  const fingersRow = h("div.row", {}, h("dt", {}, "Fingers"), fingers);
  const pin = tries("PIN", MOST_TRIES);
  const uv = tries("Own verification", MOST_UV_TRIES);
  const resetWindow = timer("Reset by a host");
  const token = timer("PIN/UV token");
  const sequence = timer("Further answers");

  const plug = button("Unplug", (event) => act(selectedKey().state === "plugged-in" ? "unplug" : "plug-in")(event), {id: "plug-toggle"});
  const cycle = button("Power cycle", act("power-cycle"), {title: "Unplug and plug in again"});
  const remove = button("Remove…", async (event) => {
    const which = name();
    const target = event.currentTarget;
    if (!(await confirm(`Remove ${which}?`, "The key and all that it holds are gone then.", "Remove"))) return;
    attempt(target, async () => {
      await ask("DELETE", keyPath(which));
      await refreshKeys();
    });
  }, {}, "button.danger");
  const reset = button("Reset…", async (event) => {
    const which = name();
    const target = event.currentTarget;
    if (!(await confirm(`Reset ${which}?`, "Its credentials and its PIN are gone then, as when it was new.", "Reset"))) return;
    attempt(target, () => changeKey("POST", which, "reset"));
  }, {}, "button.danger");

  const date = h("dd.mono");
  const pace = h("dd");
  const freeze = button("Freeze", (event) => setClock({frozen: !selectedKey().clock.frozen})(event), {id: "clock-freeze"});
  const speed = h("select", {"aria-label": "How fast its time passes", onchange: (event) => {
    attempt(event.currentTarget, () => changeKey("PATCH", name(), "clock", {scale: Number(event.currentTarget.value)}));
  }}, ...[["0.1", "a tenth as fast"], ["1", "as fast as ours"], ["10", "10 × as fast"], ["100", "100 × as fast"]]
    .map(([value, label]) => h("option", {value}, label)));
  const by = h("input.narrow", {type: "number", min: "0", step: "any", value: "60", "aria-label": "Seconds to advance by", id: "advance-by"});
  const advance = h("form.inline", {onsubmit: (event) => {
    event.preventDefault();
    attempt(event.submitter, () => changeKey("PATCH", name(), "clock", {advanceMs: Math.round(1000 * Number(by.value))}));
  }}, by, h("span", {}, "s"), h("button", {type: "submit", id: "advance"}, "Advance"));
  const jumps = [["+10 s", 10], ["+30 s", 30], ["+10 min", 600]].map(([label, seconds]) =>
    button(label, setClock({advanceMs: 1000 * seconds})));

  const presence = h("select", {id: "user-presence", "aria-label": "How its user answers", onchange: (event) => {
    const {value} = event.currentTarget;
    attempt(event.currentTarget, async () => {
      await ask("PATCH", `${keyPath(name())}/user`, {presence: value});
      await refreshKeys();
    });
  }}, ...[["ask", "is asked"], ["approve", "approves at once"], ["deny", "denies at once"], ["never", "never touches it"]]
    .map(([value, label]) => h("option", {value}, label)));

  const scripting = h("fieldset.plain", {},
    h("section", {}, h("h3", {}, "User"), h("dl", {}, row("Its user", presence))),
    h("section", {}, h("h3", {}, "Clock"),
      h("dl", {}, h("div.row", {}, h("dt", {}, "Its date"), date), h("div.row", {}, h("dt", {}, "Its time"), pace)),
      h("div.buttons.start", {}, freeze, speed),
      h("div.buttons.start", {}, ...jumps, advance)));
  const whyNot = h("p.hint.boxed", {id: "why-not"}, WHY_NOT);

  const element = h("div.overview", {},
    h("div.buttons.start", {}, plug, cycle, h("span.spring"), reset, remove),
    whyNot,
    h("section", {}, h("h3", {}, "Key"), h("dl", {},
      h("div.row", {}, h("dt", {}, "Device"), device), h("div.row", {}, h("dt", {}, "Serial number"), serial),
      h("div.row", {}, h("dt", {}, "Kept"), kept), h("div.row", {}, h("dt", {}, "Speaks"), kind), fingersRow)),
    h("section", {}, h("h3", {}, "Tries"), h("dl", {}, pin.element, uv.element)),
    h("section", {}, h("h3", {}, "Timers"), h("dl", {}, resetWindow.element, token.element, sequence.element)),
    scripting);

  function showTimers(key) {
    const {now, unixTime} = clockNow(key);
    const plugged = key.state === "plugged-in";
    resetWindow.show(plugged ? key.timers.resetUntil - now : null, RESET_SECONDS, plugged ? "its 10 s are over" : "unplugged");
    const held = key.timers.token;
    // Unused it ends after 30 s, used after ten minutes.
    token.show(held ? held.until - now : null, held && held.until - now > 30 ? 600 : 30, "none is out",
      held ? [held.permissions.map((each) => PERMISSIONS[each]).join(", "), held.rpId && plain(held.rpId)].filter(Boolean).join(" · ") : "");
    const {sequenceUntil} = key.timers;
    sequence.show(sequenceUntil === null ? null : sequenceUntil - now, 30, "none wait");
    setText(date, dateAndTime(unixTime));
  }

  function show(key) {
    const address = key.addresses.join(", ");
    device.replaceChildren(address ? domain(address, 200) : "unplugged");
    setText(serial, key.serial);
    setText(kept, key.lasts ? "on disk" : "in memory");
    const {options} = key;
    const speaks = options.protocol === "u2f" ? "U2F" : `CTAP up to ${options.ctapVersion}`;
    setText(kind, options.persona === "fauxkey" ? `${speaks}${options.protocol === "u2f" ? "" : ", U2F"}` : `${options.persona}: ${speaks}`);
    pin.show(key.pin.set ? key.pin.retries : 0, !key.pin.set ? "none is set"
      : key.pin.needsPowerCycle ? `${key.pin.retries} of ${MOST_TRIES} tries left, after a power cycle`
        : key.pin.forceChange ? `${key.pin.retries} of ${MOST_TRIES} tries left; has to be changed` : undefined);
    uv.element.hidden = options.userVerification === "none";
    uv.show(key.uvRetries);
    fingersRow.hidden = options.userVerification !== "fingerprint";
    setText(fingers, key.fingers.map((finger) => plain(finger.name || `finger ${finger.finger}`)).join(", ") || "none is enrolled");
    setText(plug, key.state === "plugged-in" ? "Unplug" : "Plug in");
    cycle.disabled = key.state !== "plugged-in";
    scripting.disabled = reset.disabled = remove.disabled = key.lasts;
    for (const each of [reset, remove]) setAttribute(each, "title", key.lasts ? WHY_NOT : null);
    setAttribute(scripting, "aria-describedby", key.lasts ? "why-not" : null);
    whyNot.hidden = !key.lasts;
    setText(pace, key.clock.frozen ? "stands still" : key.clock.scale === 1 ? "goes as ours" : `goes ${key.clock.scale} × as fast as ours`);
    setText(freeze, key.clock.frozen ? "Let it go on" : "Freeze");
    if (document.activeElement !== speed) speed.value = String(key.clock.scale);
    if (document.activeElement !== presence) presence.value = key.user.presence;
    showTimers(key);
  }

  return {element, show, showTimers};
}
