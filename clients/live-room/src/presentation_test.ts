// What viewers are told, by a table of all states: honest, in both languages, with a next word.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { PurchaseKind, PurchaseState } from '@jembatan/client';
import { formatCount, formatLeft, formatMoney, formatTime } from './format.js';
import { fromJson, toJson, type Entry } from './history.js';
import { present, type Viewed } from './presentation.js';
import { readRoom, type Offer } from './room.js';
import { availability, Shelf } from './shelf.js';
import { fill, kLocales, texts } from './texts.js';

const kNow = new Date('2026-12-12T00:00:00+07:00');
const kDeadline = new Date(kNow.getTime() + 120_000);
const kPrice = { currency: 'IDR', amountMinor: 6_500_000n };
const kMessage = { id: 'Maaf, stok habis.', en: 'Sorry, out of stock.' };
const kUnderWay: PurchaseKind[] = ['sending', 'accepted', 'pending', 'unconfirmed'];
const kFinal: PurchaseKind[] = ['refused', 'ordered', 'handedOff', 'rejected', 'expired', 'none'];

function viewed(state: Partial<PurchaseState> & { kind: PurchaseKind }): Viewed {
  const final = kFinal.includes(state.kind);
  const decidedBy = new Date(kNow.getTime() + 60_000);
  return {
    state: { final, decidedBy, ...state },
    since: kNow,
    deadline: kDeadline,
    priceSeen: kPrice,
  };
}

function told(state: Partial<PurchaseState> & { kind: PurchaseKind }, locale: 'id' | 'en' = 'id') {
  return present(viewed(state), { locale, marketplace: 'Lokapasar', now: kNow });
}

test('only an order looks done, and only after it was decided', () => {
  for (const kind of [...kUnderWay, ...kFinal]) {
    assert.equal(told({ kind }).tone === 'done', kind === 'ordered', kind);
  }
});

test('how an order fares is a word of its own, and nothing is left to pay', () => {
  const continueUrl = 'https://pay.example/T-1';
  const holdExpiresAt = new Date(kNow.getTime() + 600_000);
  const rows = [
    ['paid', 'done'],
    ['cancelled', 'info'],
    ['holdExpired', 'info'],
  ] as const;
  for (const locale of kLocales) {
    const titles = new Set<string>();
    for (const [orderState, tone] of rows) {
      const order = { orderId: 'T-1', continueUrl, holdExpiresAt };
      const ticket = told({ kind: 'ordered', orderState, ...order }, locale);
      assert.equal(ticket.tone, tone, orderState);
      assert.equal(ticket.until, undefined, 'no countdown any more');
      assert.equal(ticket.link?.href, continueUrl);
      assert.ok(ticket.order?.includes('T-1'));
      titles.add(ticket.title);
    }
    assert.equal(titles.size, rows.length);
  }
});

test('what is under way says so, and by when the next word comes', () => {
  for (const locale of kLocales) {
    for (const kind of kUnderWay) {
      const ticket = told({ kind }, locale);
      const time = formatTime(new Date(kNow.getTime() + 60_000), locale);
      assert.equal(ticket.tone, 'wait');
      assert.ok(ticket.next.includes(time), `${kind}: ${ticket.next}`);
      assert.equal(ticket.link, undefined, 'nothing to pay yet');
      assert.equal(ticket.action, undefined, 'no second tap before the word on the first');
    }
  }
});

test('a word that is late is not promised for a time that has passed', () => {
  const at = (ms: number) =>
    ({ locale: 'id', marketplace: 'm', now: new Date(kNow.getTime() + ms) }) as const;
  for (const kind of kUnderWay) {
    const late = present(viewed({ kind }), at(60_000));
    assert.ok(late.next.includes(formatTime(kDeadline, 'id')), late.next);
    assert.deepEqual(late.until, kDeadline);
    const overdue = present(viewed({ kind }), at(120_000));
    assert.doesNotMatch(overdue.next, /pukul/);
    assert.equal(overdue.until, undefined);
  }
});

test('a final word leaves a way on, and offers none that would buy twice', () => {
  const continueUrl = 'https://pay.example/checkout/T-1';
  const holdExpiresAt = new Date(kNow.getTime() + 900_000);
  const ordered = told({ kind: 'ordered', orderId: 'T-1', continueUrl, holdExpiresAt });
  assert.equal(ordered.link?.href, continueUrl);
  assert.deepEqual(ordered.until, holdExpiresAt);
  assert.equal(ordered.action, undefined);
  assert.equal(told({ kind: 'handedOff', continueUrl }).link?.href, continueUrl);
  assert.equal(told({ kind: 'expired' }).action?.kind, 'again');
  assert.equal(told({ kind: 'none' }).action?.kind, 'again');
  assert.equal(told({ kind: 'rejected', message: kMessage }).action, undefined);
  // Forgotten by all gateways: final, but nobody here knows whether there is an order.
  assert.equal(told({ kind: 'unconfirmed', final: true }).action, undefined);
});

test('after the hold nobody is asked to pay for goods that may be gone', () => {
  const ticket = told({
    kind: 'ordered',
    continueUrl: 'https://pay.example/',
    holdExpiresAt: kNow,
  });
  assert.equal(ticket.until, undefined);
  assert.match(ticket.link?.label ?? '', /^Lihat/);
});

test('another price is told beside the one seen, and bought only by a further tap', () => {
  const price = { currency: 'IDR', amountMinor: 7_000_000n };
  const ticket = told({ kind: 'rejected', reason: 'PRICE_CHANGED', message: kMessage, price });
  assert.match(ticket.next, /65\.000.*70\.000/);
  assert.deepEqual(ticket.action, {
    kind: 'at-price',
    label: 'Beli seharga Rp\u00a070.000',
    price,
  });
});

test('a refusal that may be tried again says when', () => {
  const state = {
    kind: 'refused',
    message: kMessage,
    retryable: true,
    retryAfterMs: 5_000,
  } as const;
  assert.match(told(state).after ?? '', /00:05/);
  assert.equal(told(state).action, undefined);
  assert.equal(told({ ...state, retryAfterMs: 0 }).action?.kind, 'again');
  const noConsent = told({ kind: 'refused', reason: 'CONSENT_NOT_GIVEN', message: kMessage });
  assert.equal(noConsent.action?.kind, 'consent');
});

test('money keeps every digit and shows no idle decimals', () => {
  const cases: [string, bigint, string, string][] = [
    ['IDR', 6_500_000n, 'Rp\u00a065.000', 'Rp\u00a065,000'],
    ['IDR', 6_500_050n, 'Rp\u00a065.000,50', 'Rp\u00a065,000.50'],
    ['IDR', 0n, 'Rp\u00a00', 'Rp\u00a00'],
    ['IDR', 5n, 'Rp\u00a00,05', 'Rp\u00a00.05'],
    ['JPY', 1_200n, '¥1.200', '¥1,200'],
    [
      'IDR',
      1_000_000_000_000_001n,
      'Rp\u00a010.000.000.000.000,01',
      'Rp\u00a010,000,000,000,000.01',
    ],
  ];
  for (const [currency, amountMinor, id, en] of cases) {
    assert.equal(formatMoney({ currency, amountMinor }, 'id'), id);
    assert.equal(formatMoney({ currency, amountMinor }, 'en'), en);
  }
});

test('durations are rounded up and never negative', () => {
  const cases = { '00:00': -5, '00:01': 1, '02:05': 125_000, '1:00:00': 3_600_000 };
  for (const [text, ms] of Object.entries(cases)) assert.equal(formatLeft(ms), text);
});

test('both languages have the same texts, with the same names in them', () => {
  const names = (form: unknown) => [...JSON.stringify(form).matchAll(/\{\w+\}/g)].map(String);
  const forms = (form: unknown) => [...new Set(names(form))].sort();
  const [id, en] = [texts('id'), texts('en')];
  assert.deepEqual(Object.keys(id), Object.keys(en));
  for (const key of Object.keys(id) as (keyof typeof id)[]) {
    assert.deepEqual(forms(id[key]), forms(en[key]), key);
  }
  assert.equal(formatCount(texts('en').shelfCount, 1, 'en'), '1 item');
  assert.equal(formatCount(texts('id').shelfCount, 1_000, 'id'), '1.000 barang');
  assert.throws(() => fill('{nobody}', {}), /nobody/);
});

const kOffer = {
  offerId: 'kopi',
  title: { id: 'Kopi', en: 'Coffee' },
  seller: 'UMKM',
  place: 'Gayo',
  art: 'coffee',
  price: { currency: 'IDR', amountMinor: '6500000' },
  priceVersion: '1',
  local: true,
};
const kRoom = {
  roomId: 'r',
  title: { id: 'a', en: 'b' },
  host: 'h',
  marketplace: 'm',
  gateways: ['http://127.0.0.1:1'],
  offers: [kOffer],
  pinned: 'kopi',
};

test('a room that is not as it must be is refused', () => {
  assert.equal(readRoom(kRoom).offers[0]?.price.amountMinor, 6_500_000n);
  assert.equal(readRoom(kRoom).consent, false, 'consent is never assumed');
  const broken = [null, {}, { ...kRoom, offers: [] }, { ...kRoom, gateways: [1] }];
  for (const room of [...broken, { ...kRoom, offers: [{ ...kOffer, price: {} }] }]) {
    assert.throws(() => readRoom(room));
  }
});

const kHint = {
  offerId: 'kopi',
  stock: 'open',
  sold: 7,
  local: false,
  roomId: 'r',
  unpinned: false,
} as const;

test('a sale has not begun, runs, runs low, is sold out, or is over', () => {
  const offer: Offer = { ...readRoom(kRoom).offers[0]!, endsMs: kNow.getTime() + 1 };
  const after = new Date(kNow.getTime() + 1);
  assert.equal(availability(offer, kNow), 'open');
  assert.equal(availability(offer, after), 'ended');
  assert.equal(availability({ ...offer, stock: 'low' }, kNow), 'low');
  assert.equal(availability({ ...offer, stock: 'closed' }, kNow), 'sold-out');
  assert.equal(availability({ ...offer, stock: 'notStarted' }, kNow), 'not-started');
  const future = { ...offer, startsMs: kNow.getTime() + 1, stock: 'notStarted' } as const;
  assert.equal(availability(future, kNow), 'not-started');
  assert.equal(availability({ ...future, endsMs: 0 }, after), 'open');
});

test('hints say what is pinned, at which price, and what the marketplace attests', () => {
  const room = readRoom({ ...kRoom, offers: [kOffer, { ...kOffer, offerId: 'teh' }] });
  const shelf = new Shelf();
  const ids = () => shelf.offers(room).map((offer) => offer.offerId);
  const later = { pinnedAt: new Date(kNow.getTime() + 1) };
  assert.deepEqual(ids(), ['kopi', 'teh']);
  shelf.onRoom({ roomId: 'r', state: 'live' });
  assert.deepEqual(ids(), [], 'a live room without a pin sells nothing');
  shelf.onOffer({ ...kHint, pinnedAt: kNow });
  shelf.onOffer({ ...kHint, offerId: 'garam', title: 'Garam', ...later });
  assert.deepEqual(ids(), ['kopi'], 'nobody knows the price of the other one');
  shelf.onOffer({ ...kHint, offerId: 'garam', title: 'Garam', price: kPrice, ...later });
  assert.deepEqual(ids(), ['garam', 'kopi']);
  const price = { currency: 'IDR', amountMinor: 7n };
  shelf.onPrice('kopi', price);
  const kopi = () => shelf.offers(room).find((offer) => offer.offerId === 'kopi');
  assert.equal(kopi()?.price, price);
  assert.equal(kopi()?.local, false, 'only the marketplace attests');
  assert.equal(kopi()?.sold, 7);
  shelf.onOffer({ ...kHint, price: kPrice, priceVersion: '9', local: true });
  assert.equal(kopi()?.price, kPrice, 'the newest price counts');
  assert.equal(kopi()?.priceVersion, '9');
  shelf.onOffer({ ...kHint, offerId: 'garam', unpinned: true });
  assert.deepEqual(ids(), ['kopi']);
  shelf.onRoom({ roomId: 'r', state: 'closed' });
  assert.ok(shelf.closed);
});

test('the taps of a tab come back after a reload as they were', () => {
  const entry: Entry = {
    intentId: 'i',
    offerId: 'kopi',
    tappedAt: kNow,
    ...viewed({ kind: 'ordered', holdExpiresAt: kNow }),
    priceSeen: kPrice,
  };
  assert.deepEqual(fromJson(toJson([entry])), [entry]);
  assert.deepEqual(fromJson('{}'), []);
});
