// OfferHint, RoomHint: what is told of watched rooms, to save useless taps.

import { timestampMs, type Timestamp } from '@bufbuild/protobuf/wkt';

import type { Money } from './state.js';
import { RoomState, Stock, type OfferHintMessage, type RoomHintMessage } from './wire.js';

/** The state of an offer in a room: all of it each time, the last one holds. */
export interface OfferHint {
  readonly offerId: string;
  readonly stock: 'unknown' | 'open' | 'low' | 'closed' | 'notStarted';
  readonly price?: Money;
  readonly priceVersion?: string;
  readonly title?: string;
  /** Units ordered and not given back, as the marketplace counts them. */
  readonly sold: number;
  readonly saleStartsAt?: Date;
  readonly saleEndsAt?: Date;
  /** A domestic product of Beli Lokal, as the marketplace attests. */
  readonly local: boolean;
  readonly roomId: string;
  /** The one pinned last is shown first. */
  readonly pinnedAt?: Date;
  /** It is no longer pinned; nothing else is told. */
  readonly unpinned: boolean;
}

/** Of which everything is told anew: the hints on its offers from before are void. */
export interface RoomHint {
  readonly roomId: string;
  readonly state: 'live' | 'closed' | 'unknown';
}

const kStocks = new Map<Stock, OfferHint['stock']>([
  [Stock.OPEN, 'open'],
  [Stock.LOW, 'low'],
  [Stock.CLOSED, 'closed'],
  [Stock.NOT_STARTED, 'notStarted'],
]);

const kRooms = new Map<RoomState, RoomHint['state']>([
  [RoomState.LIVE, 'live'],
  [RoomState.CLOSED, 'closed'],
]);

function dateOf(time: Timestamp): Date {
  return new Date(timestampMs(time));
}

export function offerHint(hint: OfferHintMessage): OfferHint {
  const { price, saleStartsAt, saleEndsAt, pinnedAt } = hint;
  return {
    offerId: hint.offerId,
    stock: kStocks.get(hint.stock) ?? 'unknown',
    sold: Number(hint.sold),
    local: hint.local,
    roomId: hint.roomId,
    unpinned: hint.unpinned,
    ...(price && { price: { currency: price.currency, amountMinor: price.amountMinor } }),
    ...(hint.priceVersion && { priceVersion: hint.priceVersion }),
    ...(hint.title && { title: hint.title }),
    ...(saleStartsAt && { saleStartsAt: dateOf(saleStartsAt) }),
    ...(saleEndsAt && { saleEndsAt: dateOf(saleEndsAt) }),
    ...(pinnedAt && { pinnedAt: dateOf(pinnedAt) }),
  };
}

export function roomHint(hint: RoomHintMessage): RoomHint {
  return { roomId: hint.roomId, state: kRooms.get(hint.state) ?? 'unknown' };
}
