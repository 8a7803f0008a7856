// Debian's Chromium by a chromedriver that runs at port 9515: what the suite says in BROWSER and OPTIONS, on the site at SITE.
import { FauxkeyService } from 'fauxkey/webdriverio';

export const config = {
  runner: 'local',
  specs: ['./login.spec.mjs'],
  hostname: '127.0.0.1',
  port: 9515,
  baseUrl: process.env.SITE,
  logLevel: 'warn',
  maxInstances: 1,
  connectionRetryTimeout: 600_000,
  waitforTimeout: 120_000,
  framework: 'mocha',
  mochaOpts: { timeout: 300_000 },
  services: [[FauxkeyService, { userVerification: 'prompt' }]],
  capabilities: [
    {
      browserName: 'chrome',
      'wdio:enforceWebDriverClassic': true,
      'goog:chromeOptions': { binary: process.env.BROWSER, args: JSON.parse(process.env.OPTIONS) },
    },
  ],
};
