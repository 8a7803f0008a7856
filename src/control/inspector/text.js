// Texts that a host chose, as a person may see them: a relying party's name must not turn the writing
// direction, hide letters or pass for another's. The same characters are escaped as in the program's own
// prompts (src/user/display_text.cpp).
import {h} from "./dom.js";

const HIDDEN =
  /[\p{Cc}\p{Cf}\p{Co}\p{Cs}\p{Zl}\p{Zp}\u00A0\u1680\u2000-\u200A\u202F\u205F\u2800\u3000\uFFFE\uFFFF]|(?![\uFE00-\uFE0F])\p{Default_Ignorable_Code_Point}/gu;

const escapeOf = (character) => `\\u{${character.codePointAt(0).toString(16).toUpperCase()}}`;

/** For titles and labels, which are text alone. */
export const plain = (text) => String(text).replace(HIDDEN, escapeOf);

/** `limit` characters at most. A domain's owner stands at its end: `{start: true}` cuts the beginning. */
export function shorten(text, limit, {start = false} = {}) {
  const characters = [...text];
  if (characters.length <= limit) return text;
  return start ? "…" + characters.slice(1 - limit).join("") : characters.slice(0, limit - 1).join("") + "…";
}

/** As an element whose direction is its own, with escapes that can be told from what was written. */
export function shown(text, limit = 600, options = {}) {
  const whole = shorten(String(text), limit, options);
  const element = h("bdi");
  let from = 0;
  for (const match of whole.matchAll(HIDDEN)) {
    if (match.index > from) element.append(whole.slice(from, match.index));
    element.append(h("span.escape", {}, escapeOf(match[0])));
    from = match.index + match[0].length;
  }
  element.append(whole.slice(from));
  return element;
}

export const domain = (text, limit = 80) => shown(text, limit, {start: true});

export const number = (value) => value.toLocaleString("en");
export const counted = (value, noun) => `${number(value)} ${noun}${value === 1 ? "" : "s"}`;

/** Of seconds: "0.8 s", "24 s", "9 min 30 s", "2 h 5 min", "12 d". */
export function duration(seconds) {
  if (seconds < 10) return `${(Math.floor(seconds * 10) / 10).toFixed(1)} s`;
  if (seconds < 100) return `${Math.floor(seconds)} s`;
  const parts = [[86400, "d"], [3600, "h"], [60, "min"], [1, "s"]];
  const first = parts.findIndex(([size]) => seconds >= size);
  const [size, unit] = parts[first];
  const whole = `${Math.floor(seconds / size)} ${unit}`;
  const next = parts[first + 1];
  const rest = next ? Math.floor((seconds % size) / next[0]) : 0;
  return rest ? `${whole} ${rest} ${next[1]}` : whole;
}

const two = (value) => String(value).padStart(2, "0");

/** Of a time as events have it: "14:03:07.120". */
export function timeOfDay(seconds) {
  const date = new Date(seconds * 1000);
  const thousandths = String(date.getMilliseconds()).padStart(3, "0");
  return `${two(date.getHours())}:${two(date.getMinutes())}:${two(date.getSeconds())}.${thousandths}`;
}

export const dateAndTime = (unixTime) => {
  const date = new Date(unixTime * 1000);
  return Number.isNaN(date.getTime()) ? "–" : date.toISOString().replace("T", " ").replace(/\.\d+Z$/, " UTC");
};
export const dateOnly = (unixTime) => dateAndTime(unixTime).slice(0, 10);
