/**
 * A service for WebdriverIO: `services: [[FauxkeyService, { pin: '1234' }]]` gives each test a key of its own, `browser.securityKey`.
 *
 * FAUXKEY_ADDRESS names a daemon that runs; otherwise each worker starts one ($FAUXKEY, or fauxkey on the PATH).
 */
import { Fauxkey, type Key, type KeyOptions } from './index.js';

export class FauxkeyService {
  readonly #options: KeyOptions;
  #fauxkey: Fauxkey | undefined;
  #key: Key | undefined;
  #browser: { securityKey?: Key } | undefined;

  constructor(options: KeyOptions = {}) {
    this.#options = options;
  }

  async before(_capabilities: unknown, _specs: unknown, browser: { securityKey?: Key }): Promise<void> {
    const address = process.env['FAUXKEY_ADDRESS'];
    this.#fauxkey = address ? await Fauxkey.connect(address) : await Fauxkey.start();
    this.#browser = browser;
  }

  async beforeTest(): Promise<void> {
    this.#key = await this.#fauxkey?.plugIn(this.#options);
    if (this.#browser && this.#key) this.#browser.securityKey = this.#key;
  }

  async afterTest(): Promise<void> {
    const key = this.#key;
    this.#key = undefined;
    if (key && (await this.#fauxkey?.keys())?.some((left) => left.name === key.name)) await key.remove();
  }

  async after(): Promise<void> {
    await this.#fauxkey?.close();
  }
}

export default FauxkeyService;
