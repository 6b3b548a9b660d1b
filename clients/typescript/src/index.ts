// What an app may use of the package.

export { JembatanClient, type ClientEvents, type JembatanClientOptions } from './client.js';
export type { Clock } from './clock.js';
export { JembatanError, type JembatanErrorCode } from './errors.js';
export type { ConnectionState } from './link.js';
export type { OfferHint, RoomHint } from './offer.js';
export type { Order } from './order.js';
export type { Purchase } from './purchase.js';
export type { RandomBytes } from './random.js';
export type {
  Locale,
  Message,
  Money,
  OrderState,
  PurchaseKind,
  PurchaseState,
  Reason,
} from './state.js';
export { MemoryStorage, type AsyncStorage, type Storage, type SyncStorage } from './storage.js';
export type { WebSocketConstructor, WebSocketLike } from './stream.js';
export type { Token } from './token.js';
export type { Fetch } from './unary.js';
