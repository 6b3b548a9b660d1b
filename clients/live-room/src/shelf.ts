// Shelf: what is on sale in the room. The app's list says how an offer looks; the hints of the
// gateways say what is pinned, in which order, at which price, how much is left, and what the
// marketplace attests. Until a room is told of, the list alone counts. All of it only saves useless
// taps: the marketplace decides. Pure.

import type { OfferHint, RoomHint } from '@jembatan/client';
import type { Money } from './format.js';
import type { Offer, Room } from './room.js';

export type Availability = 'open' | 'low' | 'sold-out' | 'not-started' | 'ended';

export interface Countdown {
  towards: 'start' | 'end';
  at: Date;
}

export class Shelf {
  #state: RoomHint['state'] = 'unknown';
  readonly #hints = new Map<string, OfferHint>();
  // By offer: the price that an outcome told, until a hint is newer.
  readonly #told = new Map<string, Money>();

  get closed(): boolean {
    return this.#state === 'closed';
  }

  onRoom(hint: RoomHint): void {
    this.#state = hint.state;
    this.#hints.clear();
  }

  onOffer(hint: OfferHint): void {
    this.#told.delete(hint.offerId);
    if (hint.unpinned) this.#hints.delete(hint.offerId);
    else this.#hints.set(hint.offerId, hint);
  }

  onPrice(offerId: string, price: Money): void {
    this.#told.set(offerId, price);
  }

  // The one on screen first.
  offers(room: Room): Offer[] {
    const rows = this.#state === 'live' ? this.#pinned(room) : listed(room);
    return rows.map((row) => this.#shown(row));
  }

  #pinned(room: Room): Offer[] {
    const at = (hint: OfferHint) => hint.pinnedAt?.getTime() ?? 0;
    const hints = [...this.#hints.values()].sort((a, b) => at(b) - at(a));
    return hints.flatMap((hint) => {
      const row = room.offers.find((offer) => offer.offerId === hint.offerId);
      return row ?? bare(hint) ?? [];
    });
  }

  #shown(row: Offer): Offer {
    const told = this.#told.get(row.offerId);
    const hint = this.#hints.get(row.offerId);
    const shown = hint ? hinted(row, hint) : row;
    // No version goes with a price that only an outcome told.
    return told ? { ...shown, price: told, priceVersion: '' } : shown;
  }
}

function listed(room: Room): Offer[] {
  const rest = room.offers.filter((offer) => offer.offerId !== room.pinned);
  return [...room.offers.filter((offer) => offer.offerId === room.pinned), ...rest];
}

// An offer that the app's list does not describe; none while nobody has told its price.
function bare(hint: OfferHint): Offer | undefined {
  if (!hint.price) return undefined;
  const title = hint.title ?? hint.offerId;
  return {
    offerId: hint.offerId,
    title: { id: title, en: title },
    seller: '',
    place: '',
    art: '',
    price: hint.price,
    priceVersion: '',
    local: false,
    buyerLimit: 0,
    startsMs: 0,
    endsMs: 0,
  };
}

function hinted(row: Offer, hint: OfferHint): Offer {
  return {
    ...row,
    ...(hint.price && { price: hint.price, priceVersion: hint.priceVersion ?? '' }),
    local: hint.local,
    startsMs: hint.saleStartsAt?.getTime() ?? 0,
    endsMs: hint.saleEndsAt?.getTime() ?? 0,
    stock: hint.stock,
    sold: hint.sold,
  };
}

// What is told of the stock is older than the clock: a sale that was told as not begun may have.
export function availability(offer: Offer, now: Date): Availability {
  const time = now.getTime();
  if (offer.endsMs !== 0 && time >= offer.endsMs) return 'ended';
  if (offer.stock === 'closed') return 'sold-out';
  if (time < offer.startsMs) return 'not-started';
  if (offer.stock === 'notStarted' && offer.startsMs === 0) return 'not-started';
  return offer.stock === 'low' ? 'low' : 'open';
}

export function countdown(offer: Offer, now: Date): Countdown | undefined {
  const time = now.getTime();
  if (time < offer.startsMs) return { towards: 'start', at: new Date(offer.startsMs) };
  if (time < offer.endsMs) return { towards: 'end', at: new Date(offer.endsMs) };
  return undefined;
}
