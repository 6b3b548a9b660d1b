// FakeGateway: a gateway, its log and its marketplace in memory and virtual time, with switches for
// everything that goes wrong. Its WebSocket and fetch are what a client under test is given.

import { create, fromBinary, toBinary, type MessageInitShape } from '@bufbuild/protobuf';
import { timestampFromMs } from '@bufbuild/protobuf/wkt';

import {
  ClientFrameSchema,
  GetOutcomesRequestSchema,
  GetOutcomesResponse_Verdict as Verdict,
  GetOutcomesResponseSchema,
  IntentSchema,
  Outcome_State as OutcomeState,
  OutcomeSchema,
  Receipt_Status as Status,
  ReceiptSchema,
  ServerFrameSchema,
  SubmitIntentRequestSchema,
  SubmitIntentResponseSchema,
  type Intent,
  type Outcome,
} from '../gen/jembatan/intake/v1/intake_pb.js';
import { Reason } from '../gen/jembatan/intake/v1/reason_pb.js';
import { kTtlMs } from '../limits.js';
import type { WebSocketLike } from '../stream.js';
import { uuidV7TimeMs } from '../uuid.js';
import type { VirtualClock } from './virtual_clock.js';

type ReceiptInit = MessageInitShape<typeof ReceiptSchema>;
type FrameInit = MessageInitShape<typeof ServerFrameSchema>;

const kHopMs = 5;
const kAbnormal = 1006;

export class FakeSocket implements WebSocketLike {
  binaryType = '';
  readonly bufferedAmount = 0;
  onopen: ((event: any) => void) | null = null;
  onmessage: ((event: any) => void) | null = null;
  onerror: ((event: any) => void) | null = null;
  onclose: ((event: any) => void) | null = null;
  readonly #gateway: FakeGateway;
  readonly protocols: string[];
  open = false;
  #ended = false;

  constructor(gateway: FakeGateway, protocols: string[]) {
    this.#gateway = gateway;
    this.protocols = protocols;
    gateway.clock.setTimeout(() => this.#handshake(), kHopMs);
  }

  send(data: Uint8Array): void {
    const frame = fromBinary(ClientFrameSchema, data);
    this.#gateway.clock.setTimeout(() => this.#gateway.onFrame(this, frame), kHopMs);
  }

  close(code = kAbnormal): void {
    if (this.#ended) return;
    this.#ended = true;
    this.open = false;
    this.#gateway.sockets.delete(this);
    this.#gateway.clock.setTimeout(() => this.onclose?.({ code, reason: '' }), 0);
  }

  /** From the server. */
  tell(frame: FrameInit): void {
    const bytes = toBinary(ServerFrameSchema, create(ServerFrameSchema, frame));
    const data = bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.length);
    this.#gateway.clock.setTimeout(() => {
      if (this.open) this.onmessage?.({ data });
    }, kHopMs);
  }

  #handshake(): void {
    if (this.#ended || this.#gateway.mute || this.#gateway.streamsHang) return;
    if (!this.#gateway.streams) return this.close();
    this.open = true;
    this.#gateway.sockets.add(this);
    this.onopen?.({});
    const serverTime = timestampFromMs(this.#gateway.clock.trueMs());
    const drain = this.#gateway.drainFirst ? { drain: { reconnectAfterMs: 1_000 } } : {};
    this.tell({ serverTime, ...drain });
  }
}

interface Entry {
  readonly intent: Intent;
  outcome?: Outcome;
}

export class FakeGateway {
  readonly clock: VirtualClock;
  /** WebSockets open; calls are answered; nothing is answered though it is taken. */
  streams = true;
  calls = true;
  mute = false;
  /** Nothing comes of a WebSocket, not even a failure. */
  streamsHang = false;
  /** A new stream's first frame says that the gateway drains. */
  drainFirst = false;
  /** The Date header of calls. */
  date = true;
  /** The receipt of the n-th submission of an intent, from 0; undefined: none. */
  receipt: (intent: Intent, nth: number) => ReceiptInit | undefined = () => ({
    status: Status.ACCEPTED,
  });
  /** When the marketplace decides, after acceptance; undefined: never. */
  outcomeMs: number | undefined = 50;
  outcome: (intent: Intent) => MessageInitShape<typeof OutcomeSchema> = () => ({
    state: OutcomeState.ORDERED,
    orderId: 'T-1',
    continueUrl: 'https://pay.example/T-1',
  });
  /** What GetOutcomes says of an id without an outcome. */
  verdict = Verdict.NOT_YET;
  /** The answer to every call instead. */
  callError: { status: number; body: string } | undefined;

  readonly sockets = new Set<FakeSocket>();
  /** All that was submitted, in its order, and all that was watched or asked about. */
  readonly submitted: Intent[] = [];
  readonly watched: string[][] = [];
  readonly rooms: string[][] = [];
  readonly asked: string[][] = [];
  readonly tokens: string[] = [];
  readonly log = new Map<string, Entry>();
  opened = 0;

  constructor(clock: VirtualClock) {
    this.clock = clock;
  }

  get WebSocket() {
    const gateway = this;
    return class extends FakeSocket {
      constructor(_url: string, protocols: string[]) {
        gateway.opened += 1;
        gateway.tokens.push(protocols[1] ?? '');
        super(gateway, protocols);
      }
    };
  }

  readonly fetch = async (input: unknown, init?: RequestInit): Promise<Response> => {
    await this.#pass(kHopMs, init?.signal);
    if (!this.calls) throw new TypeError('fetch failed');
    if (this.mute) await this.#pass(Infinity, init?.signal);
    const headers = this.date ? { date: new Date(this.clock.trueMs()).toUTCString() } : undefined;
    this.tokens.push(new Headers(init?.headers).get('authorization') ?? '');
    if (this.callError) {
      const { status, body } = this.callError;
      return new Response(body, { status, headers });
    }
    const bytes = this.#unary(String(input), init?.body as Uint8Array);
    if (bytes === undefined) throw new TypeError('fetch failed');
    await this.#pass(kHopMs, init?.signal);
    return new Response(bytes as BodyInit, { headers });
  };

  /** The process dies: no close frame, no answers. */
  kill(): void {
    for (const socket of [...this.sockets]) socket.close(kAbnormal);
  }

  tellAll(frame: FrameInit): void {
    for (const socket of this.sockets) socket.tell(frame);
  }

  onFrame(socket: FakeSocket, frame: MessageInitShape<typeof ClientFrameSchema>): void {
    const { intents, watchIntentIds, watchRoomIds } = create(ClientFrameSchema, frame);
    if (this.mute || !this.sockets.has(socket)) {
      this.submitted.push(...intents);
      return;
    }
    if (watchRoomIds.length > 0) this.rooms.push(watchRoomIds);
    if (watchIntentIds.length > 0) this.watched.push(watchIntentIds);
    const outcomes = watchIntentIds.flatMap((id) => this.log.get(id)?.outcome ?? []);
    if (outcomes.length > 0) socket.tell({ outcomes });
    for (const intent of intents) {
      const receipt = this.#submit(intent);
      if (receipt) socket.tell({ receipts: [receipt] });
    }
  }

  #submit(intent: Intent): ReceiptInit | undefined {
    const nth = this.submitted.filter(({ intentId }) => intentId === intent.intentId).length;
    this.submitted.push(intent);
    const receipt = this.receipt(intent, nth);
    if (!receipt) return undefined;
    if (receipt.status === Status.ACCEPTED) this.accept(intent);
    return { intentId: intent.intentId, ...receipt };
  }

  /** Into the log, whatever its sender is told. */
  accept(intent: Intent): void {
    // What comes after its deadline is void.
    const deadlineMs = (uuidV7TimeMs(intent.intentId) ?? 0) + kTtlMs;
    if (this.log.has(intent.intentId) || this.clock.trueMs() > deadlineMs) return;
    const entry: Entry = { intent };
    this.log.set(intent.intentId, entry);
    if (this.outcomeMs !== undefined) {
      this.clock.setTimeout(() => this.decide(entry), this.outcomeMs);
    }
  }

  decide(entry: Entry): void {
    const { intentId, offerId } = entry.intent;
    entry.outcome = create(OutcomeSchema, { intentId, offerId, ...this.outcome(entry.intent) });
    this.tellAll({ outcomes: [entry.outcome] });
  }

  #unary(url: string, body: Uint8Array): Uint8Array | undefined {
    if (url.endsWith('/SubmitIntent')) {
      const { intent } = fromBinary(SubmitIntentRequestSchema, body);
      const receipt = this.#submit(intent ?? create(IntentSchema));
      const answer = create(SubmitIntentResponseSchema, receipt && { receipt });
      return receipt && toBinary(SubmitIntentResponseSchema, answer);
    }
    const { queries } = fromBinary(GetOutcomesRequestSchema, body);
    if (queries.length > 0) this.asked.push(queries.map(({ intentId }) => intentId));
    const answers = queries.map(({ intentId }) => {
      const outcome = this.log.get(intentId)?.outcome;
      if (outcome) return { intentId, verdict: Verdict.OUTCOME, outcome };
      return { intentId, verdict: this.#without(intentId) };
    });
    const answer = create(GetOutcomesResponseSchema, { answers });
    return toBinary(GetOutcomesResponseSchema, answer);
  }

  /** NONE only once it is certain, as the gateway does. */
  #without(id: string): Verdict {
    const certainMs = (uuidV7TimeMs(id) ?? 0) + kTtlMs + 10_000;
    const certain = this.clock.trueMs() > certainMs && !this.log.has(id);
    return certain && this.verdict === Verdict.NOT_YET ? Verdict.NONE : this.verdict;
  }

  #pass(ms: number, signal: AbortSignal | null | undefined): Promise<void> {
    return new Promise((resolve, reject) => {
      signal?.addEventListener('abort', () => reject(new DOMException('aborted', 'AbortError')));
      if (ms !== Infinity) this.clock.setTimeout(resolve, ms);
    });
  }
}

export const refused = (reason: Reason, retryAfterMs = 0): ReceiptInit => ({
  status: Status.REFUSED,
  reason,
  retryAfterMs,
});
export const pending = (retryAfterMs: number): ReceiptInit => ({
  status: Status.PENDING,
  reason: Reason.LOG_UNAVAILABLE,
  retryAfterMs,
});
