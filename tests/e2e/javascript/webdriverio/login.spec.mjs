// What a team with WebdriverIO writes: the service gives each test a key of its own.
import assert from 'node:assert/strict';
import { $, browser } from '@wdio/globals';

async function verified(button) {
  await browser.url('/');
  await $(`#${button}`).click();
  await browser.waitUntil(async () => (await $('#outcome').getAttribute('data-state')) === 'verified', { timeoutMsg: `${button} was not verified` });
}

describe('a security key of the test', () => {
  it('registers and logs in', async () => {
    await verified('register');
    await verified('login');
    const [credential] = await browser.securityKey.credentials('localhost');
    assert.ok(credential.signCount > 0);
  });

  it('is a new one for each test', async () => {
    assert.deepEqual(await browser.securityKey.credentials(), []);
  });
});
