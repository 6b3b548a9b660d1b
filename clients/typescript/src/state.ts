// What an app is told of a purchase.

import { kReasons, type Reason } from './gen/reasons.js';
import type { Reason as ReasonNumber } from './gen/jembatan/intake/v1/reason_pb.js';

export type { Reason } from './gen/reasons.js';

export type PurchaseKind =
  /** On its way: no gateway has answered yet, or time has to pass before it takes it. */
  | 'sending'
  /** In the log for good: exactly one of the final words will follow. */
  | 'accepted'
  /** It may be in the log or not: the client sends it again, and asks. */
  | 'pending'
  /** The marketplace has not confirmed it yet and is being asked; or nobody remembers it. */
  | 'unconfirmed'
  /** Final: it was not taken, nothing was ordered. */
  | 'refused'
  /** Final: exactly one order exists. The buyer pays at continueUrl. */
  | 'ordered'
  /** Final: nothing is ordered unless the buyer goes on at continueUrl. */
  | 'handedOff'
  /** Final: no order exists and none will. */
  | 'rejected'
  /** Final: the time ran out; no order exists and none will. */
  | 'expired'
  /** Final: it never came through; no order exists and none will. */
  | 'none';

/** How an order fares after it was placed. */
export type OrderState =
  /** The buyer has paid at the marketplace. */
  | 'paid'
  /** The buyer or the marketplace has cancelled it. */
  | 'cancelled'
  /** Nobody paid while the goods were held: it is cancelled. */
  | 'holdExpired';

export interface Money {
  /** ISO 4217. */
  readonly currency: string;
  /** Whole minor units by ISO 4217's exponent: Rp 25.000 is 2500000n. */
  readonly amountMinor: bigint;
}

/** Words for viewers, as the gateway's contract has them. */
export interface Message {
  readonly id: string;
  readonly en: string;
}

export interface PurchaseState {
  readonly kind: PurchaseKind;
  /** No further word will come, but of an order how it fares. */
  readonly final: boolean;
  /** Why; absent also for a reason that only a newer server knows. */
  readonly reason?: Reason;
  /** The reason for viewers, in both languages. */
  readonly message?: Message;
  /** The message in the client's locale. */
  readonly text?: string;
  /** Refused: whether a new tap can succeed. Otherwise: the client sends it again by itself. */
  readonly retryable?: boolean;
  /** When that is, from now. */
  readonly retryAfterMs?: number;
  readonly orderId?: string;
  readonly continueUrl?: string;
  readonly invoiceUrl?: string;
  /** The marketplace's unit price. */
  readonly price?: Money;
  /** Until when the marketplace holds the goods for payment. */
  readonly holdExpiresAt?: Date;
  /** Ordered: how the order fares since; absent while nothing was told. */
  readonly orderState?: OrderState;
  /** When that changed, by the marketplace's clock. */
  readonly orderStateAt?: Date;
  /** By when the next word is due while all goes well, in server time; final: when it came. */
  readonly decidedBy: Date;
}

export type Locale = 'id' | 'en';

type ReasonRow = (typeof kReasons)[number];
const kByNumber = new Map<number, ReasonRow>(kReasons.map((row) => [row.number, row]));

/** What is known of a reason; undefined for none and for one that only a newer server knows. */
export function reasonOf(
  number: ReasonNumber,
  locale: Locale,
): { reason: Reason; message: Message; text: string; retryable: boolean } | undefined {
  const row = kByNumber.get(number);
  if (row === undefined) return undefined;
  const message = { id: row.id, en: row.en };
  return { reason: row.name, message, text: message[locale], retryable: row.retryable };
}

/** The number of a reason's name; undefined: no such reason here. */
export function reasonNumber(name: string): ReasonNumber | undefined {
  return kReasons.find((row) => row.name === name)?.number;
}
