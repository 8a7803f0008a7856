// The dialog that makes a key and plugs it in.
import {ask} from "./api.js";
import {byId} from "./dom.js";
import {putKey, select} from "./state.js";

export function openPlugIn() {
  byId("plug").querySelector(".error").hidden = true;
  byId("plug").showModal();
}

/** What the form says, without what it leaves as it is. */
function wanted(form) {
  const {name, transport, presence, userVerification, pin, ctapVersion} = Object.fromEntries(new FormData(form));
  return {
    ...(name && {name}), transports: [transport], userVerification, ctapVersion, ...(pin && {pin}), user: {presence},
  };
}

export function setUpPlugIn() {
  const dialog = byId("plug");
  const form = dialog.querySelector("form");
  const error = dialog.querySelector(".error");
  for (const id of ["plug-open", "plug-first"]) byId(id).addEventListener("click", openPlugIn);
  dialog.querySelector("[data-close]").addEventListener("click", () => dialog.close());
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    const button = event.submitter;
    button?.setAttribute("aria-busy", "true");
    error.hidden = true;
    try {
      const key = await ask("POST", "keys", wanted(form));
      dialog.close();
      form.reset();
      putKey(key);
      select(key.name);
    } catch (wrong) {
      error.textContent = wrong.message;
      error.hidden = false;
    } finally {
      button?.removeAttribute("aria-busy");
    }
  });
}
