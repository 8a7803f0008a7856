// Whether the daemon is there, and what to do where it is not.
import {setToken} from "./api.js";
import {byId, h, setText} from "./dom.js";
import {on, state as page} from "./state.js";

const WORDS = {connecting: "Connecting…", live: "Live", lost: "Connection lost", unauthorized: "No access"};

function askForToken() {
  const input = h("input.mono", {type: "password", id: "token", "aria-label": "Token", autocomplete: "off", spellcheck: "false"});
  return h("form.inline", {onsubmit: (event) => {
    event.preventDefault();
    setToken(input.value.trim());
    location.reload();
  }}, input, h("button.main", {type: "submit"}, "Open"));
}

function show({why, wait, version}) {
  const state = page.connection;
  const pill = byId("connection");
  pill.dataset.state = state;
  setText(pill, WORDS[state]);
  pill.title = version ? `fauxkey ${version}` : "";
  document.body.toggleAttribute("data-offline", state !== "live");
  const notice = byId("notice");
  if (state === "live") {
    if (notice.dataset.kind === "connection") {
      notice.hidden = true;
      delete notice.dataset.kind;
    }
    return;
  }
  if (state === "connecting") return;
  notice.dataset.kind = "connection";
  notice.hidden = false;
  if (state === "lost") {
    notice.replaceChildren(h("strong", {}, "Connection lost. "),
      `${why || "The daemon, or fauxkey ui, has ended."} What you see is as it was; this page tries again ${
        wait < 1000 ? "at once" : `every ${Math.round(wait / 1000)} s`}.`);
  } else {
    notice.replaceChildren(h("strong", {}, "This page has no access: "),
      "the daemon was started anew, with another token, or none was given. Run ", h("code", {}, "fauxkey ui"),
      ", or enter the content of the file control.token:", askForToken());
  }
}

export function setUpConnection() {
  on("connection", show);
}
