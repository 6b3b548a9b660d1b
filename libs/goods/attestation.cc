#include "libs/goods/attestation.h"

#include <charconv>
#include <optional>

#include "libs/base/status.h"
#include "libs/goods/currency.h"
#include "libs/goods/limits.h"
#include "libs/goods/words.h"

namespace jembatan::goods {
namespace {

using ShipsFrom = Goods::ShipsFrom;
using SellerTier = Goods::SellerTier;

constexpr std::string_view kHeading = "jembatan goods 1";

// Digits without sign and leading zeros, so that a number has one writing.
bool ToNumber(std::string_view text, int64_t most, int64_t* number) {
  if (text.empty() || text.front() < '0' || text.front() > '9') return false;
  if (text.front() == '0' && text.size() > 1) return false;
  auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), *number);
  return error == std::errc() && end == text.data() + text.size() && *number <= most;
}

bool ReadId(std::string_view value, std::string* id) {
  *id = value;
  return IsId(value);
}

bool ReadMarketplace(std::string_view value, Attestation* into) {
  return ReadId(value, &into->marketplace_id);
}
bool ReadOffer(std::string_view value, Attestation* into) { return ReadId(value, &into->offer_id); }
bool ReadIssued(std::string_view value, Attestation* into) {
  return ToNumber(value, kForEver - 1, &into->issued_ms) && into->issued_ms > 0;
}
bool ReadSeller(std::string_view value, Attestation* into) {
  return ReadId(value, &into->goods.seller_id);
}
bool ReadOrigin(std::string_view value, Attestation* into) {
  into->goods.origin_country = value;
  return IsRegion(value);
}
bool ReadShipsFrom(std::string_view value, Attestation* into) {
  into->goods.ships_from = value == "home" ? ShipsFrom::kHome : ShipsFrom::kAbroad;
  return value == "home" || value == "abroad";
}
bool ReadHs(std::string_view value, Attestation* into) {
  into->goods.hs_code = value;
  return IsHsCode(value);
}
bool ReadFob(std::string_view value, Attestation* into) {
  size_t space = value.find(' ');
  if (space == std::string_view::npos) return false;
  into->goods.fob_currency = value.substr(0, space);
  return MinorDigits(into->goods.fob_currency).has_value() &&
         ToNumber(value.substr(space + 1), kAmountMinorMax, &into->goods.fob_minor);
}
bool ReadLicence(std::string_view value, Attestation* into) {
  into->goods.seller_licence = value;
  return IsProse(value);
}
bool ReadLicenceUntil(std::string_view value, Attestation* into) {
  return ToNumber(value, kForEver - 1, &into->goods.licence_expires_ms);
}
bool ReadSellerTier(std::string_view value, Attestation* into) {
  into->goods.seller_tier = value == "umkm" ? SellerTier::kUmkm : SellerTier::kOther;
  return value == "umkm" || value == "other";
}
bool ReadLocal(std::string_view value, Attestation* into) {
  into->goods.local = true;
  return value == "yes";
}

// In the order of the text.
struct Line {
  std::string_view key;
  bool (*read)(std::string_view value, Attestation* into);
  bool required = false;
};
constexpr Line kLines[] = {
    {"marketplace", ReadMarketplace, true},
    {"offer", ReadOffer, true},
    {"issued", ReadIssued, true},
    {"seller", ReadSeller},
    {"origin", ReadOrigin},
    {"ships-from", ReadShipsFrom},
    {"hs", ReadHs},
    {"fob", ReadFob},
    {"seller-licence", ReadLicence},
    {"licence-until", ReadLicenceUntil},
    {"seller-tier", ReadSellerTier},
    {"local", ReadLocal},
};

// Takes the next line off the text; nullopt: there is none that ends.
std::optional<std::string_view> NextLine(std::string_view* text) {
  size_t end = text->find('\n');
  if (end == std::string_view::npos) return std::nullopt;
  std::string_view line = text->substr(0, end);
  text->remove_prefix(end + 1);
  return line;
}

absl::Status Wrong(int number, const std::string& why) {
  return base::InvalidArgument("line " + std::to_string(number) + ": " + why);
}

std::string Text(const Attestation& attestation) {
  const Goods& goods = attestation.goods;
  std::string text(kHeading);
  text += "\nmarketplace " + attestation.marketplace_id + "\noffer " + attestation.offer_id;
  text += "\nissued " + std::to_string(attestation.issued_ms) + "\n";
  if (!goods.seller_id.empty()) text += "seller " + goods.seller_id + "\n";
  if (!goods.origin_country.empty()) text += "origin " + goods.origin_country + "\n";
  if (goods.ships_from == ShipsFrom::kHome) text += "ships-from home\n";
  if (goods.ships_from == ShipsFrom::kAbroad) text += "ships-from abroad\n";
  if (!goods.hs_code.empty()) text += "hs " + goods.hs_code + "\n";
  if (!goods.fob_currency.empty()) {
    text += "fob " + goods.fob_currency + " " + std::to_string(goods.fob_minor) + "\n";
  }
  if (!goods.seller_licence.empty()) text += "seller-licence " + goods.seller_licence + "\n";
  if (goods.licence_expires_ms != kForEver) {
    text += "licence-until " + std::to_string(goods.licence_expires_ms) + "\n";
  }
  if (goods.seller_tier == SellerTier::kUmkm) text += "seller-tier umkm\n";
  if (goods.seller_tier == SellerTier::kOther) text += "seller-tier other\n";
  if (goods.local) text += "local yes\n";
  return text;
}

}  // namespace

absl::StatusOr<Attestation> ParseAttestation(std::string_view text) {
  Attestation attestation;
  int number = 1;
  if (NextLine(&text) != kHeading) return Wrong(1, "must be \"" + std::string(kHeading) + "\"");
  const Line* expected = std::begin(kLines);
  while (!text.empty()) {
    std::optional<std::string_view> line = NextLine(&text);
    ++number;
    if (!line) return Wrong(number, "does not end");
    const std::string_view key = line->substr(0, line->find(' '));
    while (expected != std::end(kLines) && expected->key != key && !expected->required) ++expected;
    if (expected == std::end(kLines) || expected->key != key) {
      return Wrong(number, "unknown, given twice or out of order");
    }
    const std::string_view value =
        key.size() < line->size() ? line->substr(key.size() + 1) : std::string_view();
    if (!expected->read(value, &attestation)) return Wrong(number, "not a " + std::string(key));
    ++expected;
  }
  if (attestation.issued_ms == 0) {
    return Wrong(number, "marketplace, offer and issued are required");
  }
  return attestation;
}

absl::StatusOr<std::string> WriteAttestation(const Attestation& attestation) {
  std::string text = Text(attestation);
  JEMB_ASSIGN_OR_RETURN(const Attestation read, ParseAttestation(text));
  if (read != attestation) return base::InvalidArgument("a value that cannot be told");
  return text;
}

}  // namespace jembatan::goods
