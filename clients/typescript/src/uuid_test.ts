import assert from 'node:assert/strict';
import { test } from 'node:test';

import { randomBytes } from '#random';
import { makeUuidV7, uuidV7TimeMs } from './uuid.js';

test('an id carries its time, version and variant', () => {
  const none = makeUuidV7(0x018f3c5e7a00, (bytes) => bytes.fill(0));
  assert.equal(none, '018f3c5e-7a00-7000-8000-000000000000');
  const all = makeUuidV7(0x018f3c5e7a00, (bytes) => bytes.fill(255));
  assert.equal(all, '018f3c5e-7a00-7fff-bfff-ffffffffffff');
  for (const timeMs of [0, 1, 0xffff, 0x10000, 1_800_000_000_123, 2 ** 48 - 1]) {
    assert.equal(uuidV7TimeMs(makeUuidV7(timeMs, randomBytes)), timeMs);
  }
  assert.equal(uuidV7TimeMs(makeUuidV7(-5, randomBytes)), 0);
});

test('what is no UUIDv7 in canonical text has no time', () => {
  for (const text of [
    '',
    '018f3c5e7a007abc8def0123456789ab',
    '018F3C5E-7A00-7ABC-8DEF-0123456789AB',
    '018f3c5e-7a00-4abc-8def-0123456789ab',
    '018f3c5e-7a00-7abc-cdef-0123456789ab',
    '018f3c5e-7a00-7abc-8def-0123456789ab ',
  ]) {
    assert.equal(uuidV7TimeMs(text), undefined, text);
  }
});

test('ids of one moment differ', () => {
  const ids = new Set(Array.from({ length: 1_000 }, () => makeUuidV7(1, randomBytes)));
  assert.equal(ids.size, 1_000);
});
