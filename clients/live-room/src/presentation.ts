// What a viewer is told of a tap: which words, in which tone, and by when the next one comes. Here
// it is decided that a queued tap never looks bought. Pure.

import type { PurchaseState } from '@jembatan/client';
import { formatLeft, formatMoney, formatTime, type Money } from './format.js';
import { fill, texts, type Locale, type Texts } from './texts.js';

// How far a tap has come; a step is reached only when it is certain.
export const kSteps = ['stepSent', 'stepQueued', 'stepDecided', 'stepPay'] as const;

export type Tone = 'wait' | 'done' | 'info' | 'bad';

export type Action =
  | { kind: 'again'; label: string }
  | { kind: 'at-price'; label: string; price: Money }
  | { kind: 'consent'; label: string };

export interface Ticket {
  tone: Tone;
  title: string;
  next: string;
  // A second sentence, if there is one to say.
  after?: string;
  // Index into steps of the one under way; undefined: the way has ended before the last one.
  step?: number;
  // When the next word comes at the latest, or the hold ends.
  until?: Date | undefined;
  order?: string;
  link?: { href: string; label: string };
  action?: Action;
}

export interface Viewed {
  state: PurchaseState;
  // When the state began.
  since: Date;
  // After it nothing is bought any more.
  deadline: Date;
  priceSeen?: Money;
}

export interface Surroundings {
  locale: Locale;
  marketplace: string;
  now: Date;
}

export function present(viewed: Viewed, around: Surroundings): Ticket {
  const ticket = told(viewed, around);
  const isLate = !viewed.state.final && viewed.state.decidedBy <= around.now;
  return isLate ? { ...ticket, ...late(viewed, around) } : ticket;
}

// A word that did not come when it was promised is not promised for the same time again.
function late({ deadline }: Viewed, { locale, now }: Surroundings): Pick<Ticket, 'next' | 'until'> {
  const words = texts(locale);
  if (deadline <= now) return { next: words.overdueNext, until: undefined };
  const values = { deadline: formatTime(deadline, locale) };
  return { next: fill(words.lateNext, values), until: deadline };
}

function told(viewed: Viewed, around: Surroundings): Ticket {
  const words = texts(around.locale);
  const { state } = viewed;
  const values = {
    marketplace: around.marketplace,
    time: formatTime(state.decidedBy, around.locale),
    message: state.message?.[around.locale] ?? words.unknownNext,
  };
  switch (state.kind) {
    case 'sending':
      return wait(0, words.sendingTitle, fill(words.sendingNext, values), state.decidedBy);
    case 'pending':
      return wait(0, words.pendingTitle, fill(words.pendingNext, values), state.decidedBy);
    case 'accepted':
      return wait(1, words.acceptedTitle, fill(words.acceptedNext, values), state.decidedBy);
    case 'unconfirmed':
      return unconfirmed(state, words, values);
    case 'ordered':
      return ordered(state, words, around);
    case 'handedOff':
      return handedOff(state, words, values);
    case 'rejected':
      return { ...rejected(viewed, words, around), tone: 'bad', title: words.rejectedTitle };
    case 'refused':
      return refused(viewed, words, around);
    case 'expired':
      return { ...again(words), tone: 'bad', title: words.expiredTitle, next: words.expiredNext };
    case 'none':
      return { ...again(words), tone: 'info', title: words.noneTitle, next: words.noneNext };
  }
}

function wait(step: number, title: string, next: string, until: Date): Ticket {
  return { tone: 'wait', step, title, next, until };
}

function unconfirmed(state: PurchaseState, words: Texts, values: Record<string, string>): Ticket {
  if (state.final) {
    const next = fill(words.forgottenNext, values);
    return { tone: 'info', title: words.forgottenTitle, next };
  }
  return wait(1, words.unconfirmedTitle, fill(words.unconfirmedNext, values), state.decidedBy);
}

function again(words: Texts): { action: Action } {
  return { action: { kind: 'again', label: words.tryAgain } };
}

// How the order fares, if the marketplace tells: a word, and the way to its own page.
function fared(state: PurchaseState, words: Texts, values: Record<string, string>): Ticket | null {
  const rows = {
    paid: { tone: 'done', title: words.paidTitle, next: words.paidNext },
    cancelled: { tone: 'info', title: words.cancelledTitle, next: words.cancelledNext },
    holdExpired: { tone: 'info', title: words.holdExpiredTitle, next: words.holdExpiredNext },
  } as const;
  if (state.orderState === undefined) return null;
  const { tone, title, next } = rows[state.orderState];
  const ticket: Ticket = { tone, title, next: fill(next, values) };
  if (state.orderState === 'paid') ticket.step = kSteps.length;
  if (state.orderId) ticket.order = fill(words.orderNumber, { order: state.orderId });
  if (state.continueUrl) {
    ticket.link = { href: state.continueUrl, label: fill(words.view, values) };
  }
  return ticket;
}

// Until it is told how the order fares, the app can only point to the marketplace after the hold.
function ordered(state: PurchaseState, words: Texts, around: Surroundings): Ticket {
  const hold = state.holdExpiresAt;
  const running = hold !== undefined && hold > around.now;
  const values = { marketplace: around.marketplace, time: '' };
  if (hold !== undefined) values.time = formatTime(hold, around.locale);
  const later = fared(state, words, values);
  if (later !== null) return later;
  let next = fill(words.orderedNextNoHold, values);
  if (running) next = fill(words.orderedNext, values);
  else if (hold !== undefined) next = fill(words.orderedHoldOver, values);
  const ticket: Ticket = { tone: 'done', step: 3, title: words.orderedTitle, next };
  if (running) ticket.until = hold;
  if (state.orderId) ticket.order = fill(words.orderNumber, { order: state.orderId });
  if (state.continueUrl) {
    const label = running || hold === undefined ? words.pay : words.view;
    ticket.link = { href: state.continueUrl, label: fill(label, values) };
  }
  return ticket;
}

function handedOff(state: PurchaseState, words: Texts, values: Record<string, string>): Ticket {
  const next = values.message ?? words.unknownNext;
  const ticket: Ticket = { tone: 'info', step: 2, title: words.handedOffTitle, next };
  if (state.continueUrl) {
    ticket.link = { href: state.continueUrl, label: fill(words.goOn, values) };
  }
  return ticket;
}

// The words and the way on of a tap that ends in no order.
function rejected({ state, priceSeen }: Viewed, words: Texts, { locale }: Surroundings) {
  const message = state.message?.[locale] ?? words.unknownNext;
  if (state.reason === 'PRICE_CHANGED' && state.price && priceSeen) {
    const after = formatMoney(state.price, locale);
    const values = { before: formatMoney(priceSeen, locale), after };
    const label = fill(words.buyAtPrice, { price: after });
    const action: Action = { kind: 'at-price', label, price: state.price };
    return { next: fill(words.priceWas, values), action };
  }
  if (state.reason === 'CONSENT_NOT_GIVEN') {
    const action: Action = { kind: 'consent', label: words.turnOn };
    return { next: message, action };
  }
  return { next: message };
}

function refused(viewed: Viewed, words: Texts, around: Surroundings): Ticket {
  const { state, since } = viewed;
  const end = rejected(viewed, words, around);
  const ticket: Ticket = { ...end, tone: 'bad', title: words.refusedTitle };
  if (state.reason === 'CONSENT_NOT_GIVEN') {
    ticket.tone = 'info';
    ticket.title = words.consentOffTitle;
    ticket.after = fill(words.consentOffAfter, { marketplace: around.marketplace });
  }
  if (!state.retryable) return ticket;
  const from = new Date(since.getTime() + (state.retryAfterMs ?? 0));
  if (from <= around.now) {
    Object.assign(ticket, again(words));
  } else {
    ticket.after = fill(words.waitFor, { time: leftUntil(from, around.now) });
  }
  return ticket;
}

export function leftUntil(end: Date, now: Date): string {
  return formatLeft(end.getTime() - now.getTime());
}
