#pragma once

// Store: offers, results, limits and tokens in one SQLite file, and the transactions that decide.
// Whatever it answers is on the disk before (WAL, synchronous=FULL). One connection writes, one
// transaction at a time; a token and a deadline are judged inside the transaction, by a clock read
// after the write lock was taken. One process owns the file.
//
// Errors: ABORTED means that for certain nothing was changed: the same call may be made again.
// UNAVAILABLE means that a commit failed in a way that leaves its effect unknown: nothing may be
// concluded, the store answers nothing more, and only a restart finds out what the disk holds.
//
// Owned by the service. Thread-safe: every method takes the one mutex.

#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"

#include "libs/ledger/note.h"
#include "libs/sqlite/sqlite.h"
#include "services/marketplace/decide.h"
#include "services/marketplace/links.h"
#include "services/marketplace/offer_feed.h"
#include "services/marketplace/order.h"
#include "services/marketplace/promotions.h"
#include "services/marketplace/rows.h"
#include "services/marketplace/schema.h"

namespace jembatan::marketplace {

struct StoreOptions {
  std::string database;
  // Where continue_url and invoice_url lead.
  std::string public_url;
  // How long goods are held for payment.
  int64_t hold_ms = 900'000;
  // Bound of the file in pages of 4 KiB; 0: the disk is the bound.
  int max_pages = 0;
  // The marketplace as the bridges name it, and who signs in its name what is attested about goods;
  // null: nobody.
  std::string marketplace_id = "tokopedia";
  std::shared_ptr<const ledger::NoteSigner> goods_signer;
};

class Store {
 public:
  // Wall time in milliseconds.
  using Clock = std::function<int64_t()>;

  static absl::StatusOr<std::unique_ptr<Store>> Open(StoreOptions options, Clock clock);
  ~Store();

  struct Placed {
    // The token is stale: nothing was decided.
    bool stale = false;
    // One per order, same place.
    std::vector<Result> results;
  };
  struct Batch {
    Fencing fencing;
    std::span<const Order> orders;
  };
  // Decides the orders one after the other in one transaction, with one write to the disk for all
  // batches: whatever waits together is decided together. One Placed per batch, same place.
  absl::StatusOr<std::vector<Placed>> Place(std::span<const Batch> batches);
  // The same for one batch.
  absl::StatusOr<Placed> Place(const Fencing& fencing, std::span<const Order> orders);

  // Decides an order that its buyer places at the marketplace's own page: under the same key and
  // the same rules, but nobody's token. deadline_ms is the link's.
  absl::StatusOr<Result> PlaceAtPage(const Order& order);

  struct Found {
    bool stale = false;
    // One per key, same place; empty: none is remembered.
    std::vector<std::optional<Result>> results;
  };
  absl::StatusOr<Found> Get(const Fencing& fencing, std::span<const Key> keys);

  // The highest token of the scope, the one given included.
  absl::StatusOr<uint64_t> Fence(const Fencing& fencing);

  struct Loaded {
    uint32_t inserted = 0;
    uint32_t replaced = 0;
  };
  // All or none. The stock given is what is left from now on; what was sold or used stays. What is
  // known of the goods is signed anew if it has changed. kNewOnly leaves what is known as it is.
  // INVALID_ARGUMENT names the entry.
  enum class LoadMode { kReplace, kNewOnly };
  absl::StatusOr<Loaded> Load(Catalog catalog, LoadMode mode = LoadMode::kReplace);
  // The same for offers alone.
  absl::StatusOr<Loaded> LoadOffers(std::vector<Offer> offers);

  struct Promoted {
    std::vector<Campaign> campaigns;
    std::vector<Voucher> vouchers;
  };
  absl::StatusOr<Promoted> ListPromotions();

  struct Visit {
    Result result;
    int64_t now_ms = 0;
    int64_t paid_ms = 0;
    Taken taken;
  };
  // The order as its buyer sees it. One whose hold has run out unpaid is cancelled on the way.
  absl::StatusOr<Visit> View(std::string_view order_id);
  // Marks it paid if its hold still runs; else as View.
  absl::StatusOr<Visit> Pay(std::string_view order_id);
  // Cancels it if it is not paid, and gives back what it took; else as View.
  absl::StatusOr<Visit> Withdraw(std::string_view order_id);

  // Cancels unpaid orders whose hold has run out, and forgets old changes, up to kMaxSweepOrders of
  // each; returns how many were cancelled.
  absl::StatusOr<int> CancelExpired();

  OfferFeed& feed() { return feed_; }
  const Links& links() const { return *links_; }
  // The clock that transactions read.
  int64_t clock_ms() const { return clock_(); }
  // Not OK after a failed commit.
  absl::Status health();

 private:
  // What a transaction has changed so far; becomes the cache's state when it is committed.
  struct Work {
    struct Touched {
      Offer offer;
      // What the row still says.
      int64_t sold_in_row = 0;
    };
    int64_t now_ms = 0;
    int64_t next_seq = 0;
    absl::flat_hash_map<std::string, Touched> offers;
  };

  Store(StoreOptions options, Clock clock, sqlite::FileLock lock, sqlite::Database database);

  absl::Status Prepare();
  absl::Status ReadState();
  absl::Status ReadOffers();
  absl::Status ReadTerms();
  absl::Status ReadAttestations();
  absl::Status RenewAttestations();

  // Runs body in a transaction and adopts its work once it is committed.
  absl::Status Transact(const std::function<absl::Status(Work&)>& body);
  absl::Status WriteOffers(const Work& work);
  void Adopt(Work work);

  // Whether the token may decide; raises the scope's token if it is newer.
  absl::StatusOr<bool> Admit(const Fencing& fencing, uint64_t* highest);
  absl::Status PlaceBatch(Work& work, const Batch& batch, Placed* placed);
  absl::Status PlaceOne(Work& work, const Order& order, Result* result);
  absl::StatusOr<std::optional<Result>> FindResult(const Key& key);
  absl::StatusOr<std::optional<ResultRow>> FindOrder(std::string_view order_id);
  absl::StatusOr<int64_t> BuyerTotal(std::string_view offer_id, std::string_view buyer_ref);
  // What the transaction has read of an order's campaign and voucher, for Facts to point to.
  struct Promotion {
    std::optional<Campaign> campaign;
    std::optional<Voucher> voucher;
  };
  absl::Status ReadPromotion(const Order& order, Facts* facts, Promotion* promotion);
  absl::Status Remember(Work& work, const Order& order, const Facts& facts, Decision* decision);
  absl::Status Cancel(Work& work, Payment as, ResultRow* row);
  // Moves units from stock to sold, back if negative.
  absl::Status Take(Work& work, std::string_view offer_id, std::string_view buyer_ref,
                    int64_t quantity);
  absl::Status LoadPromotions(const Catalog& catalog, LoadMode mode);
  absl::Status LoadOne(Work& work, LoadMode mode, Offer offer, Loaded* loaded);
  absl::Status WriteTerms(const Offer& offer);
  absl::Status CheckCampaignOf(const std::string& campaign_id, const std::string& whose);
  static goods::Goods Known(const Offer& offer);
  absl::StatusOr<bool> TakeKey();
  absl::Status Attest(Offer* offer, const Attested* before, int64_t now_ms);
  enum class Act { kView, kPay, kWithdraw };
  absl::StatusOr<Visit> Visited(std::string_view order_id, Act act);
  absl::Status Settle(Work& work, Act act, ResultRow* row);
  // What became of the money, in the order's row and among the changes.
  absl::Status SetPayment(const Work& work, Payment payment, ResultRow* row);
  const Offer* OfferIn(const Work& work, std::string_view offer_id) const;
  Work::Touched& Touch(Work& work, std::string_view offer_id);

  const StoreOptions options_;
  const Clock clock_;
  const sqlite::FileLock lock_;
  std::unique_ptr<const Links> links_;
  OfferFeed feed_;

  std::mutex mutex_;
  // Everything below is guarded by mutex_. Statements end before the database.
  sqlite::Database database_;
  sqlite::Statement select_token_;
  sqlite::Statement upsert_token_;
  sqlite::Statement select_result_;
  sqlite::Statement select_order_;
  sqlite::Statement select_on_hold_;
  sqlite::Statement insert_result_;
  sqlite::Statement update_payment_;
  sqlite::Statement insert_change_;
  sqlite::Statement delete_changes_;
  sqlite::Statement select_buyer_total_;
  sqlite::Statement add_buyer_total_;
  sqlite::Statement update_offer_;
  sqlite::Statement upsert_offer_;
  sqlite::Statement upsert_attestation_;
  sqlite::Statement upsert_terms_;
  Promotions promotions_;
  absl::flat_hash_map<std::string, Offer> offers_;
  int64_t next_seq_ = 1;
  absl::Status broken_;
};

}  // namespace jembatan::marketplace
