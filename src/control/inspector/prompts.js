// The questions that wait for a person, the oldest first.
import {ask} from "./api.js";
import {byId, h, keep, setText} from "./dom.js";
import {attempt} from "./notice.js";
import {clockNow, on, refreshPrompts, state} from "./state.js";
import {counted, domain, plain, shown} from "./text.js";

/** A click or a key that comes sooner was meant for something else. */
const GUARD_MS = 500;

const OPERATIONS = {
  makeCredential: "Register",
  getAssertion: "Log in",
  alreadyRegistered: "Registered already",
  reset: "Erase everything on the key",
  resetByLongTouch: "Erase everything on the key (a long touch)",
  selection: "Is this the key that you mean?",
  verification: "Verify yourself",
  enrollment: "Put a finger on the sensor",
  pinProbe: "Is this the key that you mean?",
};

const answers = (prompt) => [
  {answer: "deny", label: "Deny", kind: "deny"},
  ...(["verification", "finger"].includes(prompt.question)
    ? [{answer: "not-verified", label: "Wrong person", kind: "quiet"}] : []),
  {answer: "approve", label: prompt.question === "finger" ? "Touch" : "Approve", kind: "approve"},
];

function accountChoice(prompt) {
  const choices = (prompt.accounts ?? []).map((account, place) => h("label.check", {},
    h("input", {type: "radio", name: `account-${prompt.id}`, value: account.userHandle, ...(place === 0 ? {checked: true} : {})}),
    shown(account.userName ?? account.userDisplayName ?? account.userHandle, 80)));
  return choices.length ? h("fieldset.accounts", {}, h("legend", {}, "Account"), ...choices) : null;
}

function make(prompt) {
  const buttons = answers(prompt).map(({answer, label, kind}) => h(`button.${kind}`, {
    type: "button",
    "aria-keyshortcuts": {approve: "A", deny: "D"}[answer],
    onclick: (event) => reply(prompt, answer, event.currentTarget),
  }, label));
  return h("article.prompt", {tabindex: "-1", "aria-label": plain(`${OPERATIONS[prompt.operation]} ${prompt.rpId}`)},
    h("div.prompt-text", {},
      h("p.prompt-what", {},
        h("strong", {}, OPERATIONS[prompt.operation] ?? prompt.operation),
        ...(prompt.rpId ? [" at ", h("strong.rp", {}, domain(prompt.rpId, 200))] : []),
        ...(prompt.account ? [" as ", h("strong", {}, shown(prompt.account, 120))] : [])),
      h("p.prompt-key", {}, h("span", {}, `Key ${prompt.key}`), " · ", h("span.left"))),
    accountChoice(prompt),
    h("div.buttons", {}, ...buttons));
}

function reply(prompt, answer, button) {
  if (performance.now() - state.prompts.find((one) => one.id === prompt.id)?.since < GUARD_MS) return;
  const card = button.closest(".prompt");
  const account = card.querySelector("input[type=radio]:checked")?.value;
  attempt(button, async () => {
    await ask("POST", `prompts/${prompt.id}`, {answer, ...(account && answer === "approve" ? {account} : {})});
    await refreshPrompts();
    byId("prompts").querySelector(".prompt")?.focus();
  });
}

/** By the key's clock, which may stand still. */
function leftOf(prompt) {
  const key = state.keys.find((one) => one.name === prompt.key);
  const rate = !key ? 1 : key.clock.frozen ? 0 : key.clock.scale;
  return Math.max(0, prompt.leftMs - (performance.now() - prompt.readAt) * rate) / 1000;
}

function showLeft(card, prompt) {
  setText(card.querySelector(".left"), `${Math.ceil(leftOf(prompt))} s left`);
}

let announced = new Set();

function show() {
  const section = byId("prompts");
  section.hidden = state.prompts.length === 0;
  keep(section, state.prompts, (prompt) => prompt.id, make, showLeft);
  document.title = state.prompts.length ? `(${state.prompts.length}) fauxkey` : "fauxkey";
  const fresh = state.prompts.filter((prompt) => !announced.has(prompt.id));
  if (fresh.length) {
    setText(byId("announcer"), `${counted(state.prompts.length, "prompt")}: ${plain(
      `${OPERATIONS[fresh[0].operation]} ${fresh[0].rpId}`)}. Press P to answer.`);
  }
  announced = new Set(state.prompts.map((prompt) => prompt.id));
}

function tick() {
  for (const prompt of state.prompts) {
    const card = byId("prompts").querySelector(`[data-id="${prompt.id}"]`);
    if (card) showLeft(card, prompt);
  }
}

export function focusPrompt() {
  byId("prompts").querySelector(".prompt")?.focus();
}

export function setUpPrompts() {
  on("prompts", show);
  setInterval(() => {
    if (state.prompts.length) tick();
  }, 250);
  byId("prompts").addEventListener("keydown", (event) => {
    if (event.altKey || event.ctrlKey || event.metaKey || event.repeat) return;
    const button = event.target.closest(".prompt")
      ?.querySelector({a: ".approve", d: ".deny"}[event.key.toLowerCase()] ?? "none");
    if (!button) return;
    event.preventDefault();
    button.click();
  });
}
