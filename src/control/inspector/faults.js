// How a key goes wrong: its rules, and new ones.
import {ask, keyPath} from "./api.js";
import {COMMANDS, KINDS, actionText, matchText} from "./fault_kinds.js";
import {h, keep, setText} from "./dom.js";
import {attempt} from "./notice.js";
import {on, selectedKey} from "./state.js";
import {shown} from "./text.js";
import {WHY_NOT} from "./overview.js";

/** JSON in a line that can break. */
const spaced = (value) => JSON.stringify(value, null, 1).replace(/\n */g, " ").replace(/([{[]) /g, "$1").replace(/ ([}\]])/g, "$1");

const flat = KINDS.flatMap(([, kinds]) => kinds);

export function makeFaults() {
  let rules = [];

  const kind = h("select", {id: "fault-kind", onchange: compose},
    ...KINDS.map(([group, kinds]) => h("optgroup", {label: group},
      ...kinds.map((each) => h("option", {value: flat.indexOf(each)}, each[0])))));
  const command = h("select", {id: "fault-command", onchange: writeRule}, ...COMMANDS.map(([value, label]) => h("option", {value}, label)));
  const nth = h("input.narrow", {id: "fault-nth", type: "number", min: "1", value: "1", oninput: writeRule});
  const times = h("select", {id: "fault-times", onchange: writeRule},
    ...[["1", "once"], ["2", "twice"], ["10", "10 times"], ["", "each time"]].map(([value, label]) => h("option", {value}, label)));
  const rule = h("textarea.mono", {id: "fault-rule", rows: "6", spellcheck: "false", "aria-describedby": "fault-error"});
  const error = h("p.error", {id: "fault-error", role: "alert", hidden: true});
  const whyNot = h("p.hint.boxed", {}, WHY_NOT);
  const fieldset = h("fieldset.plain", {},
    h("div.fields", {},
      h("label", {for: "fault-kind"}, "What goes wrong"), kind,
      h("label", {for: "fault-command"}, "When it gets"), command,
      h("label", {for: "fault-nth"}, "From which one on"), nth,
      h("label", {for: "fault-times"}, "How often"), times,
      h("label", {for: "fault-rule"}, "The rule"), rule),
    error,
    h("div.buttons", {}, h("button.main", {type: "submit", id: "fault-add"}, "Add fault")));
  const form = h("form", {onsubmit: add}, h("h3", {}, "Let it go wrong"), fieldset);

  const list = h("ul.faults");
  const none = h("div.empty", {}, h("p", {}, h("strong", {}, "This key does nothing wrong.")),
    h("p", {}, "Add a fault below, and see how a site or a browser takes it."));
  const clear = h("button", {type: "button", onclick: (event) => attempt(event.currentTarget, async () => {
    await ask("DELETE", `${keyPath(selectedKey().name)}/faults`);
    await refresh();
  })}, "Remove all");
  const head = h("div.section-bar", {}, h("h3", {}, "Faults"), h("span.spring"), clear);
  const element = h("div.faults-tab", {}, head, none, list, whyNot, form);

  function compose() {
    const [, , wanted] = flat[Number(kind.value)];
    command.value = wanted;
    writeRule();
  }

  /** The form's choices, as the rule that is sent; a person may write it otherwise. */
  function writeRule() {
    const [, action] = flat[Number(kind.value)];
    const match = {...(command.value && {command: command.value}), ...(Number(nth.value) > 1 && {nth: Number(nth.value)})};
    const members = Object.entries({match, action, times: times.value ? Number(times.value) : null});
    rule.value = `{\n${members.map(([name, value]) => `  "${name}": ${spaced(value)}`).join(",\n")}\n}`;
    error.hidden = true;
  }

  function add(event) {
    event.preventDefault();
    const {submitter} = event;
    const refuse = (sentence) => {
      error.textContent = sentence;
      error.hidden = false;
      rule.focus();
    };
    let wanted;
    try {
      wanted = JSON.parse(rule.value);
    } catch (wrong) {
      return refuse(`The rule is no JSON: ${wrong.message}`);
    }
    error.hidden = true;
    submitter?.setAttribute("aria-busy", "true");
    ask("POST", `${keyPath(selectedKey().name)}/faults`, wanted)
      .then(refresh, (wrong) => refuse(wrong.message))
      .finally(() => submitter?.removeAttribute("aria-busy"));
  }

  function make(each) {
    return h("li.fault", {},
      h("div", {}, h("p.fault-what", {}, shown(actionText(each.action))),
        h("p.muted", {}, shown(matchText(each.match)))),
      h("span.chip"),
      h("button.quiet", {type: "button", "aria-label": `Remove fault ${each.id}`, onclick: (event) => attempt(event.currentTarget, async () => {
        await ask("DELETE", `${keyPath(selectedKey().name)}/faults/${each.id}`);
        await refresh();
      })}, "✕"));
  }

  function update(item, each) {
    const chip = item.querySelector(".chip");
    const over = each.times !== null && each.hits >= each.times;
    setText(chip, each.times === null ? `used ${each.hits} ×` : over ? `used up (${each.hits})` : `${each.hits} of ${each.times} used`);
    chip.classList.toggle("bad", each.hits > 0);
    item.classList.toggle("over", over);
  }

  async function refresh() {
    const key = selectedKey();
    if (!key) return;
    const {faults} = await ask("GET", `${keyPath(key.name)}/faults`);
    if (selectedKey()?.name !== key.name) return;
    rules = faults;
    keep(list, rules, (each) => `${key.name} ${each.id}`, make, update);
    none.hidden = rules.length > 0;
    clear.hidden = rules.length === 0;
    counted(rules.length);
  }

  let counted = () => {};

  function show(key) {
    fieldset.disabled = key.lasts;
    whyNot.hidden = !key.lasts;
  }

  on("event", (event) => {
    if (event.type === "fault.hit" && event.data.key === selectedKey()?.name) refresh().catch(() => {});
  });
  compose();
  return {element, show, refresh: () => refresh().catch(() => {}), onCount: (listener) => (counted = listener)};
}
