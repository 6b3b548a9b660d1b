// The bounds that are the gateway's own: the client's copy agrees with libs/intent/limits.h.

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';

import * as limits from './limits.js';

const kHeader = new URL('../../../libs/intent/limits.h', import.meta.url);
const kShared = [
  'kTtlMs',
  'kFutureMs',
  'kBrokerSkewMs',
  'kOfferIdBytes',
  'kShortTextBytes',
  'kAttributionBytes',
  'kQuantityMax',
  'kAmountMinorMax',
  'kStreamPositionMsMax',
  'kRoomsPerFrame',
  'kQueriesPerRequest',
] as const;

/** Of a product of whole numbers, as C++ writes it. */
function valueOf(expression: string): bigint {
  const factors = expression.split('*').map((text) => text.replace(/[LU' ]/g, ''));
  return factors.reduce((product, factor) => product * BigInt(factor), 1n);
}

test('the bounds of an intent are those of the gateway', () => {
  const header = readFileSync(kHeader, 'utf8');
  for (const name of kShared) {
    const [, expression] = new RegExp(`constexpr \\w+ ${name} = ([^;]+);`).exec(header) ?? [];
    assert.ok(expression, `${name} is in limits.h`);
    assert.equal(BigInt(limits[name]), valueOf(expression), name);
  }
});

test('what one frame or request holds is enough for all open purchases', () => {
  assert.ok(limits.kOpenPurchasesMax <= limits.kQueriesPerRequest);
});
