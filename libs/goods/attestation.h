#pragma once

// Attestation: what a marketplace states about the goods of one offer, as the text of a signed note
// (libs/ledger/note.h), so that it can be kept as evidence and checked by anybody who has the
// marketplace's public key. The bridge takes facts about goods from nowhere else.
//
// The text is one "key value" a line, keys in the order below, each at most once; the first
// three and the heading are required. What is not stated is left out.
//
//   jembatan goods 1
//   marketplace tokopedia
//   offer kaos-polos
//   issued 1795564800000          Unix time in milliseconds; of two the later holds
//   seller toko-kita
//   origin CN                     ISO 3166-1
//   ships-from abroad             or home
//   hs 61091010
//   fob USD 1250                  minor units, of one unit of the goods
//   seller-licence NIB 9120...
//   licence-until 1798761600000   Unix time in milliseconds
//   seller-tier umkm              or other
//   local yes                     a domestic product of Beli Lokal
//
// Pure; any thread.

#include <string>
#include <string_view>

#include "absl/status/statusor.h"

#include "libs/goods/goods.h"

namespace jembatan::goods {

struct Attestation {
  std::string marketplace_id;
  std::string offer_id;
  // 1 or more.
  int64_t issued_ms = 0;
  Goods goods;

  friend bool operator==(const Attestation&, const Attestation&) = default;
};

// What WriteAttestation makes, and nothing else. INVALID_ARGUMENT "line N: why".
absl::StatusOr<Attestation> ParseAttestation(std::string_view text);

// The text to sign. INVALID_ARGUMENT: a value that ParseAttestation would refuse.
absl::StatusOr<std::string> WriteAttestation(const Attestation& attestation);

}  // namespace jembatan::goods
