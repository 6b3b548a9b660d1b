// Tap: all that is known of one purchase, and what is to be done for it next. It keeps the client's
// rule: the same id and body until a final word; after a send that may have got through, a refusal
// ends nothing, and only an outcome or NONE does.
//
// Pure: it does no I/O, its time is an argument (server time, Unix milliseconds). Owned by Taps.

import { clone, toBinary } from '@bufbuild/protobuf';
import { timestampFromMs, timestampMs } from '@bufbuild/protobuf/wkt';

import {
  GetOutcomesResponse_Verdict as Verdict,
  IntentSchema,
  Outcome_OrderState as OrderStateNumber,
  Outcome_State as OutcomeState,
  Receipt_Status as Status,
  type GetOutcomesResponse_Answer as Answer,
  type Intent,
  type Outcome,
  type Receipt,
} from './gen/jembatan/intake/v1/intake_pb.js';
import { Reason as ReasonNumber } from './gen/jembatan/intake/v1/reason_pb.js';
import * as limits from './limits.js';
import { doubled, jitter, type RandomBytes } from './random.js';
import {
  reasonOf,
  type Locale,
  type OrderState,
  type PurchaseKind,
  type PurchaseState,
} from './state.js';
import { uuidV7TimeMs } from './uuid.js';

export interface TapContext {
  readonly random: RandomBytes;
  readonly locale: Locale;
  /** Of the connection that there is, or was last. */
  readonly pace: Pace;
  /** The tap has a new state, or a new id. */
  changed(tap: Tap): void;
}

/** How outcomes come: pushed on a stream, or only when asked for. */
export type Pace = 'pushed' | 'polled';

const kFinalKinds: ReadonlySet<PurchaseKind> = new Set([
  'refused',
  'ordered',
  'handedOff',
  'rejected',
  'expired',
  'none',
]);

const kKindOfOutcome = new Map<OutcomeState, PurchaseKind>([
  [OutcomeState.ORDERED, 'ordered'],
  [OutcomeState.HANDED_OFF, 'handedOff'],
  [OutcomeState.REJECTED, 'rejected'],
  [OutcomeState.EXPIRED, 'expired'],
]);

const kOrderStates = new Map<OrderStateNumber, OrderState>([
  [OrderStateNumber.PAID, 'paid'],
  [OrderStateNumber.CANCELLED, 'cancelled'],
  [OrderStateNumber.HOLD_EXPIRED, 'holdExpired'],
]);

type Told = Omit<PurchaseState, 'final' | 'decidedBy' | 'reason' | 'message' | 'text'>;

export class Tap {
  readonly #context: TapContext;
  #intent: Intent;
  /** When the viewer tapped, by the device's monotonic clock; undefined: in an earlier life. */
  readonly tappedMs: number | undefined;
  #state: PurchaseState;
  /** In the storage, so that a reload cannot forget it. Nothing is sent before. */
  stored = false;

  /** Sends that nothing has answered yet, on the connection that there is. */
  #unanswered = 0;
  /** A copy may be in the log: one was unanswered, PENDING or ACCEPTED. */
  #mayBeInLog = false;
  #accepted = false;
  #sent = false;
  #sentMs = 0;
  /** When to send, and to ask what became of it; undefined: not. 0: whatever the clock says. */
  #sendMs: number | undefined = 0;
  #askMs: number | undefined;
  #resends = 0;
  #asks = 0;
  #settledAsks = 0;
  #forgotten = 0;
  #reauthentications = 0;
  /** Why it was last refused. */
  #reason = ReasonNumber.UNSPECIFIED;

  constructor(context: TapContext, intent: Intent, nowMs: number, tappedMs: number | undefined) {
    this.#context = context;
    this.#intent = intent;
    this.tappedMs = tappedMs;
    this.#state = this.#stateOf({ kind: 'sending' }, ReasonNumber.UNSPECIFIED, nowMs);
  }

  /** One that an earlier life of this client has, or may have, sent. */
  static resumed(context: TapContext, intent: Intent, accepted: boolean, nowMs: number): Tap {
    const tap = new Tap(context, intent, nowMs, undefined);
    tap.stored = true;
    tap.#sent = true;
    tap.#mayBeInLog = true;
    tap.#accepted = accepted;
    tap.#askMs = 0;
    if (accepted) tap.#sendMs = undefined;
    const kind = accepted ? 'accepted' : 'sending';
    tap.#state = tap.#stateOf({ kind }, ReasonNumber.UNSPECIFIED, nowMs);
    return tap;
  }

  get intent(): Intent {
    return this.#intent;
  }
  get id(): string {
    return this.#intent.intentId;
  }
  get bytes(): Uint8Array {
    return toBinary(IntentSchema, this.#intent);
  }
  get state(): PurchaseState {
    return this.#state;
  }
  get deadlineMs(): number {
    return (uuidV7TimeMs(this.id) ?? 0) + limits.kTtlMs;
  }
  /** A gateway has been given it, or may have. */
  get sent(): boolean {
    return this.#sent;
  }
  get accepted(): boolean {
    return this.#accepted;
  }
  /** When the oldest send without an answer was; undefined: there is none. */
  get unansweredSinceMs(): number | undefined {
    return this.#unanswered > 0 ? this.#sentMs : undefined;
  }
  get sendMs(): number | undefined {
    return this.#state.final || this.#unanswered > 0 ? undefined : this.#sendMs;
  }
  get askMs(): number | undefined {
    return this.#state.final || !this.#mayBeInLog ? undefined : this.#askMs;
  }
  /** The next moment at which onTime has something to do. */
  get endMs(): number | undefined {
    return this.#state.final || this.#accepted || this.#sendMs === undefined
      ? undefined
      : this.deadlineMs;
  }

  /** Another id, for the clock was wrong; only as long as the present one was told to nobody. */
  renew(id: string): void {
    if (this.#sent || this.stored) throw new Error('an id that may have been sent is kept');
    this.#intent = clone(IntentSchema, this.#intent);
    this.#intent.intentId = id;
    this.#intent.clientTime = timestampFromMs(uuidV7TimeMs(id) ?? 0);
    this.#context.changed(this);
  }

  onSent(nowMs: number): void {
    this.#sent = true;
    this.#unanswered += 1;
    this.#sentMs = nowMs;
    this.#sendMs = undefined;
    this.#resends += 1;
  }

  onReceipt(receipt: Receipt, nowMs: number): void {
    if (this.#state.final) return;
    this.#unanswered = Math.max(0, this.#unanswered - 1);
    if (receipt.status === Status.REFUSED) return this.#onRefused(receipt, nowMs);
    this.#mayBeInLog = true;
    this.#forgotten = 0;
    if (receipt.status === Status.ACCEPTED) {
      this.#accepted = true;
      this.#sendMs = undefined;
      this.#askLater(nowMs);
      if (this.#state.kind !== 'unconfirmed') this.#tell({ kind: 'accepted' }, 0, nowMs);
      return;
    }
    if (this.#accepted) return;
    this.#sendMs = this.#afterHint(receipt.retryAfterMs, nowMs);
    this.#askLater(nowMs);
    this.#tellWaiting('pending', receipt, nowMs);
  }

  /** The connection is gone, and with it the answers to what was sent on it. */
  onLost(nowMs: number): void {
    if (this.#unanswered === 0 || this.#state.final) return;
    this.#unanswered = 0;
    this.#mayBeInLog = true;
    if (!this.#accepted) this.#sendMs = nowMs + this.#pauseMs();
    this.#askLater(nowMs);
  }

  /** A connection is there, perhaps of another pace. */
  onConnected(nowMs: number): void {
    this.#asks = 0;
    // A gateway that never heard of it, or one that has lost its mind, is told again.
    if (this.#sent && !this.#accepted && this.#reason === 0) this.#sendMs ??= nowMs;
    this.#askLater(nowMs);
  }

  onOutcome(outcome: Outcome, nowMs: number): void {
    if (this.#state.final) return this.#onOrderState(outcome);
    this.#mayBeInLog = true;
    this.#accepted = true;
    this.#sendMs = undefined;
    const kind = kKindOfOutcome.get(outcome.state);
    const { price, holdExpiresAt } = outcome;
    this.#askLater(nowMs);
    this.#tell(
      {
        kind: kind ?? 'unconfirmed',
        ...(outcome.orderId && { orderId: outcome.orderId }),
        ...(outcome.continueUrl && { continueUrl: outcome.continueUrl }),
        ...(outcome.invoiceUrl && { invoiceUrl: outcome.invoiceUrl }),
        ...(price && { price: { currency: price.currency, amountMinor: price.amountMinor } }),
        ...(holdExpiresAt && { holdExpiresAt: new Date(timestampMs(holdExpiresAt)) }),
      },
      outcome.reason,
      nowMs,
      // A state that only a newer client knows is final all the same.
      outcome.state !== OutcomeState.UNCONFIRMED,
    );
    this.#onOrderState(outcome);
  }

  /** Of an order it is told again how it fares; the later word holds, and nothing else changes. */
  #onOrderState({ orderState: number, orderStateAt, invoiceUrl }: Outcome): void {
    const orderState = kOrderStates.get(number);
    if (this.#state.kind !== 'ordered' || !orderState || !orderStateAt) return;
    const changedMs = timestampMs(orderStateAt);
    if (changedMs <= (this.#state.orderStateAt?.getTime() ?? -1)) return;
    this.#state = Object.freeze({
      ...this.#state,
      ...(invoiceUrl && { invoiceUrl }),
      orderState,
      orderStateAt: new Date(changedMs),
    });
    this.#context.changed(this);
  }

  onAsked(nowMs: number): void {
    this.#asks += 1;
    if (nowMs >= this.#certainMs) this.#settledAsks += 1;
    this.#askLater(nowMs);
  }

  onAnswer(answer: Answer, nowMs: number): void {
    if (this.#state.final) return;
    if (answer.verdict === Verdict.OUTCOME && answer.outcome) {
      return this.onOutcome(answer.outcome, nowMs);
    }
    if (answer.verdict === Verdict.NONE) return this.#tell({ kind: 'none' }, this.#reason, nowMs);
    this.#forgotten = answer.verdict === Verdict.FORGOTTEN ? this.#forgotten + 1 : 0;
    if (this.#forgotten >= limits.kForgottenMax) {
      this.#tell({ kind: 'unconfirmed' }, ReasonNumber.UNSPECIFIED, nowMs, true);
    }
  }

  /** The deadline ends the sending, and what was certainly taken by nobody. */
  onTime(nowMs: number): void {
    if (this.endMs === undefined || nowMs < this.deadlineMs) return;
    if (this.#mayBeInLog || this.#unanswered > 0) {
      this.#sendMs = undefined;
      return;
    }
    const reason = this.#reason || ReasonNumber.DEADLINE_PASSED;
    this.#tell({ kind: 'refused', retryable: true }, reason, nowMs);
  }

  #onRefused(receipt: Receipt, nowMs: number): void {
    if (this.#accepted) return;
    this.#reason = receipt.reason;
    const renewable = receipt.reason === ReasonNumber.UNAUTHENTICATED;
    if (renewable && this.#reauthentications < limits.kReauthenticationsMax) {
      this.#reauthentications += 1;
      this.#sendMs = nowMs + jitter(this.#context.random, limits.kResendMs);
      return;
    }
    this.#sendMs = this.#afterHint(receipt.retryAfterMs, nowMs);
    if (this.#sendMs !== undefined) {
      return this.#tellWaiting(this.#mayBeInLog ? 'pending' : 'sending', receipt, nowMs);
    }
    if (this.#mayBeInLog || this.#unanswered > 0) {
      this.#askLater(nowMs);
      return this.#tell({ kind: 'pending' }, receipt.reason, nowMs);
    }
    const retryable = reasonOf(receipt.reason, this.#context.locale)?.retryable ?? false;
    this.#tell({ kind: 'refused', retryable }, receipt.reason, nowMs);
  }

  /** A stream's successor pauses for all it carries; calls fail one by one. */
  #pauseMs(): number {
    if (this.#context.pace === 'pushed') return 0;
    const interval = doubled(limits.kResendMs, limits.kResendMsMax, this.#resends);
    return jitter(this.#context.random, interval);
  }

  /** When a hint says that a resend makes sense; undefined: it says there is none. */
  #afterHint(retryAfterMs: number, nowMs: number): number | undefined {
    if (retryAfterMs === 0) return undefined;
    const interval = doubled(limits.kResendMs, limits.kResendMsMax, this.#resends);
    const dueMs = nowMs + retryAfterMs + jitter(this.#context.random, interval);
    return dueMs < this.deadlineMs ? dueMs : undefined;
  }

  /** When NONE can be said of it. */
  get #certainMs(): number {
    return this.deadlineMs + limits.kBrokerSkewMs;
  }

  #askLater(nowMs: number): void {
    if (!this.#mayBeInLog) return;
    const certain = nowMs >= this.#certainMs;
    let interval = doubled(limits.kAskPolledMs, limits.kAskPolledMsMax, this.#asks);
    if (certain) {
      interval = doubled(limits.kAskSettledMs, limits.kAskSettledMsMax, this.#settledAsks);
    } else if (this.#context.pace === 'pushed') {
      interval = doubled(limits.kAskPushedMs, limits.kAskPushedMsMax, this.#asks);
    }
    // Half of it for sure: an interval that is all jitter asks too often.
    const dueMs = nowMs + interval / 2 + jitter(this.#context.random, interval / 2);
    const certainMs = this.#certainMs + jitter(this.#context.random, limits.kAskSettledMs);
    this.#askMs = certain ? dueMs : Math.min(dueMs, certainMs);
  }

  #tellWaiting(kind: PurchaseKind, receipt: Receipt, nowMs: number): void {
    const again = this.#sendMs !== undefined;
    const retryAfterMs = again ? Math.ceil((this.#sendMs ?? nowMs) - nowMs) : 0;
    this.#tell({ kind, retryable: again, ...(again && { retryAfterMs }) }, receipt.reason, nowMs);
  }

  #tell(told: Told, reason: ReasonNumber, nowMs: number, final?: boolean): void {
    this.#state = this.#stateOf(told, reason, nowMs, final);
    if (this.#state.final) {
      this.#unanswered = 0;
      this.#sendMs = this.#askMs = undefined;
    }
    this.#context.changed(this);
  }

  #stateOf(told: Told, number: ReasonNumber, nowMs: number, is?: boolean): PurchaseState {
    const final = is ?? kFinalKinds.has(told.kind);
    const reason = reasonOf(number, this.#context.locale);
    return Object.freeze({
      ...told,
      final,
      ...(reason && { reason: reason.reason, message: reason.message, text: reason.text }),
      decidedBy: new Date(final ? nowMs : this.#nextWordMs(told, nowMs)),
    });
  }

  #nextWordMs(told: Told, nowMs: number): number {
    const settledMs = this.#certainMs + limits.kProgressMs;
    switch (told.kind) {
      case 'sending':
        return Math.min(nowMs + (told.retryAfterMs ?? 0) + limits.kReceiptMs, this.deadlineMs);
      case 'pending':
        return told.retryAfterMs === undefined
          ? settledMs
          : Math.min(nowMs + told.retryAfterMs + limits.kReceiptMs, settledMs);
      case 'accepted':
        return this.deadlineMs;
      default:
        return settledMs;
    }
  }
}
