// Link: the client's way to a gateway. A stream (WebSocket) while there is one; where none opens,
// unary calls over HTTP, while it goes on trying for a stream; in between it waits, longer each
// time and at random, so that a gateway's return is not met by everybody at once.
//
// Owned by the client, which starts and closes it once.

import { create } from '@bufbuild/protobuf';

import type { Clock, ServerClock } from './clock.js';
import { JembatanError, toJembatanError } from './errors.js';
import * as limits from './limits.js';
import { doubled, jitter, type RandomBytes } from './random.js';
import { Stream, type WebSocketConstructor } from './stream.js';
import type { Pace } from './tap.js';
import type { TokenSource } from './token.js';
import { callUnary, type Fetch, type UnaryAnswer, type UnaryMethod } from './unary.js';
import {
  queryAnswer,
  queryBytes,
  ReasonNumber,
  ReceiptSchema,
  Status,
  submitAnswer,
  submitBytes,
  type Answer,
  type ClientFrameInit,
  type Intent,
  type Receipt,
  type ServerFrame,
} from './wire.js';

export interface ConnectionState {
  readonly kind:
    | 'idle'
    | 'connecting'
    /** A stream is open. */
    | 'open'
    /** No stream is to be had: unary calls serve. */
    | 'fallback'
    /** Nothing serves; the next try comes at retryAt. */
    | 'waiting'
    | 'closed';
  readonly retryAt?: Date;
  readonly error?: JembatanError;
}

export interface LinkEvents {
  /** Something serves from now on; a stream has said its first frame. */
  connected(pace: Pace): void;
  /** What served is gone, and the answers to what was sent with it. */
  lost(): void;
  frame(frame: ServerFrame): void;
  serverTime(serverMs: number): void;
  changed(state: ConnectionState): void;
}

export interface LinkOptions {
  readonly urls: readonly string[];
  readonly tokens: TokenSource;
  readonly fetch: Fetch;
  readonly WebSocket: WebSocketConstructor | undefined;
  readonly clock: Clock;
  readonly serverClock: ServerClock;
  readonly random: RandomBytes;
}

export class Link {
  readonly #options: LinkOptions;
  readonly #events: LinkEvents;
  #state: ConnectionState = { kind: 'idle' };
  #stream: Stream | undefined;
  #streamSinceMs = 0;
  #streamToken = '';
  #draining = false;
  #connecting = false;
  #timer: unknown;
  #url = 0;
  /** Streams in a row that did not open, and tries in a row after which nothing served. */
  #streamFailures = 0;
  #failures = 0;
  #calls = 0;

  constructor(options: LinkOptions, events: LinkEvents) {
    this.#options = options;
    this.#events = events;
  }

  get state(): ConnectionState {
    return this.#state;
  }
  get closed(): boolean {
    return this.#state.kind === 'closed';
  }
  /** How an intent can be sent now; undefined: it cannot. */
  get way(): 'stream' | 'call' | undefined {
    if (this.#stream) return this.#draining ? undefined : 'stream';
    const free = this.#state.kind === 'fallback' && this.#calls < limits.kHttpCallsMax;
    return free ? 'call' : undefined;
  }
  get canAsk(): boolean {
    const served = this.#stream !== undefined || this.#state.kind === 'fallback';
    return served && this.#calls < limits.kHttpCallsMax;
  }

  start(): void {
    if (this.#state.kind === 'idle') void this.#connect();
  }

  /** The network is back, or so it seems: no need to wait on. */
  hurry(): void {
    if (this.#state.kind === 'waiting' && !this.#stream) void this.#connect();
  }

  close(error?: JembatanError): void {
    this.#options.clock.clearTimeout(this.#timer);
    this.#stream?.close();
    this.#stream = undefined;
    this.#say({ kind: 'closed', ...(error && { error }) });
  }

  send(frame: ClientFrameInit): boolean {
    return this.#stream?.send(frame) ?? false;
  }

  /** The stream answers nothing any more. */
  dropStream(why: string): void {
    if (!this.#stream) return;
    this.#stream.close();
    this.#onEnded(false, new JembatanError('UNREACHABLE', why));
  }

  /** It may serve no more, or not know: begin anew. */
  distrust(why: string): void {
    this.dropStream(why);
    if (this.#state.kind === 'fallback') this.#wait(new JembatanError('UNREACHABLE', why));
  }

  /** By a new token, for the one in use was not taken. */
  reauthenticate(): void {
    if (!this.#stream) return;
    this.#options.tokens.reject(this.#streamToken);
    this.dropStream('the token was not taken');
  }

  async submit(intent: Intent): Promise<Receipt> {
    const answer = await this.#call('SubmitIntent', submitBytes(intent));
    if (answer.body) {
      const { receipt } = submitAnswer(answer.body);
      if (receipt) return receipt;
      throw new JembatanError('UNREACHABLE', 'an answer without a receipt');
    }
    const { intentId } = intent;
    return create(ReceiptSchema, { intentId, status: Status.REFUSED, ...answer.refused });
  }

  async ask(intents: readonly Intent[]): Promise<readonly Answer[]> {
    const answer = await this.#call('GetOutcomes', queryBytes(intents));
    if (answer.body) return queryAnswer(answer.body).answers;
    throw new JembatanError('UNREACHABLE', answer.refused?.message ?? 'no answer');
  }

  // --- Connecting -------------------------------------------------------------------------------

  async #connect(): Promise<void> {
    if (this.closed || this.#connecting || this.#stream) return;
    this.#connecting = true;
    this.#options.clock.clearTimeout(this.#timer);
    if (this.#state.kind !== 'fallback') this.#say({ kind: 'connecting' });
    try {
      let error = await this.#openStream();
      if (error && this.#mayCall(error)) error = await this.#tryCalls();
      if (error && !this.closed) this.#wait(error);
    } finally {
      this.#connecting = false;
    }
  }

  /** Undefined: a stream is open, or the link is closed. */
  async #openStream(): Promise<JembatanError | undefined> {
    const { WebSocket, tokens, clock } = this.#options;
    if (!WebSocket) return new JembatanError('UNREACHABLE', 'there is no WebSocket here');
    const sinceMs = clock.monotonicMs();
    try {
      const { token } = await tokens.get();
      if (this.closed) return undefined;
      const { stream, first } = await Stream.open(WebSocket, this.#target(), token, clock);
      if (this.closed) stream.close();
      else this.#adopt(stream, first, token);
      return undefined;
    } catch (error) {
      const hung = clock.monotonicMs() - sinceMs >= limits.kOpenMs;
      return this.#failed(toJembatanError(error, 'UNREACHABLE'), hung);
    }
  }

  #adopt(stream: Stream, first: ServerFrame, token: string): void {
    this.#stream = stream;
    this.#streamSinceMs = this.#options.clock.monotonicMs();
    this.#streamToken = token;
    this.#draining = false;
    this.#streamFailures = 0;
    stream.listen({
      frame: (frame) => this.#onFrame(frame),
      ended: ({ tokenExpired, error }) => {
        if (tokenExpired) this.#options.tokens.reject(token);
        this.#onEnded(tokenExpired, error);
      },
    });
    // It tells the time, by which what waits is sent.
    this.#onFrame(first);
    if (!this.#draining) this.#say({ kind: 'open' });
    this.#events.connected('pushed');
  }

  /** hung: nothing came at all, as where somebody between swallows what he does not know. */
  #failed(error: JembatanError, hung: boolean): JembatanError {
    if (error.code === 'VIEWER_CHANGED') {
      this.close(error);
    } else if (error.code !== 'TOKEN') {
      // A viewer waits: one that took so long counts for all.
      const enough = hung ? limits.kStreamFailuresBeforeHttp : 0;
      this.#streamFailures = Math.max(this.#streamFailures + 1, enough);
      this.#url = (this.#url + 1) % this.#options.urls.length;
    }
    return error;
  }

  /** Streams have failed often enough, and not for a cause that calls share. */
  #mayCall(error: JembatanError): boolean {
    if (this.closed || error.code === 'TOKEN') return false;
    const { WebSocket } = this.#options;
    return !WebSocket || this.#streamFailures >= limits.kStreamFailuresBeforeHttp;
  }

  /** Undefined: unary calls serve. It asks about nothing: an answer proves the way, and tells the
   * time. */
  async #tryCalls(): Promise<JembatanError | undefined> {
    let answer: UnaryAnswer;
    try {
      answer = await this.#call('GetOutcomes', queryBytes([]));
    } catch (error) {
      return toJembatanError(error, 'UNREACHABLE');
    }
    if (this.closed) return undefined;
    this.#failures = 0;
    if (this.#options.WebSocket) this.#tryStreamLater();
    const served = this.#state.kind === 'fallback';
    // A gateway that takes no call of this viewer serves all the same: it says so of each purchase.
    const error = answer.refused && new JembatanError('UNAUTHENTICATED', answer.refused.message);
    this.#say({ kind: 'fallback', ...(error && { error }) });
    if (!served) this.#events.connected('polled');
    return undefined;
  }

  #tryStreamLater(): void {
    const tries = this.#streamFailures - limits.kStreamFailuresBeforeHttp;
    const interval = doubled(limits.kStreamRetryMs, limits.kStreamRetryMsMax, tries);
    this.#connectIn(interval / 2 + jitter(this.#options.random, interval / 2));
  }

  #wait(error: JembatanError): void {
    const interval = doubled(limits.kReconnectMs, limits.kReconnectMsMax, this.#failures);
    this.#failures += 1;
    const waitMs = jitter(this.#options.random, interval);
    const served = this.#state.kind === 'fallback';
    this.#connectIn(waitMs);
    const retryAt = new Date(this.#options.serverClock.nowMs() + waitMs);
    this.#say({ kind: 'waiting', retryAt, error });
    if (served) this.#events.lost();
  }

  #connectIn(waitMs: number): void {
    const { clock } = this.#options;
    clock.clearTimeout(this.#timer);
    this.#timer = clock.setTimeout(() => void this.#connect(), waitMs);
  }

  // --- While a stream is open -------------------------------------------------------------------

  #onFrame(frame: ServerFrame): void {
    if (frame.drain) this.#drain(frame.drain.reconnectAfterMs);
    this.#events.frame(frame);
  }

  /** Receipts that are due still come; what is new waits for the next stream. */
  #drain(reconnectAfterMs: number): void {
    const { clock, random, serverClock } = this.#options;
    if (this.#draining) return;
    this.#draining = true;
    const waitMs = reconnectAfterMs + jitter(random, limits.kReconnectMs);
    clock.clearTimeout(this.#timer);
    this.#timer = clock.setTimeout(() => {
      this.#stream?.close();
      this.#lose();
      void this.#connect();
    }, waitMs);
    this.#url = (this.#url + 1) % this.#options.urls.length;
    this.#say({ kind: 'waiting', retryAt: new Date(serverClock.nowMs() + waitMs) });
  }

  #onEnded(tokenExpired: boolean, error: JembatanError): void {
    const draining = this.#draining;
    const lived = this.#options.clock.monotonicMs() - this.#streamSinceMs;
    this.#lose();
    // The drain's timer goes on.
    if (draining || this.closed) return;
    if (lived >= limits.kStableMs) this.#failures = 0;
    if (tokenExpired && lived >= limits.kStableMs) void this.#connect();
    else this.#wait(error);
  }

  #lose(): void {
    if (!this.#stream) return;
    this.#stream = undefined;
    this.#events.lost();
  }

  // --- Unary calls ------------------------------------------------------------------------------

  #target(): string {
    return this.#options.urls[this.#url] ?? '';
  }

  async #call(method: UnaryMethod, body: Uint8Array): Promise<UnaryAnswer> {
    const { fetch, clock, tokens, serverClock } = this.#options;
    this.#calls += 1;
    try {
      const { token } = await tokens.get();
      const call = { url: this.#target(), token, method, body };
      const answer = await callUnary(fetch, clock, call);
      // A stream tells the time better.
      if (answer.serverMs !== undefined && !serverClock.known) {
        this.#events.serverTime(answer.serverMs);
      }
      if (answer.refused?.reason === ReasonNumber.UNAUTHENTICATED) tokens.reject(token);
      return answer;
    } catch (error) {
      const wrong = toJembatanError(error, 'UNREACHABLE');
      this.#onCallFailed(wrong);
      throw wrong;
    } finally {
      this.#calls -= 1;
    }
  }

  #onCallFailed(error: JembatanError): void {
    if (error.code === 'VIEWER_CHANGED') return this.close(error);
    if (this.#state.kind !== 'fallback' || this.#connecting) return;
    this.#url = (this.#url + 1) % this.#options.urls.length;
    this.#wait(error);
  }

  #say(state: ConnectionState): void {
    if (this.closed) return;
    this.#state = Object.freeze(state);
    this.#events.changed(this.#state);
  }
}
