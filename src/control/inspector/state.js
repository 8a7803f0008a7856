// What the page knows, and who is told when it changes: "keys", "selected", "prompts", "messages", "event",
// "connection".
import {ask, keyPath} from "./api.js";

export const state = {
  keys: [],
  prompts: [],
  selected: null, // a key's name
  connection: "connecting",
};

const listeners = new Map();

export function on(what, listener) {
  listeners.set(what, [...(listeners.get(what) ?? []), listener]);
}

export function tell(what, detail) {
  for (const listener of listeners.get(what) ?? []) listener(detail);
}

export const selectedKey = () => state.keys.find((key) => key.name === state.selected) ?? null;

export function select(name) {
  if (state.selected === name) return;
  state.selected = name;
  tell("selected");
}

/** A key as it was at a moment of this page, from which its clock goes on. */
function read(key) {
  return {...key, readAt: performance.now()};
}

function setKeys(keys) {
  state.keys = keys;
  if (!selectedKey()) {
    state.selected = keys[0]?.name ?? null;
    tell("selected");
  }
  tell("keys");
}

export async function refreshKeys() {
  setKeys((await ask("GET", "keys")).keys.map(read));
}

/** What a call that changes a key answered with. */
export function putKey(key) {
  const others = state.keys.some((one) => one.name === key.name);
  setKeys(others ? state.keys.map((one) => (one.name === key.name ? read(key) : one)) : [...state.keys, read(key)]);
}

export async function changeKey(method, name, path, body = {}) {
  putKey(await ask(method, `${keyPath(name)}/${path}`, body));
}

export async function refreshPrompts() {
  const {prompts} = await ask("GET", "prompts");
  const now = performance.now();
  const known = new Map(state.prompts.map((prompt) => [prompt.id, prompt]));
  state.prompts = prompts.map((prompt) => ({...prompt, readAt: now, since: known.get(prompt.id)?.since ?? now}));
  tell("prompts");
}

/** What time it is for a key now: its clock may stand still or run faster than ours. */
export function clockNow(key) {
  const since = key.clock.frozen ? 0 : ((performance.now() - key.readAt) / 1000) * key.clock.scale;
  return {now: key.clock.now + since, unixTime: key.clock.unixTime + since};
}
