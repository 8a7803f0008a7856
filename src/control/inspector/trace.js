// What hosts ask and the keys answer, as it comes: the last 10,000 messages, each refusal with its reason.
import {askBlob} from "./api.js";
import {byId, h, keep, setText} from "./dom.js";
import {jsonView} from "./json_view.js";
import {isKeepalive, nameOf, outcome, searchText, status, summary} from "./messages.js";
import {attempt} from "./notice.js";
import {on, state} from "./state.js";
import {counted, number, plain, shown, timeOfDay} from "./text.js";
import {VirtualList} from "./virtual_list.js";

const MOST_ROWS = 10_000;
const MOST_CHARACTERS = 24 << 20; // of all messages together, as JSON
const FORGET_AT_ONCE = 500; // rows, so that a full list is not laid out anew for each
const WHY_LINE = 17; // px
const WHY_CHARACTER = 7.2; // px: a wide typeface's, lest a line be cut off
const WHY_LINES = 4;

let rows = []; // {id, message, size, text, took}
let characters = 0;
let seen = []; // those of them that the filters leave
let waiting = []; // came while the list stands still
let paused = false;
let asked = new Map(); // by key and channel: the time of the request
let list;
let following = true;
let whyColumns = 80;
const filter = {key: "", search: "", refusals: false, hid: false};

const listElement = () => byId("trace-list");
const detail = () => byId("trace-detail");

function read(event) {
  const message = event.data;
  const size = JSON.stringify(message).length;
  const place = `${message.key} ${message.channel} ${message.layer}`;
  let took = null;
  if (message.dir === "in") {
    asked.set(place, message.time);
    if (asked.size > 1000) asked.delete(asked.keys().next().value);
  } else if (asked.has(place)) {
    took = message.time - asked.get(place);
  }
  return {id: event.id, message, size, took, text: null};
}

function isWanted(row) {
  const {message} = row;
  if (filter.key && message.key !== filter.key) return false;
  if (!filter.hid && message.layer === "hid" && (isKeepalive(message) || outcome(message) !== "bad")) return false;
  if (filter.refusals && outcome(message) !== "bad") return false;
  if (!filter.search) return true;
  row.text ??= searchText(message);
  return row.text.includes(filter.search);
}

const isNarrow = () => matchMedia("(max-width: 45rem)").matches;

function heightOf(row) {
  const base = isNarrow() && summary(row.message) ? 50 : 30;
  if (!row.message.why) return base;
  const lines = Math.min(WHY_LINES, Math.ceil(row.message.why.length / whyColumns));
  return base + lines * WHY_LINE + 6;
}

function tookText(took) {
  if (took === null) return "";
  if (took < 0.001) return "<1 ms";
  return took < 0.9995 ? `${Math.round(took * 1000)} ms` : `${took.toFixed(1)} s`;
}

function render(index) {
  const {message, took} = seen[index];
  const kind = outcome(message);
  const request = message.dir === "in";
  const said = status(message);
  return h(`div.message${request ? ".request" : ".answer"}${kind === "bad" ? ".refusal" : ""}`, {},
    h("span.time", {}, timeOfDay(message.time)),
    h("span.of-key", {title: plain(message.key ?? "")}, message.key ?? ""),
    h("span.arrow", {role: "img", "aria-label": request ? "request" : "answer"}, request ? "→" : "←"),
    h("span.command", {}, nameOf(message)),
    h("span.summary", {}, summary(message)),
    h("span.took", {}, tookText(took)),
    said && !request ? h(`span.chip${kind ? `.${kind}` : ""}`, {}, said) : h("span"),
    message.why ? h("span.why", {}, shown(message.why)) : null);
}

function countShown() {
  const all = rows.length + waiting.length;
  setText(byId("trace-count"), all === 0 ? "" : seen.length === all ? number(all) : `${number(seen.length)} of ${number(all)}`);
  byId("trace-empty").hidden = all > 0 || state.connection !== "live";
  const latest = byId("trace-latest");
  latest.hidden = (following && !paused) || seen.length === 0;
  setText(latest, paused ? `Paused · ${number(waiting.length)} more` : "↓ Latest");
}

function filterAnew() {
  seen = rows.filter(isWanted);
  list.reset(seen.length);
  if (following) list.scrollToEnd();
  closeDetail(false);
  countShown();
}

/** Old rows make room, some at once. */
function forgetOld() {
  let dropped = 0;
  const tooMany = () => rows.length - dropped > MOST_ROWS || characters > MOST_CHARACTERS;
  if (!tooMany()) return;
  while (dropped < rows.length && (tooMany() || dropped < Math.min(FORGET_AT_ONCE, rows.length >> 1))) {
    characters -= rows[dropped].size;
    dropped += 1;
  }
  const first = rows[dropped]?.id ?? Infinity;
  rows = rows.slice(dropped);
  const unseen = seen.findIndex((row) => row.id >= first);
  const gone = unseen < 0 ? seen.length : unseen;
  seen = seen.slice(gone);
  list.dropFront(gone);
}

function add(fresh) {
  for (const row of fresh) {
    rows.push(row);
    characters += row.size;
    if (isWanted(row)) seen.push(row);
  }
  list.grow(seen.length);
  forgetOld();
  countShown(); // which shows the list, if these are its first rows
  if (following) list.scrollToEnd();
}

function take({messages}) {
  const fresh = messages.map(read);
  if (!paused) return add(fresh);
  waiting.push(...fresh);
  if (waiting.length > MOST_ROWS) waiting = waiting.slice(-MOST_ROWS);
  countShown();
}

function setPaused(now) {
  paused = now;
  byId("trace-pause").setAttribute("aria-pressed", String(paused));
  setText(byId("trace-pause"), paused ? "Go on" : "Pause");
  if (!paused) add(waiting.splice(0));
  countShown();
}

/** From here on what comes is in sight. */
function follow() {
  following = true;
  list.deactivate();
  setPaused(false);
  list.scrollToEnd();
}

function fact(name, value) {
  return h("div.row", {}, h("dt", {}, name), h("dd", {}, value));
}

function showDetail(index, focus) {
  const {message, took} = seen[index] ?? {};
  if (!message) return;
  const request = message.dir === "in";
  const kind = outcome(message);
  const {parameters, response, why, time, key, layer, channel, size, redacted, data, error} = message;
  const copy = h("button.quiet", {type: "button", onclick: async (event) => {
    const button = event.currentTarget;
    await navigator.clipboard.writeText(JSON.stringify(message, null, 2));
    setText(button, "Copied");
    setTimeout(() => setText(button, "Copy"), 1500);
  }}, "Copy");
  detail().replaceChildren(...[
    h("header.detail-bar", {}, h("h3", {}, `${request ? "→" : "←"} ${nameOf(message)}`),
      status(message) && !request ? h(`span.chip${kind ? `.${kind}` : ""}`, {}, status(message)) : null,
      h("span.spring"), copy, h("button.quiet", {type: "button", "aria-label": "Close", onclick: () => closeDetail(true)}, "✕")),
    why ? h("p.why", {}, h("strong", {}, "Why: "), shown(why, 4000)) : null,
    h("dl.facts", {},
      fact("Time", timeOfDay(time)), fact("Key", key), fact("Layer", layer), fact("Channel", channel ?? "–"),
      fact("Size", counted(size ?? 0, "byte")), took === null ? null : fact("After", tookText(took)),
      redacted ? fact("Zeroed", redacted.join(", ")) : null),
    parameters ? h("h4", {}, "Parameters") : null, parameters ? jsonView(parameters) : null,
    response ? h("h4", {}, "Response") : null, response ? jsonView(response) : null,
    error ? h("h4", {}, "Cannot be decoded") : null, error ? jsonView({error, ...(data === undefined ? {} : {data})}) : null,
    !parameters && !response && !error && kind !== "bad" ? jsonView(rest(message)) : null,
  ].filter(Boolean));
  detail().hidden = false;
  list.scrollTo(index);
  if (focus) detail().focus();
}

/** What a message has besides what stands above it. */
function rest(message) {
  const known = new Set(["time", "key", "layer", "dir", "channel", "command", "size", "why", "kind"]);
  return Object.fromEntries(Object.entries(message).filter(([name]) => !known.has(name)));
}

function closeDetail(focus) {
  detail().hidden = true;
  if (focus) listElement().focus();
}

async function exportTrace() {
  const of = filter.key ? `?key=${encodeURIComponent(filter.key)}` : "";
  const address = URL.createObjectURL(await askBlob(`trace${of}`));
  const link = h("a", {href: address, download: "fauxkey-trace.jsonl"});
  link.click();
  setTimeout(() => URL.revokeObjectURL(address), 60_000);
}

function clear() {
  rows = [];
  waiting = [];
  characters = 0;
  following = true;
  filterAnew();
}

export function focusTrace() {
  if (list.active < 0 && seen.length) list.activate(seen.length - 1);
  listElement().focus();
}

export function setUpTrace() {
  list = new VirtualList(listElement(), {
    heightOf: (index) => heightOf(seen[index]),
    render,
    onactivate: (index, open, focus) => {
      following = false;
      if (open || !detail().hidden) showDetail(index, focus);
      countShown();
    },
    onscroll: () => {
      following = list.isAtEnd && list.active < 0;
      countShown();
    },
    onresize: () => {
      const columns = Math.max(30, Math.floor((listElement().clientWidth - (isNarrow() ? 52 : 232)) / WHY_CHARACTER));
      if (columns !== whyColumns) {
        whyColumns = columns;
        list.reset(seen.length, list.active);
      }
      if (following) list.scrollToEnd();
      else if (list.active >= 0) list.scrollTo(list.active);
    },
  });
  on("messages", take);
  on("restarted", clear);
  on("connection", countShown);
  on("keys", () => {
    const select = byId("trace-key");
    const names = [...new Set([...state.keys.map((key) => key.name), ...(filter.key ? [filter.key] : [])])];
    keep(select, ["", ...names], (name) => name || "all", (name) => h("option", {value: name}, name || "All keys"), () => {});
  });
  byId("trace-key").addEventListener("change", (event) => {
    filter.key = event.target.value;
    filterAnew();
  });
  byId("trace-search").addEventListener("input", (event) => {
    filter.search = event.target.value.trim().toLowerCase();
    filterAnew();
  });
  byId("trace-refusals").addEventListener("change", (event) => {
    filter.refusals = event.target.checked;
    filterAnew();
  });
  byId("trace-hid").addEventListener("change", (event) => {
    filter.hid = event.target.checked;
    filterAnew();
  });
  byId("trace-pause").addEventListener("click", () => setPaused(!paused));
  byId("trace-clear").addEventListener("click", clear);
  byId("trace-export").addEventListener("click", (event) => attempt(event.currentTarget, exportTrace));
  byId("trace-latest").addEventListener("click", follow);
  listElement().addEventListener("keydown", (event) => {
    if (event.key === " ") {
      event.preventDefault();
      setPaused(!paused);
    } else if (event.key === "Escape") {
      if (detail().hidden) follow();
      else closeDetail(true);
    }
  });
  detail().addEventListener("keydown", (event) => {
    if (event.key === "Escape") closeDetail(true);
  });
  countShown();
}
