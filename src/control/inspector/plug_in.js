// The dialog that makes a key and plugs it in.
import {ask} from "./api.js";
import {byId} from "./dom.js";
import {putKey, select} from "./state.js";

/** Once: what kinds of key there are. */
async function listPersonas() {
  const select = byId("plug-persona");
  if (select.options.length > 1) return;
  const {personas} = await ask("GET", "personas");
  for (const {name, summary} of personas.filter(({name, error}) => name !== "fauxkey" && !error)) {
    const option = new Option(name, name);
    option.title = summary;
    select.add(option);
  }
}

export function openPlugIn() {
  byId("plug").querySelector(".error").hidden = true;
  byId("plug").showModal();
  listPersonas().catch(() => {});  // the one that there is by default stays
}

/** What the form says, without what it leaves as it is. */
function wanted(form) {
  const {name, persona, transport, presence, userVerification, pin, ctapVersion} = Object.fromEntries(new FormData(form));
  return {
    ...(name && {name}), ...(persona && {persona}), transports: [transport], ...(userVerification && {userVerification}),
    ...(ctapVersion && {ctapVersion}), ...(pin && {pin}), user: {presence},
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
