// jembatan-marketplace: the reference order service of the commerce side.

#include "libs/base/log.h"
#include "libs/base/status.h"
#include "libs/runtime/lifecycle.h"
#include "libs/runtime/options.h"
#include "services/marketplace/limits.h"
#include "services/marketplace/service.h"

int main(int argc, char** argv) {
  using namespace jembatan;
  runtime::BlockSignals();
  marketplace::Options options;
  runtime::OptionTable table("marketplace", "Takes orders from the bridge and lets buyers pay.");
  table.Add("listen", &options.listen, "Address for OrderService (gRPC), host:port");
  table.Add("operator_listen", &options.operator_listen,
            "Address for CatalogService (gRPC), host:port; operators only");
  table.Add("checkout_listen", &options.checkout_listen,
            "Address for the buyers' pages (HTTP), host:port");
  table.Add("admin_listen", &options.admin_listen,
            "Address for /metrics /healthz /readyz /ledger /offers /verifier, host:port");
  table.Add("database", &options.database, "SQLite file; made if there is none");
  table.Add("name", &options.name, "The marketplace's name on its pages");
  table.Add("public_url", &options.public_url,
            "Where links to the pages lead (https); default: http:// and the checkout address");
  table.Add("hold_seconds", &options.hold_seconds, "How long goods are held for payment", 1,
            marketplace::kMaxHoldSeconds);
  table.Add("link_keys", &options.link_keys,
            "JWKS file of whose links may lead to the page that orders; empty: nobody's");
  table.Add("offers", &options.offers,
            "JSON file of offers, campaigns and vouchers; what is new is put on sale at the start");
  table.Add("marketplace_id", &options.marketplace_id, "The marketplace as the bridges name it");
  table.Add("goods_key", &options.goods_key,
            "File of the key that signs what is attested about goods, made if there is none; "
            "empty: nothing is signed");
  table.Add("tls_certificate", &options.tls_certificate, "PEM certificate of the orders port");
  table.Add("tls_key", &options.tls_key, "PEM key of the orders port");
  table.Add("tls_ca", &options.tls_ca, "PEM authority whose certificates may call the orders port");
  table.Add("tls_client_names", &options.tls_client_names,
            "Names of the certificates that may call, comma-separated; empty: all of tls_ca");
  table.Add("tls_revoked", &options.tls_revoked,
            "PEM revocation list of tls_ca, read anew for each connection; empty: none");
  table.Parse(argc, argv);
  base::InitLog("marketplace", base::Level::kInfo);
  {
    marketplace::Service service(options);
    const absl::Status started = service.Start();
    if (!started.ok()) runtime::FailStart("marketplace", base::ToString(started));
    runtime::WaitForStop();
    service.Stop();
  }
  base::Log(base::Level::kInfo, "stopped");
  base::FlushLog();
  return 0;
}
