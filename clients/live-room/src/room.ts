// What the app's back end tells of the live room, checked as it comes in: the page trusts no shape
// that it has not looked at. Pure.

import type { OfferHint } from '@jembatan/client';
import type { Money } from './format.js';
import type { Locale } from './texts.js';

export type InBothLanguages = Record<Locale, string>;

export interface Offer {
  offerId: string;
  title: InBothLanguages;
  seller: string;
  // Where it is made; shown with the local mark only.
  place: string;
  // The name of its picture in art.ts.
  art: string;
  price: Money;
  priceVersion: string;
  // Made in Indonesia, as the marketplace attests.
  local: boolean;
  // At most so many per buyer; 0: no limit known.
  buyerLimit: number;
  // When its sale opens and closes, Unix milliseconds; 0: always.
  startsMs: number;
  endsMs: number;
  // Only hints tell these: how much is left, and how many were ordered.
  stock?: OfferHint['stock'];
  sold?: number;
}

export interface Room {
  roomId: string;
  title: InBothLanguages;
  host: string;
  marketplace: string;
  // Where gateways answer, http(s); one after the other.
  gateways: string[];
  offers: Offer[];
  // The offer on screen.
  pinned: string;
  consent: boolean;
}

export const kMaxOffers = 50;

type Fields = Record<string, unknown>;

function fieldsOf(value: unknown, what: string): Fields {
  if (typeof value !== 'object' || value === null) throw new Error(`${what}: not an object`);
  return value as Fields;
}

function text(fields: Fields, key: string): string {
  const value = fields[key];
  if (typeof value !== 'string') throw new Error(`${key}: not a text`);
  return value;
}

function texts(fields: Fields, key: string): string[] {
  const value = fields[key];
  if (!Array.isArray(value)) throw new Error(`${key}: not a list`);
  return value.map((_, index) => text(value as unknown as Fields, String(index)));
}

function number(fields: Fields, key: string): number {
  const value = fields[key] ?? 0;
  if (typeof value !== 'number' || !Number.isFinite(value)) throw new Error(`${key}: no number`);
  return value;
}

function both(fields: Fields, key: string): InBothLanguages {
  const value = fieldsOf(fields[key], key);
  return { id: text(value, 'id'), en: text(value, 'en') };
}

function readOffer(value: unknown): Offer {
  const fields = fieldsOf(value, 'offer');
  const price = fieldsOf(fields.price, 'price');
  return {
    offerId: text(fields, 'offerId'),
    title: both(fields, 'title'),
    seller: text(fields, 'seller'),
    place: text(fields, 'place'),
    art: text(fields, 'art'),
    price: { currency: text(price, 'currency'), amountMinor: BigInt(text(price, 'amountMinor')) },
    priceVersion: text(fields, 'priceVersion'),
    local: fields.local === true,
    buyerLimit: number(fields, 'buyerLimit'),
    startsMs: number(fields, 'startsMs'),
    endsMs: number(fields, 'endsMs'),
  };
}

export function readRoom(value: unknown): Room {
  const fields = fieldsOf(value, 'room');
  if (!Array.isArray(fields.offers)) throw new Error('offers: not a list');
  const offers = fields.offers.slice(0, kMaxOffers).map(readOffer);
  if (offers.length === 0) throw new Error('offers: none');
  return {
    roomId: text(fields, 'roomId'),
    title: both(fields, 'title'),
    host: text(fields, 'host'),
    marketplace: text(fields, 'marketplace'),
    gateways: texts(fields, 'gateways'),
    offers,
    pinned: text(fields, 'pinned'),
    consent: fields.consent === true,
  };
}
