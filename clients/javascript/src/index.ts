/** The daemon and its keys. */
import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtempSync, openSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';

import { Connection, FauxkeyError, sentenceOf, textOf } from './connection.js';

export { FauxkeyError } from './connection.js';

export type Sample =
  | 'good' | 'too-high' | 'too-low' | 'too-left' | 'too-right' | 'too-fast' | 'too-slow' | 'poor-quality' | 'too-skewed' | 'too-short'
  | 'merge-failure' | 'exists' | 'no-user-activity' | 'no-user-presence-transition';

/** How a key's user behaves. */
export interface User {
  presence?: 'approve' | 'deny' | 'never' | 'ask';
  delayMs?: number;
  verified?: 'yes' | 'no' | 'refused';
  finger?: number;
  sample?: Sample;
  /** The account that is chosen on the display of a key that has one, by its userName or userHandle; null: no display. */
  account?: string | null;
}

export type AttestationStyle = 'packed' | 'self' | 'none' | 'fido-u2f' | 'tpm' | 'android-key' | 'apple' | 'compound';

/** What a relying party needs to check a key's attestations, in PEM. */
export interface Attestation { formats: string[]; root: string; intermediate: string | null; revocationLists: string[] }

export interface KeyOptions {
  name?: string;
  /** 'uhid' (a USB device), 'unix', 'unix:PATH', 'udp:HOST:PORT' */
  transports?: string[];
  pin?: string;
  serial?: string;
  seed?: number;
  /** What kind of key it is (docs/personas.md); further options go before what it says. */
  persona?: string;
  aaguid?: string;
  userVerification?: 'none' | 'prompt' | 'fingerprint';
  alwaysUv?: boolean;
  attestation?: AttestationStyle;
  /** Also made, where a platform prefers their format. */
  furtherAttestations?: AttestationStyle[];
  /** Certificates in x5c: 1 (the leaf) or 2 (and the authority above it). */
  attestationChain?: number;
  enterpriseAttestation?: string[];
  largeBlobs?: 'none' | 'command' | 'extension';
  ctapVersion?: '2.0' | '2.1' | '2.3';
  algorithms?: string[];
  backupEligible?: boolean;
  backupState?: boolean;
  discoverable?: boolean;
  clientPin?: boolean;
  protocol?: 'ctap2' | 'u2f';
  uvm?: boolean;
  presenceTimeoutMs?: number;
  packetTimeoutMs?: number;
  user?: User;
}

export interface Clock { now: number; unixTime: number; frozen: boolean; scale: number }
export interface PinState { set: boolean; retries: number; needsPowerCycle: boolean; forceChange: boolean }
export interface Finger { name: string; finger: number }

export interface KeyState {
  name: string;
  state: 'plugged-in' | 'unplugged';
  addresses: string[];
  serial: string;
  lasts: boolean;
  options: Record<string, unknown>;
  pin: PinState;
  uvRetries: number;
  alwaysUv: boolean;
  fingers: Finger[];
  discoverableCredentials: number | null;
  clock: Clock;
  user: User & { next: number };
}

/** WebAuthn.Credential of the Chrome DevTools Protocol, in base64url. */
export interface NewCredential {
  credentialId: string;
  isResidentCredential: boolean;
  rpId: string;
  privateKey: string;
  signCount: number;
  userHandle?: string;
  userName?: string;
  userDisplayName?: string;
  backupEligibility?: boolean;
  backupState?: boolean;
  largeBlob?: string;
}
export interface Credential extends Omit<NewCredential, 'signCount'> {
  signCount: number | null;
  rpName?: string;
  algorithm: number;
  credProtect: number;
  createdAt: number;
  lastUsedAt?: number;
}

/** docs/faults.md */
export interface FaultRule {
  match?: { command?: string | number; subCommand?: number; rpId?: string; nth?: number };
  action: { type: string } & Record<string, unknown>;
  times?: number | null;
}
export interface Fault extends FaultRule { id: number; layer: string; seen: number; hits: number }

export interface Prompt {
  id: number;
  key: string;
  operation: string;
  question: 'presence' | 'verification' | 'finger' | 'account';
  rpId: string;
  account: string;
  leftMs: number;
  /** Of the question `account`: those to choose from. */
  accounts?: { userHandle: string; userName?: string; userDisplayName?: string }[];
}

/** What a key held, under a name. */
export interface Snapshot { name: string; savedAt: number; discoverableCredentials: number }

export interface Event { id: number | undefined; type: string; data: Record<string, unknown> }
export interface EventQuery { after?: number; key?: string; types?: string }

function query(terms: Record<string, string | number | undefined>): string {
  const given = Object.entries(terms).filter(([, value]) => value !== undefined).map(([name, value]) => [name, String(value)]);
  return given.length === 0 ? '' : `?${new URLSearchParams(given as [string, string][]).toString()}`;
}

/** One security key. */
export class Key {
  readonly #fauxkey: Fauxkey;

  constructor(fauxkey: Fauxkey, readonly name: string) {
    this.#fauxkey = fauxkey;
  }

  #ask<T = void>(method: string, path = '', body?: unknown): Promise<T> {
    return this.#fauxkey.connection.request<T>(method, `/v1/keys/${encodeURIComponent(this.name)}${path}`, body);
  }

  state(): Promise<KeyState> { return this.#ask('GET'); }
  /** What hosts open: /dev/hidraw3. */
  async address(): Promise<string> {
    const [address] = (await this.state()).addresses;
    if (address === undefined) throw new FauxkeyError(`${this.name} is unplugged: plug it in.`);
    return address;
  }
  plugIn(): Promise<KeyState> { return this.#ask('POST', '/plug-in'); }
  unplug(): Promise<KeyState> { return this.#ask('POST', '/unplug'); }
  powerCycle(): Promise<KeyState> { return this.#ask('POST', '/power-cycle'); }
  /** Back to the factory state, without a touch. */
  reset(): Promise<KeyState> { return this.#ask('POST', '/reset'); }
  /** Unplug it and forget all that it holds. */
  remove(): Promise<void> { return this.#ask('DELETE'); }
  /** A copy of it as it is now, or as it was in a snapshot: a cloned authenticator. */
  async fork(options: { name?: string; transports?: string[]; snapshot?: string } = {}): Promise<Key> {
    return new Key(this.#fauxkey, (await this.#ask<KeyState>('POST', '/fork', options)).name);
  }

  /** What a relying party needs to check its attestations, in PEM. */
  attestation(): Promise<Attestation> { return this.#ask('GET', '/attestation'); }

  /** Keep all that it holds now under this name. */
  save(snapshot: string): Promise<Snapshot> { return this.#ask('POST', '/snapshots', { name: snapshot }); }
  /** It holds what it held then, as after a power cycle. */
  restore(snapshot: string): Promise<KeyState> { return this.#ask('POST', `/snapshots/${encodeURIComponent(snapshot)}/restore`); }
  async snapshots(): Promise<Snapshot[]> { return (await this.#ask<{ snapshots: Snapshot[] }>('GET', '/snapshots')).snapshots; }
  deleteSnapshot(snapshot: string): Promise<void> { return this.#ask('DELETE', `/snapshots/${encodeURIComponent(snapshot)}`); }

  async clock(changes: { frozen?: boolean; scale?: number; advanceMs?: number }): Promise<Clock> {
    return (await this.#ask<KeyState>('PATCH', '/clock', changes)).clock;
  }
  user(behaviour: User): Promise<User & { next: number }> { return this.#ask('PATCH', '/user', behaviour); }
  /** The same, for the next question alone. */
  nextAnswer(behaviour: User): Promise<User & { next: number }> { return this.#ask('POST', '/user/next', behaviour); }
  setPin(state: { pin?: string; retries?: number; uvRetries?: number; forceChange?: boolean }): Promise<PinState & { uvRetries: number }> {
    return this.#ask('PATCH', '/pin', state);
  }
  enroll(finger: Partial<Finger> = {}): Promise<Finger> { return this.#ask('POST', '/fingers', finger); }

  async credentials(rpId?: string): Promise<Credential[]> {
    return (await this.#ask<{ credentials: Credential[] }>('GET', `/credentials${query({ rpId })}`)).credentials;
  }
  credential(id: string): Promise<Credential> { return this.#ask('GET', `/credentials/${encodeURIComponent(id)}`); }
  addCredential(credential: NewCredential): Promise<Credential> { return this.#ask('POST', '/credentials', credential); }
  changeCredential(
    id: string,
    changes: { backupEligibility?: boolean; backupState?: boolean; signCount?: number | null; userName?: string; userDisplayName?: string },
  ): Promise<Credential> {
    return this.#ask('PATCH', `/credentials/${encodeURIComponent(id)}`, changes);
  }
  deleteCredential(id: string): Promise<void> { return this.#ask('DELETE', `/credentials/${encodeURIComponent(id)}`); }
  deleteCredentials(rpId?: string): Promise<void> { return this.#ask('DELETE', `/credentials${query({ rpId })}`); }

  addFault(rule: FaultRule): Promise<Fault> { return this.#ask('POST', '/faults', rule); }
  async faults(): Promise<Fault[]> { return (await this.#ask<{ faults: Fault[] }>('GET', '/faults')).faults; }
  removeFault(id: number): Promise<void> { return this.#ask('DELETE', `/faults/${id}`); }
  clearFaults(): Promise<void> { return this.#ask('DELETE', '/faults'); }

  prompts(waitMs = 0): Promise<Prompt[]> { return this.#fauxkey.prompts({ key: this.name, waitMs }); }
  events(terms: Omit<EventQuery, 'key'> = {}): AsyncGenerator<Event, void, void> {
    return this.#fauxkey.events({ ...terms, key: this.name });
  }
  [Symbol.asyncDispose](): Promise<void> { return this.remove(); }
}

/** A running daemon. */
export class Fauxkey {
  #process: ChildProcess | undefined;
  #folder: string | undefined;

  private constructor(readonly connection: Connection) {}

  /** To a daemon that runs: unix:PATH or http://127.0.0.1:PORT; by default the socket in XDG_RUNTIME_DIR. */
  static async connect(address?: string, token?: string): Promise<Fauxkey> {
    const fauxkey = new Fauxkey(new Connection(address, token));
    await fauxkey.status();
    return fauxkey;
  }

  /** A daemon of one's own, without keys; it ends with `close`. `program`: $FAUXKEY, or fauxkey on the PATH. */
  static async start({ program = process.env['FAUXKEY'] ?? 'fauxkey', options = [] as string[] } = {}): Promise<Fauxkey> {
    const folder = mkdtempSync(join(tmpdir(), 'fauxkey-'));
    const address = `unix:${folder}/control.sock`;
    const log = join(folder, 'log');
    const child = spawn(program, ['run', '--keyless', '--control', address, ...options], {
      stdio: ['ignore', 'pipe', openSync(log, 'w')], env: { ...process.env, XDG_RUNTIME_DIR: folder },
    });
    const ready = await new Promise<boolean>((resolve) => {
      child.once('error', () => resolve(false));
      if (child.stdout) createInterface({ input: child.stdout }).once('line', (line) => resolve(line.startsWith('control: '))).once('close', () => resolve(false));
    });
    if (!ready) {
      const said = readFileSync(log, 'utf8').trim();
      rmSync(folder, { recursive: true, force: true });
      throw new FauxkeyError(said ? `fauxkey did not start: ${said}` : `There is no program ${program}: install fauxkey, or set FAUXKEY to the program.`);
    }
    const fauxkey = new Fauxkey(new Connection(address));
    fauxkey.#process = child;
    fauxkey.#folder = folder;
    return fauxkey;
  }

  /** Ends a daemon that `start` started; others go on. */
  async close(): Promise<void> {
    const child = this.#process;
    if (!child) return;
    this.#process = undefined;
    const ended = new Promise((resolve) => child.once('exit', resolve));
    child.kill('SIGTERM');
    await ended;
    if (this.#folder) rmSync(this.#folder, { recursive: true, force: true });
  }
  [Symbol.asyncDispose](): Promise<void> { return this.close(); }

  status(): Promise<{ program: 'fauxkey'; version: string; keys: number; prompts: number; lastEvent: number }> {
    return this.connection.request('GET', '/v1/status');
  }
  /** A new key. */
  async plugIn(options: KeyOptions = {}): Promise<Key> {
    return new Key(this, (await this.connection.request<KeyState>('POST', '/v1/keys', options)).name);
  }
  async key(name: string): Promise<Key> {
    await this.connection.request('GET', `/v1/keys/${encodeURIComponent(name)}`);
    return new Key(this, name);
  }
  async keys(): Promise<Key[]> {
    return (await this.connection.request<{ keys: KeyState[] }>('GET', '/v1/keys')).keys.map((key) => new Key(this, key.name));
  }
  async prompts(terms: { key?: string; waitMs?: number } = {}): Promise<Prompt[]> {
    return (await this.connection.request<{ prompts: Prompt[] }>('GET', `/v1/prompts${query(terms)}`)).prompts;
  }
  answer(prompt: number, answer: 'approve' | 'deny' | 'not-verified' | 'time-out' = 'approve', more: { finger?: number; sample?: Sample; account?: string } = {}): Promise<void> {
    return this.connection.request('POST', `/v1/prompts/${prompt}`, { answer, ...more });
  }

  /** What happens from now on, or after an event (0: all that are kept). */
  async *events(terms: EventQuery = {}): AsyncGenerator<Event, void, void> {
    const response = await this.connection.open('GET', `/v1/events${query({ ...terms })}`);
    if (response.statusCode !== 200) throw new FauxkeyError(sentenceOf(await textOf(response), response), response.statusCode);
    try {
      let fields: Record<string, string> = {};
      for await (const line of createInterface({ input: response })) {
        if (line === '' && fields['data'] !== undefined) {
          yield {
            id: fields['id'] === undefined ? undefined : Number(fields['id']),
            type: fields['event'] ?? '',
            data: JSON.parse(fields['data']) as Record<string, unknown>,
          };
          fields = {};
          continue;
        }
        const colon = line.indexOf(': ');
        if (colon > 0) fields[line.slice(0, colon)] = line.slice(colon + 2);
      }
    } finally {
      response.destroy();
    }
  }

  /** A command of Chrome's WebAuthn domain, as CDPSession.send has it: a test for that changes one line. */
  async send<T = Record<string, unknown>>(method: `WebAuthn.${string}`, params: Record<string, unknown> = {}): Promise<T> {
    const answer = await this.connection.request<{ result?: T; error?: { message: string } }>('POST', '/v1/cdp', { method, params });
    if (answer.error) throw new FauxkeyError(answer.error.message);
    return answer.result as T;
  }
}
