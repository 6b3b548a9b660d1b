// The demo's app back end, and no more than that: it serves the live room's page, lists its offers,
// keeps each viewer's consent and issues the viewer's tokens with a development key. A real app has
// its own. It knows nothing of the marketplace but its name.
//
// A viewer is a random session in a cookie; the viewer id in tokens is a digest of it, so that who
// learns an id cannot become that viewer. Consent is off until the viewer gives it.

import { execFile } from 'node:child_process';
import { createHash, randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import { parseArgs, promisify } from 'node:util';

const kUsage =
  'usage: main.mjs --listen=HOST:PORT --page=DIR --room=FILE --gateways=URL,... --ctl=FILE --key=FILE';
const kNames = ['listen', 'page', 'room', 'gateways', 'ctl', 'key'];
const kBodyBytes = 1024;
const kTokenSeconds = 600;
// A token costs a process: more at once are told to come again.
const kTokensAtOnce = 8;
const kTypes = { html: 'text/html', js: 'text/javascript', css: 'text/css', svg: 'image/svg+xml' };
const kFiles = ['index.html', 'main.js', 'style.css', 'icon.svg'];

function readFiles(page) {
  const files = new Map(kFiles.map((name) => [`/${name}`, readFileSync(`${page}/${name}`)]));
  return files.set('/', files.get('/index.html'));
}

function options() {
  const known = Object.fromEntries(kNames.map((name) => [name, { type: 'string' }]));
  try {
    const { values } = parseArgs({ options: known });
    const missing = kNames.find((name) => !values[name]);
    if (missing) throw new Error(`--${missing} is missing`);
    return { ...values, files: readFiles(values.page) };
  } catch (error) {
    console.error(`live-room: ${error.message}; ${kUsage}`);
    process.exit(2);
  }
}

const { listen, room, ctl, key, files, ...rest } = options();
const gateways = rest.gateways.split(',');
const run = promisify(execFile);
let tokensUnderWay = 0;

const kHeaders = {
  'Content-Security-Policy': [
    "default-src 'none'",
    "script-src 'self'",
    "style-src 'self'",
    "img-src 'self'",
    `connect-src 'self' ${gateways.flatMap((url) => [url, url.replace('http', 'ws')]).join(' ')}`,
    "base-uri 'none'",
    "form-action 'none'",
    "frame-ancestors 'none'",
    "require-trusted-types-for 'script'",
    'trusted-types lit-html',
  ].join('; '),
  'Cross-Origin-Opener-Policy': 'same-origin',
  'Referrer-Policy': 'no-referrer',
  'X-Content-Type-Options': 'nosniff',
  'Cache-Control': 'no-store',
};

function viewerOf(request) {
  const cookies = new URLSearchParams((request.headers.cookie ?? '').replace(/; /g, '&'));
  const session = cookies.get('session');
  const fresh = !/^[0-9a-f]{32}$/.test(session ?? '');
  const id = fresh ? randomBytes(16).toString('hex') : session;
  const viewer = createHash('sha256').update(id).digest('hex').slice(0, 16);
  return { id, fresh, viewer: `penonton-${viewer}`, consent: cookies.get('consent') === 'yes' };
}

function cookie(name, value) {
  return `${name}=${value}; Path=/; HttpOnly; SameSite=Strict; Max-Age=86400`;
}

async function bodyOf(request) {
  let text = '';
  for await (const chunk of request) {
    text += chunk;
    if (text.length > kBodyBytes) throw new Error('body too large');
  }
  return JSON.parse(text);
}

async function token({ viewer, consent }) {
  if (tokensUnderWay >= kTokensAtOnce) return [503, { error: 'busy' }];
  tokensUnderWay += 1;
  try {
    const flags = [`--key=${key}`, `--viewer=${viewer}`, `--consent=${consent}`];
    const { stdout } = await run(ctl, ['token', ...flags, `--ttl_s=${kTokenSeconds}`]);
    return [200, { token: stdout.trim() }];
  } finally {
    tokensUnderWay -= 1;
  }
}

const kRoutes = {
  'GET /readyz': async () => [200, {}],
  'GET /api/room': async (_, viewer) => {
    const told = JSON.parse(await readFile(room, 'utf8'));
    return [200, { ...told, gateways, consent: viewer.consent }];
  },
  'POST /api/token': (_, viewer) => token(viewer),
  'POST /api/consent': async (request) => {
    const { consent } = await bodyOf(request);
    return [200, {}, cookie('consent', consent === true ? 'yes' : 'no')];
  },
};

// Another site's page can send neither JSON nor our cookies here; this says so a second time.
function isForeign(request) {
  const site = request.headers['sec-fetch-site'] ?? 'same-origin';
  const json = request.headers['content-type'] === 'application/json';
  return request.method === 'POST' && !(json && site === 'same-origin');
}

async function answer(request, response) {
  const { pathname } = new URL(request.url, 'http://localhost');
  const file = request.method === 'GET' && files.get(pathname);
  if (file) {
    const type = kTypes[pathname === '/' ? 'html' : pathname.split('.').at(-1)];
    response.writeHead(200, { ...kHeaders, 'Content-Type': `${type}; charset=utf-8` }).end(file);
    return;
  }
  const route = kRoutes[`${request.method} ${pathname}`];
  if (!route || isForeign(request)) {
    response.writeHead(route ? 403 : 404, kHeaders).end();
    return;
  }
  const viewer = viewerOf(request);
  const [status, body, more] = await route(request, viewer);
  const cookies = [viewer.fresh && cookie('session', viewer.id), more].filter(Boolean);
  const headers = { ...kHeaders, 'Content-Type': 'application/json', 'Set-Cookie': cookies };
  response.writeHead(status, headers).end(JSON.stringify(body));
}

const server = createServer((request, response) => {
  answer(request, response).catch((error) => {
    console.error(`live-room: ${request.method} ${request.url}: ${error.message}`);
    if (!response.headersSent)
      response.writeHead(error instanceof SyntaxError ? 400 : 500, kHeaders);
    response.end();
  });
});
const [, host, port] = /^(.+):(\d+)$/.exec(listen) ?? [];
server.on('error', (error) => {
  console.error(`live-room: cannot listen on ${listen}: ${error.message}`);
  process.exit(2);
});
server.listen(Number(port), host, () => console.log(`live-room: http://${listen}/`));
for (const signal of ['SIGTERM', 'SIGINT']) process.on(signal, () => process.exit(0));
