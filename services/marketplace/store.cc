#include "services/marketplace/store.h"

#include <algorithm>
#include <utility>

#include "libs/base/check.h"
#include "libs/base/crash_point.h"
#include "libs/base/status.h"
#include "libs/base/text.h"
#include "libs/goods/attestation.h"
#include "libs/goods/words.h"
#include "services/marketplace/limits.h"

namespace jembatan::marketplace {
namespace {

using orders::v1::OrderResult;

constexpr std::string_view kSelectOffers =
    "SELECT offer_id, title, seller_id, currency, amount_minor, price_version, stock, sold, "
    "initial_stock, buyer_limit, total_limit, sale_starts_ms, sale_ends_ms FROM offers";

Offer ReadOffer(const sqlite::Statement& row) {
  Offer offer;
  offer.offer_id = row.Text(0);
  offer.title = row.Text(1);
  offer.seller_id = row.Text(2);
  offer.price.currency = row.Text(3);
  offer.price.amount_minor = row.Int(4);
  offer.price_version = row.Text(5);
  offer.stock = row.Int(6);
  offer.sold = row.Int(7);
  offer.initial_stock = row.Int(8);
  offer.buyer_limit = row.Int(9);
  offer.total_limit = row.Int(10);
  offer.sale_starts_ms = row.Int(11);
  offer.sale_ends_ms = row.Int(12);
  return offer;
}

// The transaction was rolled back, or its commit wrote no commit frame: nothing changed, for
// certain.
absl::Status NothingChanged(const absl::Status& cause) {
  return absl::AbortedError(cause.message());
}

// The price that was before, and until when an order at it is taken, if the offer has such a grace.
FormerPrice FormerOf(const Offer& before, const Offer& after, int64_t now_ms) {
  if (before.price == after.price && before.price_version == after.price_version) {
    return before.former;
  }
  if (after.price_grace_ms == 0) return {};
  return {before.price, before.price_version, now_ms + after.price_grace_ms};
}

std::string_view View16(const std::array<char, 16>& bytes) { return {bytes.data(), bytes.size()}; }

}  // namespace

Store::Store(StoreOptions options, Clock clock, sqlite::FileLock lock, sqlite::Database database)
    : options_(std::move(options)),
      clock_(std::move(clock)),
      lock_(std::move(lock)),
      database_(std::move(database)) {}

Store::~Store() { feed_.Close(); }

absl::StatusOr<std::unique_ptr<Store>> Store::Open(StoreOptions options, Clock clock) {
  JEMB_ASSIGN_OR_RETURN(sqlite::FileLock lock, sqlite::FileLock::Take(options.database));
  JEMB_ASSIGN_OR_RETURN(sqlite::Database database,
                        OpenDatabase(options.database, options.max_pages));
  std::unique_ptr<Store> store(
      new Store(std::move(options), std::move(clock), std::move(lock), std::move(database)));
  const std::scoped_lock guard(store->mutex_);
  JEMB_RETURN_IF_ERROR(store->Prepare());
  JEMB_RETURN_IF_ERROR(store->ReadState());
  return store;
}

absl::Status Store::Prepare() {
  const std::string select(kSelectResults);
  const struct {
    sqlite::Statement* statement;
    std::string sql;
  } statements[] = {
      {&select_token_, "SELECT token FROM fences WHERE topic_version = ? AND partition = ?"},
      {&upsert_token_,
       "INSERT INTO fences(topic_version, partition, token) VALUES(?, ?, ?) "
       "ON CONFLICT DO UPDATE SET token = excluded.token"},
      {&select_result_, select + "WHERE intent_id = ? AND buyer_ref = ?"},
      {&select_order_, select + "WHERE seq = ?"},
      {&select_on_hold_,
       select + "WHERE payment = 0 AND hold_expires_ms <= ? ORDER BY hold_expires_ms LIMIT ?"},
      {&insert_result_,
       "INSERT INTO results(seq, intent_id, buyer_ref, fingerprint, state, reason, offer_id, "
       "quantity, currency, amount_minor, decided_ms, hold_expires_ms, order_id, continue_url, "
       "payment, paid_ms) VALUES(?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, 0)"},
      {&update_payment_, "UPDATE results SET payment = ?, paid_ms = ? WHERE seq = ?"},
      {&insert_change_, "INSERT INTO order_changes(seq, payment, changed_ms) VALUES(?, ?, ?)"},
      {&delete_changes_,
       "DELETE FROM order_changes WHERE place IN "
       "(SELECT place FROM order_changes WHERE changed_ms < ? ORDER BY changed_ms LIMIT ?)"},
      {&select_buyer_total_,
       "SELECT quantity FROM buyer_totals WHERE offer_id = ? AND buyer_ref = ?"},
      {&add_buyer_total_,
       "INSERT INTO buyer_totals(offer_id, buyer_ref, quantity) VALUES(?1, ?2, max(?3, 0)) "
       "ON CONFLICT DO UPDATE SET quantity = quantity + ?3"},
      {&update_offer_,
       "UPDATE offers SET stock = stock - ?1, sold = sold + ?1 WHERE offer_id = ?2"},
      {&upsert_offer_,
       "INSERT OR REPLACE INTO offers(offer_id, title, seller_id, currency, amount_minor, "
       "price_version, stock, sold, initial_stock, buyer_limit, total_limit, sale_starts_ms, "
       "sale_ends_ms) VALUES(?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"},
      {&upsert_attestation_,
       "INSERT OR REPLACE INTO attestations(offer_id, text, note) VALUES(?, ?, ?)"},
      {&upsert_terms_,
       "INSERT OR REPLACE INTO sale_terms(offer_id, order_limit, campaign_id, price_grace_ms, "
       "former_currency, former_amount_minor, former_version, former_until_ms) "
       "VALUES(?, ?, ?, ?, ?, ?, ?, ?)"},
  };
  for (const auto& [statement, sql] : statements) {
    JEMB_ASSIGN_OR_RETURN(*statement, database_.Prepare(sql));
  }
  JEMB_ASSIGN_OR_RETURN(promotions_, Promotions::Prepare(database_));
  return absl::OkStatus();
}

absl::Status Store::ReadState() {
  JEMB_ASSIGN_OR_RETURN(
      sqlite::Statement key,
      database_.Prepare("SELECT value FROM settings WHERE name = 'checkout_key'"));
  JEMB_ASSIGN_OR_RETURN(const bool found, key.Step());
  if (!found) return base::FailedPrecondition(options_.database + " has no checkout key");
  links_ = std::make_unique<const Links>(options_.public_url, std::string(key.Bytes(0)));
  JEMB_ASSIGN_OR_RETURN(sqlite::Statement last, database_.Prepare("SELECT max(seq) FROM results"));
  JEMB_ASSIGN_OR_RETURN(const bool counted, last.Step());
  if (counted) next_seq_ = last.Int(0) + 1;
  return ReadOffers();
}

absl::Status Store::ReadOffers() {
  JEMB_ASSIGN_OR_RETURN(sqlite::Statement rows, database_.Prepare(kSelectOffers));
  while (true) {
    JEMB_ASSIGN_OR_RETURN(const bool row, rows.Step());
    if (!row) break;
    Offer offer = ReadOffer(rows);
    offers_[offer.offer_id] = std::move(offer);
  }
  JEMB_RETURN_IF_ERROR(ReadTerms());
  JEMB_RETURN_IF_ERROR(ReadAttestations());
  JEMB_RETURN_IF_ERROR(RenewAttestations());
  std::vector<Offer> all;
  for (const auto& [offer_id, offer] : offers_) all.push_back(offer);
  feed_.Publish(std::move(all));
  return absl::OkStatus();
}

absl::Status Store::ReadTerms() {
  JEMB_ASSIGN_OR_RETURN(
      sqlite::Statement rows,
      database_.Prepare("SELECT offer_id, order_limit, campaign_id, price_grace_ms, "
                        "former_currency, former_amount_minor, former_version, former_until_ms "
                        "FROM sale_terms"));
  while (true) {
    JEMB_ASSIGN_OR_RETURN(const bool row, rows.Step());
    if (!row) return absl::OkStatus();
    const auto at = offers_.find(base::Absl(rows.Text(0)));
    if (at == offers_.end()) continue;
    Offer& offer = at->second;
    offer.order_limit = rows.Int(1);
    offer.campaign_id = rows.Text(2);
    offer.price_grace_ms = rows.Int(3);
    offer.former = {
        {std::string(rows.Text(4)), rows.Int(5)}, std::string(rows.Text(6)), rows.Int(7)};
  }
}

absl::Status Store::ReadAttestations() {
  JEMB_ASSIGN_OR_RETURN(sqlite::Statement rows,
                        database_.Prepare("SELECT offer_id, text, note FROM attestations"));
  while (true) {
    JEMB_ASSIGN_OR_RETURN(const bool row, rows.Step());
    if (!row) return absl::OkStatus();
    const auto at = offers_.find(base::Absl(rows.Text(0)));
    if (at == offers_.end()) continue;
    absl::StatusOr<goods::Attestation> read = goods::ParseAttestation(rows.Text(1));
    if (!read.ok()) {
      return base::FailedPrecondition(options_.database + ": the attestation of " + at->first +
                                      ": " + std::string(base::Std(read.status().message())));
    }
    at->second.attested = std::make_shared<const Attested>(
        Attested{std::move(read->goods), read->issued_ms, std::string(rows.Text(2))});
  }
}

// Offers of before there were attestations, what nobody signed, and everything if the key is
// another one than before.
absl::Status Store::RenewAttestations() {
  sqlite::Transaction transaction(database_);
  JEMB_RETURN_IF_ERROR(transaction.Begin());
  JEMB_ASSIGN_OR_RETURN(const bool other_key, TakeKey());
  for (auto& [offer_id, offer] : offers_) {
    const std::shared_ptr<const Attested> before = offer.attested;
    const bool unsigned_yet = options_.goods_signer != nullptr && before != nullptr &&
                              (other_key || before->note.empty());
    if (before == nullptr || unsigned_yet) {
      JEMB_RETURN_IF_ERROR(Attest(&offer, before.get(), clock_()));
    }
  }
  return transaction.Commit();
}

// Whether the notes in the file are by another key than the one that signs from now on.
absl::StatusOr<bool> Store::TakeKey() {
  if (options_.goods_signer == nullptr) return false;
  const std::string key = options_.goods_signer->verifier().text();
  JEMB_ASSIGN_OR_RETURN(sqlite::Statement select,
                        database_.Prepare("SELECT value FROM settings WHERE name = 'goods_key'"));
  JEMB_ASSIGN_OR_RETURN(const bool found, select.Step());
  if (found && select.Bytes(0) == key) return false;
  JEMB_ASSIGN_OR_RETURN(
      sqlite::Statement insert,
      database_.Prepare("INSERT OR REPLACE INTO settings(name, value) VALUES('goods_key', ?)"));
  insert.Bind(sqlite::Blob{key});
  JEMB_RETURN_IF_ERROR(insert.Run());
  return true;
}

// What is known of the offer's goods, with who sells them: what is no id cannot be halted, and is
// not attested.
goods::Goods Store::Known(const Offer& offer) {
  goods::Goods known = offer.attested != nullptr ? offer.attested->goods : goods::Goods();
  known.seller_id = goods::IsId(offer.seller_id) ? offer.seller_id : std::string();
  return known;
}

// Attests what is known of the offer's goods. It is later than the attestation before even if the
// clock is not.
absl::Status Store::Attest(Offer* offer, const Attested* before, int64_t now_ms) {
  const goods::Attestation next{
      .marketplace_id = options_.marketplace_id,
      .offer_id = offer->offer_id,
      .issued_ms = before != nullptr ? std::max(now_ms, before->issued_ms + 1) : now_ms,
      .goods = Known(*offer)};
  const absl::StatusOr<std::string> text = goods::WriteAttestation(next);
  if (!text.ok()) {
    return base::InvalidArgument("offer " + offer->offer_id +
                                 ": its goods: " + std::string(base::Std(text.status().message())));
  }
  Attested attested{next.goods, next.issued_ms, {}};
  if (options_.goods_signer != nullptr) attested.note = options_.goods_signer->Sign(*text);
  upsert_attestation_.Bind(std::string_view(offer->offer_id), std::string_view(*text),
                           std::string_view(attested.note));
  JEMB_RETURN_IF_ERROR(upsert_attestation_.Run());
  offer->attested = std::make_shared<const Attested>(std::move(attested));
  return absl::OkStatus();
}

absl::Status Store::Transact(const std::function<absl::Status(Work&)>& body) {
  const std::scoped_lock lock(mutex_);
  if (!broken_.ok()) return broken_;
  sqlite::Transaction transaction(database_);
  const absl::Status begun = transaction.Begin();
  if (!begun.ok()) return NothingChanged(begun);
  Work work;
  // After the lock was taken: who waited for it is judged by the time it got it.
  work.now_ms = clock_();
  work.next_seq = next_seq_;
  absl::Status status = body(work);
  if (absl::IsNotFound(status) || absl::IsInvalidArgument(status)) return status;
  if (status.ok()) status = WriteOffers(work);
  if (!status.ok()) return NothingChanged(status);
  status = transaction.Commit();
  // A full disk fails the write of a frame, and a log without its commit frame is no commit. After
  // any other failure (an fsync above all) the frame may be on the disk or not.
  if (absl::IsResourceExhausted(status)) return NothingChanged(status);
  if (!status.ok()) {
    broken_ = base::Unavailable("a commit failed, restart to learn its effect: " +
                                std::string(base::Std(status.message())));
    return broken_;
  }
  Adopt(std::move(work));
  return absl::OkStatus();
}

absl::Status Store::WriteOffers(const Work& work) {
  for (const auto& [offer_id, touched] : work.offers) {
    const int64_t taken = touched.offer.sold - touched.sold_in_row;
    if (taken == 0) continue;
    update_offer_.Bind(taken, std::string_view(offer_id));
    JEMB_RETURN_IF_ERROR(update_offer_.Run());
    JEMB_CHECK(database_.changes() == 1);
  }
  return absl::OkStatus();
}

void Store::Adopt(Work work) {
  next_seq_ = work.next_seq;
  std::vector<Offer> changed;
  changed.reserve(work.offers.size());
  for (auto& [offer_id, touched] : work.offers) {
    Offer& cached = offers_[offer_id];
    if (cached == touched.offer) continue;
    cached = touched.offer;
    changed.push_back(std::move(touched.offer));
  }
  feed_.Publish(std::move(changed));
}

absl::Status Store::PlaceBatch(Work& work, const Batch& batch, Placed* placed) {
  uint64_t highest = 0;
  JEMB_ASSIGN_OR_RETURN(const bool admitted, Admit(batch.fencing, &highest));
  placed->stale = !admitted;
  if (placed->stale) return absl::OkStatus();
  placed->results.resize(batch.orders.size());
  for (size_t i = 0; i < batch.orders.size(); ++i) {
    JEMB_RETURN_IF_ERROR(PlaceOne(work, batch.orders[i], &placed->results[i]));
  }
  return absl::OkStatus();
}

absl::StatusOr<std::vector<Store::Placed>> Store::Place(std::span<const Batch> batches) {
  for (const Batch& batch : batches) JEMB_RETURN_IF_ERROR(CheckFencing(batch.fencing));
  std::vector<Placed> placed(batches.size());
  JEMB_RETURN_IF_ERROR(Transact([&](Work& work) -> absl::Status {
    JEMB_CRASH_POINT("marketplace.locked");
    for (size_t i = 0; i < batches.size(); ++i) {
      JEMB_RETURN_IF_ERROR(PlaceBatch(work, batches[i], &placed[i]));
    }
    JEMB_CRASH_POINT("marketplace.decided");
    return absl::OkStatus();
  }));
  JEMB_CRASH_POINT("marketplace.committed");
  return placed;
}

absl::StatusOr<Result> Store::PlaceAtPage(const Order& order) {
  Result result;
  JEMB_RETURN_IF_ERROR(Transact([&](Work& work) { return PlaceOne(work, order, &result); }));
  return result;
}

absl::StatusOr<Store::Placed> Store::Place(const Fencing& fencing, std::span<const Order> orders) {
  const Batch batch{fencing, orders};
  JEMB_ASSIGN_OR_RETURN(std::vector<Placed> placed, Place({&batch, 1}));
  return std::move(placed.front());
}

absl::StatusOr<Store::Found> Store::Get(const Fencing& fencing, std::span<const Key> keys) {
  JEMB_RETURN_IF_ERROR(CheckFencing(fencing));
  Found found;
  JEMB_RETURN_IF_ERROR(Transact([&](Work&) -> absl::Status {
    uint64_t highest = 0;
    JEMB_ASSIGN_OR_RETURN(const bool admitted, Admit(fencing, &highest));
    found.stale = !admitted;
    if (found.stale) return absl::OkStatus();
    for (const Key& key : keys) {
      JEMB_ASSIGN_OR_RETURN(std::optional<Result> result, FindResult(key));
      if (result.has_value()) result->replayed = true;
      found.results.push_back(std::move(result));
    }
    return absl::OkStatus();
  }));
  return found;
}

absl::StatusOr<uint64_t> Store::Fence(const Fencing& fencing) {
  JEMB_RETURN_IF_ERROR(CheckFencing(fencing));
  uint64_t highest = 0;
  JEMB_RETURN_IF_ERROR(Transact([&](Work&) -> absl::Status {
    JEMB_RETURN_IF_ERROR(Admit(fencing, &highest).status());
    JEMB_CRASH_POINT("marketplace.fencing");
    return absl::OkStatus();
  }));
  JEMB_CRASH_POINT("marketplace.fenced");
  return highest;
}

absl::StatusOr<bool> Store::Admit(const Fencing& fencing, uint64_t* highest) {
  select_token_.Bind(fencing.topic_version, fencing.partition);
  const sqlite::ScopedReset reset(select_token_);
  JEMB_ASSIGN_OR_RETURN(const bool known, select_token_.Step());
  if (known) {
    *highest = static_cast<uint64_t>(select_token_.Int(0));
    if (fencing.token == *highest) return true;
    if (fencing.token < *highest) return false;
  }
  *highest = fencing.token;
  upsert_token_.Bind(fencing.topic_version, fencing.partition, static_cast<int64_t>(fencing.token));
  JEMB_RETURN_IF_ERROR(upsert_token_.Run());
  return true;
}

absl::Status Store::PlaceOne(Work& work, const Order& order, Result* result) {
  JEMB_ASSIGN_OR_RETURN(const std::optional<Result> stored, FindResult(order.key()));
  Facts facts;
  facts.stored = stored.has_value() ? &*stored : nullptr;
  facts.offer = OfferIn(work, order.offer_id);
  facts.now_ms = work.now_ms;
  facts.hold_ms = options_.hold_ms;
  if (facts.offer != nullptr && facts.offer->buyer_limit > 0) {
    JEMB_ASSIGN_OR_RETURN(facts.buyer_total, BuyerTotal(order.offer_id, order.buyer_ref));
  }
  Promotion promotion;
  if (facts.stored == nullptr) JEMB_RETURN_IF_ERROR(ReadPromotion(order, &facts, &promotion));
  Decision decision = Decide(order, facts);
  if (decision.remember) JEMB_RETURN_IF_ERROR(Remember(work, order, facts, &decision));
  *result = std::move(decision.result);
  return absl::OkStatus();
}

absl::Status Store::ReadPromotion(const Order& order, Facts* facts, Promotion* promotion) {
  if (facts->offer != nullptr && !facts->offer->campaign_id.empty()) {
    const std::string& campaign_id = facts->offer->campaign_id;
    JEMB_ASSIGN_OR_RETURN(promotion->campaign, promotions_.FindCampaign(campaign_id));
    JEMB_CHECK(promotion->campaign.has_value());
    facts->campaign = &*promotion->campaign;
    if (facts->campaign->buyer_limit > 0) {
      JEMB_ASSIGN_OR_RETURN(facts->campaign_units,
                            promotions_.UnitsOf(campaign_id, order.buyer_ref));
    }
  }
  if (order.voucher_ref.empty()) return absl::OkStatus();
  JEMB_ASSIGN_OR_RETURN(promotion->voucher, promotions_.FindVoucher(order.voucher_ref));
  if (!promotion->voucher.has_value()) return absl::OkStatus();
  facts->voucher = &*promotion->voucher;
  JEMB_ASSIGN_OR_RETURN(facts->voucher_uses,
                        promotions_.UsesOf(order.voucher_ref, order.buyer_ref));
  return absl::OkStatus();
}

absl::StatusOr<std::optional<Result>> Store::FindResult(const Key& key) {
  const std::optional<base::Uuid> intent_id = ReadKey(key);
  if (!intent_id.has_value()) return std::optional<Result>();
  const std::array<char, 16> id = ToBytes(*intent_id);
  select_result_.Bind(sqlite::Blob{View16(id)}, sqlite::Blob{key.buyer_ref});
  const sqlite::ScopedReset reset(select_result_);
  JEMB_ASSIGN_OR_RETURN(const bool found, select_result_.Step());
  if (!found) return std::optional<Result>();
  std::optional<Result> result = ReadRow(select_result_).result;
  if (result->payment == Payment::kPaid) result->invoice_url = links_->Invoice(result->order_id);
  return result;
}

absl::StatusOr<int64_t> Store::BuyerTotal(std::string_view offer_id, std::string_view buyer_ref) {
  select_buyer_total_.Bind(offer_id, sqlite::Blob{buyer_ref});
  const sqlite::ScopedReset reset(select_buyer_total_);
  JEMB_ASSIGN_OR_RETURN(const bool found, select_buyer_total_.Step());
  return found ? select_buyer_total_.Int(0) : 0;
}

absl::Status Store::Remember(Work& work, const Order& order, const Facts& facts,
                             Decision* decision) {
  Result* result = &decision->result;
  result->seq = work.next_seq++;
  if (result->state == OrderResult::STATE_ORDERED) {
    result->order_id = OrderIdOf(result->seq);
    result->continue_url = links_->Checkout(result->order_id);
    Taken taken;
    if (facts.campaign != nullptr) taken.campaign_id = facts.campaign->campaign_id;
    if (facts.voucher != nullptr) taken.voucher_ref = facts.voucher->voucher_ref;
    taken.discount_minor = decision->discount_minor;
    JEMB_RETURN_IF_ERROR(Take(work, order.offer_id, order.buyer_ref, order.quantity));
    if (!taken.nothing()) {
      JEMB_RETURN_IF_ERROR(promotions_.Take(result->seq, taken, order.buyer_ref, order.quantity));
    }
  }
  const std::array<char, 16> id = ToBytes(*ReadKey(order.key()));
  insert_result_.Bind(result->seq, sqlite::Blob{View16(id)}, sqlite::Blob{order.buyer_ref},
                      sqlite::Blob{result->fingerprint}, static_cast<int>(result->state),
                      static_cast<int>(result->reason), std::string_view(result->offer_id),
                      result->quantity, std::string_view(result->price.currency),
                      result->price.amount_minor, result->decided_ms, result->hold_expires_ms,
                      std::string_view(result->order_id), std::string_view(result->continue_url),
                      static_cast<int>(result->payment));
  return insert_result_.Run();
}

absl::Status Store::Take(Work& work, std::string_view offer_id, std::string_view buyer_ref,
                         int64_t quantity) {
  Offer& offer = Touch(work, offer_id).offer;
  offer.stock -= quantity;
  offer.sold += quantity;
  add_buyer_total_.Bind(offer_id, sqlite::Blob{buyer_ref}, quantity);
  return add_buyer_total_.Run();
}

const Offer* Store::OfferIn(const Work& work, std::string_view offer_id) const {
  const auto touched = work.offers.find(base::Absl(offer_id));
  if (touched != work.offers.end()) return &touched->second.offer;
  const auto cached = offers_.find(base::Absl(offer_id));
  return cached == offers_.end() ? nullptr : &cached->second;
}

Store::Work::Touched& Store::Touch(Work& work, std::string_view offer_id) {
  const auto known = work.offers.find(base::Absl(offer_id));
  if (known != work.offers.end()) return known->second;
  const auto cached = offers_.find(base::Absl(offer_id));
  JEMB_CHECK(cached != offers_.end());
  Work::Touched touched{cached->second, cached->second.sold};
  return work.offers.emplace(cached->first, std::move(touched)).first->second;
}

absl::StatusOr<Store::Loaded> Store::LoadOffers(std::vector<Offer> offers) {
  return Load({.offers = std::move(offers), .campaigns = {}, .vouchers = {}});
}

absl::StatusOr<Store::Loaded> Store::Load(Catalog catalog, LoadMode mode) {
  for (const Campaign& campaign : catalog.campaigns) JEMB_RETURN_IF_ERROR(CheckCampaign(campaign));
  for (const Voucher& voucher : catalog.vouchers) JEMB_RETURN_IF_ERROR(CheckVoucher(voucher));
  for (const Offer& offer : catalog.offers) JEMB_RETURN_IF_ERROR(CheckOffer(offer));
  Loaded loaded;
  JEMB_RETURN_IF_ERROR(Transact([&](Work& work) -> absl::Status {
    JEMB_RETURN_IF_ERROR(LoadPromotions(catalog, mode));
    for (Offer& offer : catalog.offers) {
      JEMB_RETURN_IF_ERROR(LoadOne(work, mode, std::move(offer), &loaded));
    }
    if (offers_.size() + loaded.inserted > kMaxOffers) {
      return base::InvalidArgument("the catalogue holds at most " + std::to_string(kMaxOffers) +
                                   " offers");
    }
    return absl::OkStatus();
  }));
  return loaded;
}

absl::Status Store::LoadPromotions(const Catalog& catalog, LoadMode mode) {
  const bool all = mode == LoadMode::kReplace;
  for (const Campaign& campaign : catalog.campaigns) {
    JEMB_ASSIGN_OR_RETURN(const auto before, promotions_.FindCampaign(campaign.campaign_id));
    if (all || !before.has_value()) JEMB_RETURN_IF_ERROR(promotions_.Load(campaign));
  }
  for (const Voucher& voucher : catalog.vouchers) {
    JEMB_RETURN_IF_ERROR(CheckCampaignOf(voucher.campaign_id, "voucher " + voucher.voucher_ref));
    JEMB_ASSIGN_OR_RETURN(const auto before, promotions_.FindVoucher(voucher.voucher_ref));
    if (all || !before.has_value()) JEMB_RETURN_IF_ERROR(promotions_.Load(voucher));
  }
  if (catalog.campaigns.empty() && catalog.vouchers.empty()) return absl::OkStatus();
  JEMB_ASSIGN_OR_RETURN(const std::vector<Campaign> campaigns, promotions_.Campaigns());
  JEMB_ASSIGN_OR_RETURN(const std::vector<Voucher> vouchers, promotions_.Vouchers());
  if (campaigns.size() <= kMaxCampaigns && vouchers.size() <= kMaxVouchers) {
    return absl::OkStatus();
  }
  return base::InvalidArgument("there are at most " + std::to_string(kMaxCampaigns) +
                               " campaigns and " + std::to_string(kMaxVouchers) + " vouchers");
}

// Whether the campaign that somebody names is there; none named is.
absl::Status Store::CheckCampaignOf(const std::string& campaign_id, const std::string& whose) {
  if (campaign_id.empty()) return absl::OkStatus();
  JEMB_ASSIGN_OR_RETURN(const auto campaign, promotions_.FindCampaign(campaign_id));
  if (campaign.has_value()) return absl::OkStatus();
  return base::InvalidArgument(whose + ": there is no campaign " + campaign_id);
}

absl::StatusOr<Store::Promoted> Store::ListPromotions() {
  Promoted promoted;
  JEMB_RETURN_IF_ERROR(Transact([&](Work&) -> absl::Status {
    JEMB_ASSIGN_OR_RETURN(promoted.campaigns, promotions_.Campaigns());
    JEMB_ASSIGN_OR_RETURN(promoted.vouchers, promotions_.Vouchers());
    return absl::OkStatus();
  }));
  return promoted;
}

absl::Status Store::WriteTerms(const Offer& offer) {
  const FormerPrice& former = offer.former;
  upsert_terms_.Bind(std::string_view(offer.offer_id), offer.order_limit,
                     std::string_view(offer.campaign_id), offer.price_grace_ms,
                     std::string_view(former.price.currency), former.price.amount_minor,
                     std::string_view(former.version), former.until_ms);
  return upsert_terms_.Run();
}

absl::Status Store::LoadOne(Work& work, LoadMode mode, Offer offer, Loaded* loaded) {
  const Offer* before = OfferIn(work, offer.offer_id);
  if (mode == LoadMode::kNewOnly && before != nullptr) return absl::OkStatus();
  JEMB_RETURN_IF_ERROR(CheckCampaignOf(offer.campaign_id, "offer " + offer.offer_id));
  offer.sold = before != nullptr ? before->sold : 0;
  offer.initial_stock = offer.stock + offer.sold;
  offer.former = before != nullptr ? FormerOf(*before, offer, work.now_ms) : FormerPrice();
  ++(before != nullptr ? loaded->replaced : loaded->inserted);
  upsert_offer_.Bind(std::string_view(offer.offer_id), std::string_view(offer.title),
                     std::string_view(offer.seller_id), std::string_view(offer.price.currency),
                     offer.price.amount_minor, std::string_view(offer.price_version), offer.stock,
                     offer.sold, offer.initial_stock, offer.buyer_limit, offer.total_limit,
                     offer.sale_starts_ms, offer.sale_ends_ms);
  JEMB_RETURN_IF_ERROR(upsert_offer_.Run());
  JEMB_RETURN_IF_ERROR(WriteTerms(offer));
  const Attested* last = before != nullptr ? before->attested.get() : nullptr;
  if (last != nullptr && last->goods == Known(offer)) {
    offer.attested = before->attested;
  } else {
    JEMB_RETURN_IF_ERROR(Attest(&offer, last, work.now_ms));
  }
  Work::Touched touched{std::move(offer), 0};
  touched.sold_in_row = touched.offer.sold;
  const std::string offer_id = touched.offer.offer_id;
  work.offers.insert_or_assign(offer_id, std::move(touched));
  return absl::OkStatus();
}

absl::StatusOr<Store::Visit> Store::View(std::string_view order_id) {
  return Visited(order_id, Act::kView);
}

absl::StatusOr<Store::Visit> Store::Pay(std::string_view order_id) {
  return Visited(order_id, Act::kPay);
}

absl::StatusOr<Store::Visit> Store::Withdraw(std::string_view order_id) {
  return Visited(order_id, Act::kWithdraw);
}

// What the visit does to an order that is not paid.
absl::Status Store::Settle(Work& work, Act act, ResultRow* row) {
  if (work.now_ms >= row->result.hold_expires_ms) return Cancel(work, Payment::kCancelled, row);
  if (act == Act::kWithdraw) return Cancel(work, Payment::kWithdrawn, row);
  if (act == Act::kView) return absl::OkStatus();
  row->paid_ms = work.now_ms;
  return SetPayment(work, Payment::kPaid, row);
}

absl::Status Store::SetPayment(const Work& work, Payment payment, ResultRow* row) {
  Result& result = row->result;
  result.payment = payment;
  update_payment_.Bind(static_cast<int>(payment), row->paid_ms, result.seq);
  JEMB_RETURN_IF_ERROR(update_payment_.Run());
  insert_change_.Bind(result.seq, static_cast<int>(payment), work.now_ms);
  return insert_change_.Run();
}

absl::StatusOr<Store::Visit> Store::Visited(std::string_view order_id, Act act) {
  Visit visit;
  JEMB_RETURN_IF_ERROR(Transact([&](Work& work) -> absl::Status {
    JEMB_ASSIGN_OR_RETURN(std::optional<ResultRow> row, FindOrder(order_id));
    if (!row.has_value()) return base::NotFound("no such order");
    if (row->result.payment == Payment::kUnpaid) JEMB_RETURN_IF_ERROR(Settle(work, act, &*row));
    JEMB_ASSIGN_OR_RETURN(visit.taken, promotions_.TakenBy(row->result.seq));
    visit.result = std::move(row->result);
    visit.now_ms = work.now_ms;
    visit.paid_ms = row->paid_ms;
    return absl::OkStatus();
  }));
  if (visit.result.payment == Payment::kPaid) {
    visit.result.invoice_url = links_->Invoice(visit.result.order_id);
  }
  return visit;
}

absl::StatusOr<std::optional<ResultRow>> Store::FindOrder(std::string_view order_id) {
  const int64_t seq = SeqOf(order_id);
  if (seq == 0) return std::optional<ResultRow>();
  select_order_.Bind(seq);
  const sqlite::ScopedReset reset(select_order_);
  JEMB_ASSIGN_OR_RETURN(const bool found, select_order_.Step());
  if (!found) return std::optional<ResultRow>();
  ResultRow row = ReadRow(select_order_);
  // A refusal has a place in the ledger too, but it is no order.
  if (row.result.order_id != order_id) return std::optional<ResultRow>();
  return std::optional<ResultRow>(std::move(row));
}

absl::Status Store::Cancel(Work& work, Payment as, ResultRow* row) {
  JEMB_RETURN_IF_ERROR(SetPayment(work, as, row));
  const Result& result = row->result;
  const auto quantity = static_cast<int64_t>(result.quantity);
  JEMB_ASSIGN_OR_RETURN(const Taken taken, promotions_.TakenBy(result.seq));
  if (!taken.nothing()) {
    JEMB_RETURN_IF_ERROR(promotions_.GiveBack(taken, row->buyer_ref, quantity));
  }
  return Take(work, result.offer_id, row->buyer_ref, -quantity);
}

absl::StatusOr<int> Store::CancelExpired() {
  int cancelled = 0;
  JEMB_RETURN_IF_ERROR(Transact([&](Work& work) -> absl::Status {
    std::vector<ResultRow> expired;
    select_on_hold_.Bind(work.now_ms, kMaxSweepOrders);
    const sqlite::ScopedReset reset(select_on_hold_);
    while (true) {
      JEMB_ASSIGN_OR_RETURN(const bool row, select_on_hold_.Step());
      if (!row) break;
      expired.push_back(ReadRow(select_on_hold_));
    }
    for (ResultRow& row : expired) {
      JEMB_RETURN_IF_ERROR(Cancel(work, Payment::kCancelled, &row));
    }
    cancelled = static_cast<int>(expired.size());
    delete_changes_.Bind(work.now_ms - kChangesKeptMs, kMaxSweepOrders);
    return delete_changes_.Run();
  }));
  return cancelled;
}

absl::Status Store::health() {
  const std::scoped_lock lock(mutex_);
  return broken_;
}

}  // namespace jembatan::marketplace
