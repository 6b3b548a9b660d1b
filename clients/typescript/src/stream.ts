// Stream: one WebSocket to a gateway, subprotocol jembatan.v1.proto, the token as a second entry of
// the list because browsers can set no header. It is open once the server's first frame is there.
//
// Owned by the Link; ends once, by either side, and is not used again.

import type { Clock } from './clock.js';
import { JembatanError } from './errors.js';
import { kBufferedBytes, kOpenMs } from './limits.js';
import { clientFrameBytes, serverFrame, type ClientFrameInit, type ServerFrame } from './wire.js';

/** What the client needs of a WebSocket: the browser's, Node's or the package ws's. */
export interface WebSocketLike {
  binaryType: string;
  readonly bufferedAmount: number;
  onopen: ((event: any) => void) | null;
  onmessage: ((event: any) => void) | null;
  onerror: ((event: any) => void) | null;
  onclose: ((event: any) => void) | null;
  send(data: Uint8Array): void;
  close(code?: number, reason?: string): void;
}
export type WebSocketConstructor = new (url: string, protocols: string[]) => WebSocketLike;

const kProtocol = 'jembatan.v1.proto';
const kBearer = 'jembatan.bearer.';
const kPath = '/v1/stream';
const kNormalClosure = 1000;
/** The gateway's close code for a token that has expired. */
const kTokenExpired = 4401;

export interface StreamEvents {
  frame(frame: ServerFrame): void;
  ended(end: { tokenExpired: boolean; error: JembatanError }): void;
}

export class Stream {
  readonly #socket: WebSocketLike;
  #events: StreamEvents | undefined;
  #ended = false;

  private constructor(socket: WebSocketLike) {
    this.#socket = socket;
    socket.binaryType = 'arraybuffer';
  }

  /** Resolves with the first frame; rejects when none came within kOpenMs. */
  static open(
    WebSocket: WebSocketConstructor,
    url: string,
    token: string,
    clock: Clock,
  ): Promise<{ stream: Stream; first: ServerFrame }> {
    return new Promise((resolve, reject) => {
      const target = url.replace(/^http/, 'ws') + kPath;
      const stream = new Stream(new WebSocket(target, [kProtocol, kBearer + token]));
      const timer = clock.setTimeout(() => {
        stream.#end(false, new JembatanError('UNREACHABLE', `${url} opens no stream`));
      }, kOpenMs);
      stream.#events = {
        frame: (first) => {
          clock.clearTimeout(timer);
          resolve({ stream, first });
        },
        ended: ({ error }) => {
          clock.clearTimeout(timer);
          reject(error);
        },
      };
      stream.#listen(url);
    });
  }

  /** To be called when open() has resolved, before anything else happens. */
  listen(events: StreamEvents): void {
    this.#events = events;
  }

  /** False: it did not take the frame, for too much waits in it or it is at its end. */
  send(frame: ClientFrameInit): boolean {
    if (this.#ended || this.#socket.bufferedAmount > kBufferedBytes) return false;
    try {
      this.#socket.send(clientFrameBytes(frame));
      return true;
    } catch {
      return false;
    }
  }

  /** Ends it without a further event. */
  close(): void {
    this.#events = undefined;
    this.#end(false, new JembatanError('CLOSED', 'the client closed the stream'));
  }

  #listen(url: string): void {
    const socket = this.#socket;
    const closed = (event: { code?: number; reason?: string }): void => {
      const why = event.reason ? `: ${event.reason}` : '';
      const error = new JembatanError('UNREACHABLE', `${url} ended the stream${why}`);
      this.#end(event.code === kTokenExpired, error);
    };
    socket.onmessage = (event: { data: unknown }) => this.#onMessage(event.data);
    // What went wrong, only the close that follows may tell.
    socket.onerror = () => {};
    socket.onclose = closed;
  }

  #onMessage(data: unknown): void {
    if (this.#ended) return;
    let frame: ServerFrame;
    try {
      if (!(data instanceof ArrayBuffer)) throw new Error('a text message');
      frame = serverFrame(new Uint8Array(data));
    } catch (error) {
      const wrong = new JembatanError('UNREACHABLE', 'the server sends no frames', {
        cause: error,
      });
      return this.#end(false, wrong);
    }
    this.#events?.frame(frame);
  }

  #end(tokenExpired: boolean, error: JembatanError): void {
    if (this.#ended) return;
    this.#ended = true;
    try {
      this.#socket.close(kNormalClosure);
    } catch {
      // It was never open.
    }
    this.#events?.ended({ tokenExpired, error });
  }
}
