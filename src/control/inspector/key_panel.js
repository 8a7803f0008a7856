// The chosen key: its overview, its credentials, its faults.
import {byId, h, setAttribute, setText} from "./dom.js";
import {makeCredentials} from "./credentials.js";
import {makeFaults} from "./faults.js";
import {showState, stateChip} from "./keys.js";
import {makeOverview} from "./overview.js";
import {on, selectedKey, state} from "./state.js";
import {number} from "./text.js";

const TABS = [["overview", "Overview"], ["credentials", "Credentials"], ["faults", "Faults"]];

let openTab = "overview";
const parts = {};
const tabs = {};

export function openKeyTab(name, focus = false) {
  openTab = name;
  for (const [each] of TABS) {
    const open = each === name;
    setAttribute(tabs[each], "aria-selected", String(open));
    tabs[each].tabIndex = open ? 0 : -1;
    byId(`panel-${each}`).hidden = !open;
  }
  if (focus) tabs[name].focus();
  load();
}

/** What is asked for only where it is looked at. */
function load() {
  if (!selectedKey()) return;
  if (openTab === "credentials") parts.credentials.startAgain();
  if (openTab === "faults") parts.faults.refresh();
}

function onArrow(event) {
  const step = {ArrowRight: 1, ArrowLeft: -1}[event.key];
  if (!step) return;
  const names = TABS.map(([name]) => name);
  openKeyTab(names[(names.indexOf(openTab) + step + names.length) % names.length], true);
}

export function setUpKeyPanel() {
  parts.overview = makeOverview();
  parts.credentials = makeCredentials();
  parts.faults = makeFaults();
  for (const [name, label] of TABS) {
    tabs[name] = h("button", {type: "button", role: "tab", id: `tab-${name}`, "aria-controls": `panel-${name}`, onclick: () => openKeyTab(name)},
      label, h("span.count"));
  }
  const chip = stateChip();
  const title = h("h2");
  const body = h("div.key-body", {},
    h("header.panel-bar", {}, title, chip),
    h("div.tabs", {role: "tablist", "aria-label": "Parts of the key", onkeydown: onArrow}, ...Object.values(tabs)),
    ...TABS.map(([name]) => h("div.tab-panel", {role: "tabpanel", id: `panel-${name}`, "aria-labelledby": `tab-${name}`}, parts[name].element)));
  const none = h("div.empty", {}, h("p", {}, h("strong", {}, "No key is chosen.")), h("p", {}, "What it is and holds is shown here."));
  byId("key").append(body, none);
  const countOf = (name, text) => setText(tabs[name].querySelector(".count"), text);
  parts.faults.onCount((many) => countOf("faults", many ? number(many) : ""));

  const show = () => {
    const key = selectedKey();
    body.hidden = !key;
    none.hidden = Boolean(key);
    if (!key) return;
    setText(title, key.name);
    showState(chip, key);
    countOf("credentials", key.discoverableCredentials ? number(key.discoverableCredentials) : "");
    parts.overview.show(key);
    parts.faults.show(key);
  };
  on("keys", () => {
    show();
    if (openTab === "faults") parts.faults.refresh();
  });
  on("selected", () => {
    show();
    load();
    if (selectedKey()) parts.faults.refresh();
  });
  openKeyTab("overview");
  show();
  setInterval(() => {
    const key = selectedKey();
    if (key && openTab === "overview" && !document.hidden && state.connection === "live") parts.overview.showTimers(key);
  }, 200);
}
