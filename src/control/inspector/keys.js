// The keys, to choose one from.
import {byId, h, keep, setAttribute, setText} from "./dom.js";
import {on, select, state} from "./state.js";
import {counted, domain, number} from "./text.js";

export function stateChip() {
  return h("span.chip");
}

export function showState(chip, key) {
  const plugged = key.state === "plugged-in";
  setText(chip, plugged ? "plugged in" : "unplugged");
  chip.classList.toggle("good", plugged);
}

function make(key) {
  const card = h("button.key-card", {type: "button", onclick: () => choose(key.name)},
    h("span.key-name", {}, h("strong", {}, key.name), stateChip()),
    h("span.key-address.mono"),
    h("span.key-facts"),
    h("span.chip.warn.waits", {hidden: true}),
  );
  return h("li", {}, card);
}

function choose(name) {
  select(name);
  document.body.dataset.view = "key"; // where there is room for one part alone
}

function update(item, key) {
  const card = item.firstElementChild;
  const [name, address, facts, waits] = card.children;
  showState(name.lastElementChild, key);
  const where = key.addresses.join(", ");
  if (address.dataset.where !== where) {
    address.dataset.where = where;
    address.replaceChildren(where ? domain(where.replace(/^unix:/, ""), 30) : "–");
  }
  const waiting = state.prompts.filter((prompt) => prompt.key === key.name).length;
  const known = key.discoverableCredentials;
  setText(facts, [
    known === null ? null : counted(known, "passkey"),
    key.pin.set ? `PIN, ${number(key.pin.retries)} of 8 tries` : "no PIN",
    key.lasts ? "on disk" : null,
  ].filter(Boolean).join(" · "));
  waits.hidden = waiting === 0;
  setText(waits, waiting === 1 ? "1 prompt waits" : `${waiting} prompts wait`);
  setAttribute(card, "aria-current", key.name === state.selected ? "true" : null);
}

function onArrow(event) {
  const step = {ArrowDown: 1, ArrowUp: -1}[event.key];
  if (!step) return;
  event.preventDefault();
  const cards = [...byId("key-list").querySelectorAll("button")];
  const next = cards[cards.indexOf(document.activeElement) + step];
  if (!next) return;
  next.focus();
  select(next.parentElement.dataset.id);
}

function show() {
  const list = byId("key-list");
  keep(list, state.keys, (key) => key.name, make, update);
  setText(byId("keys-count"), state.keys.length ? number(state.keys.length) : "");
  byId("keys-empty").hidden = state.keys.length > 0 || state.connection !== "live";
}

export function focusKeys() {
  const list = byId("key-list");
  (list.querySelector("[aria-current]") ?? list.querySelector("button") ?? byId("plug-first")).focus();
}

export function setUpKeys() {
  for (const what of ["keys", "selected", "prompts", "connection"]) on(what, show);
  byId("key-list").addEventListener("keydown", onArrow);
}
