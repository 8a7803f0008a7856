// The demo page: asks the server for options, the browser for a credential, and the server again for its verdict.
// #outcome carries the state of it all in data-state: idle, waiting, verified, cancelled or failed.

const byId = (id) => document.getElementById(id);
const form = byId('ceremony');
const startButtons = ['register', 'login', 'login-usernameless'].map(byId);
let running = null; // the AbortController of the ceremony under way

async function call(path, body) {
  const response = await fetch(path, body && { method: 'POST', body: JSON.stringify(body), headers: { 'Content-Type': 'application/json' } });
  const result = await response.json();
  if (!response.ok) throw new Error(result.error);
  return result;
}

function choices() {
  const data = new FormData(form);
  return {
    account: byId('account').value.trim(),
    userVerification: data.get('userVerification'),
    residentKey: data.get('residentKey'),
    attestation: data.get('attestation'),
    algorithms: data.getAll('algorithms').map(Number),
  };
}

async function register(signal) {
  const { ceremony, options } = await call('/api/register/options', choices());
  const publicKey = PublicKeyCredential.parseCreationOptionsFromJSON(options);
  const credential = await navigator.credentials.create({ publicKey, signal });
  return call('/api/register/verify', { ceremony, response: credential.toJSON() });
}

async function logIn(signal, account) {
  const { userVerification } = choices();
  const { ceremony, options } = await call('/api/login/options', { account, userVerification });
  const publicKey = PublicKeyCredential.parseRequestOptionsFromJSON(options);
  const credential = await navigator.credentials.get({ publicKey, signal });
  return call('/api/login/verify', { ceremony, response: credential.toJSON() });
}

// What a browser's error name means for the person in front of it.
const explanations = {
  InvalidStateError: 'This key has a credential of this account already (excludeCredentials).',
  NotAllowedError: 'The browser ended it: refused, timed out, or no key was suitable.',
  ConstraintError: 'No key can do what is required here.',
};

function show(state, headline, explanation, facts = [], raw = null) {
  byId('outcome').dataset.state = state;
  byId('headline').textContent = headline;
  byId('explanation').textContent = explanation;
  byId('facts').replaceChildren(...facts.flatMap(([term, value]) => {
    const dt = document.createElement('dt');
    const dd = document.createElement('dd');
    dt.textContent = term;
    dd.append(value);
    return [dt, dd];
  }));
  byId('details').hidden = !raw;
  byId('outcome-json').textContent = raw ? JSON.stringify(raw, null, 2) : '';
}

function flagBadges(flags) {
  const meanings = { UP: 'user present', UV: 'user verified', BE: 'backup eligible', BS: 'backed up' };
  const span = document.createElement('span');
  span.className = 'flags';
  for (const [name, set] of Object.entries(flags)) {
    const badge = document.createElement('abbr');
    badge.textContent = name;
    badge.title = `${meanings[name]}: ${set ? 'yes' : 'no'}`;
    badge.dataset.set = set;
    span.append(badge);
  }
  return span;
}

function code(text) {
  const element = document.createElement('code');
  element.textContent = text;
  return element;
}

function showVerified(outcome) {
  const facts = [
    ['Account', outcome.account],
    ['Flags', flagBadges(outcome.flags)],
    ['Counter', outcome.previousCounter === undefined ? `${outcome.counter}` : `${outcome.counter} (was ${outcome.previousCounter})`],
    ['Algorithm', outcome.algorithm],
  ];
  if (outcome.attestation) facts.push(['Attestation', `${outcome.attestation.format}: ${outcome.attestation.trust}`]);
  if (outcome.discoverable != null) facts.push(['Discoverable', outcome.discoverable ? 'yes' : 'no']);
  facts.push(
    ['AAGUID', code(outcome.aaguid)],
    ['User handle', code(outcome.userHandle ?? 'not sent')],
    ['Credential', code(outcome.credentialId)],
  );
  const headline = outcome.kind === 'registration' ? `Registered ${outcome.account}` : `Logged in as ${outcome.account}`;
  show('verified', headline, `Verified by ${outcome.verifiedBy}.`, facts, outcome);
}

function showError(error) {
  if (error.name === 'AbortError') {
    show('cancelled', 'Cancelled', 'The page asked the browser to stop, and the browser the key.', [['Error', code('AbortError')]]);
  } else {
    const facts = error instanceof DOMException ? [['Error', code(error.name)], ['Browser says', error.message]] : [];
    show('failed', 'Not verified', explanations[error.name] ?? error.message, facts);
  }
}

async function showAccounts() {
  const accounts = await call('/api/accounts');
  byId('no-accounts').hidden = accounts.length > 0;
  byId('account-list').replaceChildren(...accounts.map((account) => {
    const item = document.createElement('li');
    const name = document.createElement('strong');
    name.textContent = account.name;
    item.append(name, ...account.credentials.map((credential) => {
      const line = document.createElement('div');
      line.append(code(`${credential.id.slice(0, 12)}…`), ` ${credential.algorithm}, counter ${credential.counter}`);
      return line;
    }));
    return item;
  }));
}

async function run(headline, ceremony) {
  if (running || !form.reportValidity()) return;
  running = new AbortController();
  for (const button of startButtons) button.disabled = true;
  byId('cancel').disabled = false;
  show('waiting', headline, 'The browser is talking to the key.');
  try {
    showVerified(await ceremony(running.signal));
  } catch (error) {
    showError(error);
  }
  running = null;
  for (const button of startButtons) button.disabled = false;
  byId('cancel').disabled = true;
  await showAccounts();
  byId('outcome').scrollIntoView({ block: 'nearest' }); // on a phone it is below the choices
}

byId('register').addEventListener('click', () => run('Registering…', register));
byId('login').addEventListener('click', () => run('Logging in…', (signal) => logIn(signal, choices().account)));
byId('login-usernameless').addEventListener('click', () => run('Logging in…', (signal) => logIn(signal)));
byId('cancel').addEventListener('click', () => running?.abort());
form.addEventListener('submit', (event) => event.preventDefault());
await showAccounts();
document.body.dataset.ready = 'true';
