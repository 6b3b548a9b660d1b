// What is on sale, for whom, at what price; and the feed that tells of it.

#include <map>

#include "tests/conformance/checks.h"
#include "tests/conformance/limits.h"

namespace jembatan::conformance {
namespace {

void NeverOversold(Trial& t) {
  const Offer& few = t.Take("few");
  std::vector<std::unique_ptr<OrderStream>> streams;
  std::vector<PlaceOrdersRequest> batches;
  for (int i = 0; i < 4; ++i) {
    streams.push_back(t.Open());
    batches.push_back(t.Batch(1, t.NewOrders(few, static_cast<int>(few.stock()))));
  }
  for (size_t i = 0; i < streams.size(); ++i) t.Send(*streams[i], batches[i]);
  uint64_t ordered = 0;
  for (size_t i = 0; i < streams.size(); ++i) {
    const Answered answered = t.Receive(*streams[i], {batches[i]})[0];
    for (const OrderResult& result : answered.results) {
      if (result.state() == OrderResult::STATE_ORDERED) {
        ++ordered;
      } else {
        t.ExpectState(result, OrderResult::STATE_REJECTED, orders::v1::REASON_OUT_OF_STOCK);
      }
    }
  }
  t.Expect(ordered == few.stock(), std::to_string(few.stock()) + " orders, the stock exactly",
           std::to_string(ordered));
  t.ExpectStock(few, 0);
}

void MoreThanIsLeft(Trial& t) {
  const Offer& last_one = t.Take("last-one");
  Order two = t.NewOrder(last_one);
  two.set_quantity(2);
  t.ExpectState(t.Place(two), OrderResult::STATE_REJECTED, orders::v1::REASON_OUT_OF_STOCK);
  t.ExpectState(t.Place(t.NewOrder(last_one)), OrderResult::STATE_ORDERED);
  t.ExpectStock(last_one, 0);
}

void QuantityTaken(Trial& t) {
  const Offer& few = t.Take("few");
  Order order = t.NewOrder(few);
  order.set_quantity(7);
  t.ExpectState(t.Place(order), OrderResult::STATE_ORDERED);
  t.ExpectStock(few, few.stock() - 7);
}

void BuyerLimit(Trial& t) {
  const Offer& limited = t.Take("buyer-limit");
  const std::string buyer = t.NewBytes();
  for (uint32_t i = 0; i < limited.buyer_limit(); ++i) {
    Order order = t.NewOrder(limited);
    order.set_buyer_ref(buyer);
    t.ExpectState(t.Place(order), OrderResult::STATE_ORDERED);
  }
  Order over = t.NewOrder(limited);
  over.set_buyer_ref(buyer);
  t.ExpectState(t.Place(over), OrderResult::STATE_REJECTED, orders::v1::REASON_BUYER_LIMIT_TOTAL);
  t.ExpectState(t.Place(t.NewOrder(limited)), OrderResult::STATE_ORDERED);
  Order at_once = t.NewOrder(limited);
  at_once.set_quantity(limited.buyer_limit() + 1);
  t.ExpectState(t.Place(at_once), OrderResult::STATE_REJECTED,
                orders::v1::REASON_BUYER_LIMIT_TOTAL);
}

void TotalLimit(Trial& t) {
  const Offer& limited = t.Take("total-limit");
  const int most = static_cast<int>(limited.total_limit());
  const Results results = t.PlaceAll(t.NewOrders(limited, most + 2));
  t.ExpectOrdered(Results(results.begin(), results.begin() + most));
  for (size_t i = static_cast<size_t>(most); i < results.size(); ++i) {
    t.ExpectState(results[i], OrderResult::STATE_REJECTED,
                  orders::v1::REASON_CAMPAIGN_LIMIT_REACHED);
  }
}

void NotStarted(Trial& t) {
  t.ExpectState(t.Place(t.NewOrder(t.Any("not-started"))), OrderResult::STATE_REJECTED,
                orders::v1::REASON_FLASH_NOT_STARTED);
}

void Ended(Trial& t) {
  t.ExpectState(t.Place(t.NewOrder(t.Any("ended"))), OrderResult::STATE_REJECTED,
                orders::v1::REASON_FLASH_ENDED);
}

void UnknownOffer(Trial& t) {
  Order order = t.NewOrder(t.Any("plenty"));
  order.set_offer_id("jc-no-such-offer");
  t.ExpectState(t.Place(order), OrderResult::STATE_REJECTED, orders::v1::REASON_ITEM_UNAVAILABLE);
}

void PriceChanged(Trial& t) {
  const Offer& plenty = t.Any("plenty");
  Orders orders = t.NewOrders(plenty, 3);
  orders[0].mutable_price_seen()->set_amount_minor(plenty.price().amount_minor() - 1);
  orders[1].mutable_price_seen()->set_amount_minor(plenty.price().amount_minor() + 1);
  orders[2].mutable_price_seen()->set_currency("USD");
  for (const OrderResult& result : t.PlaceAll(orders)) {
    t.ExpectState(result, OrderResult::STATE_REJECTED, orders::v1::REASON_PRICE_CHANGED);
    t.Expect(result.price().amount_minor() == plenty.price().amount_minor() &&
                 result.price().currency() == plenty.price().currency(),
             "the authoritative price: " + std::to_string(plenty.price().amount_minor()),
             std::to_string(result.price().amount_minor()));
  }
}

void PriceVersion(Trial& t) {
  const Offer& plenty = t.Any("plenty");
  Orders orders = t.NewOrders(plenty, 2);
  orders[0].set_price_version(plenty.price_version() + ".before");
  orders[1].clear_price_version();
  const Results results = t.PlaceAll(orders);
  t.ExpectState(results[0], OrderResult::STATE_REJECTED, orders::v1::REASON_PRICE_CHANGED);
  t.ExpectState(results[1], OrderResult::STATE_ORDERED);
}

// Reads up to the mark of completeness; the offers told, each by how often.
std::map<std::string, std::vector<Offer>> ReadSnapshot(Trial& t, OfferStream& stream) {
  t.SetCall("WatchOffers()");
  std::map<std::string, std::vector<Offer>> told;
  orders::v1::WatchOffersResponse response;
  while (stream.Receive(&response)) {
    t.Expect(response.offers_size() <= kMaxOffersPerMessage, "at most 512 offers a message",
             std::to_string(response.offers_size()));
    for (const Offer& offer : response.offers()) told[offer.offer_id()].push_back(offer);
    if (response.snapshot_complete()) return told;
  }
  t.Expect(false, "snapshot_complete",
           "nothing more after " + std::to_string(told.size()) + " offers");
  return told;
}

void Snapshot(Trial& t) {
  const std::unique_ptr<OfferStream> stream = t.marketplace().WatchOffers();
  const auto told = ReadSnapshot(t, *stream);
  for (const Offer& loaded : t.goods().all()) {
    const auto found = told.find(loaded.offer_id());
    if (!t.Expect(found != told.end(), "offer " + loaded.offer_id(), "nothing of it")) continue;
    t.Expect(found->second.size() == 1, "offer " + loaded.offer_id() + " once",
             std::to_string(found->second.size()) + " times");
    Offer offer = found->second.back();
    // What has been sold meanwhile is for other checks.
    offer.set_stock(loaded.stock());
    offer.clear_sold();
    // A team may sell as itself, and attest what it knows.
    offer.set_seller_id(loaded.seller_id());
    offer.clear_attestation();
    t.Expect(offer.SerializeAsString() == loaded.SerializeAsString(),
             "offer " + loaded.offer_id() + " as it was loaded: " + loaded.ShortDebugString(),
             offer.ShortDebugString());
  }
}

void ChangesFollow(Trial& t) {
  const Offer& few = t.Take("few");
  const std::unique_ptr<OfferStream> one = t.marketplace().WatchOffers();
  const std::unique_ptr<OfferStream> two = t.marketplace().WatchOffers();
  ReadSnapshot(t, *one);
  ReadSnapshot(t, *two);
  Order order = t.NewOrder(few);
  order.set_quantity(3);
  t.Place(order);
  t.SetCall("WatchOffers(), opened before an order of 3 units");
  for (OfferStream* stream : {one.get(), two.get()}) {
    Offer told = few;
    orders::v1::WatchOffersResponse response;
    while (told.stock() == few.stock() && stream->Receive(&response)) {
      for (const Offer& offer : response.offers()) {
        if (offer.offer_id() == few.offer_id()) told = offer;
      }
    }
    t.Expect(told.stock() == few.stock() - 3, "stock " + std::to_string(few.stock() - 3),
             "stock " + std::to_string(told.stock()));
    t.Expect(told.sold() == 3, "sold 3", "sold " + std::to_string(told.sold()));
  }
}

constexpr Text kNoOversell = {"Yang terjual tidak boleh lebih banyak dari yang ada.",
                              "No more may be sold than there is."};
constexpr Text kLimits = {"Batas berlaku atas semua pesanan, bukan per pesanan.",
                          "A limit holds over all orders, not for each by itself."};
constexpr Text kWindow = {"Penjualan kilat dimulai dan berakhir bagi semua pada saat yang sama.",
                          "A flash sale begins and ends for everybody at the same moment."};
constexpr Text kPrice = {"Pembeli hanya terikat pada harga yang ia lihat.",
                         "A buyer is held to the price seen and to no other."};
constexpr Text kFeed = {
    "Penonton melihat sisa stok dari umpan ini; pintu masuk menolak menurutnya.",
    "Viewers see what is left by this feed."};

constexpr Check kChecks[] = {
    {"goods/never-oversold",
     {"Stok tidak pernah terjual lebih, walau pesanan datang serentak; semuanya terjual.",
      "Stock is never oversold, however many orders come at once; and all of it is sold."},
     kNoOversell,
     NeverOversold},
    {"goods/more-than-is-left",
     {"Pesanan melebihi sisa stok ditolak OUT_OF_STOCK dan tidak mengambil apa pun.",
      "An order for more than is left is REJECTED(OUT_OF_STOCK) and takes nothing."},
     kNoOversell,
     MoreThanIsLeft},
    {"goods/quantity-taken",
     {"Pesanan mengambil sebanyak quantity.", "An order takes as many units as its quantity."},
     kNoOversell,
     QuantityTaken},
    {"goods/buyer-limit",
     {"Batas per pembeli berlaku atas semua pesanannya.",
      "buyer_limit holds over all of a buyer's orders."},
     kLimits,
     BuyerLimit},
    {"goods/total-limit",
     {"Batas kampanye berlaku atas semua pembeli.", "total_limit holds over all buyers."},
     kLimits,
     TotalLimit},
    {"goods/not-started",
     {"Sebelum sale_starts_at: REJECTED(FLASH_NOT_STARTED).",
      "Before sale_starts_at: REJECTED(FLASH_NOT_STARTED)."},
     kWindow,
     NotStarted},
    {"goods/ended",
     {"Sesudah sale_ends_at: REJECTED(FLASH_ENDED).", "After sale_ends_at: REJECTED(FLASH_ENDED)."},
     kWindow,
     Ended},
    {"goods/unknown-offer",
     {"Penawaran yang tidak dikenal: REJECTED(ITEM_UNAVAILABLE).",
      "An unknown offer: REJECTED(ITEM_UNAVAILABLE)."},
     {"Alasan menentukan apa yang dilihat penonton.", "The reason decides what viewers read."},
     UnknownOffer},
    {"goods/price-changed",
     {"Harga lain dari yang dilihat: REJECTED(PRICE_CHANGED), beserta harga yang berlaku.",
      "Another price than was seen: REJECTED(PRICE_CHANGED), with the price in force."},
     kPrice,
     PriceChanged},
    {"goods/price-version",
     {"price_version dibandingkan bila ada; bila kosong hanya harga.",
      "price_version is compared if given; if empty only the price is."},
     kPrice,
     PriceVersion},
    {"feed/snapshot",
     {"WatchOffers memberitakan setiap penawaran sekali, lalu snapshot_complete.",
      "WatchOffers tells every offer once, then snapshot_complete."},
     kFeed,
     Snapshot},
    {"feed/changes-follow",
     {"Setiap perubahan stok menyusul, kepada setiap pendengar.",
      "Each change of stock follows, to every watcher."},
     kFeed,
     ChangesFollow},
};

}  // namespace

const std::span<const Check> kGoodsChecks = kChecks;

}  // namespace jembatan::conformance
