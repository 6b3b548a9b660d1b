// The app's own back end: it knows the viewer (by its cookie), keeps the viewer's consent, lists
// the room and issues tokens. Nothing of the marketplace is behind it.

import { readRoom, type Room } from './room.js';

const kTimeoutMs = 5_000;

async function call(path: string, body?: object): Promise<unknown> {
  const request: RequestInit = { signal: AbortSignal.timeout(kTimeoutMs), cache: 'no-store' };
  if (body) {
    request.method = 'POST';
    request.headers = { 'content-type': 'application/json' };
    request.body = JSON.stringify(body);
  }
  const response = await fetch(path, request);
  if (!response.ok) throw new Error(`${path} answers ${response.status}`);
  return response.json();
}

export async function fetchRoom(): Promise<Room> {
  return readRoom(await call('/api/room'));
}

export async function fetchToken(): Promise<string> {
  const answer = await call('/api/token', {});
  const token = (answer as { token?: unknown }).token;
  if (typeof token !== 'string') throw new Error('no token in the answer');
  return token;
}

export async function putConsent(consent: boolean): Promise<void> {
  await call('/api/consent', { consent });
}
