#pragma once

// Every bound of the bridge, in one place. The protocol's constants are intent/limits.h's: the TTL
// is frozen with the topic's version. Pure constants.

#include <cstddef>
#include <cstdint>

#include "libs/intent/limits.h"

namespace jembatan::bridge {

// Records of one partition that may be unfinished: fetching pauses at the high mark and resumes at
// the low one. A fetch under way may still bring kOverrun more.
inline constexpr size_t kUnfinishedHigh = 16'384;
inline constexpr size_t kUnfinishedLow = 8'192;
inline constexpr size_t kOverrun = 65'536;
// The same of a partition while one of several marketplaces is out, whose intents wait beside those
// that go on.
inline constexpr size_t kWaitingHigh = 131'072;
inline constexpr size_t kWaitingLow = 122'880;
// Marketplaces of one bridge.
inline constexpr size_t kMarketplacesMax = 64;

// Orders of one batch, and batches of one scope that may be unanswered.
inline constexpr size_t kOrdersPerBatch = 512;
inline constexpr size_t kBatchesInFlight = 4;
// Orders of one scope that may be unanswered: what the marketplace answers within the goal,
// beginning with the first (order_window.h).
inline constexpr int64_t kAnswerGoalMs = 250;
inline constexpr size_t kWindowLeast = 64;
inline constexpr size_t kWindowFirst = kOrdersPerBatch;
inline constexpr size_t kWindowMost = kOrdersPerBatch * kBatchesInFlight;
// Refusals of our own that one lane may have under way.
inline constexpr uint32_t kRefusalsInFlight = 256;
// Orders one lane may put into a batch before the others had their turn.
inline constexpr size_t kOrdersPerLane = 256;
// Keys of one GetOrders call, and calls of one scope that may be unanswered.
inline constexpr size_t kKeysPerAsk = 100;
inline constexpr size_t kAsksInFlight = 4;
// Finals one scope remembers. At this bound it stops deciding until old ones fall out.
inline constexpr size_t kFinalsMax = 2'000'000;

// Offers whose goods a bridge knows.
inline constexpr size_t kGoodsMax = 200'000;

// How long an offer rests between two of its records in the offers topic, and how many records may
// be under way: the producer is the outcomes'.
inline constexpr int64_t kRelayIntervalMs = 500;
inline constexpr size_t kRelayWritesMax = 500;
// How long a bridge that does not relay waits for the first offer in a topic that holds none,
// before it takes that for all there is.
inline constexpr int64_t kFirstOfferMs = 10'000;
// How far back the topic of order states is read, and a marketplace asked at most: longer than a
// gateway remembers outcomes.
inline constexpr int64_t kOrderStatesReachMs = 20LL * 60 * 1000;
// At most so many of what is left, or a tenth of all, is nearly sold out.
inline constexpr uint64_t kLowUnits = 10;
inline constexpr uint64_t kLowShare = 10;

// Finished intents' messages that are kept to be filled again.
inline constexpr size_t kSpareIntents = 4'096;

// Bytes of an unreadable value that a dead letter keeps.
inline constexpr size_t kDeadLetterValueBytes = 65'536;

// A call unanswered for this long makes the stream count as broken.
inline constexpr int64_t kAnswerTimeoutMs = 10'000;
// Full jitter backoff: uniform in [0, min(first * 2^attempt, longest)].
inline constexpr int64_t kBackoffFirstMs = 50;
inline constexpr int64_t kBackoffLongestMs = 5'000;

// Batches in a row of which nothing was decided before the breaker opens, and how long it rests
// between its tries: half of it to all of it, doubling from the first to the longest.
inline constexpr int kBatchesInVain = 8;
inline constexpr int64_t kBreakerFirstMs = 500;
inline constexpr int64_t kBreakerLongestMs = 10'000;
// How long a lane rests that the breaker or the retry budget held back.
inline constexpr int64_t kPressureRestMs = 100;
// How long an order may stay unanswered without an owner before its buyer is told UNCONFIRMED.
inline constexpr int64_t kUnconfirmedMs = 2'000;

// How often an owner repeats `open` with its progress, and claims anew.
inline constexpr int64_t kReopenMs = intent::kTtlMs / 4;
inline constexpr int64_t kReclaimMs = 3'000'000;
// How often finished offsets are committed, unless this many have finished before.
inline constexpr int64_t kCommitMs = 500;
inline constexpr int64_t kCommitRecords = 10'000;
// How long a refused commit rests: brokers refuse while the group rebalances.
inline constexpr int64_t kCommitRetryMs = 50;

// How long a partition's watermark may stand, with work in hand and nothing in its way, before the
// partition counts as stuck. A marketplace that answers nothing breaks the stream before that.
inline constexpr int64_t kStuckMs = 30'000;
// The longest time between two looks that counts as waiting: a process that was frozen for longer
// has not been stuck.
inline constexpr int64_t kStuckLookMs = 1'000;

// How far before the first unfinished intent's append time the window of finals begins (rule 5).
inline constexpr int64_t kWindowBackMs =
    intent::kTtlMs + intent::kFutureMs + 2 * intent::kBrokerSkewMs + intent::kGatewaySkewMs;

static_assert(kUnfinishedLow < kUnfinishedHigh && kUnfinishedHigh < kWaitingLow);
static_assert(kWindowMost <= kUnfinishedHigh && kAnswerGoalMs < kAnswerTimeoutMs);
static_assert(kAnswerTimeoutMs < kStuckMs && kBackoffLongestMs < kStuckMs && kCommitMs < kStuckMs);
static_assert(kReclaimMs <= 3'600'000, "owners claim anew at least hourly (rule 2)");

}  // namespace jembatan::bridge
