// jembatan-mutant: a marketplace with one planted defect, for the checks to find.

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <string>

#include "libs/base/clock.h"
#include "libs/base/log.h"
#include "libs/base/status.h"
#include "libs/rpc/server.h"
#include "libs/runtime/lifecycle.h"
#include "libs/runtime/options.h"
#include "services/marketplace/catalog_file.h"
#include "tests/conformance/mutant_grpc.h"
#include "tests/conformance/mutants.h"

namespace jembatan::conformance {
namespace {

struct Options {
  std::string mutant;
  std::string listen = "127.0.0.1:0";
  std::string database;
  std::string offers;
  bool list = false;
};

// As `marketplace` opens its own, with what the mutant forgets forgotten first.
absl::StatusOr<std::unique_ptr<marketplace::Store>> OpenStore(const Options& options) {
  JEMB_RETURN_IF_ERROR(MutantOrders::Forget(options.mutant, options.database));
  marketplace::StoreOptions store_options;
  store_options.database = options.database;
  store_options.public_url = "https://bayar.lokapasar.example";
  return marketplace::Store::Open(store_options, base::WallMs);
}

absl::Status Serve(const Options& options) {
  JEMB_ASSIGN_OR_RETURN(const std::unique_ptr<marketplace::Store> store, OpenStore(options));
  MutantOrders service(*store, options.mutant);
  JEMB_ASSIGN_OR_RETURN(auto catalog, marketplace::ReadCatalogFile(options.offers));
  JEMB_RETURN_IF_ERROR(service.LoadOffers(std::move(catalog.offers)));
  rpc::Server server({.listen = options.listen});
  server.Register(&service);
  JEMB_RETURN_IF_ERROR(server.Start());
  base::Log(base::Level::kInfo, "ready", {{"port", server.port()}, {"mutant", options.mutant}});
  runtime::WaitForStop();
  store->feed().Close();
  server.Stop(std::chrono::milliseconds(500));
  return absl::OkStatus();
}

}  // namespace
}  // namespace jembatan::conformance

int main(int argc, char** argv) {
  using namespace jembatan;
  runtime::BlockSignals();
  conformance::Options options;
  runtime::OptionTable table("mutant", "A marketplace with one planted defect; for tests only.");
  table.Add("mutant", &options.mutant, "Which defect; empty: none");
  table.Add("list", &options.list, "List the defects: name, the check that finds it, what it is");
  table.Add("listen", &options.listen, "Address for OrderService (gRPC), host:port");
  table.Add("database", &options.database, "SQLite file; made if there is none");
  table.Add("offers", &options.offers, "JSON file of offers");
  table.Parse(argc, argv);
  if (options.list) {
    for (const conformance::Mutant& one : conformance::kMutants) {
      std::printf("%s\t%s\t%s\n", one.name.data(), one.found_by.data(), one.what.data());
    }
    return 0;
  }
  const bool known =
      options.mutant.empty() ||
      std::any_of(std::begin(conformance::kMutants), std::end(conformance::kMutants),
                  [&](const conformance::Mutant& one) { return one.name == options.mutant; });
  if (!known) runtime::FailStart("mutant", "no mutant is named " + options.mutant);
  base::InitLog("mutant", base::Level::kInfo);
  const absl::Status served = conformance::Serve(options);
  if (!served.ok()) runtime::FailStart("mutant", base::ToString(served));
  base::FlushLog();
  return 0;
}
