// Speaks jembatan.v1.json on a stream: sends the ClientFrame of FRAME, prints each ServerFrame as a
// line, ends with the first outcome.

import { createRequire } from 'node:module';

const require = createRequire(new URL('../../clients/typescript/package.json', import.meta.url));
const { WebSocket } = require('ws');

const [url, token, frame] = process.argv.slice(2);
const socket = new WebSocket(`${url.replace('http', 'ws')}/v1/stream`, 'jembatan.v1.json', {
  headers: { Authorization: `Bearer ${token}` },
});
socket.on('open', () => socket.send(frame));
socket.on('message', (data) => {
  console.log(String(data));
  if (JSON.parse(String(data)).outcomes) socket.close();
});
