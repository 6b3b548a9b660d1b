// The random bytes of Node, whose version 18 has no global Web Crypto.

import { webcrypto } from 'node:crypto';

export function randomBytes(bytes: Uint8Array): void {
  webcrypto.getRandomValues(bytes);
}
