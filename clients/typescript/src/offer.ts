// OfferHint: the state of an offer in a watched room.

import type { Money } from './state.js';
import { Stock, type OfferHintMessage } from './wire.js';

export interface OfferHint {
  readonly offerId: string;
  readonly stock: 'unknown' | 'open' | 'low' | 'closed';
  readonly price?: Money;
  readonly priceVersion?: string;
}

const kStocks = new Map<Stock, OfferHint['stock']>([
  [Stock.OPEN, 'open'],
  [Stock.LOW, 'low'],
  [Stock.CLOSED, 'closed'],
]);

export function offerHint(hint: OfferHintMessage): OfferHint {
  const { price } = hint;
  return {
    offerId: hint.offerId,
    stock: kStocks.get(hint.stock) ?? 'unknown',
    ...(price && { price: { currency: price.currency, amountMinor: price.amountMinor } }),
    ...(hint.priceVersion && { priceVersion: hint.priceVersion }),
  };
}
