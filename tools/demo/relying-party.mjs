// The relying party: accounts in memory, and the two ceremonies, each as a pair "options" and "verify". What is verified
// is verified by SimpleWebAuthn; this file keeps accounts, challenges and counters, and says what came out.
import { randomUUID } from 'node:crypto';
import { readFileSync } from 'node:fs';
import {
  generateAuthenticationOptions,
  generateRegistrationOptions,
  MetadataService,
  SettingsService,
  verifyAuthenticationResponse,
  verifyRegistrationResponse,
} from '@simplewebauthn/server';
import {
  cose,
  decodeAttestationObject,
  decodeCredentialPublicKey,
  isoBase64URL,
  parseAuthenticatorData,
} from '@simplewebauthn/server/helpers';

const ceremonyTimeout = 120_000; // milliseconds; also how long a challenge is good for
const maxAccountLength = 64;
const maxOpenCeremonies = 1000;
const algorithmNames = new Map([
  [-7, 'ES256'], [-8, 'EdDSA'], [-35, 'ES384'], [-36, 'ES512'], [-47, 'ES256K'], [-48, 'ML-DSA-44'], [-49, 'ML-DSA-65'],
  [-257, 'RS256'],
]);
const attestationFormats = ['packed', 'fido-u2f', 'tpm', 'android-key', 'apple'];
const libraryVersion = JSON.parse(
  readFileSync(new URL('node_modules/@simplewebauthn/server/package.json', import.meta.url)),
).version;

/** A mistake of the caller, or a response that does not verify: its message is for the page. */
export class Refused extends Error {}

function oneOf(choices, value, what) {
  if (!choices.includes(value)) throw new Refused(`${what} must be one of ${choices.join(', ')}`);
  return value;
}

const requirement = (value, what) => oneOf(['required', 'preferred', 'discouraged'], value, what);

export class RelyingParty {
  #rpId;
  #origin;
  #hasAttestationRoot;
  #hasMetadata = false;
  #requiresTrust;
  #accounts = new Map(); // account name → {name, userHandle, credentials: [stored credential]}
  #ceremonies = new Map(); // ceremony id → what its response is checked against, until it arrives once

  // `attestationRoots`: PEM, one for all formats; with `requiresTrust` only what leads to one of them is taken.
  constructor({ rpId, origin, attestationRoots = [], requiresTrust = false }) {
    this.#rpId = rpId;
    this.#origin = origin;
    this.#hasAttestationRoot = attestationRoots.length > 0;
    this.#requiresTrust = requiresTrust;
    if (!this.#hasAttestationRoot) return;
    const certificates = attestationRoots.map((pem) => new Uint8Array(Buffer.from(pem.replace(/-----[^-]*-----|\s/g, ''), 'base64')));
    for (const identifier of attestationFormats) SettingsService.setRootCertificates({ identifier, certificates });
  }

  // Models are known by the BLOB at `url`, which must be signed by somebody below `root` (PEM). With the library's “strict” mode
  // a model that the BLOB does not know is refused where its format has metadata looked up.
  async useMetadata({ url, root }) {
    SettingsService.setRootCertificates({ identifier: 'mds', certificates: [root] });
    const logger = { error: (...said) => console.error(...said) };
    await MetadataService.initialize({ mdsServers: [url], verificationMode: 'strict', logger });
    this.#hasMetadata = true;
  }

  accounts() {
    return [...this.#accounts.values()].map((account) => ({
      name: account.name,
      userHandle: account.userHandle,
      credentials: account.credentials.map(({ id, counter, aaguid, algorithm, format }) => ({ id, counter, aaguid, algorithm, format })),
    }));
  }

  // What becomes of a lost key's credential. There are no sessions here, so anybody may.
  removeCredential({ account: name, credentialId }) {
    const account = this.#accounts.get(name);
    const kept = account?.credentials.filter(({ id }) => id !== credentialId);
    if (!account || kept.length === account.credentials.length) throw new Refused('this account has no such credential');
    account.credentials = kept;
    return { account: name, credentials: kept.length };
  }

  async registrationOptions({ account: name, residentKey, userVerification, attestation, algorithms }) {
    const account = this.#accountNamed(name);
    if (!Array.isArray(algorithms) || !algorithms.length || !algorithms.every((id) => algorithmNames.has(id))) {
      throw new Refused('choose at least one algorithm');
    }
    const options = await generateRegistrationOptions({
      rpName: 'fauxkey demo',
      rpID: this.#rpId,
      userName: account.name,
      userDisplayName: account.name,
      userID: isoBase64URL.toBuffer(account.userHandle),
      timeout: ceremonyTimeout,
      attestationType: oneOf(['none', 'indirect', 'direct', 'enterprise'], attestation, 'attestation'),
      excludeCredentials: account.credentials.map(({ id, transports }) => ({ id, transports })),
      authenticatorSelection: {
        residentKey: requirement(residentKey, 'residentKey'),
        userVerification: requirement(userVerification, 'userVerification'),
      },
      supportedAlgorithmIDs: algorithms,
    });
    return this.#open({ kind: 'registration', account, userVerification, algorithms, challenge: options.challenge }, options);
  }

  async verifyRegistration({ ceremony: id, response }) {
    const ceremony = this.#close(id, 'registration');
    const { verified, registrationInfo: info } = await this.#verified(() =>
      verifyRegistrationResponse({
        response,
        expectedChallenge: ceremony.challenge,
        expectedOrigin: this.#origin,
        expectedRPID: this.#rpId,
        requireUserVerification: ceremony.userVerification === 'required',
        supportedAlgorithmIDs: ceremony.algorithms,
      }));
    if (!verified) throw new Refused('the registration does not verify');
    if (this.#credential(info.credential.id)) throw new Refused('this credential is registered already');

    const attestation = decodeAttestationObject(info.attestationObject);
    const { trust, isTrusted } = this.#attestationTrust(attestation);
    if (this.#requiresTrust && !isTrusted) throw new Refused(`this attestation is not trusted here (${info.fmt}: ${trust})`);
    const credential = {
      ...info.credential,
      aaguid: info.aaguid,
      format: info.fmt,
      algorithm: algorithmNames.get(decodeCredentialPublicKey(info.credential.publicKey).get(cose.COSEKEYS.alg)),
    };
    ceremony.account.credentials.push(credential);
    this.#accounts.set(ceremony.account.name, ceremony.account); // an account begins with its first credential
    return {
      ...this.#outcome('registration', ceremony, credential, attestation.get('authData')),
      attestation: { format: info.fmt, trust },
      discoverable: response.clientExtensionResults?.credProps?.rk ?? null,
    };
  }

  async loginOptions({ account: name, userVerification }) {
    const account = name === undefined ? null : this.#accounts.get(name);
    if (account === undefined) throw new Refused(`there is no account “${name}” yet: register it first`);
    const options = await generateAuthenticationOptions({
      rpID: this.#rpId,
      timeout: ceremonyTimeout,
      allowCredentials: account?.credentials.map(({ id, transports }) => ({ id, transports })),
      userVerification: requirement(userVerification, 'userVerification'),
    });
    return this.#open({ kind: 'login', account, userVerification, challenge: options.challenge }, options);
  }

  async verifyLogin({ ceremony: id, response }) {
    const ceremony = this.#close(id, 'login');
    const found = this.#credential(response?.id);
    if (!found) throw new Refused('no account has this credential');
    const { account, credential } = found;
    if (ceremony.account && ceremony.account !== account) throw new Refused('this credential is of another account');
    const userHandle = response.response?.userHandle ?? null;
    if (userHandle === null ? !ceremony.account : userHandle !== account.userHandle) {
      throw new Refused('the user handle is not that of the account');
    }
    const previousCounter = credential.counter;
    const { verified, authenticationInfo: info } = await this.#verified(() =>
      verifyAuthenticationResponse({
        response,
        expectedChallenge: ceremony.challenge,
        expectedOrigin: this.#origin,
        expectedRPID: this.#rpId,
        credential,
        requireUserVerification: ceremony.userVerification === 'required',
      }));
    if (!verified) throw new Refused('the signature does not verify');
    credential.counter = info.newCounter;
    const authenticatorData = isoBase64URL.toBuffer(response.response.authenticatorData);
    return { ...this.#outcome('login', { ...ceremony, account }, credential, authenticatorData), previousCounter, userHandle };
  }

  #accountNamed(name) {
    if (typeof name !== 'string' || !name.trim() || name.length > maxAccountLength) {
      throw new Refused(`an account needs a name of at most ${maxAccountLength} characters`);
    }
    return this.#accounts.get(name) ??
      { name, userHandle: isoBase64URL.fromBuffer(crypto.getRandomValues(new Uint8Array(16))), credentials: [] };
  }

  #credential(id) {
    for (const account of this.#accounts.values()) {
      const credential = account.credentials.find((each) => each.id === id);
      if (credential) return { account, credential };
    }
    return null;
  }

  #open(ceremony, options) {
    // the oldest go first: a page that asks for options and never answers costs nothing for long
    if (this.#ceremonies.size >= maxOpenCeremonies) this.#ceremonies.delete(this.#ceremonies.keys().next().value);
    const id = randomUUID();
    this.#ceremonies.set(id, { ...ceremony, until: Date.now() + ceremonyTimeout });
    return { ceremony: id, options };
  }

  // A challenge is good for one answer, right or wrong.
  #close(id, kind) {
    const ceremony = this.#ceremonies.get(id);
    this.#ceremonies.delete(id);
    if (!ceremony || ceremony.kind !== kind) throw new Refused('this challenge is not known, or was answered before');
    if (Date.now() > ceremony.until) throw new Refused('this challenge is too old');
    return ceremony;
  }

  // The library throws where a check fails; that is the page's to show, not the server's to stumble over.
  async #verified(check) {
    try {
      return await check();
    } catch (error) {
      const said = [];
      for (let each = error; each; each = each.cause) said.push(each.message);
      throw new Refused(said.join(': '));
    }
  }

  #attestationTrust(attestation) {
    const format = attestation.get('fmt');
    if (format === 'none') return { trust: 'none', isTrusted: false };
    if (!attestation.get('attStmt').get('x5c')) return { trust: 'signed by the credential itself', isTrusted: false };
    // SimpleWebAuthn looks models up for these formats only
    if (this.#hasMetadata && ['packed', 'tpm', 'android-key'].includes(format)) {
      return { trust: 'certificate chain leads to a root of the metadata', isTrusted: true };
    }
    if (this.#hasAttestationRoot) return { trust: 'certificate chain leads to the given root', isTrusted: true };
    return { trust: 'certificate signature only, no root given', isTrusted: false };
  }

  #outcome(kind, ceremony, credential, authenticatorData) {
    const { flags, counter } = parseAuthenticatorData(authenticatorData);
    return {
      kind,
      verifiedBy: `SimpleWebAuthn ${libraryVersion}`,
      account: ceremony.account.name,
      userVerification: ceremony.userVerification,
      credentialId: credential.id,
      algorithm: credential.algorithm,
      flags: { UP: flags.up, UV: flags.uv, BE: flags.be, BS: flags.bs },
      counter,
      aaguid: credential.aaguid,
      userHandle: ceremony.account.userHandle,
    };
  }
}
