#pragma once

// What the marketplace's tests share: a database file that goes away, offers and orders made of
// small numbers, a clock that stands still. Tests only.

#include <atomic>
#include <cstdint>
#include <filesystem>
#include <string>

#include "gtest/gtest.h"

#include "libs/base/ids.h"
#include "services/marketplace/order.h"
#include "services/marketplace/store.h"

namespace jembatan::marketplace::testing {

inline constexpr int64_t kNowMs = 1'780'000'000'000;

class TempDatabase {
 public:
  TempDatabase() {
    std::string pattern = (std::filesystem::path(::testing::TempDir()) / "market.XXXXXX").string();
    folder_ = mkdtemp(pattern.data());
  }
  ~TempDatabase() { std::filesystem::remove_all(folder_); }
  TempDatabase(const TempDatabase&) = delete;
  TempDatabase& operator=(const TempDatabase&) = delete;

  std::string path() const { return (folder_ / "market.db").string(); }
  StoreOptions options() const {
    StoreOptions options;
    options.database = path();
    options.public_url = "http://127.0.0.1:1";
    return options;
  }

 private:
  std::filesystem::path folder_;
};

struct TestClock {
  std::atomic<int64_t> now_ms = kNowMs;
  Store::Clock get() {
    return [this] { return now_ms.load(); };
  }
};

inline std::string IntentId(uint64_t number) {
  return base::Uuid::MakeV7(kNowMs, 0, number).ToString();
}

inline std::string BuyerRef(uint64_t number) {
  std::string digits = std::to_string(number);
  return std::string(32 - digits.size(), '0') + digits;
}

inline Offer MakeOffer(const std::string& offer_id, int64_t stock, int64_t buyer_limit = 0) {
  Offer offer;
  offer.offer_id = offer_id;
  offer.title = "Kopi Gayo 250 g";
  offer.seller_id = "seller-1";
  offer.price = {"IDR", 2'500'000};
  offer.price_version = "1";
  offer.stock = stock;
  offer.buyer_limit = buyer_limit;
  return offer;
}

// An order with the text that it views.
class TestOrder {
 public:
  TestOrder(uint64_t intent, uint64_t buyer, std::string offer_id, char body = 'f')
      : intent_id_(IntentId(intent)),
        buyer_ref_(BuyerRef(buyer)),
        offer_id_(std::move(offer_id)),
        fingerprint_(32, body) {}

  Order view() const {
    Order order;
    order.intent_id = intent_id_;
    order.buyer_ref = buyer_ref_;
    order.offer_id = offer_id_;
    order.quantity = quantity;
    order.price_seen = {"IDR", price_minor};
    order.price_version = price_version;
    order.voucher_ref = voucher_ref;
    order.fingerprint = fingerprint_;
    order.deadline_ms = deadline_ms;
    return order;
  }

  uint32_t quantity = 1;
  int64_t price_minor = 2'500'000;
  std::string price_version = "1";
  std::string voucher_ref;
  int64_t deadline_ms = kNowMs + 120'000;

 private:
  std::string intent_id_;
  std::string buyer_ref_;
  std::string offer_id_;
  std::string fingerprint_;
};

inline Fencing Token(uint64_t token, uint32_t partition = 0) {
  return {"jembatan.intents.v1", partition, token};
}

}  // namespace jembatan::marketplace::testing
