// Emitter: listeners by event. One that throws stops nobody: its error is reported as uncaught.

import { JembatanError } from './errors.js';
import { kListenersMax } from './limits.js';

export class Emitter<Events extends object> {
  readonly #listeners = new Map<keyof Events, Set<(value: never) => void>>();

  /** Returns what takes the listener off again. */
  on<Name extends keyof Events>(name: Name, listener: (value: Events[Name]) => void): () => void {
    const listeners = this.#listeners.get(name) ?? new Set();
    if (listeners.size >= kListenersMax) {
      throw new JembatanError('TOO_MANY', `more than ${kListenersMax} listeners of one event`);
    }
    this.#listeners.set(name, listeners.add(listener));
    return () => listeners.delete(listener);
  }

  emit<Name extends keyof Events>(name: Name, value: Events[Name]): void {
    for (const listener of [...(this.#listeners.get(name) ?? [])]) {
      try {
        (listener as (value: Events[Name]) => void)(value);
      } catch (error) {
        queueMicrotask(() => {
          throw error;
        });
      }
    }
  }
}
