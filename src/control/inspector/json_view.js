// A decoded message as a tree. It has a CTAP message's size at most, so all of it is in the document.
import {h} from "./dom.js";
import {shown} from "./text.js";

const BYTES = /^([0-9a-f]{2}){4,}$/;

function leaf(value) {
  if (typeof value === "string") {
    return BYTES.test(value)
      ? h("span.bytes", {title: `${value.length / 2} bytes`}, value)
      : h("span.string", {}, value === "" ? "(empty)" : shown(value, 4000));
  }
  return h("span.literal", {}, String(value));
}

const isLeaf = (value) => value === null || typeof value !== "object";
const isShort = (value) => Array.isArray(value) && value.every(isLeaf) && JSON.stringify(value).length < 90;

export function jsonView(value) {
  const entries = Array.isArray(value) ? value.map((each, place) => [String(place), each]) : Object.entries(value);
  return h("dl.json", {}, ...entries.map(([name, each]) => {
    const term = h("dt", {}, shown(name, 80));
    if (isLeaf(each)) return h("div", {}, term, h("dd", {}, leaf(each)));
    if (isShort(each)) {
      return h("div", {}, term, h("dd", {}, ...each.flatMap((one, place) => (place ? [", ", leaf(one)] : [leaf(one)])),
        each.length ? null : h("span.literal", {}, "none")));
    }
    return h("div.nested", {}, term, h("dd", {}, jsonView(each)));
  }));
}
