#pragma once

// Goods: what a marketplace knows about the goods of an offer and about their seller, as far as a
// rule, a campaign or an operator's control asks for it. A value; any thread.

#include <cstdint>
#include <limits>
#include <string>

namespace jembatan::goods {

inline constexpr int64_t kForEver = std::numeric_limits<int64_t>::max();

struct Goods {
  enum class ShipsFrom { kNotAttested, kHome, kAbroad };
  // Micro, small and medium businesses (UMKM) are counted apart.
  enum class SellerTier { kNotAttested, kUmkm, kOther };

  std::string seller_id;       // empty: not attested
  std::string origin_country;  // ISO 3166-1; empty: not attested
  ShipsFrom ships_from = ShipsFrom::kNotAttested;
  std::string hs_code;         // 8 digits; empty: not attested
  std::string fob_currency;    // empty: no price attested
  int64_t fob_minor = 0;       // of one unit
  std::string seller_licence;  // empty: none attested
  int64_t licence_expires_ms = kForEver;
  SellerTier seller_tier = SellerTier::kNotAttested;
  bool local = false;  // a domestic product of the Beli Lokal campaign

  friend bool operator==(const Goods&, const Goods&) = default;
};

}  // namespace jembatan::goods
