// Orders per second of the store alone, durable (synchronous=FULL), by size of batch. Workload: new
// orders of distinct buyers over 100 offers, each with a limit per buyer; a new file per size.
//
//   marketplace_store_bench FOLDER [SECONDS]

#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "libs/base/clock.h"
#include "libs/base/histogram.h"
#include "libs/base/random.h"
#include "libs/base/status.h"
#include "services/marketplace/store.h"

namespace jembatan::marketplace {
namespace {

constexpr uint64_t kOffers = 100;

struct Owned {
  std::string intent_id;
  std::string buyer_ref;
  std::string offer_id;
};

Owned MakeOrder(uint64_t number) {
  // Buyers' references are uniform bytes, as an HMAC makes them.
  std::string buyer_ref(32, '\0');
  base::Random random(number);
  for (char& byte : buyer_ref) byte = static_cast<char>(random.Next());
  return {base::Uuid::MakeV7(base::WallMs(), random.Next(), number).ToString(), buyer_ref,
          "offer-" + std::to_string(number % kOffers)};
}

void Run(const std::string& folder, size_t batch_size, double seconds) {
  StoreOptions options;
  options.database = folder + "/bench-" + std::to_string(batch_size) + ".db";
  options.public_url = "https://belanja.example";
  std::filesystem::remove(options.database);
  const auto store = Store::Open(options, base::WallMs);
  if (!store.ok()) {
    std::fprintf(stderr, "%s\n", base::ToString(store.status()).c_str());
    std::exit(1);
  }
  std::vector<Offer> offers(kOffers);
  for (uint64_t i = 0; i < kOffers; ++i) {
    offers[i].offer_id = "offer-" + std::to_string(i);
    offers[i].title = "Kopi Gayo 250 g";
    offers[i].price = {"IDR", 2'500'000};
    offers[i].stock = 1'000'000'000;
    offers[i].buyer_limit = 5;
  }
  if (!(*store)->LoadOffers(offers).ok()) std::exit(1);
  const std::string fingerprint(32, 'f');
  base::Histogram micros;
  uint64_t number = 0;
  int64_t spent_ns = 0;
  while (static_cast<double>(spent_ns) < seconds * 1e9) {
    std::vector<Owned> owned;
    std::vector<Order> orders;
    for (size_t i = 0; i < batch_size; ++i) owned.push_back(MakeOrder(++number));
    for (const Owned& o : owned) {
      Order order;
      order.intent_id = o.intent_id;
      order.buyer_ref = o.buyer_ref;
      order.offer_id = o.offer_id;
      order.quantity = 1;
      order.price_seen = {"IDR", 2'500'000};
      order.fingerprint = fingerprint;
      order.deadline_ms = base::WallMs() + 120'000;
      orders.push_back(order);
    }
    const int64_t start = base::MonotonicNs();
    const auto placed = (*store)->Place({"jembatan.intents.v1", 0, 1}, orders);
    const int64_t took = base::MonotonicNs() - start;
    if (!placed.ok() || placed->results.back().seq != static_cast<int64_t>(number)) std::exit(1);
    micros.Add(took / 1'000);
    spent_ns += took;
  }
  std::printf("batch %4zu: %7.0f orders/s   batch p50 %6lld us  p99 %6lld us\n", batch_size,
              static_cast<double>(number) * 1e9 / static_cast<double>(spent_ns),
              static_cast<long long>(micros.Quantile(0.5)),
              static_cast<long long>(micros.Quantile(0.99)));
}

}  // namespace
}  // namespace jembatan::marketplace

int main(int argc, char** argv) {
  if (argc < 2) {
    std::fprintf(stderr, "usage: marketplace_store_bench FOLDER [SECONDS]\n");
    return 2;
  }
  const double seconds = argc > 2 ? std::atof(argv[2]) : 3.0;
  for (const size_t batch_size : {size_t{1}, size_t{8}, size_t{64}, size_t{256}}) {
    jembatan::marketplace::Run(argv[1], batch_size, seconds);
  }
  return 0;
}
