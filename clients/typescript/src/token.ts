// TokenSource: the viewer's bearer token, asked of the app when there is none that will do. It
// belongs to one viewer: a token of another would send this viewer's purchases under a stranger's
// name.

import { within, type Clock } from './clock.js';
import { JembatanError, toJembatanError } from './errors.js';
import { kTokenMs, kTokenSpareMs } from './limits.js';

export type Token = string | (() => Promise<string>);

export interface ViewerToken {
  readonly token: string;
  /** The token's subject; empty for a token that is not a JWT. */
  readonly viewer: string;
}

interface Claims {
  sub?: unknown;
  exp?: unknown;
}

/** What a JWT says of itself, unverified: the gateway verifies. */
function claimsOf(token: string): Claims {
  try {
    const payload = (token.split('.')[1] ?? '').replace(/-/g, '+').replace(/_/g, '/');
    const bytes = Uint8Array.from(atob(payload), (character) => character.charCodeAt(0));
    const claims: unknown = JSON.parse(new TextDecoder().decode(bytes));
    return typeof claims === 'object' && claims !== null ? claims : {};
  } catch {
    return {};
  }
}

export class TokenSource {
  readonly #token: Token;
  readonly #clock: Clock;
  readonly #nowMs: () => number;
  #held: string | undefined;
  #viewer: string | undefined;
  #asked: Promise<string> | undefined;

  constructor(token: Token, clock: Clock, nowMs: () => number) {
    this.#token = token;
    this.#clock = clock;
    this.#nowMs = nowMs;
  }

  /** The gateway did not take this token: the next one comes from the app. */
  reject(token: string): void {
    if (this.#held === token) this.#held = undefined;
  }

  async get(): Promise<ViewerToken> {
    const token = await this.#any();
    const subject = claimsOf(token).sub;
    const viewer = typeof subject === 'string' ? subject : '';
    this.#viewer ??= viewer;
    if (viewer !== this.#viewer) {
      throw new JembatanError('VIEWER_CHANGED', 'the token speaks for another viewer than before');
    }
    this.#held = token;
    return { token, viewer };
  }

  #any(): Promise<string> {
    if (typeof this.#token === 'string') return Promise.resolve(this.#token);
    if (this.#held !== undefined && !this.#ends(this.#held)) return Promise.resolve(this.#held);
    this.#asked ??= this.#ask(this.#token).finally(() => (this.#asked = undefined));
    return this.#asked;
  }

  #ends(token: string): boolean {
    const expires = claimsOf(token).exp;
    return typeof expires === 'number' && expires * 1000 - this.#nowMs() < kTokenSpareMs;
  }

  async #ask(token: () => Promise<string>): Promise<string> {
    let told: unknown;
    try {
      const late = new JembatanError('TOKEN', 'the token function does not come back');
      told = await within(this.#clock, kTokenMs, token(), late);
    } catch (error) {
      throw toJembatanError(error, 'TOKEN');
    }
    if (typeof told !== 'string' || told === '') {
      throw new JembatanError('TOKEN', 'the token function gave no token');
    }
    return told;
  }
}
