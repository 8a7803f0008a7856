// What happens, from the daemon: a batch of events at a time, each asked for once the last one is here, for
// as long as the page lives. A batch that waits is a plain request, which carries the token in a header, as
// server-sent events cannot.
import {ApiError, ask} from "./api.js";
import {refreshKeys, refreshPrompts, state, tell} from "./state.js";

const WAIT_MS = 20_000;
const POLL_MS = 2_500;
const LONGEST_PAUSE_MS = 5_000;

let instance = null;
let last = 0;

function setConnection(now, detail = {}) {
  state.connection = now;
  tell("connection", detail);
}

const pause = (milliseconds) => new Promise((done) => setTimeout(done, milliseconds));

/** At most once in a while, and once more for what came meanwhile. */
function gently(work, milliseconds) {
  let waiting = false;
  return () => {
    if (waiting) return;
    waiting = true;
    setTimeout(() => {
      waiting = false;
      work().catch(() => {}); // the loop below notices a daemon that is gone
    }, milliseconds);
  };
}
const keysSoon = gently(refreshKeys, 80);
const promptsSoon = gently(refreshPrompts, 0);

function take(batch) {
  const messages = [];
  for (const event of batch.events) {
    if (/\.(request|answer)$/.test(event.type)) messages.push(event);
    if (event.type.startsWith("prompt.")) promptsSoon();
    tell("event", event);
  }
  if (messages.length || batch.missed) tell("messages", {messages, missed: batch.missed});
  if (batch.events.length) keysSoon();
}

async function connect() {
  const status = await ask("GET", "status", undefined, 10_000);
  if (instance !== null && instance !== status.instance) {
    last = 0;
    tell("restarted");
  }
  instance = status.instance;
  await Promise.all([refreshKeys(), refreshPrompts()]);
  setConnection("live", {version: status.version});
}

async function follow() {
  for (;;) {
    // With nothing to catch up on, wait: what is asked for is then no backlog.
    const batch = await ask("GET", `events/batch?after=${last}&waitMs=${WAIT_MS}`);
    if (batch.instance !== instance) return connect();
    last = batch.last;
    take(batch);
  }
}

export async function run() {
  for (let tries = 0; ; ++tries) {
    try {
      await connect();
      tries = 0;
      for (;;) await follow();
    } catch (error) {
      if (error instanceof ApiError && error.status === 401) {
        setConnection("unauthorized");
        return;
      }
      const wait = Math.min(250 * 2 ** tries, LONGEST_PAUSE_MS);
      setConnection("lost", {why: error instanceof ApiError ? error.message : "", wait});
      await pause(wait);
    }
  }
}

/** For what is changed by others and tells no event: a clock, a fault, a user. */
export function pollKeys() {
  setInterval(() => {
    if (state.connection === "live" && !document.hidden) keysSoon();
  }, POLL_MS);
}
