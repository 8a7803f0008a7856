// Elements, made without a line of HTML: texts of hosts come in as text and can be nothing else.

/** h("p.hint#id", {title, onclick, …}, child, …): attributes by their names, "on…" as listeners. */
export function h(name, attributes = {}, ...children) {
  const [, tag, rest] = /^([a-z0-9]+)(.*)$/.exec(name);
  const element = document.createElement(tag);
  for (const [, kind, word] of rest.matchAll(/([.#])([\w-]+)/g)) {
    if (kind === "#") element.id = word;
    else element.classList.add(word);
  }
  for (const [key, value] of Object.entries(attributes)) {
    if (key.startsWith("on")) element.addEventListener(key.slice(2), value);
    else if (value === true) element.setAttribute(key, "");
    else if (value !== false && value !== null && value !== undefined) element.setAttribute(key, value);
  }
  element.append(...children.filter((child) => child !== null && child !== undefined));
  return element;
}

export const byId = (id) => document.getElementById(id);

/** Only what changes is written, so that a selection or a screen reader is not disturbed. */
export function setText(element, text) {
  if (element.textContent !== text) element.textContent = text;
}

export function setAttribute(element, name, value) {
  if (value === null || value === false) element.removeAttribute(name);
  else if (element.getAttribute(name) !== String(value)) element.setAttribute(name, value);
}

/** One child for each item, kept while the item is there, so that the focus stays where it is. */
export function keep(container, items, idOf, make, update) {
  const present = new Map([...container.children].map((child) => [child.dataset.id, child]));
  let place = container.firstElementChild;
  for (const item of items) {
    const id = String(idOf(item));
    let child = present.get(id);
    if (!child) {
      child = make(item);
      child.dataset.id = id;
    }
    present.delete(id);
    if (child === place) place = place.nextElementSibling;
    else container.insertBefore(child, place);
    update(child, item);
  }
  for (const child of present.values()) child.remove();
}
