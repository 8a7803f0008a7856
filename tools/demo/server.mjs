// The demo site's HTTP server: the page's three files and a JSON API over the relying party. Accounts live in memory and
// are gone when it ends. Listens on the loopback address only.
import { readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { parseArgs } from 'node:util';
import { Refused, RelyingParty } from './relying-party.mjs';

const usage = `usage: tools/demo/serve [--port PORT] [--attestation-root FILE.pem] [OPTION...]
  --port PORT              where to listen (default 8080, or a free one if that is taken; 0 takes a free one)
  --attestation-root FILE  a certificate that attestation chains must lead to
  --require-trust          take attestations only that are trusted: by that certificate or by metadata
  --metadata URL           a metadata BLOB (FIDO Metadata Service 3) that tells which models there are
  --metadata-root FILE     the certificate that the BLOB's signer is certified by
  --rp-id ID               the site's relying party id (default localhost)
  --origin ORIGIN          the site's origin, as browsers see it (default http://localhost:PORT)`;
const maxBody = 256 * 1024;

let args;
try {
  args = parseArgs({
    options: {
      port: { type: 'string' },
      'attestation-root': { type: 'string' },
      'require-trust': { type: 'boolean' },
      metadata: { type: 'string' },
      'metadata-root': { type: 'string' },
      'rp-id': { type: 'string', default: 'localhost' },
      origin: { type: 'string' },
      help: { type: 'boolean', short: 'h' },
    },
  }).values;
  if (Boolean(args.metadata) !== Boolean(args['metadata-root'])) throw new Error('--metadata and --metadata-root go together');
} catch (error) {
  console.error(`${error.message}\n${usage}`);
  process.exit(2);
}
if (args.help) {
  console.log(usage);
  process.exit(0);
}

const files = new Map([
  ['/', ['index.html', 'text/html; charset=utf-8']],
  ['/style.css', ['style.css', 'text/css; charset=utf-8']],
  ['/page.js', ['page.js', 'text/javascript; charset=utf-8']],
].map(([path, [name, type]]) => [path, { type, body: readFileSync(new URL(`page/${name}`, import.meta.url)) }]));

const headers = {
  'Content-Security-Policy': "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src data:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
  'X-Content-Type-Options': 'nosniff',
  'Cache-Control': 'no-store',
};

let relyingParty; // made once the port, which is part of the origin, is known
const api = new Map([
  ['GET /api/accounts', () => relyingParty.accounts()],
  ['POST /api/register/options', (body) => relyingParty.registrationOptions(body)],
  ['POST /api/register/verify', (body) => relyingParty.verifyRegistration(body)],
  ['POST /api/login/options', (body) => relyingParty.loginOptions(body)],
  ['POST /api/login/verify', (body) => relyingParty.verifyLogin(body)],
  ['POST /api/credentials/remove', (body) => relyingParty.removeCredential(body)],
]);

async function readJson(request) {
  const chunks = [];
  let size = 0;
  for await (const chunk of request) {
    size += chunk.length;
    if (size > maxBody) throw new Refused('the request is too long');
    chunks.push(chunk);
  }
  try {
    return Object(JSON.parse(Buffer.concat(chunks).toString()));
  } catch {
    throw new Refused('the request is not JSON');
  }
}

function send(response, status, type, body) {
  response.writeHead(status, { ...headers, 'Content-Type': type });
  response.end(body);
}

async function serve(request, response) {
  const path = new URL(request.url, 'http://localhost').pathname;
  const file = request.method === 'GET' && files.get(path);
  if (file) return send(response, 200, file.type, file.body);
  const call = api.get(`${request.method} ${path}`);
  if (!call) return send(response, 404, 'text/plain', 'not here\n');
  try {
    const result = await call(request.method === 'POST' ? await readJson(request) : undefined);
    send(response, 200, 'application/json', JSON.stringify(result));
  } catch (error) {
    if (!(error instanceof Refused)) console.error(error);
    const message = error instanceof Refused ? error.message : 'the server failed; its log says more';
    send(response, error instanceof Refused ? 400 : 500, 'application/json', JSON.stringify({ error: message }));
  }
}

const server = createServer((request, response) => {
  serve(request, response).catch((error) => {
    console.error(error);
    response.destroy();
  });
});
const address = '127.0.0.1';
const preferredPort = 8080;
server.on('error', (error) => {
  if (error.code === 'EADDRINUSE' && args.port === undefined && error.port === preferredPort) return server.listen(0, address);
  console.error(error.code === 'EADDRINUSE' ? `port ${args.port} is in use; choose another with --port` : error.message);
  process.exit(1);
});
server.on('listening', async () => {
  const ownOrigin = `http://localhost:${server.address().port}`;
  const root = args['attestation-root'];
  relyingParty = new RelyingParty({
    rpId: args['rp-id'],
    origin: args.origin ?? ownOrigin,
    attestationRoots: root ? [readFileSync(root, 'utf8')] : [],
    requiresTrust: args['require-trust'],
  });
  if (args.metadata) await relyingParty.useMetadata({ url: args.metadata, root: readFileSync(args['metadata-root'], 'utf8') });
  console.log(`ready: ${ownOrigin}`);
});
server.listen(Number(args.port ?? preferredPort), address);
for (const signal of ['SIGINT', 'SIGTERM']) process.on(signal, () => process.exit(0));
