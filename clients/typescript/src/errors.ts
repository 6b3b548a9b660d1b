// The client's errors: one class, told apart by its code.

export type JembatanErrorCode =
  /** An argument does not follow the contract; the message names it. Nothing was sent. */
  | 'INVALID'
  /** More purchases are open than the client keeps, or more listeners than it calls. */
  | 'TOO_MANY'
  /** The client is closed. */
  | 'CLOSED'
  /** The app's token function failed, or gave no token. */
  | 'TOKEN'
  /** The gateway does not take the token. */
  | 'UNAUTHENTICATED'
  /** The token speaks for another viewer than before: make a client for each viewer. */
  | 'VIEWER_CHANGED'
  /** The storage failed: purchases go on, but are forgotten by a reload. */
  | 'STORAGE'
  /** The gateway cannot be reached, or does not answer as one. */
  | 'UNREACHABLE';

export class JembatanError extends Error {
  override readonly name = 'JembatanError';
  readonly code: JembatanErrorCode;

  constructor(code: JembatanErrorCode, message: string, options?: { cause?: unknown }) {
    super(message, options);
    this.code = code;
  }
}

/** Any thrown value as one of ours. */
export function toJembatanError(error: unknown, code: JembatanErrorCode): JembatanError {
  if (error instanceof JembatanError) return error;
  const message = error instanceof Error ? error.message : String(error);
  return new JembatanError(code, message, { cause: error });
}
