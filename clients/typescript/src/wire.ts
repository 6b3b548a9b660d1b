// The contract's messages under short names, and their bytes. Generated code stays behind this
// file, tap.ts and state.ts.

import { create, fromBinary, toBinary, type MessageInitShape } from '@bufbuild/protobuf';
import {
  ClientFrameSchema,
  GetOutcomesRequestSchema,
  GetOutcomesResponseSchema,
  IntentSchema,
  ServerFrameSchema,
  SubmitIntentRequestSchema,
  SubmitIntentResponseSchema,
  type GetOutcomesResponse,
  type Intent,
  type ServerFrame,
  type SubmitIntentResponse,
} from './gen/jembatan/intake/v1/intake_pb.js';

export {
  OfferHint_Stock as Stock,
  Receipt_Status as Status,
  ReceiptSchema,
  RoomHint_State as RoomState,
} from './gen/jembatan/intake/v1/intake_pb.js';
export { Reason as ReasonNumber } from './gen/jembatan/intake/v1/reason_pb.js';
export type {
  GetOutcomesResponse,
  GetOutcomesResponse_Answer as Answer,
  Intent,
  OfferHint as OfferHintMessage,
  Outcome,
  Receipt,
  RoomHint as RoomHintMessage,
  ServerFrame,
} from './gen/jembatan/intake/v1/intake_pb.js';

export type ClientFrameInit = MessageInitShape<typeof ClientFrameSchema>;
export type IntentInit = MessageInitShape<typeof IntentSchema>;

export const makeIntent = (init: IntentInit): Intent => create(IntentSchema, init);
export const intentFromBytes = (bytes: Uint8Array): Intent => fromBinary(IntentSchema, bytes);

export function clientFrameBytes(init: ClientFrameInit): Uint8Array {
  return toBinary(ClientFrameSchema, create(ClientFrameSchema, init));
}
export function serverFrame(bytes: Uint8Array): ServerFrame {
  return fromBinary(ServerFrameSchema, bytes);
}
export function submitBytes(intent: Intent): Uint8Array {
  return toBinary(SubmitIntentRequestSchema, create(SubmitIntentRequestSchema, { intent }));
}
export function submitAnswer(bytes: Uint8Array): SubmitIntentResponse {
  return fromBinary(SubmitIntentResponseSchema, bytes);
}
export function queryBytes(intents: readonly Intent[]): Uint8Array {
  const queries = intents.map(({ intentId, offerId }) => ({ intentId, offerId }));
  return toBinary(GetOutcomesRequestSchema, create(GetOutcomesRequestSchema, { queries }));
}
export function queryAnswer(bytes: Uint8Array): GetOutcomesResponse {
  return fromBinary(GetOutcomesResponseSchema, bytes);
}
