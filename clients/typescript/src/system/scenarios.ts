// The client against the real programs. tests/clients/run starts them and this.

import assert from 'node:assert/strict';
import { after, test as run } from 'node:test';

import { systemClock } from '../clock.js';
import { MemoryStorage } from '../storage.js';
import type { JembatanClient, Purchase } from '../index.js';
import * as stage from './stage.js';

const { kOrder } = stage;

/** Every purchase of this run; at its end the marketplace's books agree with what was told. */
const bought: Purchase[] = [];

/** One that hangs fails before its stage is torn down. */
function test(name: string, scenario: () => Promise<void>): void {
  void run(name, { timeout: 40_000 }, scenario);
}

function buy(client: JembatanClient, more: object = {}): Purchase {
  const purchase = client.buy({ ...kOrder, ...more });
  bought.push(purchase);
  return purchase;
}

test('a tap over a stream is ordered', async () => {
  const client = await stage.makeClient();
  const purchase = buy(client, { roomId: 'live-1', streamPositionMs: 1_000 });
  assert.equal((await purchase.receipt).kind, 'accepted');
  const outcome = await purchase.outcome;
  assert.equal(outcome.kind, 'ordered');
  assert.ok(outcome.orderId);
  assert.match(outcome.continueUrl ?? '', /^https?:/);
  assert.equal(client.connection.kind, 'open');
  await client.close();
});

test('a tap without WebSocket is ordered', async () => {
  const client = await stage.makeClient({ WebSocket: undefined });
  const outcome = await buy(client).outcome;
  assert.equal(outcome.kind, 'ordered');
  assert.equal(client.connection.kind, 'fallback');
  await client.close();
});

test('what the marketplace refuses is told in words', async () => {
  const client = await stage.makeClient({ locale: 'en' });
  const priceSeen = { currency: 'IDR', amountMinor: 1n };
  const changed = await buy(client, { priceSeen }).outcome;
  assert.equal(changed.kind, 'rejected');
  assert.equal(changed.reason, 'PRICE_CHANGED');
  assert.equal(changed.price?.amountMinor, kOrder.priceSeen.amountMinor);
  assert.match(changed.text ?? '', /^The price of this item has changed/);
  const taps = Array.from({ length: 4 }, () => buy(client, { offerId: 'batik-kilat' }));
  const kinds = (await Promise.all(taps.map(({ outcome }) => outcome))).map(({ kind }) => kind);
  assert.deepEqual(kinds.sort(), ['ordered', 'ordered', 'ordered', 'rejected']);
  await client.close();
});

test('what the gateway refuses is told in words', async () => {
  const token = await stage.token('without-consent', 'consent=false');
  for (const WebSocket of [stage.NodeWebSocket, undefined]) {
    const client = await stage.makeClient({ token, WebSocket });
    const state = await buy(client).receipt;
    assert.equal(state.kind, 'refused');
    assert.equal(state.reason, 'CONSENT_NOT_GIVEN');
    assert.match(state.message?.id ?? '', /^Anda belum menyetujui/);
    await client.close();
  }
});

test('a token that no gateway takes is told', async () => {
  const client = await stage.makeClient({ token: 'a.b.c' });
  const purchase = buy(client);
  assert.equal((await purchase.receipt).reason, 'UNAUTHENTICATED');
  assert.equal(client.connection.error?.code, 'UNAUTHENTICATED');
  await client.close();
});

test('an expired token is replaced without a tap lost', async () => {
  let asked = 0;
  const client = await stage.makeClient({
    token: async () => stage.token('forgetful', `ttl_s=${(asked += 1) === 1 ? 2 : 600}`),
  });
  await stage.connected(client, 'open');
  const closed = new Promise<void>((resolve) => {
    client.on('connection', ({ kind }) => kind !== 'open' && resolve());
  });
  await closed;
  assert.equal((await buy(client).outcome).kind, 'ordered');
  assert.ok(asked >= 2);
  await client.close();
});

for (const hours of [-3, 3]) {
  test(`a clock ${hours} h wrong orders over stream and calls`, async () => {
    const wallMs = () => Date.now() + hours * 3_600_000;
    for (const WebSocket of [stage.NodeWebSocket, undefined]) {
      const client = await stage.makeClient({ WebSocket, clock: { ...systemClock, wallMs } });
      assert.equal((await buy(client).outcome).kind, 'ordered');
      assert.ok(Math.abs(client.serverTime().getTime() - Date.now()) < 2_000);
      await client.close();
    }
  });
}

test('a gateway is killed in the middle of purchases', async () => {
  const clients = await Promise.all(Array.from({ length: 4 }, () => stage.makeClient()));
  await Promise.all(clients.map((client) => stage.connected(client, 'open')));
  const purchases = clients.flatMap((client) => Array.from({ length: 10 }, () => buy(client)));
  // The taps are on the way, at a gateway, or answered: some of each.
  await stage.kill('gateway-0');
  purchases.push(...clients.map((client) => buy(client)));
  const outcomes = await Promise.all(purchases.map(({ outcome }) => outcome));
  assert.ok(outcomes.every(({ kind }) => kind === 'ordered'));
  await stage.start('gateway-0');
  await Promise.all(clients.map((client) => client.close()));
});

test('both gateways are gone, and a tap waits for their return', async () => {
  const client = await stage.makeClient();
  await stage.connected(client, 'open');
  await Promise.all([stage.kill('gateway-0'), stage.kill('gateway-1')]);
  const purchase = buy(client);
  await stage.sleep(1_000);
  assert.equal(purchase.state.kind, 'sending');
  await Promise.all([stage.start('gateway-0'), stage.start('gateway-1')]);
  assert.equal((await purchase.outcome).kind, 'ordered');
  await client.close();
});

test('a gateway drains while taps come', async () => {
  const client = await stage.makeClient();
  await stage.connected(client, 'open');
  const stopping = stage.stop('gateway-0');
  const purchases: Purchase[] = [];
  for (let i = 0; i < 20; ++i) {
    purchases.push(buy(client));
    await stage.sleep(50);
  }
  await stopping;
  const outcomes = await Promise.all(purchases.map(({ outcome }) => outcome));
  assert.ok(outcomes.every(({ kind }) => kind === 'ordered'));
  await stage.start('gateway-0');
  await client.close();
});

test('calls serve while WebSockets fail, and a stream takes over', async () => {
  let failures = 4;
  class Failing extends (stage.NodeWebSocket as unknown as new (...a: string[]) => object) {
    constructor(url: string, protocols: string) {
      super(failures-- > 0 ? 'ws://127.0.0.1:1' : url, protocols);
    }
  }
  const WebSocket = Failing as unknown as typeof stage.NodeWebSocket;
  // The real waits for a stream are long: time for timers goes 20 times as fast.
  const setFast = (callback: () => void, delayMs: number) => setTimeout(callback, delayMs / 20);
  const client = await stage.makeClient({
    WebSocket,
    clock: { ...systemClock, setTimeout: setFast },
  });
  await stage.connected(client, 'fallback');
  assert.equal((await buy(client).outcome).kind, 'ordered');
  await stage.connected(client, 'open');
  assert.equal((await buy(client).outcome).kind, 'ordered');
  await client.close();
});

test('a reload goes on where the app was, over another gateway', async () => {
  const storage = new MemoryStorage();
  const token = await stage.token('reloader');
  await stage.stop('bridge-0');
  const before = await stage.makeClient({ token, storage, url: stage.gateways[0]! });
  const first = buy(before);
  assert.equal((await first.receipt).kind, 'accepted');
  const second = before.buy(kOrder);
  await before.close();
  await assert.rejects(first.outcome, { code: 'CLOSED' });
  const after = await stage.makeClient({ token, storage, url: stage.gateways[1]! });
  const resumed = await after.resume();
  assert.equal(resumed[0]?.intentId, first.intentId);
  assert.equal(resumed[0]?.state.kind, 'accepted');
  bought.splice(bought.indexOf(first), 1, ...resumed);
  await stage.start('bridge-0');
  for (const purchase of resumed) assert.equal((await purchase.outcome).kind, 'ordered');
  // The second was sent only if it was stored before the client was closed.
  const sent = (await stage.ledger()).some(({ intent_id }) => intent_id === second.intentId);
  assert.equal(sent, resumed.length === 2);
  await after.close();
  assert.equal(storage.length, 0);
});

after(async () => {
  const rows = await stage.ledger();
  const orders = new Map<string, number>();
  for (const row of rows.filter(({ state }) => state === 'ORDERED')) {
    orders.set(row.intent_id, (orders.get(row.intent_id) ?? 0) + 1);
  }
  assert.ok(bought.length > 80, `${bought.length} purchases`);
  for (const { intentId, state } of bought) {
    const expected = state.kind === 'ordered' ? 1 : 0;
    assert.equal(orders.get(intentId) ?? 0, expected, `${intentId}: ${state.kind}`);
  }
  const told = new Set(bought.map(({ intentId }) => intentId));
  const untold = [...orders.keys()].filter((id) => !told.has(id));
  assert.deepEqual(untold, [], 'orders of which nobody was told');
});
