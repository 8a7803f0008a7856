// The control interface, as this page asks it. The token comes in the address behind the #, which browsers
// send to nobody; from there it goes into this tab's own storage and each request's Authorization, so that
// it stands in no address, history entry or Referer from then on.

const KEPT = "fauxkey.token";
const IN_FRAGMENT = /^#([A-Za-z0-9_-]{43})$/;
const IN_PATH = /^\/t\/([A-Za-z0-9_-]{43})\//;

let token = sessionStorage.getItem(KEPT) ?? "";

export class ApiError extends Error {
  constructor(status, message) {
    super(message);
    this.status = status;
  }
}

/** Whether the address brought a token; it has none afterwards. */
export function takeToken() {
  const found = IN_FRAGMENT.exec(location.hash) ?? IN_PATH.exec(location.pathname);
  if (!found) return false;
  setToken(found[1]);
  history.replaceState(null, "", "/");
  return true;
}

export function setToken(given) {
  token = given;
  sessionStorage.setItem(KEPT, token);
}

async function call(method, path, body, limit) {
  const headers = {};
  if (token) headers.Authorization = `Bearer ${token}`;
  if (body !== undefined) headers["Content-Type"] = "application/json";
  const answer = await fetch(`/v1/${path}`, {
    method,
    headers,
    body: body === undefined ? undefined : JSON.stringify(body),
    cache: "no-store",
    signal: AbortSignal.timeout(limit),
  });
  if (answer.ok) return answer;
  const said = await answer.json().catch(() => ({}));
  throw new ApiError(answer.status, said.error ?? `The daemon answered with status ${answer.status}.`);
}

/** The JSON of an answer. Throws ApiError for one that refuses, and what fetch throws where none comes. */
export async function ask(method, path, body, limit = 45_000) {
  const answer = await call(method, path, body, limit);
  return answer.status === 204 ? null : answer.json();
}

export const askBlob = async (path) => (await call("GET", path, undefined, 120_000)).blob();
export const keyPath = (name) => `keys/${encodeURIComponent(name)}`;
