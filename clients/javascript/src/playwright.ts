/**
 * Fixtures for Playwright Test:
 *
 *     import { test as base } from '@playwright/test';
 *     import { fixtures } from 'fauxkey/playwright';
 *     const test = base.extend(fixtures);
 *     test.use({ securityKeyOptions: { pin: '1234' } });
 *     test('logs in', async ({ page, securityKey }) => { … });
 *
 * FAUXKEY_ADDRESS names a daemon that runs; otherwise each worker starts one ($FAUXKEY, or fauxkey on the PATH).
 */
import { Fauxkey, type Key, type KeyOptions } from './index.js';

type Use<T> = (value: T) => Promise<void>;

export const fixtures = {
  /** The daemon of this worker. */
  fauxkey: [
    async ({}: object, use: Use<Fauxkey>): Promise<void> => {
      const address = process.env['FAUXKEY_ADDRESS'];
      const fauxkey = address ? await Fauxkey.connect(address) : await Fauxkey.start();
      await use(fauxkey);
      await fauxkey.close();
    },
    { scope: 'worker' },
  ],
  securityKeyOptions: [{} as KeyOptions, { option: true }],
  /** A key of this test's own. */
  securityKey: async ({ fauxkey, securityKeyOptions }: { fauxkey: Fauxkey; securityKeyOptions: KeyOptions }, use: Use<Key>): Promise<void> => {
    const key = await fauxkey.plugIn(securityKeyOptions);
    await use(key);
    if ((await fauxkey.keys()).some((left) => left.name === key.name)) await key.remove();
  },
} as const;
