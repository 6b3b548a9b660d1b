// Random histories: purchases, reloads, and a gateway and network that do what they may, in virtual
// time. However it went, each purchase has in the end one final word that agrees with the log, one
// id, and one body. A failing seed is printed and replays: SEED=n node --test dist/promise_test.js

import assert from 'node:assert/strict';
import { test } from 'node:test';

import { Receipt_Status as Status, type Intent } from './gen/jembatan/intake/v1/intake_pb.js';
import { Reason } from './gen/jembatan/intake/v1/reason_pb.js';
import type { JembatanClient } from './client.js';
import { kTtlMs } from './limits.js';
import type { Purchase } from './purchase.js';
import { jitter } from './random.js';
import { pending, refused } from './testing/fake_gateway.js';
import { House, kOrder, seededBytes } from './testing/house.js';

const kSeeds = 150;
const kSteps = 60;
const kStepMs = 2_500;
/** Enough for every deadline, M, and the last question. */
const kCalmMs = kTtlMs + 120_000;

class History {
  readonly house = new House();
  readonly #bytes: (bytes: Uint8Array) => void;
  readonly #seed: number;
  #lives = 0;
  client: JembatanClient;
  /** The last object of each tap: a reload makes another, unless it was sent to nobody. */
  readonly taps: Purchase[] = [];
  calm = false;

  constructor(seed: number) {
    this.#seed = seed;
    this.#bytes = seededBytes(seed);
    this.house.clock.wallErrorMs = this.pick([0, 0, -7_200_000, 7_200_000]);
    this.house.gateway.receipt = (intent) => this.#receipt(intent);
    this.house.gateway.outcomeMs = this.pick([20, 3_000, 40_000]);
    this.client = this.#life();
  }

  oneIn(n: number): boolean {
    return jitter(this.#bytes, n) < 1;
  }
  pick<T>(choices: readonly T[]): T {
    return choices[Math.floor(jitter(this.#bytes, choices.length))]!;
  }

  #life(): JembatanClient {
    this.#lives += 1;
    const random = seededBytes(this.#seed * 1_000 + this.#lives);
    return this.house.client({ random });
  }

  /** Honest in what it says, and it says what a gateway may. */
  #receipt(intent: Intent) {
    const { gateway, clock } = this.house;
    const known = gateway.log.has(intent.intentId);
    if (known || this.calm || this.oneIn(3)) return { status: Status.ACCEPTED };
    const late = () => clock.setTimeout(() => gateway.accept(intent), this.pick([1, 900, 60_000]));
    switch (this.pick(['lost', 'taken', 'pending', 'taken-pending', 'again', 'no'])) {
      case 'lost':
        return undefined;
      case 'taken':
        late();
        return undefined;
      case 'pending':
        return pending(this.pick([0, 1_000]));
      case 'taken-pending':
        late();
        return pending(1_000);
      case 'again':
        return refused(Reason.OVERLOADED, this.pick([100, 5_000]));
      default:
        return refused(Reason.SALES_HALTED);
    }
  }

  async step(): Promise<void> {
    const { gateway, clock } = this.house;
    if (this.oneIn(3)) this.taps.push(this.client.buy(kOrder));
    if (this.oneIn(6)) gateway.kill();
    if (this.oneIn(8)) gateway.tellAll({ drain: { reconnectAfterMs: this.pick([0, 2_000]) } });
    if (this.oneIn(6)) gateway.streams = this.oneIn(2);
    if (this.oneIn(6)) gateway.calls = this.oneIn(2);
    if (this.oneIn(8)) gateway.mute = this.oneIn(2);
    if (this.oneIn(20)) clock.sleep(this.pick([5_000, 200_000]));
    if (this.oneIn(30)) clock.wallErrorMs = this.pick([0, -30_000, 3_600_000]);
    if (this.oneIn(12)) await this.#reload();
    await this.house.pass(jitter(this.#bytes, kStepMs));
  }

  async #reload(): Promise<void> {
    await this.client.close();
    this.client = this.#life();
    const resumed = new Map((await this.client.resume()).map((one) => [one.intentId, one]));
    for (const [i, { state, intentId }] of this.taps.entries()) {
      const again = resumed.get(intentId);
      if (again) this.taps[i] = again;
      assert.ok(!again || !state.final, 'what had its final word is not resumed');
    }
  }

  async end(): Promise<void> {
    const { gateway } = this.house;
    this.calm = gateway.streams = gateway.calls = true;
    gateway.mute = false;
    await this.house.pass(kCalmMs);
    await this.client.close();
  }

  judge(): void {
    const { gateway } = this.house;
    const told = new Map(this.taps.map((tap) => [tap.intentId, tap.state]));
    assert.equal(told.size, this.taps.length, 'an id for each tap');
    const bodies = new Map<string, Intent>();
    for (const intent of gateway.submitted) {
      assert.ok(told.has(intent.intentId), `${intent.intentId} belongs to no tap`);
      assert.deepEqual(intent, bodies.get(intent.intentId) ?? intent, 'one body for each id');
      bodies.set(intent.intentId, intent);
    }
    for (const [id, { kind, final }] of told) {
      // A tap that a reload met before it was sent was sent to nobody.
      if (!final) assert.ok(!bodies.has(id), `${id} is ${kind} for ever`);
      const ordered = gateway.log.get(id)?.outcome !== undefined;
      assert.equal(ordered, kind === 'ordered', `${id} is ${kind}`);
    }
    assert.deepEqual(this.house.keys(), [], 'the storage holds nothing more');
  }
}

async function play(seed: number): Promise<number> {
  const history = new History(seed);
  for (let i = 0; i < kSteps; ++i) await history.step();
  await history.end();
  history.judge();
  return history.taps.filter(({ state }) => state.kind !== 'ordered').length;
}

test('whatever happens, each purchase has one final word, and it is true', async () => {
  const { SEED } = process.env;
  let others = 0;
  const seeds = SEED ? [Number(SEED)] : Array.from({ length: kSeeds }, (_, i) => i + 1);
  for (const seed of seeds) {
    try {
      others += await play(seed);
    } catch (error) {
      throw new Error(`SEED=${seed}`, { cause: error });
    }
  }
  assert.ok(SEED || others > kSeeds, `${others} did not end ordered: the faults did nothing`);
});
