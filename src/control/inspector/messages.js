// One request or answer, in a line: what it is, of whom, and how it ended.
import {plain} from "./text.js";

const isRequest = (message) => message.dir === "in";

/** "good", "bad" or "" for what is neither. */
export function outcome(message) {
  if (isRequest(message)) return "";
  if (message.layer === "hid") return message.errorName || message.error ? "bad" : "";
  const name = message.statusName ?? message.status ?? "";
  return ["OK", "SUCCESS", "SW_NO_ERROR"].includes(name) ? "good" : "bad";
}

export const isKeepalive = (message) => message.command === "CTAPHID_KEEPALIVE";

export function status(message) {
  return message.errorName ?? message.statusName ?? message.status ?? (message.error ? "not decodable" : "");
}

const texts = (...parts) => parts.filter((part) => part !== undefined && part !== null && part !== "").join(" · ");
const accountOf = (user) => user?.name ?? user?.displayName;

function ofRequest({parameters: given = {}}) {
  const allowed = given.allowList?.length;
  return texts(
    given.subCommand === undefined ? null : String(given.subCommand),
    given.rp?.id ?? given.rpId,
    accountOf(given.user),
    allowed ? `${allowed} allowed` : null,
    given.permissions?.length ? given.permissions.join?.(" ") : null,
  );
}

function ofAnswer({response: said = {}, statusName, layer}) {
  const flags = said.authData?.flags;
  return texts(
    said.versions?.join(", "),
    said.fmt,
    accountOf(said.user),
    said.numberOfCredentials ? `${said.numberOfCredentials} accounts` : null,
    said.pinRetries === undefined ? null : `${said.pinRetries} PIN tries`,
    said.rp?.id,
    Array.isArray(flags) ? flags.join(" ") : null,
    layer === "hid" ? statusName : null,
  );
}

/** Without what a refusal's reason says. */
export function summary(message) {
  return plain(isRequest(message) ? ofRequest(message) : ofAnswer(message));
}

export const nameOf = (message) => message.command ?? "?";

/** What a search looks in. */
export const searchText = (message) =>
  [message.key, message.command, status(message), summary(message), message.why ?? ""].join("\n").toLowerCase();
