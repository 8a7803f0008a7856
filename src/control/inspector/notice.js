// What went wrong with what a person has just done, and questions before what cannot be undone.
import {byId} from "./dom.js";
import {plain} from "./text.js";

let forgetting = 0;

/** The sentence of the daemon, which says what to do next. */
export function complain(error) {
  const notice = byId("notice");
  if (notice.dataset.kind === "connection") return; // which explains this one, too
  notice.dataset.kind = "complaint";
  notice.textContent = plain(error.message);
  notice.hidden = false;
  clearTimeout(forgetting);
  forgetting = setTimeout(forget, 12_000);
}

export function forget() {
  const notice = byId("notice");
  if (notice.dataset.kind === "complaint") notice.hidden = true;
}

/** Runs what a button does; it cannot be pressed meanwhile. */
export async function attempt(button, work) {
  if (button?.hasAttribute("aria-busy")) return false;
  button?.setAttribute("aria-busy", "true");
  try {
    await work();
    forget();
    return true;
  } catch (error) {
    complain(error);
    return false;
  } finally {
    button?.removeAttribute("aria-busy");
  }
}

/** Whether the person says yes. */
export function confirm(title, text, yes) {
  const dialog = byId("confirm");
  byId("confirm-title").textContent = title;
  byId("confirm-text").textContent = text;
  byId("confirm-yes").textContent = yes;
  dialog.returnValue = "";
  dialog.showModal();
  return new Promise((done) => {
    dialog.addEventListener("close", () => done(dialog.returnValue === "yes"), {once: true});
  });
}
