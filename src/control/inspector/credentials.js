// What a key holds, be it a hundred thousand: pages are fetched as they come into sight, and those out of
// sight are forgotten. The daemon tells with each page where the next one begins; from the nearest such place
// a jump is counted.
import {ask, keyPath} from "./api.js";
import {h, setText} from "./dom.js";
import {attempt, complain, confirm} from "./notice.js";
import {on, refreshKeys, selectedKey} from "./state.js";
import {counted, dateAndTime, dateOnly, domain, number, plain, shown} from "./text.js";
import {VirtualList} from "./virtual_list.js";

const PAGE = 100;
const PAGES_KEPT = 30;
const ALGORITHMS = {
  "-7": "ES256", "-8": "EdDSA", "-35": "ES384", "-36": "ES512", "-47": "ES256K", "-48": "ML-DSA-44", "-49": "ML-DSA-65",
  "-257": "RS256",
};
const PROTECTIONS = {1: null, 2: "user verification or id", 3: "user verification"};

const accountOf = (credential) =>
  credential.userName ?? credential.userDisplayName ?? (credential.userHandle ? `user ${credential.userHandle}` : "–");

function render(credential) {
  if (!credential) return h("div.credential.pending", {"aria-busy": "true"}, h("span.rp", {}, "…"));
  const {signCount} = credential;
  return h("div.credential", {},
    h("span.rp", {title: plain(credential.rpId)}, domain(credential.rpId, 60)),
    h("span.account", {}, shown(accountOf(credential), 60)),
    h("span.facts", {}, [
      credential.isResidentCredential ? null : "not discoverable",
      ALGORITHMS[credential.algorithm] ?? `COSE ${credential.algorithm}`,
      signCount === null ? "no counter" : `used ${number(signCount)} ×`,
    ].filter(Boolean).join(" · ")),
    h("span.date", {}, dateOnly(credential.createdAt)));
}

export function makeCredentials() {
  let pages = new Map(); // by number; the one looked at last stands last
  let places = new Map([[0, null]]); // where a page begins
  let fetching = new Map();
  let count = 0;
  let search = "";
  let total = 0;
  let generation = 0;

  const find = h("input", {type: "search", placeholder: "Find a site or an account…", "aria-label": "Find a credential",
    autocomplete: "off", spellcheck: "false", id: "credential-search"});
  const told = h("span.count", {role: "status"});
  const listElement = h("div.list#credential-list", {role: "listbox", tabindex: "0", "aria-label": "Credentials"});
  const empty = h("div.empty", {hidden: true});
  const detail = h("div.detail", {role: "region", "aria-label": "The chosen credential", tabindex: "-1", hidden: true});
  const element = h("div.credentials", {}, h("div.panel-bar.filters", {}, find, told), listElement, empty, detail);

  const at = (index) => pages.get(Math.floor(index / PAGE))?.[index % PAGE];

  const list = new VirtualList(listElement, {
    rowHeight: () => 52,
    render: (index) => render(at(index)),
    onlayout: fetchWhatIsSeen,
    onactivate: (index, open, focus) => {
      if (open || !detail.hidden) showDetail(at(index), focus);
    },
  });

  function begin() {
    generation += 1;
    pages = new Map();
    places = new Map([[0, null]]);
    fetching = new Map();
  }

  /** As a key's credentials are at the moment, from the first one on. */
  function startAgain() {
    begin();
    detail.hidden = true;
    count = 0;
    list.reset(0);
    listElement.scrollTop = 0;
    fetchPage(0);
  }

  function fetchWhatIsSeen() {
    const [first, last] = list.visible();
    for (let page = Math.floor(first / PAGE); page * PAGE < last; ++page) {
      if (pages.has(page)) {
        pages.set(page, take(pages, page)); // looked at last
      } else if (!fetching.has(page)) {
        fetchPage(page);
      }
    }
  }

  function take(map, key) {
    const value = map.get(key);
    map.delete(key);
    return value;
  }

  async function fetchPage(page) {
    const key = selectedKey();
    if (!key) return;
    const mine = generation;
    fetching.set(page, true);
    const known = Math.max(...[...places.keys()].filter((each) => each <= page));
    const query = new URLSearchParams({limit: PAGE, privateKeys: "false"});
    if (places.get(known) !== null) query.set("cursor", places.get(known));
    if (known < page) query.set("offset", (page - known) * PAGE);
    if (search) query.set("search", search);
    let answer;
    try {
      answer = await ask("GET", `${keyPath(key.name)}/credentials?${query}`, undefined, 60_000);
    } catch (error) {
      if (mine === generation) fetching.delete(page); // the next look tries again
      if (error.status !== 404) complain(error);
      return;
    }
    if (mine !== generation) return;
    fetching.delete(page);
    if (answer.next) places.set(page + 1, answer.next);
    pages.set(page, answer.credentials);
    while (pages.size > PAGES_KEPT) pages.delete(pages.keys().next().value);
    // How many are found is known at the end alone; until then there is a page more to come.
    const end = page * PAGE + answer.credentials.length;
    total = answer.total;
    const now = search ? Math.max(answer.next ? end + 1 : end, answer.next ? count : 0) : answer.total;
    if (now < count) list.reset(now, Math.min(list.active, now - 1));
    else list.grow(now);
    count = now;
    list.refresh();
    showCount();
  }

  function showCount() {
    const found = at(count - 1) ? number(count) : `more than ${number(Math.max(0, count - 1))}`;
    setText(told, search ? `${found} of ${number(total)}` : counted(total, "credential"));
    empty.hidden = count > 0;
    listElement.hidden = count === 0;
    if (count > 0) return;
    empty.replaceChildren(...(search
      ? [h("p", {}, h("strong", {}, "Nothing is found.")), h("p", {}, "The search looks at sites, accounts and credential ids.")]
      : [h("p", {}, h("strong", {}, "This key holds no credential.")), h("p", {}, "Register at a site with it, or put one in:"),
        h("pre", {}, `fauxkey credentials import FILE\nPOST /v1/keys/${selectedKey()?.name ?? "KEY"}/credentials`)]));
  }

  function showDetail(credential, focus) {
    if (!credential) return;
    const row = (name, value, kind = "dd") => h("div.row", {}, h("dt", {}, name), h(kind, {}, value));
    const {signCount, credentialId} = credential;
    const key = selectedKey();
    detail.replaceChildren(
      h("header.detail-bar", {}, h("h3", {}, domain(credential.rpId, 120)), h("span.spring"),
        h("button.danger", {type: "button", onclick: (event) => remove(credential, event.currentTarget)}, "Delete…"),
        h("button.quiet", {type: "button", onclick: closeDetail, "aria-label": "Close"}, "✕")),
      h("dl", {}, ...[
        credential.rpName ? row("Site's name", shown(credential.rpName)) : null,
        row("Account", shown(accountOf(credential))),
        credential.userDisplayName ? row("Display name", shown(credential.userDisplayName)) : null,
        credential.userHandle ? row("User handle", credential.userHandle, "dd.mono") : null,
        row("Credential id", credentialId, "dd.mono"),
        row("Kind", credential.isResidentCredential ? "discoverable (a passkey)" : "not discoverable"),
        row("Algorithm", ALGORITHMS[credential.algorithm] ?? `COSE ${credential.algorithm}`),
        row("Counter", signCount === null ? "none" : number(signCount)),
        PROTECTIONS[credential.credProtect] ? row("Found by", PROTECTIONS[credential.credProtect]) : null,
        row("Backup", credential.backupEligibility ? (credential.backupState ? "backed up" : "allowed, not backed up") : "none"),
        row("Created", dateAndTime(credential.createdAt)),
        row("Last used", credential.lastUsedAt ? dateAndTime(credential.lastUsedAt) : "never"),
      ].filter(Boolean)));
    detail.dataset.of = `${key.name} ${credentialId}`;
    detail.hidden = false;
    if (focus) detail.focus();
  }

  function closeDetail() {
    detail.hidden = true;
    listElement.focus();
  }

  async function remove(credential, button) {
    const {name} = selectedKey();
    if (!(await confirm("Delete this credential?", `${plain(credential.rpId)}, ${plain(accountOf(credential))}: nobody can log in with it then.`, "Delete"))) return;
    attempt(button, async () => {
      await ask("DELETE", `${keyPath(name)}/credentials/${credential.credentialId}`);
      closeDetail();
      await refreshKeys();
    });
  }

  let later = 0;
  /** What is in sight is asked for anew, where it is. */
  function lookAgain() {
    clearTimeout(later);
    later = setTimeout(() => {
      begin();
      if (count === 0) fetchPage(0);
      else fetchWhatIsSeen();
    }, 200);
  }

  let typing = 0;
  find.addEventListener("input", () => {
    clearTimeout(typing);
    typing = setTimeout(() => {
      search = find.value.trim();
      startAgain();
    }, 200);
  });
  detail.addEventListener("keydown", (event) => {
    if (event.key === "Escape") closeDetail();
  });
  on("event", (event) => {
    if (event.data.key !== selectedKey()?.name) return;
    if (/^(credential\.|key\.re(set|stored))/.test(event.type) && element.isConnected) lookAgain();
  });

  return {element, startAgain};
}
