// The random bytes of browsers and of every runtime with Web Crypto.

export function randomBytes(bytes: Uint8Array): void {
  globalThis.crypto.getRandomValues(bytes);
}
