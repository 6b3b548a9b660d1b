#include "bench/load/marketplace.h"

#include <optional>
#include <utility>

#include <simdjson.h>

#include "libs/base/status.h"
#include "libs/base/text.h"
#include "libs/runtime/admin_client.h"

namespace jembatan::load {
namespace {

using simdjson::dom::element;

absl::Status Unexpected(const std::string& what, std::string_view text) {
  return base::InvalidArgument("the marketplace's " + what +
                               " reads: " + std::string(text.substr(0, 200)));
}

// The field, or the fallback if it is absent or of another type.
std::string Text(element object, std::string_view key) {
  std::string_view value;
  if (object[key].get(value) != simdjson::SUCCESS) return "";
  return std::string(value);
}

int64_t Number(element object, std::string_view key, int64_t fallback) {
  int64_t value = 0;
  if (object[key].get(value) != simdjson::SUCCESS) return fallback;
  return value;
}

int Nibble(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  return -1;
}

// Bytes of lower-case hexadecimal text; empty if it is none.
std::string Unhex(std::string_view text) {
  std::string bytes;
  for (size_t i = 0; i + 1 < text.size(); i += 2) {
    int high = Nibble(text[i]);
    int low = Nibble(text[i + 1]);
    if (high < 0 || low < 0) return "";
    bytes.push_back(static_cast<char>(high << 4 | low));
  }
  return bytes;
}

// 0: not a state.
uint8_t StateOf(const std::string& name) {
  intake::v1::Outcome::State state{};
  if (!intake::v1::Outcome::State_Parse("STATE_" + name, &state)) return 0;
  return static_cast<uint8_t>(state);
}

// Gives each object of the lines to take, until an error.
template <typename Take>
absl::Status ForEachLine(const std::string& what, std::string_view ndjson, const Take& take) {
  simdjson::dom::parser parser;
  while (!ndjson.empty()) {
    size_t end = ndjson.find('\n');
    std::string_view line = ndjson.substr(0, end);
    ndjson.remove_prefix(end == std::string_view::npos ? ndjson.size() : end + 1);
    if (line.empty()) continue;
    element object;
    if (parser.parse(line.data(), line.size()).get(object) != simdjson::SUCCESS) {
      return Unexpected(what, line);
    }
    JEMB_RETURN_IF_ERROR(take(object));
  }
  return absl::OkStatus();
}

absl::Status ParseRow(element object, const absl::flat_hash_map<std::string, uint16_t>& offers,
                      LedgerRow* row) {
  std::optional<base::Uuid> id = base::Uuid::ParseV7(Text(object, "intent_id"));
  int64_t seq = Number(object, "seq", -1);
  row->state = StateOf(Text(object, "state"));
  if (!id || seq < 0 || row->state == 0) {
    return Unexpected("ledger", simdjson::minify(object));
  }
  row->id = *id;
  row->seq = static_cast<uint64_t>(seq);
  row->buyer = TextDigest(Text(object, "buyer_ref"));
  row->order = TextDigest(Text(object, "order_id"));
  row->fingerprint = TextDigest(Unhex(Text(object, "fingerprint")));
  row->decided_ms = Number(object, "decided_ms", 0);
  row->cancelled = Text(object, "payment") == "CANCELLED";
  row->quantity = static_cast<uint32_t>(Number(object, "quantity", 0));
  auto offer = offers.find(Text(object, "offer_id"));
  row->offer = offer == offers.end() ? kUnknownOffer : offer->second;
  return absl::OkStatus();
}

ListedOffer ParseOffer(element object) {
  ListedOffer offer;
  offer.title = Text(object, "title");
  offer.sale.offer_id = offer.stock.offer_id = Text(object, "offer_id");
  offer.sale.currency = Text(object, "currency");
  offer.sale.amount_minor = Number(object, "amount_minor", -1);
  offer.sale.price_version = Text(object, "price_version");
  offer.stock.stock_before = Number(object, "stock", -1);
  offer.stock.sold_after = Number(object, "sold", -1);
  offer.stock.initial = Number(object, "initial_stock", -1);
  offer.stock.buyer_limit = static_cast<uint32_t>(Number(object, "buyer_limit", 0));
  return offer;
}

}  // namespace

absl::StatusOr<std::vector<ListedOffer>> ParseOffers(std::string_view ndjson) {
  std::vector<ListedOffer> offers;
  JEMB_RETURN_IF_ERROR(ForEachLine("offer list", ndjson, [&](element object) {
    offers.push_back(ParseOffer(object));
    const OfferOnSale& sale = offers.back().sale;
    if (!sale.offer_id.empty() && sale.amount_minor >= 0) return absl::OkStatus();
    return Unexpected("offer list", simdjson::minify(object));
  }));
  return offers;
}

absl::Status ParseLedger(std::string_view ndjson,
                         const absl::flat_hash_map<std::string, uint16_t>& offers,
                         std::vector<LedgerRow>* rows) {
  return ForEachLine("ledger", ndjson, [&](element object) {
    LedgerRow row;
    JEMB_RETURN_IF_ERROR(ParseRow(object, offers, &row));
    if (!rows->empty() && row.seq <= rows->back().seq) {
      return base::InvalidArgument("the marketplace's ledger is out of order at seq " +
                                   std::to_string(row.seq));
    }
    rows->push_back(row);
    return absl::OkStatus();
  });
}

MarketplaceReader::MarketplaceReader(std::string url) : url_(std::move(url)) {
  while (url_.ends_with('/')) url_.pop_back();
}

absl::StatusOr<std::string> MarketplaceReader::Get(const std::string& target) const {
  JEMB_ASSIGN_OR_RETURN(runtime::HttpReply reply, runtime::HttpGet(url_ + target));
  if (reply.status == 200) return std::move(reply.body);
  return base::Unavailable(url_ + target + " answers " + std::to_string(reply.status));
}

absl::StatusOr<std::vector<ListedOffer>> MarketplaceReader::Offers() const {
  JEMB_ASSIGN_OR_RETURN(std::string body, Get("/offers"));
  return ParseOffers(body);
}

absl::StatusOr<std::vector<LedgerRow>> MarketplaceReader::LedgerAfter(
    uint64_t seq, const absl::flat_hash_map<std::string, uint16_t>& offers) const {
  std::vector<LedgerRow> rows;
  while (rows.size() < kLedgerRowsMax) {
    JEMB_ASSIGN_OR_RETURN(std::string page, Get("/ledger?after=" + std::to_string(seq) +
                                                "&limit=" + std::to_string(kLedgerPage)));
    const size_t before = rows.size();
    JEMB_RETURN_IF_ERROR(ParseLedger(page, offers, &rows));
    // Not "fewer than asked for": the marketplace may have a smaller bound of its own.
    if (rows.size() == before) return rows;
    seq = rows.back().seq;
  }
  return base::ResourceExhausted("the ledger has more than " + std::to_string(kLedgerRowsMax) +
                                 " rows after this run's start");
}

absl::StatusOr<uint64_t> MarketplaceReader::LedgerEnd() const {
  uint64_t end = 0;
  while (true) {
    JEMB_ASSIGN_OR_RETURN(std::string page, Get("/ledger?after=" + std::to_string(end) +
                                                "&limit=" + std::to_string(kLedgerPage)));
    std::vector<LedgerRow> rows;
    JEMB_RETURN_IF_ERROR(ParseLedger(page, {}, &rows));
    if (rows.empty()) return end;
    end = rows.back().seq;
  }
}

}  // namespace jembatan::load
