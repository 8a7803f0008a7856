/** HTTP to the control interface, over its Unix socket or its port. */
import { readFileSync } from 'node:fs';
import * as http from 'node:http';
import { join } from 'node:path';

/** The daemon refused, or there is none; says what to do next. */
export class FauxkeyError extends Error {
  constructor(message: string, readonly status?: number) {
    super(message);
    this.name = 'FauxkeyError';
  }
}

function runtimeFolder(): string {
  const folder = process.env['XDG_RUNTIME_DIR'];
  if (!folder) throw new FauxkeyError('XDG_RUNTIME_DIR is not set: give the address of the control interface.');
  return join(folder, 'fauxkey');
}

export class Connection {
  readonly address: string;
  readonly #token: string | undefined;

  /** `address`: unix:PATH or http://127.0.0.1:PORT; a port's token is read from control.token unless it is given. */
  constructor(address?: string, token?: string) {
    this.address = address ?? `unix:${join(runtimeFolder(), 'control.sock')}`;
    this.#token = token ?? (this.address.startsWith('unix:') ? undefined : readFileSync(join(runtimeFolder(), 'control.token'), 'ascii').trim());
  }

  open(method: string, path: string, body?: unknown): Promise<http.IncomingMessage> {
    const where: http.RequestOptions = this.address.startsWith('unix:')
      ? { socketPath: this.address.slice('unix:'.length) }
      : { host: new URL(this.address).hostname, port: new URL(this.address).port };
    const text = body === undefined ? undefined : JSON.stringify(body);
    const headers: http.OutgoingHttpHeaders = { Host: this.address.startsWith('unix:') ? 'localhost' : new URL(this.address).host };
    if (this.#token) headers['Authorization'] = `Bearer ${this.#token}`;
    if (text !== undefined) Object.assign(headers, { 'Content-Type': 'application/json', 'Content-Length': Buffer.byteLength(text) });
    return new Promise((resolve, reject) => {
      const request = http.request({ ...where, method, path, headers, agent: false }, resolve);
      request.on('error', (error) =>
        reject(new FauxkeyError(`No daemon answers at ${this.address} (${error.message}): start one with fauxkey run.`)));
      request.end(text);
    });
  }

  /** The answer's JSON; undefined where it has none. */
  async request<T>(method: string, path: string, body?: unknown): Promise<T> {
    const response = await this.open(method, path, body);
    const text = await textOf(response);
    if ((response.statusCode ?? 500) >= 300) throw new FauxkeyError(sentenceOf(text, response), response.statusCode);
    return (text ? JSON.parse(text) : undefined) as T;
  }
}

export async function textOf(response: http.IncomingMessage): Promise<string> {
  response.setEncoding('utf8');
  let text = '';
  for await (const chunk of response) text += chunk as string;
  return text;
}

export function sentenceOf(text: string, response: http.IncomingMessage): string {
  try {
    const answer = JSON.parse(text) as { error?: string; value?: { message?: string } };
    return answer.error ?? answer.value?.message ?? text;
  } catch {
    return text || response.statusMessage || 'The daemon refused.';
  }
}
