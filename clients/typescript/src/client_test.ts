// The client against a gateway that does everything a gateway and a network can do, in virtual
// time.

import assert from 'node:assert/strict';
import { test } from 'node:test';

import { timestampFromMs } from '@bufbuild/protobuf/wkt';

import { JembatanError } from './errors.js';
import * as limits from './limits.js';
import { MemoryStorage } from './storage.js';
import { pending, refused } from './testing/fake_gateway.js';
import { House, kOrder, tokenOf } from './testing/house.js';
import { VirtualClock } from './testing/virtual_clock.js';
import { uuidV7TimeMs } from './uuid.js';
import {
  GetOutcomesResponse_Verdict as Verdict,
  Outcome_OrderState as OrderStateNumber,
  Outcome_State as OutcomeState,
  Receipt_Status as Status,
} from './gen/jembatan/intake/v1/intake_pb.js';
import { Reason } from './gen/jembatan/intake/v1/reason_pb.js';

const kMinuteMs = 60_000;
/** After this GetOutcomes knows for certain, and has been asked. */
const kCertainMs = limits.kTtlMs + limits.kBrokerSkewMs + limits.kAskSettledMs + 1_000;

test('a tap is accepted, ordered, and leaves nothing behind', async () => {
  const house = new House();
  const client = house.client();
  const told: string[] = [];
  const purchase = client.buy({ ...kOrder, roomId: 'live-1', streamPositionMs: 90_000 });
  purchase.on('change', ({ kind }) => told.push(kind));
  assert.equal(purchase.state.kind, 'sending');
  await house.pass(1_000);
  assert.equal((await purchase.receipt).kind, 'accepted');
  const outcome = await purchase.outcome;
  assert.equal(outcome.kind, 'ordered');
  assert.equal(outcome.orderId, 'T-1');
  assert.equal(outcome.continueUrl, 'https://pay.example/T-1');
  assert.deepEqual(told, ['accepted', 'ordered']);
  assert.deepEqual(house.keys(), []);
  const [sent] = house.gateway.submitted;
  assert.equal(sent?.intentId, purchase.intentId);
  assert.equal(sent?.roomId, 'live-1');
  assert.equal(sent?.streamPositionMs, 90_000n);
  assert.equal(sent?.priceSeen?.amountMinor, 6_500_000n);
  assert.equal(purchase.deadline.getTime(), (uuidV7TimeMs(purchase.intentId) ?? 0) + 120_000);
  await client.close();
});

test('it is in the storage before it is sent', async () => {
  const house = new House();
  const storage = new MemoryStorage();
  const seen: [number, number][] = [];
  const slow = {
    getAllKeys: async () => [],
    getItem: async () => null,
    setItem: async (key: string, value: string) => {
      seen.push([house.gateway.submitted.length, key.length]);
      await new Promise<void>((resolve) => house.clock.setTimeout(resolve, 500));
      storage.setItem(key, value);
    },
    removeItem: async (key: string) => storage.removeItem(key),
  };
  const client = house.client({ storage: slow });
  client.buy(kOrder);
  await house.pass(300);
  assert.equal(house.gateway.submitted.length, 0);
  assert.deepEqual(seen.length, 1);
  await house.pass(300);
  assert.equal(house.gateway.submitted.length, 1);
  const closed = client.close();
  await house.pass(2_000);
  await closed;
});

test('a storage that does not come back holds up no close', async () => {
  const house = new House();
  const stuck = new MemoryStorage();
  const setItem = () => new Promise<void>(() => {});
  const client = house.client({
    storage: {
      getAllKeys: async () => [],
      getItem: async (key) => stuck.getItem(key),
      setItem,
      removeItem: async () => {},
    },
  });
  client.buy(kOrder);
  await house.pass(1_000);
  assert.equal(house.gateway.submitted.length, 0);
  const closed = client.close();
  await house.pass(limits.kCloseMs);
  await closed;
});

test('a storage that fails costs no purchase', async () => {
  const house = new House();
  const full = new MemoryStorage();
  full.setItem = () => {
    throw new Error('quota exceeded');
  };
  const client = house.client({ storage: full });
  const errors: JembatanError[] = [];
  client.on('error', (error) => errors.push(error));
  const purchase = client.buy(kOrder);
  await house.pass(1_000);
  assert.equal(purchase.state.kind, 'ordered');
  assert.equal(errors[0]?.code, 'STORAGE');
  await client.close();
});

for (const hours of [-30, -3, 3, 30]) {
  test(`a device whose clock is ${hours} h wrong makes ids of the server's time`, async () => {
    const house = new House();
    house.clock.wallErrorMs = hours * 60 * kMinuteMs;
    const client = house.client();
    const purchase = client.buy(kOrder);
    await house.pass(1_000);
    assert.equal(purchase.state.kind, 'ordered');
    assert.equal(uuidV7TimeMs(purchase.intentId), VirtualClock.kStartMs - 5);
    assert.equal(house.gateway.submitted.length, 1);
    assert.ok(Math.abs(client.serverTime().getTime() - house.clock.trueMs()) < 10);
    // From now on at once.
    const next = client.buy(kOrder);
    const { intentId } = next;
    await house.pass(1_000);
    assert.equal(next.intentId, intentId);
    assert.equal(next.state.kind, 'ordered');
    await client.close();
  });
}

for (const streams of [true, false]) {
  test(`a device that has slept buys by the time it is, streams: ${streams}`, async () => {
    const house = new House();
    house.gateway.streams = streams;
    const client = house.client();
    client.connect();
    await house.pass(5_000);
    house.clock.sleep(10 * kMinuteMs);
    // The gateway has let go of the stream long ago, and nobody has told the device.
    for (const socket of house.gateway.sockets) socket.open = false;
    house.gateway.sockets.clear();
    const purchase = client.buy(kOrder);
    await house.pass(2_000);
    assert.equal(purchase.state.kind, 'ordered');
    const errorMs = (uuidV7TimeMs(purchase.intentId) ?? 0) - house.clock.trueMs();
    assert.ok(Math.abs(errorMs) < 4_000, `${errorMs}`);
    assert.equal(new Set(house.gateway.submitted.map(({ intentId }) => intentId)).size, 1);
    await client.close();
  });
}

for (const streams of [true, false]) {
  test(`a clock that is set while connected misleads nobody, streams: ${streams}`, async () => {
    for (const setMs of [-3_600_000, 3_600_000]) {
      const house = new House();
      house.gateway.streams = streams;
      const client = house.client();
      client.connect();
      await house.pass(5_000);
      house.clock.wallErrorMs = setMs;
      const purchase = client.buy(kOrder);
      await house.pass(3_000);
      assert.equal(purchase.state.kind, 'ordered');
      const errorMs = (uuidV7TimeMs(purchase.intentId) ?? 0) - house.clock.trueMs();
      assert.ok(Math.abs(errorMs) < 4_000, `${errorMs}`);
      assert.equal(house.gateway.submitted.length, 1);
      await client.close();
    }
  });
}

test('without an answer the same id and body go over the next stream', async () => {
  const house = new House();
  house.gateway.receipt = (_, nth) => (nth === 0 ? undefined : { status: Status.ACCEPTED });
  const client = house.client();
  const purchase = client.buy(kOrder);
  await house.pass(100);
  assert.equal(house.gateway.submitted.length, 1);
  house.gateway.kill();
  await house.pass(2_000);
  assert.equal(purchase.state.kind, 'ordered');
  assert.deepEqual(house.gateway.submitted[1], house.gateway.submitted[0]);
  assert.deepEqual(house.gateway.watched, [[purchase.intentId]]);
  await client.close();
});

test('a stream on which nothing is answered is left', async () => {
  const house = new House();
  const client = house.client();
  client.connect();
  await house.pass(100);
  house.gateway.mute = true;
  const purchase = client.buy(kOrder);
  await house.pass(4_000);
  assert.equal(client.connection.kind, 'open');
  house.gateway.mute = false;
  await house.pass(4_000);
  assert.equal(purchase.state.kind, 'ordered');
  assert.equal(house.gateway.opened, 2);
  await client.close();
});

test('what was accepted is not sent again, but watched', async () => {
  const house = new House();
  house.gateway.outcomeMs = undefined;
  const client = house.client();
  const purchase = client.buy(kOrder);
  await house.pass(100);
  house.gateway.kill();
  await house.pass(1_000);
  assert.deepEqual(house.gateway.watched, [[purchase.intentId]]);
  assert.equal(house.gateway.submitted.length, 1);
  const entry = house.gateway.log.get(purchase.intentId);
  assert.ok(entry);
  house.gateway.decide(entry);
  await house.pass(100);
  assert.equal(purchase.state.kind, 'ordered');
  await client.close();
});

test('a refusal of the only copy is the end, in both languages', async () => {
  const house = new House();
  house.gateway.receipt = () => refused(Reason.SALES_HALTED);
  for (const locale of ['id', 'en'] as const) {
    const client = house.client({ locale });
    const purchase = client.buy(kOrder);
    await house.pass(100);
    const { kind, reason, message, text, retryable } = purchase.state;
    assert.deepEqual(
      { kind, reason, retryable },
      {
        kind: 'refused',
        reason: 'SALES_HALTED',
        retryable: false,
      },
    );
    assert.match(message?.id ?? '', /^Penjualan sedang dihentikan/);
    assert.match(message?.en ?? '', /^Sales are halted/);
    assert.equal(text, message?.[locale]);
    assert.equal((await purchase.receipt).kind, 'refused');
    assert.deepEqual(house.keys(), []);
    await client.close();
  }
});

test('after an unanswered send a refusal ends nothing, NONE does', async () => {
  const house = new House();
  house.gateway.receipt = (_, nth) => (nth === 0 ? undefined : refused(Reason.SALES_HALTED));
  const client = house.client();
  const purchase = client.buy(kOrder);
  await house.pass(100);
  house.gateway.kill();
  await house.pass(kMinuteMs);
  assert.equal(purchase.state.kind, 'pending');
  assert.equal(purchase.state.reason, 'SALES_HALTED');
  assert.equal(house.gateway.submitted.length, 2);
  await house.pass(kCertainMs - kMinuteMs);
  assert.equal(purchase.state.kind, 'none');
  assert.equal((await purchase.outcome).kind, 'none');
  assert.deepEqual(house.keys(), []);
  await client.close();
});

test('after an unanswered send a refusal ends nothing, an outcome does', async () => {
  const house = new House();
  house.gateway.outcomeMs = 20_000;
  house.gateway.receipt = (_, nth) => (nth === 0 ? undefined : refused(Reason.SALES_HALTED));
  const client = house.client();
  const purchase = client.buy(kOrder);
  await house.pass(100);
  const [first] = house.gateway.submitted;
  assert.ok(first);
  house.gateway.accept(first);
  house.gateway.kill();
  await house.pass(30_000);
  assert.equal(purchase.state.kind, 'ordered');
  await client.close();
});

test('a refusal that time cures is met with the same id, after its hint', async () => {
  const house = new House();
  const at: number[] = [];
  house.gateway.receipt = (_, nth) => {
    at.push(house.clock.monotonicMs());
    return nth < 2 ? refused(Reason.OVERLOADED, 3_000) : { status: Status.ACCEPTED };
  };
  const client = house.client();
  const purchase = client.buy(kOrder);
  await house.pass(1_000);
  assert.equal(purchase.state.kind, 'sending');
  assert.equal(purchase.state.reason, 'OVERLOADED');
  assert.equal(purchase.state.retryable, true);
  assert.ok((purchase.state.retryAfterMs ?? 0) >= 3_000);
  await house.pass(20_000);
  assert.equal(purchase.state.kind, 'ordered');
  assert.equal(new Set(house.gateway.submitted.map(({ intentId }) => intentId)).size, 1);
  for (let i = 1; i < at.length; ++i) assert.ok(at[i]! - at[i - 1]! >= 3_000);
  await client.close();
});

test('what is sent again after a refusal, and lost, is sent once more', async () => {
  const house = new House();
  const answers = [refused(Reason.OVERLOADED, 100), undefined, { status: Status.ACCEPTED }];
  house.gateway.receipt = (_, nth) => answers[nth];
  const client = house.client();
  const purchase = client.buy(kOrder);
  await house.pass(2_000);
  assert.equal(house.gateway.submitted.length, 2);
  house.gateway.kill();
  await house.pass(2_000);
  assert.equal(purchase.state.kind, 'ordered');
  await client.close();
});

test('a final word never changes', async () => {
  const house = new House();
  house.gateway.outcomeMs = undefined;
  const client = house.client();
  const purchase = client.buy(kOrder);
  const told: string[] = [];
  purchase.on('change', ({ kind }) => told.push(kind));
  await house.pass(100);
  const { intentId } = purchase;
  const outcomes = [OutcomeState.EXPIRED, OutcomeState.ORDERED, OutcomeState.UNCONFIRMED];
  house.gateway.tellAll({ outcomes: outcomes.map((state) => ({ intentId, state })) });
  await house.pass(100);
  assert.deepEqual(told, ['accepted', 'expired']);
  assert.equal((await purchase.outcome).kind, 'expired');
  await client.close();
});

test('of an order it is told how it fares, the later word holds', async () => {
  const house = new House();
  const client = house.client();
  const purchase = client.buy(kOrder);
  await house.pass(1_000);
  const told: (string | undefined)[] = [];
  purchase.on('change', ({ kind, orderState }) => {
    assert.equal(kind, 'ordered');
    told.push(orderState);
  });
  const { intentId } = purchase;
  const tell = async (orderState: OrderStateNumber, seconds: number): Promise<void> => {
    const orderStateAt = timestampFromMs(seconds * 1_000);
    const state = OutcomeState.ORDERED;
    house.gateway.tellAll({ outcomes: [{ intentId, state, orderState, orderStateAt }] });
    await house.pass(100);
  };
  await tell(OrderStateNumber.PAID, 20);
  await tell(OrderStateNumber.PAID, 20);
  await tell(OrderStateNumber.HOLD_EXPIRED, 10);
  await tell(OrderStateNumber.CANCELLED, 30);
  assert.deepEqual(told, ['paid', 'cancelled']);
  assert.equal(purchase.state.orderId, 'T-1');
  assert.equal(purchase.state.orderStateAt?.getTime(), 30_000);
  await client.close();
});

test('refusals up to the deadline end in one that a new tap may cure', async () => {
  const house = new House();
  house.gateway.receipt = () => refused(Reason.OVERLOADED, 500);
  const client = house.client();
  const purchase = client.buy(kOrder);
  await house.pass(limits.kTtlMs + 1_000);
  const { kind, reason, retryable, final } = purchase.state;
  assert.deepEqual(
    { kind, reason, retryable, final },
    {
      kind: 'refused',
      reason: 'OVERLOADED',
      retryable: true,
      final: true,
    },
  );
  // Each wait has jitter over an interval that doubles: far fewer than the hint alone would make.
  assert.ok(house.gateway.submitted.length < 80, `${house.gateway.submitted.length} sends`);
  await client.close();
});

test('PENDING is sent again under the same id and ends in what GetOutcomes says', async () => {
  const house = new House();
  house.gateway.receipt = (_, nth) => (nth < 3 ? pending(1_000) : { status: Status.ACCEPTED });
  const client = house.client();
  const purchase = client.buy(kOrder);
  await house.pass(500);
  assert.equal(purchase.state.kind, 'pending');
  await house.pass(20_000);
  assert.equal(purchase.state.kind, 'ordered');
  assert.equal(house.gateway.submitted.length, 4);
  assert.equal(house.gateway.log.size, 1);
  await client.close();
});

test('a drained stream is told nothing new, heard to its end, and left when it says', async () => {
  const house = new House();
  house.gateway.outcomeMs = undefined;
  const client = house.client();
  client.connect();
  await house.pass(100);
  house.gateway.tellAll({ drain: { reconnectAfterMs: 1_500 } });
  await house.pass(100);
  const purchase = client.buy(kOrder);
  await house.pass(1_200);
  assert.equal(house.gateway.submitted.length, 0);
  assert.equal(house.gateway.opened, 1);
  assert.equal(client.connection.kind, 'waiting');
  await house.pass(1_000);
  assert.equal(house.gateway.opened, 2);
  assert.equal(purchase.state.kind, 'accepted');
  await client.close();
});

test('where no stream opens calls serve, and a stream when one opens again', async () => {
  const house = new House();
  house.gateway.streams = false;
  const client = house.client();
  const states: string[] = [];
  client.on('connection', ({ kind }) => states.push(kind));
  const first = client.buy(kOrder);
  await house.pass(5_000);
  assert.equal(client.connection.kind, 'fallback');
  assert.equal(first.state.kind, 'ordered');
  // One tapped while calls serve hears as soon.
  const between = client.buy(kOrder);
  await house.pass(1_000);
  assert.equal(between.state.kind, 'ordered');
  house.gateway.streams = true;
  await house.pass(limits.kStreamRetryMsMax);
  assert.equal(client.connection.kind, 'open');
  const second = client.buy(kOrder);
  await house.pass(1_000);
  assert.equal(second.state.kind, 'ordered');
  assert.deepEqual(states, ['connecting', 'waiting', 'connecting', 'fallback', 'open']);
  await client.close();
});

test('calls serve after the first stream of which nothing comes', async () => {
  const house = new House();
  house.gateway.streamsHang = true;
  const client = house.client();
  const purchase = client.buy(kOrder);
  await house.pass(limits.kOpenMs + 1_000);
  assert.equal(client.connection.kind, 'fallback');
  assert.equal(purchase.state.kind, 'ordered');
  assert.equal(house.gateway.opened, 1);
  await client.close();
});

test('a runtime without WebSocket buys by calls, whatever its clock says', async () => {
  for (const date of [true, false]) {
    const house = new House();
    house.clock.wallErrorMs = date ? 3 * 60 * kMinuteMs : 20_000;
    house.gateway.date = date;
    house.gateway.receipt = ({ intentId }) => {
      const aheadMs = (uuidV7TimeMs(intentId) ?? 0) - house.clock.trueMs();
      if (aheadMs <= limits.kFutureMs) return { status: Status.ACCEPTED };
      return refused(Reason.CLOCK_SKEW, aheadMs - limits.kFutureMs);
    };
    const client = house.client({ WebSocket: undefined });
    const purchase = client.buy(kOrder);
    await house.pass(30_000);
    assert.equal(purchase.state.kind, 'ordered', JSON.stringify(purchase.state));
    assert.ok(Math.abs(client.serverTime().getTime() - house.clock.trueMs()) < 1_000);
    await client.close();
  }
});

test('a call without an answer is made again with the same body', async () => {
  const house = new House();
  house.gateway.streams = false;
  house.gateway.receipt = (_, nth) => (nth < 3 ? undefined : { status: Status.ACCEPTED });
  const client = house.client();
  const purchase = client.buy(kOrder);
  await house.pass(kMinuteMs);
  assert.equal(purchase.state.kind, 'ordered');
  for (const sent of house.gateway.submitted) assert.deepEqual(sent, house.gateway.submitted[0]);
  await client.close();
});

test('a reload goes on with the same id and body', async () => {
  const house = new House();
  house.gateway.receipt = (_, nth) => (nth === 0 ? undefined : { status: Status.ACCEPTED });
  const before = house.client();
  const lost = before.buy(kOrder);
  await house.pass(100);
  await before.close();
  await assert.rejects(lost.outcome, { code: 'CLOSED' });
  const after = house.client();
  const [purchase, ...others] = await after.resume();
  assert.equal(others.length, 0);
  assert.equal(purchase?.intentId, lost.intentId);
  assert.equal(purchase?.offerId, kOrder.offerId);
  await house.pass(1_000);
  assert.equal(purchase?.state.kind, 'ordered');
  assert.deepEqual(house.gateway.submitted[1], house.gateway.submitted[0]);
  assert.deepEqual(await after.resume(), []);
  await after.close();
});

test('a reload of what was accepted sends nothing, and hears the outcome', async () => {
  const house = new House();
  house.gateway.outcomeMs = 3_000;
  const before = house.client();
  before.buy(kOrder);
  await house.pass(100);
  await before.close();
  const after = house.client();
  const [purchase] = await after.resume();
  assert.equal(purchase?.state.kind, 'accepted');
  assert.equal((await purchase?.receipt)?.kind, 'accepted');
  await house.pass(5_000);
  assert.equal(purchase?.state.kind, 'ordered');
  assert.equal(house.gateway.submitted.length, 1);
  await after.close();
});

test('another viewer of the same device resumes nothing of the first', async () => {
  const house = new House();
  house.gateway.receipt = () => undefined;
  const before = house.client();
  before.buy(kOrder);
  await house.pass(100);
  await before.close();
  const other = house.client({ token: tokenOf('budi') });
  assert.deepEqual(await other.resume(), []);
  await other.close();
});

test('a token of another viewer ends the client', async () => {
  const house = new House();
  const tokens = [tokenOf('siti'), tokenOf('budi')];
  const client = house.client({ token: async () => tokens.shift() ?? '' });
  const purchase = client.buy(kOrder);
  await house.pass(1_000);
  for (const socket of house.gateway.sockets) socket.close(4401);
  await house.pass(1_000);
  assert.equal(purchase.state.kind, 'ordered');
  assert.equal(client.connection.kind, 'closed');
  assert.equal(client.connection.error?.code, 'VIEWER_CHANGED');
  assert.throws(() => client.buy(kOrder), { code: 'CLOSED' });
});

test('a token function that does not come back is asked again', async () => {
  const house = new House();
  let asked = 0;
  const never = new Promise<string>(() => {});
  const token = () => ((asked += 1) === 1 ? never : Promise.resolve(tokenOf('siti')));
  const client = house.client({ token });
  const purchase = client.buy(kOrder);
  await house.pass(limits.kTokenMs - 1);
  assert.equal(client.connection.kind, 'connecting');
  await house.pass(3_000);
  assert.equal(purchase.state.kind, 'ordered');
  assert.equal(asked, 2);
  await client.close();
});

test('a gateway that drains from the first is left when it says', async () => {
  const house = new House();
  const client = house.client();
  client.connect();
  house.gateway.drainFirst = true;
  const purchase = client.buy(kOrder);
  await house.pass(500);
  assert.equal(client.connection.kind, 'waiting');
  assert.equal(house.gateway.submitted.length, 0);
  house.gateway.drainFirst = false;
  await house.pass(2_000);
  assert.equal(purchase.state.kind, 'ordered');
  assert.equal(house.gateway.opened, 2);
  await client.close();
});

test('an expired token is replaced, and the stream with it', async () => {
  const house = new House();
  let asked = 0;
  const client = house.client({ token: async () => tokenOf('siti', { jti: ++asked }) });
  client.connect();
  await house.pass(10_000);
  for (const socket of house.gateway.sockets) socket.close(4401);
  await house.pass(1_000);
  assert.equal(asked, 2);
  assert.equal(client.connection.kind, 'open');
  assert.notEqual(house.gateway.tokens[0], house.gateway.tokens[1]);
  await client.close();
});

test('a token that is not taken is tried anew twice, then the purchase is refused', async () => {
  const house = new House();
  house.gateway.streams = false;
  const debug = { reason: 'UNAUTHENTICATED' };
  const body = JSON.stringify({ code: 'unauthenticated', message: 'no', details: [{ debug }] });
  house.gateway.callError = { status: 401, body };
  let asked = 0;
  const client = house.client({ token: async () => tokenOf('siti', { jti: ++asked }) });
  const purchase = client.buy(kOrder);
  await house.pass(10_000);
  assert.equal(purchase.state.kind, 'refused');
  assert.equal(purchase.state.reason, 'UNAUTHENTICATED');
  assert.equal(client.connection.error?.code, 'UNAUTHENTICATED');
  assert.ok(asked >= 3 && asked < 10, `${asked} tokens`);
  await client.close();
});

test('an answer of somebody else than a gateway is no answer', async () => {
  const house = new House();
  house.gateway.streams = false;
  house.gateway.callError = { status: 404, body: '<html>' };
  const client = house.client();
  const purchase = client.buy(kOrder);
  await house.pass(10_000);
  assert.equal(purchase.state.kind, 'sending');
  assert.equal(client.connection.error?.code, 'UNREACHABLE');
  house.gateway.callError = undefined;
  await house.pass(20_000);
  assert.equal(purchase.state.kind, 'ordered');
  await client.close();
});

test('UNCONFIRMED is told and is not the end', async () => {
  const house = new House();
  house.gateway.outcomeMs = undefined;
  const client = house.client();
  const purchase = client.buy(kOrder);
  await house.pass(100);
  const { intentId } = purchase;
  house.gateway.tellAll({ outcomes: [{ intentId, state: OutcomeState.UNCONFIRMED }] });
  await house.pass(100);
  assert.equal(purchase.state.kind, 'unconfirmed');
  assert.equal(purchase.state.final, false);
  const state = OutcomeState.REJECTED;
  const price = { currency: 'IDR', amountMinor: 7_000_000n };
  const reason = Reason.PRICE_CHANGED;
  house.gateway.tellAll({ outcomes: [{ intentId, state, reason, price }] });
  await house.pass(100);
  assert.equal(purchase.state.kind, 'rejected');
  assert.equal(purchase.state.reason, 'PRICE_CHANGED');
  assert.deepEqual(purchase.state.price, price);
  await client.close();
});

test('words that only a newer server knows decide nothing', async () => {
  const house = new House();
  house.gateway.outcomeMs = undefined;
  const client = house.client();
  const [known, unknown] = [client.buy(kOrder), client.buy(kOrder)];
  await house.pass(100);
  house.gateway.tellAll({
    outcomes: [
      { intentId: known.intentId, state: OutcomeState.REJECTED, reason: 999 as Reason },
      { intentId: unknown.intentId, state: 99 as OutcomeState },
      { intentId: 'nobody', state: OutcomeState.ORDERED },
    ],
  });
  await house.pass(100);
  assert.equal(known.state.kind, 'rejected');
  assert.equal(known.state.reason, undefined);
  assert.equal(unknown.state.kind, 'unconfirmed');
  assert.equal(unknown.state.final, true);
  await client.close();
});

test('an id that all gateways have forgotten ends unconfirmed', async () => {
  const house = new House();
  house.gateway.receipt = () => undefined;
  const before = house.client();
  before.buy(kOrder);
  await house.pass(100);
  await before.close();
  await house.pass(24 * 60 * kMinuteMs);
  house.gateway.verdict = Verdict.FORGOTTEN;
  const after = house.client();
  const [purchase] = await after.resume();
  await house.pass(5 * kMinuteMs);
  assert.equal(purchase?.state.kind, 'unconfirmed');
  assert.equal(purchase?.state.final, true);
  // Sending it again could not help, a day later.
  assert.equal(house.gateway.submitted.length, 1);
  await after.close();
});

test('a tap without any connection is sent to nobody after its deadline', async () => {
  const house = new House();
  house.gateway.streams = house.gateway.calls = false;
  const client = house.client();
  const purchase = client.buy(kOrder);
  await house.pass(limits.kTtlMs + 1_000);
  assert.equal(purchase.state.kind, 'refused');
  assert.equal(purchase.state.reason, 'DEADLINE_PASSED');
  house.gateway.streams = house.gateway.calls = true;
  await house.pass(kMinuteMs);
  assert.equal(house.gateway.submitted.length, 0);
  await client.close();
});

test('rooms are watched anew on every stream, and their hints told', async () => {
  const house = new House();
  const client = house.client();
  const hints: unknown[] = [];
  client.on('offer', ({ offerId, stock, price, priceVersion }) => {
    hints.push({ offerId, stock, price, priceVersion });
  });
  client.watchRooms(['live-1', 'live-2']);
  await house.pass(100);
  house.gateway.kill();
  await house.pass(1_000);
  assert.deepEqual(house.gateway.rooms, [
    ['live-1', 'live-2'],
    ['live-1', 'live-2'],
  ]);
  const price = { currency: 'IDR', amountMinor: 1n };
  house.gateway.tellAll({ offers: [{ offerId: 'a', stock: 2, price, priceVersion: '3' }] });
  await house.pass(100);
  assert.deepEqual(hints, [{ offerId: 'a', stock: 'low', price, priceVersion: '3' }]);
  assert.throws(() => client.watchRooms(Array(9).fill('x')), { code: 'INVALID' });
  assert.throws(() => client.watchRooms(['']), { code: 'INVALID' });
  await client.close();
});

test('a room is told before its offers, with all that is pinned in it', async () => {
  const house = new House();
  const client = house.client();
  const told: unknown[] = [];
  client.on('room', (hint) => told.push(hint));
  client.on('offer', (hint) => told.push(hint));
  client.watchRooms(['live-1']);
  await house.pass(100);
  const at = { seconds: 1_800_000_000n, nanos: 0 };
  const offer = { offerId: 'a', roomId: 'live-1', stock: 4, sold: 7n, local: true };
  house.gateway.tellAll({
    rooms: [{ roomId: 'live-1', state: 1 }],
    offers: [
      { ...offer, saleStartsAt: at, pinnedAt: at },
      { offerId: 'b', roomId: 'live-1', unpinned: true },
    ],
  });
  await house.pass(100);
  const date = new Date(1_800_000_000_000);
  const common = { roomId: 'live-1', unpinned: false };
  assert.deepEqual(told, [
    { roomId: 'live-1', state: 'live' },
    {
      ...common,
      offerId: 'a',
      stock: 'notStarted',
      sold: 7,
      local: true,
      saleStartsAt: date,
      pinnedAt: date,
    },
    { ...common, offerId: 'b', stock: 'unknown', sold: 0, local: false, unpinned: true },
  ]);
  await client.close();
});

test('more open purchases than the bound are not taken', async () => {
  const house = new House();
  house.gateway.receipt = () => undefined;
  const client = house.client();
  for (let i = 0; i < limits.kOpenPurchasesMax; ++i) client.buy(kOrder);
  assert.throws(() => client.buy(kOrder), { code: 'TOO_MANY' });
  await client.close();
});

test('an order against the contract is an error that names the field', async () => {
  const house = new House();
  const client = house.client();
  const money = (currency: string, amountMinor: unknown) => ({
    priceSeen: { currency, amountMinor: amountMinor as bigint },
  });
  const table: [object, RegExp][] = [
    [{ offerId: '' }, /^offerId/],
    [{ offerId: 'a/b' }, /^offerId/],
    [{ offerId: 'a'.repeat(65) }, /^offerId/],
    [{ quantity: 0 }, /^quantity/],
    [{ quantity: 100 }, /^quantity/],
    [{ quantity: 1.5 }, /^quantity/],
    [money('idr', 1n), /^priceSeen\.currency/],
    [money('IDR', 1), /^priceSeen\.amountMinor/],
    [money('IDR', -1n), /^priceSeen\.amountMinor/],
    [money('IDR', 10n ** 15n + 1n), /^priceSeen\.amountMinor/],
    [{ roomId: 'é'.repeat(33) }, /^roomId/],
    [{ attribution: 'x'.repeat(129) }, /^attribution/],
    [{ streamPositionMs: -1 }, /^streamPositionMs/],
  ];
  for (const [wrong, message] of table) {
    assert.throws(() => client.buy({ ...kOrder, ...wrong }), { code: 'INVALID', message });
  }
  assert.throws(() => house.client({ url: 'gateway.example' }), { code: 'INVALID' });
  assert.throws(() => house.client({ url: [] }), { code: 'INVALID' });
  await house.pass(100);
  assert.equal(house.gateway.opened, 0);
  await client.close();
});

test('the next gateway is tried when one does not serve', async () => {
  const house = new House();
  const urls: string[] = [];
  const { WebSocket } = house.gateway;
  class Seen extends WebSocket {
    constructor(url: string, protocols: string[]) {
      urls.push(url);
      super(url, protocols);
    }
  }
  house.gateway.streams = house.gateway.calls = false;
  const client = house.client({ url: ['http://a.example', 'https://b.example/'], WebSocket: Seen });
  client.connect();
  await house.pass(5_000);
  assert.deepEqual(urls.slice(0, 3), [
    'ws://a.example/v1/stream',
    'wss://b.example/v1/stream',
    'ws://a.example/v1/stream',
  ]);
  await client.close();
});

test('tries are spread over waits that grow to their bound', async () => {
  const house = new House();
  house.gateway.streams = house.gateway.calls = false;
  const at: number[] = [];
  const most = (bytes: Uint8Array) => void bytes.fill(255);
  const client = house.client({ random: most });
  client.on('connection', ({ kind }) => kind === 'waiting' && at.push(house.clock.monotonicMs()));
  client.connect();
  await house.pass(5 * kMinuteMs);
  const waits = at.slice(1).map((time, i) => time - at[i]!);
  assert.ok(waits[0]! < 400 && waits[1]! > 400 && waits[1]! < 700, `${waits}`);
  assert.ok(Math.max(...waits) < limits.kReconnectMsMax + 100, `${waits}`);
  assert.ok(waits.at(-1)! > limits.kReconnectMsMax - 100, `${waits}`);
  await client.close();
});

test('a listener that throws stops nobody', async () => {
  const house = new House();
  const client = house.client();
  const thrown: unknown[] = [];
  const uncaught = (error: unknown) => thrown.push(error);
  const others = process.listeners('uncaughtException');
  process.removeAllListeners('uncaughtException');
  process.once('uncaughtException', uncaught);
  const purchase = client.buy(kOrder);
  const off = purchase.on('change', () => {
    off();
    throw new Error('of the app');
  });
  await house.pass(1_000);
  for (const listener of others) process.on('uncaughtException', listener);
  assert.equal(purchase.state.kind, 'ordered');
  assert.match(String(thrown[0]), /of the app/);
  await client.close();
});
