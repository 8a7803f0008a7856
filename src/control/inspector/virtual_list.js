// A list of any length of which only what can be seen is in the document. Rows have one height, or each its
// own where `heightOf` is given. It is a listbox: the list has the focus, and one of its rows is the active
// one.
import {h, setAttribute} from "./dom.js";

const BEYOND = 6; // rows above and below what can be seen

export class VirtualList {
  #element;
  #content = h("div.list-content", {role: "presentation"});
  #rows = new Map(); // by index
  #tops = [0]; // where rows begin, with `heightOf`
  #scheduled = false;
  #active = -1;

  /** options: rowHeight() or heightOf(index); render(index) → element; onactivate(index, open, focus); onscroll(), when
      it was moved; onlayout(), when other rows may be in sight; onresize(). */
  constructor(element, options) {
    this.#element = element;
    this.options = options;
    this.count = 0;
    element.append(this.#content);
    element.addEventListener("scroll", () => {
      this.#schedule();
      this.options.onscroll?.();
    }, {passive: true});
    element.addEventListener("keydown", (event) => this.#onKey(event));
    element.addEventListener("click", (event) => {
      const row = event.target.closest("[role=option]");
      if (row) this.activate(Number(row.dataset.index), true);
    });
    new ResizeObserver(() => {
      this.options.onresize?.();
      this.#schedule();
    }).observe(element);
  }

  get active() {
    return this.#active;
  }

  get isAtEnd() {
    return this.#element.scrollTop + this.#element.clientHeight >= this.#height(this.count) - 24;
  }

  #height(index) {
    return this.options.heightOf ? this.#tops[index] : index * this.options.rowHeight();
  }

  #indexAt(offset) {
    if (!this.options.heightOf) return Math.floor(offset / this.options.rowHeight());
    let [low, high] = [0, this.count];
    while (low < high) {
      const middle = (low + high + 1) >> 1;
      if (this.#tops[middle] <= offset) low = middle;
      else high = middle - 1;
    }
    return low;
  }

  /** More rows at the end; those before stay as they are. */
  grow(count) {
    if (this.options.heightOf) {
      for (let i = this.#tops.length - 1; i < count; ++i) this.#tops.push(this.#tops[i] + this.options.heightOf(i));
    }
    this.count = count;
    this.#schedule();
  }

  /** Other rows. */
  reset(count, active = -1) {
    this.#tops = [0];
    this.#active = active;
    this.#clear();
    this.grow(count);
  }

  /** The rows that are in the document are made anew. */
  refresh() {
    this.#clear();
    this.#schedule();
  }

  #clear() {
    this.#rows.clear();
    this.#content.replaceChildren();
  }

  /** So many rows have gone from the front. What can be seen stays where it is. */
  dropFront(dropped) {
    const top = this.#height(dropped);
    const stays = !this.isAtEnd;
    const active = this.#active >= dropped ? this.#active - dropped : -1;
    this.reset(this.count - dropped, active);
    if (stays) this.#element.scrollTop -= top;
  }

  scrollToEnd() {
    this.#layOut();
    this.#element.scrollTop = this.#element.scrollHeight;
  }

  scrollTo(index) {
    const [top, bottom] = [this.#height(index), this.#height(index + 1)];
    const element = this.#element;
    if (top < element.scrollTop) element.scrollTop = top;
    else if (bottom > element.scrollTop + element.clientHeight) element.scrollTop = bottom - element.clientHeight;
  }

  activate(index, open = false) {
    if (index < 0 || index >= this.count) return;
    const before = this.#rows.get(this.#active);
    if (before) this.#mark(before, false);
    this.#active = index;
    this.scrollTo(index);
    this.#layOut();
    const row = this.#rows.get(index);
    if (row) this.#mark(row, true);
    this.options.onactivate?.(index, open);
  }

  /** No row is the active one. */
  deactivate() {
    const row = this.#rows.get(this.#active);
    if (row) this.#mark(row, false);
    this.#active = -1;
    this.#element.removeAttribute("aria-activedescendant");
  }

  #mark(row, active) {
    row.setAttribute("aria-selected", String(active));
    if (active) this.#element.setAttribute("aria-activedescendant", row.id);
  }

  visible() {
    const top = this.#element.scrollTop;
    const first = this.#indexAt(top);
    const last = Math.min(this.count, this.#indexAt(top + this.#element.clientHeight) + 1);
    return [Math.min(first, last), last];
  }

  #schedule() {
    if (this.#scheduled) return;
    this.#scheduled = true;
    requestAnimationFrame(() => {
      this.#scheduled = false;
      this.#layOut();
      this.options.onlayout?.();
    });
  }

  #layOut() {
    this.#content.style.height = `${this.#height(this.count)}px`;
    const [seenFirst, seenLast] = this.visible();
    const [first, last] = [Math.max(0, seenFirst - BEYOND), Math.min(this.count, seenLast + BEYOND)];
    for (const [index, row] of this.#rows) {
      if (index >= first && index < last) continue;
      row.remove();
      this.#rows.delete(index);
    }
    for (let index = first; index < last; ++index) {
      if (this.#rows.has(index)) continue;
      const row = this.options.render(index);
      row.id = `${this.#element.id}-${index}`;
      row.dataset.index = index;
      row.setAttribute("role", "option");
      row.setAttribute("aria-posinset", index + 1);
      row.setAttribute("aria-setsize", this.count);
      row.setAttribute("aria-selected", String(index === this.#active));
      row.style.transform = `translateY(${this.#height(index)}px)`;
      row.style.height = `${this.#height(index + 1) - this.#height(index)}px`;
      this.#rows.set(index, row);
      // In the order of their places, for whoever reads the document.
      const next = [...this.#rows.keys()].filter((other) => other > index).sort((a, b) => a - b)[0];
      this.#content.insertBefore(row, this.#rows.get(next) ?? null);
    }
    setAttribute(this.#element, "aria-activedescendant", this.#rows.get(this.#active)?.id ?? null);
  }

  #onKey(event) {
    if (event.altKey || event.ctrlKey || event.metaKey) return;
    const [first, last] = this.visible();
    const page = Math.max(1, last - first - 1);
    const from = this.#active < 0 ? first - 1 : this.#active;
    const moves = {
      ArrowDown: from + 1,
      ArrowUp: Math.max(0, from - 1),
      PageDown: from + page,
      PageUp: from - page,
      Home: 0,
      End: this.count - 1,
    };
    if (event.key in moves) {
      event.preventDefault();
      this.activate(Math.max(0, Math.min(this.count - 1, moves[event.key])));
    } else if (event.key === "Enter" && this.#active >= 0) {
      event.preventDefault();
      this.options.onactivate?.(this.#active, true, true);
    }
  }
}
