// Order: what an app gives to buy, checked against the contract's bounds before anything happens.

import { timestampFromMs } from '@bufbuild/protobuf/wkt';

import { JembatanError } from './errors.js';
import * as limits from './limits.js';
import type { Money } from './state.js';
import { makeIntent, type Intent } from './wire.js';

export interface Order {
  readonly offerId: string;
  /** 1 to 99. */
  readonly quantity: number;
  /** The unit price on screen: the marketplace refuses if it no longer holds. */
  readonly priceSeen: Money;
  readonly priceVersion?: string;
  /** Stays on the app's side, as the next one does. */
  readonly roomId?: string;
  readonly streamPositionMs?: number;
  readonly campaignId?: string;
  /** Opaque token of the creator's attribution. */
  readonly attribution?: string;
  readonly voucherRef?: string;
}

function must(holds: boolean, message: string): void {
  if (!holds) throw new JembatanError('INVALID', message);
}

function checkText(name: string, text: string | undefined, bytesMax: number): void {
  const fits = text === undefined || new TextEncoder().encode(text).length <= bytesMax;
  must(fits, `${name}: at most ${bytesMax} bytes`);
}

function isWhole(value: number, lowest: number, highest: number): boolean {
  return Number.isInteger(value) && value >= lowest && value <= highest;
}

/** Throws INVALID, naming the field. */
export function checkOrder(order: Order): void {
  const offer = /^[A-Za-z0-9._:-]+$/.test(order.offerId);
  must(
    offer && order.offerId.length <= limits.kOfferIdBytes,
    `offerId: 1 to ${limits.kOfferIdBytes} of A-Z a-z 0-9 . _ : -`,
  );
  must(isWhole(order.quantity, 1, limits.kQuantityMax), `quantity: 1 to ${limits.kQuantityMax}`);
  const { currency, amountMinor } = order.priceSeen;
  must(/^[A-Z]{3}$/.test(currency), 'priceSeen.currency: three upper-case letters');
  must(
    typeof amountMinor === 'bigint' && amountMinor >= 0n && amountMinor <= limits.kAmountMinorMax,
    'priceSeen.amountMinor: a bigint, 0 to 10^15',
  );
  checkText('priceVersion', order.priceVersion, limits.kShortTextBytes);
  checkText('roomId', order.roomId, limits.kShortTextBytes);
  checkText('campaignId', order.campaignId, limits.kShortTextBytes);
  checkText('voucherRef', order.voucherRef, limits.kShortTextBytes);
  checkText('attribution', order.attribution, limits.kAttributionBytes);
  must(
    isWhole(order.streamPositionMs ?? 0, 0, limits.kStreamPositionMsMax),
    'streamPositionMs: whole milliseconds, 0 to 10 days',
  );
}

export function intentOf(order: Order, intentId: string, timeMs: number): Intent {
  return makeIntent({
    intentId,
    offerId: order.offerId,
    quantity: order.quantity,
    priceSeen: { currency: order.priceSeen.currency, amountMinor: order.priceSeen.amountMinor },
    priceVersion: order.priceVersion ?? '',
    roomId: order.roomId ?? '',
    streamPositionMs: BigInt(order.streamPositionMs ?? 0),
    campaignId: order.campaignId ?? '',
    attribution: order.attribution ?? '',
    voucherRef: order.voucherRef ?? '',
    clientTime: timestampFromMs(timeMs),
  });
}
