// The stage of tests/clients/run, as a scenario sees it: where the gateways are, and a control by
// which services die and come back.

import { JembatanClient, type JembatanClientOptions } from '../index.js';
import type { Order } from '../order.js';
import { WebSocket } from 'ws';
import type { WebSocketConstructor } from '../stream.js';

function variable(name: string): string {
  const value = process.env[name];
  if (!value) throw new Error(`${name} is not set: tests/clients/run runs this`);
  return value;
}

export const gateways = variable('GATEWAYS').split(',');
const control = variable('CONTROL');

export const kOrder: Order = {
  offerId: 'kopi-gayo-250',
  quantity: 1,
  priceSeen: { currency: 'IDR', amountMinor: 6_500_000n },
};

export const NodeWebSocket = WebSocket as unknown as WebSocketConstructor;

/** One result of the marketplace. */
export interface LedgerRow {
  readonly intent_id: string;
  readonly offer_id: string;
  readonly state: string;
  readonly order_id: string;
}

async function act(verb: string, what: string): Promise<string> {
  const response = await fetch(`${control}/${verb}/${what}`, { method: 'POST' });
  const text = await response.text();
  if (!response.ok) throw new Error(`${verb} ${what}: ${text}`);
  return text;
}

export const kill = (name: string) => act('kill', name);
export const stop = (name: string) => act('stop', name);
export const start = (name: string) => act('start', name);
export const token = (viewer: string, ...flags: string[]) =>
  act('token', [viewer, ...flags].join('/'));
export async function ledger(): Promise<LedgerRow[]> {
  return JSON.parse(await act('ledger', '')) as LedgerRow[];
}

let viewers = 0;

/** A client of a viewer of its own, over WebSocket to either gateway. */
export async function makeClient(
  options: Partial<JembatanClientOptions> = {},
): Promise<JembatanClient> {
  viewers += 1;
  return new JembatanClient({
    url: gateways,
    token: await token(`viewer-${viewers}`),
    WebSocket: NodeWebSocket,
    ...options,
  });
}

/** Until the connection is of this kind. */
export function connected(client: JembatanClient, kind: string): Promise<void> {
  return new Promise((resolve) => {
    if (client.connection.kind === kind) return resolve();
    const off = client.on('connection', (state) => {
      if (state.kind !== kind) return;
      off();
      resolve();
    });
    client.connect();
  });
}

export const sleep = (ms: number) => new Promise<void>((resolve) => setTimeout(resolve, ms));
