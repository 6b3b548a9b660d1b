// Whether an offer may be tapped right now, and what its button says if not. What is known here
// only saves useless taps: the marketplace decides. Pure.

import type { OfferHint } from '@jembatan/client';
import type { Money } from './format.js';
import type { Offer } from './room.js';

export type Availability = 'open' | 'low' | 'sold-out' | 'not-started' | 'ended';

export interface Countdown {
  towards: 'start' | 'end';
  at: Date;
}

export function availability(offer: Offer, hint: OfferHint | undefined, now: Date): Availability {
  if (offer.endsMs !== 0 && now.getTime() >= offer.endsMs) return 'ended';
  if (hint?.stock === 'closed') return 'sold-out';
  if (now.getTime() < offer.startsMs) return 'not-started';
  return hint?.stock === 'low' ? 'low' : 'open';
}

export function countdown(offer: Offer, now: Date): Countdown | undefined {
  const time = now.getTime();
  if (time < offer.startsMs) return { towards: 'start', at: new Date(offer.startsMs) };
  if (time < offer.endsMs) return { towards: 'end', at: new Date(offer.endsMs) };
  return undefined;
}

// The newest word on a price counts: an outcome's, a hint's, the room's.
export function priceOf(offer: Offer, hint: OfferHint | undefined, told: Money | undefined): Money {
  return told ?? hint?.price ?? offer.price;
}
