// Single keys, where no text is being written; a person may switch them off.
import {byId} from "./dom.js";
import {focusKeys} from "./keys.js";
import {openKeyTab} from "./key_panel.js";
import {openPlugIn} from "./plug_in.js";
import {focusPrompt} from "./prompts.js";
import {focusTrace} from "./trace.js";

const KEPT = "fauxkey.shortcuts";

function showView(name) {
  document.body.dataset.view = name;
  for (const button of document.querySelectorAll(".views button"))
    button.setAttribute("aria-pressed", String(button.dataset.view === name));
}

const openHelp = () => byId("help").showModal();

const SHORTCUTS = {
  p: focusPrompt,
  k: () => (showView("keys"), focusKeys()),
  t: () => (showView("trace"), focusTrace()),
  "/": () => (showView("trace"), byId("trace-search").focus()),
  1: () => (showView("key"), openKeyTab("overview", true)),
  2: () => (showView("key"), openKeyTab("credentials", true)),
  3: () => (showView("key"), openKeyTab("faults", true)),
  n: openPlugIn,
  "?": openHelp,
};

export function setUpShortcuts() {
  const on = byId("shortcuts-on");
  on.checked = localStorage.getItem(KEPT) !== "off";
  on.addEventListener("change", () => localStorage.setItem(KEPT, on.checked ? "on" : "off"));
  byId("help-open").addEventListener("click", openHelp);
  document.addEventListener("keydown", (event) => {
    if (!on.checked || event.defaultPrevented || event.altKey || event.ctrlKey || event.metaKey) return;
    if (event.target.closest?.("input, textarea, select, dialog")) return;
    const act = SHORTCUTS[event.key.toLowerCase()];
    if (!act) return;
    event.preventDefault();
    act();
  });
  for (const button of document.querySelectorAll(".views button"))
    button.addEventListener("click", () => showView(button.dataset.view));
  showView(document.body.dataset.view);
}
