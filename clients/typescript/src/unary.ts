// Unary calls of the gateway in the Connect protocol (application/proto over HTTP POST): what
// serves where no WebSocket is to be had, and what answers NONE.

import type { Clock } from './clock.js';
import { JembatanError, toJembatanError } from './errors.js';
import { kAnswerBytes, kCallGraceMs, kCallMs } from './limits.js';
import { reasonNumber } from './state.js';
import type { ReasonNumber } from './wire.js';

export type Fetch = typeof fetch;

export type UnaryMethod = 'SubmitIntent' | 'GetOutcomes';

export interface UnaryAnswer {
  /** The answer's bytes; undefined: the request was refused. */
  readonly body?: Uint8Array;
  /** Why the gateway refused the request as a whole: it did nothing. */
  readonly refused?: { readonly reason: ReasonNumber; readonly message: string };
  /** The server's clock, to the second. */
  readonly serverMs?: number;
}

const kPath = '/jembatan.intake.v1.IntakeService/';

interface ConnectError {
  message?: unknown;
  details?: { debug?: { reason?: unknown } }[];
}

/** The gateway's own refusal; undefined for an answer that somebody else may have given. */
function refusalOf(text: string): UnaryAnswer['refused'] {
  try {
    const error = JSON.parse(text) as ConnectError;
    const name = error.details?.map((detail) => detail.debug?.reason).find(Boolean);
    const reason = typeof name === 'string' ? reasonNumber(name) : undefined;
    return reason === undefined ? undefined : { reason, message: String(error.message ?? '') };
  } catch {
    return undefined;
  }
}

/** Throws UNREACHABLE when it is not known what became of the request. */
export async function callUnary(
  fetch: Fetch,
  clock: Clock,
  call: { url: string; token: string; method: UnaryMethod; body: Uint8Array },
): Promise<UnaryAnswer> {
  const abort = new AbortController();
  const timer = clock.setTimeout(() => abort.abort(), kCallMs + kCallGraceMs);
  try {
    const response = await fetch(call.url + kPath + call.method, {
      method: 'POST',
      headers: {
        Authorization: `Bearer ${call.token}`,
        'Content-Type': 'application/proto',
        'Connect-Protocol-Version': '1',
        'Connect-Timeout-Ms': String(kCallMs),
      },
      body: call.body as BodyInit,
      cache: 'no-store',
      credentials: 'omit',
      signal: abort.signal,
    });
    const body = new Uint8Array(await response.arrayBuffer());
    if (body.length > kAnswerBytes) throw new Error('the answer is too large');
    // Half a second more: the header leaves out the fraction.
    const dateMs = Date.parse(response.headers.get('date') ?? '') + 500;
    const time = Number.isNaN(dateMs) ? {} : { serverMs: dateMs };
    if (response.ok) return { body, ...time };
    const refused = refusalOf(new TextDecoder().decode(body));
    if (refused) return { refused, ...time };
    throw new Error(`it answers ${response.status}`);
  } catch (error) {
    const { message } = toJembatanError(error, 'UNREACHABLE');
    throw new JembatanError('UNREACHABLE', `${call.url}: ${message}`, { cause: error });
  } finally {
    clock.clearTimeout(timer);
  }
}
