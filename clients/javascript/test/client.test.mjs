// The client as people install it: every method, and both sets of fixtures. Run by tests/control/test_javascript_client.py.
import assert from 'node:assert/strict';
import { generateKeyPairSync, randomBytes } from 'node:crypto';
import { after, before, test } from 'node:test';

import { Fauxkey, FauxkeyError } from 'fauxkey';
import { fixtures } from 'fauxkey/playwright';
import { FauxkeyService } from 'fauxkey/webdriverio';

const unix = { transports: ['unix'] };
let fauxkey;

before(async () => {
  fauxkey = await Fauxkey.start({ options: ['--transport', 'unix', '--debug'] });
});
after(() => fauxkey.close());

function credential(rpId) {
  const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  return {
    credentialId: randomBytes(32).toString('base64url'), isResidentCredential: true, rpId, userHandle: 'AQ', signCount: 7,
    privateKey: privateKey.export({ format: 'der', type: 'pkcs8' }).toString('base64url'),
  };
}

test('keys come and go', async () => {
  const key = await fauxkey.plugIn({ ...unix, name: 'mine', pin: '1234' });
  assert.equal((await key.state()).pin.set, true);
  assert.match(await key.address(), /^unix:.*mine\.sock$/);
  assert.equal((await key.unplug()).state, 'unplugged');
  await assert.rejects(key.address(), /plug it in/);
  await key.plugIn();
  await key.powerCycle();
  assert.equal((await key.reset()).pin.set, false);
  const copy = await key.fork({ name: 'copy' });
  assert.deepEqual((await fauxkey.keys()).map((one) => one.name), ['mine', 'copy']);
  assert.equal((await (await fauxkey.key('copy')).state()).serial, (await key.state()).serial);
  await copy.remove();
  await key.remove();
  assert.equal((await fauxkey.status()).keys, 0);
});

test('refusals are errors that say what to do', async () => {
  await assert.rejects(fauxkey.plugIn({ ...unix, pinn: '1' }), (error) => error instanceof FauxkeyError && error.status === 400 && /pinn/.test(error.message));
  await assert.rejects(fauxkey.key('nobody'), { status: 404 });
  await assert.rejects(Fauxkey.connect('unix:/nowhere.sock'), /start one with fauxkey run/);
  await assert.rejects(Fauxkey.start({ program: '/nowhere/fauxkey' }), /install fauxkey/);
});

test('user, time, PIN and fingers', async () => {
  const key = await fauxkey.plugIn({ ...unix, userVerification: 'fingerprint' });
  assert.equal((await key.user({ presence: 'ask' })).presence, 'ask');
  assert.equal((await key.nextAnswer({ presence: 'deny' })).next, 1);
  const first = await key.clock({ frozen: true });
  assert.ok(Math.abs((await key.clock({ advanceMs: 90_000 })).now - first.now - 90) < 1e-3);
  assert.equal((await key.setPin({ pin: '1234', retries: 3 })).retries, 3);
  await key.enroll({ finger: 2, name: 'thumb' });
  assert.deepEqual((await key.state()).fingers, [{ name: 'thumb', finger: 2 }]);
  assert.deepEqual(await key.prompts(), []);
  await assert.rejects(fauxkey.answer(999), { status: 404 });
  await key.remove();
});

test('snapshots', async () => {
  const key = await fauxkey.plugIn(unix);
  assert.equal((await key.save('empty')).discoverableCredentials, 0);
  await key.addCredential(credential('example.org'));
  await key.save('one');
  assert.equal((await key.restore('empty')).discoverableCredentials, 0);
  assert.deepEqual((await key.snapshots()).map((one) => [one.name, one.discoverableCredentials]), [['empty', 0], ['one', 1]]);
  const copy = await key.fork({ snapshot: 'one' });
  assert.equal((await copy.credentials()).length, 1);
  await key.deleteSnapshot('empty');
  await assert.rejects(key.restore('empty'), { status: 404 });
  await copy.remove();
  await key.remove();
});

test('credentials and faults', async () => {
  const key = await fauxkey.plugIn(unix);
  const data = credential('example.org');
  assert.equal((await key.addCredential(data)).privateKey, data.privateKey);
  assert.deepEqual((await key.credentials()).map((one) => one.rpId), ['example.org']);
  assert.deepEqual(await key.credentials('other.example'), []);
  assert.equal((await key.changeCredential(data.credentialId, { signCount: null })).signCount, null);
  assert.equal((await key.credential(data.credentialId)).signCount, null);
  await key.deleteCredential(data.credentialId);
  await key.addCredential(data);
  await key.deleteCredentials('example.org');
  assert.deepEqual(await key.credentials(), []);
  const fault = await key.addFault({ action: { type: 'delay', milliseconds: 1 }, times: null });
  assert.deepEqual((await key.faults()).map((one) => one.id), [fault.id]);
  await key.removeFault(fault.id);
  await key.clearFaults();
  await key.remove();
});

test('events', { timeout: 20_000 }, async () => {
  const key = await fauxkey.plugIn(unix);
  await key.powerCycle();
  const types = [];
  for await (const event of key.events({ after: 0, types: 'key.*' })) {
    types.push(event.type);
    if (types.length === 3) break;
  }
  assert.deepEqual(types, ['key.plugged-in', 'key.unplugged', 'key.plugged-in']);
  await key.remove();
});

test("Chrome's protocol", async () => {
  const { authenticatorId } = await fauxkey.send('WebAuthn.addVirtualAuthenticator', { options: { protocol: 'ctap2', transport: 'usb' } });
  assert.deepEqual(await fauxkey.send('WebAuthn.getCredentials', { authenticatorId }), { credentials: [] });
  await fauxkey.send('WebAuthn.removeVirtualAuthenticator', { authenticatorId });
  await assert.rejects(fauxkey.send('WebAuthn.makeCoffee'), /wasn't found/);
});

test("Playwright's fixtures", async () => {
  const before = (await fauxkey.keys()).length;
  await fixtures.securityKey({ fauxkey, securityKeyOptions: { ...unix, pin: '1234' } }, async (key) => {
    assert.equal((await key.state()).pin.set, true);
  });
  assert.equal((await fauxkey.keys()).length, before);
  process.env.FAUXKEY_ADDRESS = fauxkey.connection.address;
  await fixtures.fauxkey[0]({}, async (other) => assert.equal((await other.status()).program, 'fauxkey'));
  assert.equal((await fauxkey.status()).program, 'fauxkey', 'a daemon that was there goes on');
});

test("WebdriverIO's service", async () => {
  process.env.FAUXKEY_ADDRESS = fauxkey.connection.address;
  const browser = {};
  const service = new FauxkeyService({ ...unix });
  await service.before({}, [], browser);
  await service.beforeTest();
  assert.equal((await browser.securityKey.state()).state, 'plugged-in');
  await service.afterTest();
  await service.after();
  assert.deepEqual(await fauxkey.keys(), []);
});
