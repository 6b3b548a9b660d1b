// Time: the device's clocks behind an interface, so that tests bring their own, and the server's
// clock as this client knows it.

export interface Clock {
  /** The device's wall clock, Unix milliseconds; may be wrong and may jump. */
  wallMs(): number;
  /** Milliseconds that only go forward. */
  monotonicMs(): number;
  setTimeout(callback: () => void, delayMs: number): unknown;
  clearTimeout(timer: unknown): void;
}

export const systemClock: Clock = {
  wallMs: () => Date.now(),
  monotonicMs: () => performance.now(),
  setTimeout: (callback, delayMs) => setTimeout(callback, delayMs),
  clearTimeout: (timer) => clearTimeout(timer as Parameters<typeof clearTimeout>[0]),
};

/** What the work comes to, or a rejection by this error once the time has passed. */
export async function within<T>(
  clock: Clock,
  waitMs: number,
  work: Promise<T>,
  late: Error,
): Promise<T> {
  let timer: unknown;
  const limit = new Promise<never>((_, reject) => {
    timer = clock.setTimeout(() => reject(late), waitMs);
  });
  try {
    return await Promise.race([work, limit]);
  } finally {
    clock.clearTimeout(timer);
  }
}

/**
 * The server's time. Until the server has told it the device's wall clock stands in; from then on
 * it goes forward with the monotonic clock, so that a device whose clock is set is not misled.
 */
export class ServerClock {
  readonly #clock: Clock;
  #offsetMs: number | undefined;
  #told = false;
  /** How far the wall clock was ahead of the monotonic one when the server told the time. */
  #wallAheadMs = 0;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** The server has told it, and nothing has happened since that makes it doubtful. */
  get known(): boolean {
    return this.#told;
  }

  /** What is likely, until the server tells it again. */
  guess(serverMs: number): void {
    this.#offsetMs = serverMs - this.#clock.monotonicMs();
    this.#told = false;
  }

  sync(serverMs: number): void {
    this.guess(serverMs);
    this.#told = true;
    this.#wallAheadMs = this.#clock.wallMs() - this.#clock.monotonicMs();
  }

  /**
   * How much further the wall clock has come since than the monotonic one: the device slept, while
   * which many stop the latter, or its clock was set.
   */
  get strayedMs(): number {
    if (!this.known) return 0;
    return this.#clock.wallMs() - this.#clock.monotonicMs() - this.#wallAheadMs;
  }

  nowMs(): number {
    return this.at(this.#clock.monotonicMs());
  }

  /** Server time at a moment of the monotonic clock. */
  at(monotonicMs: number): number {
    const offsetMs = this.#offsetMs ?? this.#clock.wallMs() - this.#clock.monotonicMs();
    return Math.floor(monotonicMs + offsetMs);
  }
}
