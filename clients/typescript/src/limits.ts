// Every bound of the client, in one place. The first two groups are the gateway's, as
// libs/intent/limits.h has them; limits_test.ts holds the two together. Pure constants.

// Protocol constants of topic version v1 (frozen with it).
export const kTtlMs = 120_000; // deadline = id's time + TTL
export const kFutureMs = 5_000; // F: how far ahead of the gateway an id may be
export const kBrokerSkewMs = 10_000; // M: brokers' clocks across a leader change

// What an intent may hold.
export const kOfferIdBytes = 64;
export const kShortTextBytes = 64; // price_version, room_id, campaign_id, voucher_ref
export const kAttributionBytes = 128;
export const kQuantityMax = 99;
export const kAmountMinorMax = 1_000_000_000_000_000n; // 10^15
export const kStreamPositionMsMax = 864_000_000; // 10 days
export const kRoomsPerFrame = 8;
export const kQueriesPerRequest = 100;

// Purchases without a final word at once; more than a person has a use for.
export const kOpenPurchasesMax = 64;
// Purchases that were ordered and of which it is still told how their orders fare.
export const kOrderedPurchasesMax = 64;
// Listeners of one event of one object.
export const kListenersMax = 64;
// Unary calls under way.
export const kHttpCallsMax = 8;
// What may wait in the stream's own buffer before nothing more is sent.
export const kBufferedBytes = 256 * 1024;
// One answer over HTTP: 100 outcomes are far below it.
export const kAnswerBytes = 1024 * 1024;
// A record in the storage.
export const kRecordBytes = 8 * 1024;

// Between two looks at what is due, even if it could not be done.
export const kFlushMsMin = 10;

// From the first step of a stream to its first frame; the same for one unary call.
export const kOpenMs = 5_000;
export const kCallMs = 5_000;
// Beyond kCallMs for the answer's way.
export const kCallGraceMs = 2_000;
// The gateway says PENDING after one second: a stream that says nothing for so long is dead.
export const kReceiptMs = 5_000;
// Streams in a row that did not open before unary calls take their place.
export const kStreamFailuresBeforeHttp = 2;
// Reconnects: full jitter over an interval that doubles from the first to the last.
export const kReconnectMs = 250;
export const kReconnectMsMax = 10_000;
// A stream that lived so long starts the doubling anew.
export const kStableMs = 5_000;
// The same for a stream while unary calls serve.
export const kStreamRetryMs = 10_000;
export const kStreamRetryMsMax = 60_000;
// On top of what the server says: jitter over an interval that doubles.
export const kResendMs = 200;
export const kResendMsMax = 5_000;
// Asking what became of a purchase: pushed outcomes are asked for only to be sure, unary calls
// have nothing else.
export const kAskPushedMs = 15_000;
export const kAskPushedMsMax = 60_000;
export const kAskPolledMs = 300;
export const kAskPolledMsMax = 3_000;
// Once the deadline and M have passed, and the bridge's next word on its progress is due.
export const kAskSettledMs = 2_000;
export const kAskSettledMsMax = 30_000;
// The bridge tells its progress every TTL/4.
export const kProgressMs = kTtlMs / 4;
// Gateways that have forgotten an id, in a row, before it counts as forgotten.
export const kForgottenMax = 3;
// Times a purchase is sent again because the token was not taken.
export const kReauthenticationsMax = 2;
// How long the app's token function may take, and at a close the storage.
export const kTokenMs = 10_000;
export const kCloseMs = 1_000;
// A function token is asked for anew so long before its end.
export const kTokenSpareMs = 30_000;
// An id that was not sent yet is made anew when the clock turns out so wrong.
export const kClockErrorMs = 1_000;
