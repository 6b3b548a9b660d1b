#pragma once

// Every bound of the marketplace by name, asserted against each other where one follows from
// another. Constants only: nobody owns them, any thread reads them.

#include <cstddef>
#include <cstdint>

namespace jembatan::marketplace {

// --- The contract's numbers (orders.proto) ---
inline constexpr size_t kMaxBatchOrders = 512;
inline constexpr size_t kMaxKeysAsked = 100;
inline constexpr size_t kMaxOffersPerMessage = 512;
inline constexpr int64_t kMaxStatesPerMessage = 512;
inline constexpr uint32_t kMaxQuantity = 99;
inline constexpr size_t kMaxTopicVersionBytes = 128;
inline constexpr size_t kMaxOfferIdBytes = 64;
inline constexpr size_t kBuyerRefBytes = 32;
inline constexpr size_t kFingerprintBytes = 32;

inline constexpr size_t kMaxCampaigns = 512;
inline constexpr size_t kMaxVouchers = 4'096;
inline constexpr size_t kMaxPromotionsPerMessage = 512;
inline constexpr int64_t kMaxPriceGraceMs = 600'000;

// --- An offer's fields ---
inline constexpr size_t kMaxTitleBytes = 256;
inline constexpr size_t kMaxSellerIdBytes = 64;
inline constexpr size_t kMaxPriceVersionBytes = 64;
inline constexpr int64_t kMaxAmountMinor = 1'000'000'000'000'000;
inline constexpr int64_t kMaxStock = 1'000'000'000'000;
// Offers in the catalogue, all of which are held in memory.
inline constexpr size_t kMaxOffers = 100'000;
inline constexpr size_t kMaxOffersFileBytes = 64 << 20;

// --- The store ---
// Holds cancelled in one transaction of the sweep, so that it never keeps orders waiting for long.
inline constexpr int kMaxSweepOrders = 256;
inline constexpr int kSweepIntervalMs = 1'000;
// How long it is remembered when an order changed, for those who watch.
inline constexpr int64_t kChangesKeptMs = 24LL * 3600 * 1000;
inline constexpr int kMaxHoldSeconds = 7 * 24 * 3600;
// The write-ahead log goes back into the database every so many pages of 4 KiB.
inline constexpr int kCheckpointPages = 4'000;
inline constexpr int64_t kMaxWalBytes = 64 << 20;
inline constexpr int kCacheKib = 64 * 1024;

// --- The gRPC ports ---
// A batch of 512 orders with every field filled is about 0.4 MB.
inline constexpr int kMaxGrpcMessageBytes = 1 << 20;
inline constexpr int kMaxOrderStreams = 64;
inline constexpr int kMaxWatchStreams = 32;
inline constexpr int kMaxStateStreams = 16;
// One thread per stream, some for unary calls and gRPC's own pollers.
inline constexpr int kMaxGrpcThreads = 128;
// Batches of one stream that may wait while the store commits, and orders that one transaction may
// decide: it holds the write lock for some 20 us each.
inline constexpr size_t kMaxBatchesWaiting = 64;
inline constexpr size_t kMaxGroupOrders = 2'048;
inline constexpr int kWatchIntervalMs = 200;
inline constexpr uint32_t kRetryAfterMs = 250;
static_assert(kMaxBatchOrders <= kMaxGroupOrders);
static_assert(kMaxOrderStreams + kMaxWatchStreams + kMaxStateStreams < kMaxGrpcThreads);

// --- The admin port ---
inline constexpr int64_t kMaxLedgerRows = 10'000;
// Hours since 1970 whose milliseconds fit a UUIDv7's 48 bits.
inline constexpr int64_t kMaxHour = (int64_t{1} << 48) / 3'600'000 - 1;

// --- The checkout pages ---
inline constexpr size_t kMaxCheckoutConnections = 512;
inline constexpr uint32_t kMaxHeaderBytes = 8 * 1024;
inline constexpr uint64_t kMaxBodyBytes = 1024;
inline constexpr size_t kMaxTargetBytes = 2'048;
inline constexpr size_t kMaxKeyFileBytes = 64 * 1024;
inline constexpr int kCheckoutTimeoutMs = 10'000;
inline constexpr int kMaxRequestsPerConnection = 100;

}  // namespace jembatan::marketplace
