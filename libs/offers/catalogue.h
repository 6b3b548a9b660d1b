#pragma once

// Catalogue: what the offers topic says, record by record, with the attestations in it checked.
// Everything but the attestation is what some bridge wrote and decides nothing; what is attested is
// believed only with its marketplace's signature, and of two attestations the one issued later
// holds, whatever order they are read in: neither a forged record nor an old one written again
// changes it. A record whose note is refused leaves what was attested before as it was.
//
// The topic is told whole once, then record by record; when it is read anew, what that reading does
// not repeat is forgotten at its end and not before.
//
// Owned by a reader; one thread. Offers handed out are immutable and may go to other threads. Pure.

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "absl/container/flat_hash_map.h"

#include "jembatan/crossing/v1/crossing.pb.h"
#include "libs/goods/attestation.h"
#include "libs/goods/note_keys.h"

namespace jembatan::offers {

struct Offer {
  // As written, without the note.
  crossing::v1::Offer told;
  // What the marketplace attests; null: nothing that could be verified.
  std::shared_ptr<const goods::Goods> goods;
};
using OfferPtr = std::shared_ptr<const Offer>;

// Which field is not as readers demand it; empty: none.
std::string WhyMalformed(const crossing::v1::Offer& offer);

class Catalogue {
 public:
  explicit Catalogue(goods::NoteKeys keys) : keys_(std::move(keys)) {}

  // A reading of the topic begins.
  void Begin() { ++reading_; }

  struct Read {
    // Why the record counts for nothing; empty: it counts.
    std::string refused;
    // Why the attestation in it counts for nothing; empty: it counts, or there is none.
    std::string note_refused;
    // As it is known from now on; null: it is not on offer. Meaningless with refused.
    OfferPtr offer;
  };
  // The next record; an empty value withdraws the offer.
  Read Apply(std::string_view key, std::string_view value);

  // Everything there is has been read: which offers are not on offer any more.
  std::vector<std::string> Complete();

  // Null: not known.
  OfferPtr Find(std::string_view offer_id) const;
  size_t size() const { return offers_.size(); }
  // The topic has been read to its end once.
  bool complete() const { return complete_; }

 private:
  struct Entry {
    OfferPtr offer;
    // Of the attestation that holds: whose, when it was issued, SHA-256 of the note. Checking a
    // signature costs a hundred times what comparing does, and most records repeat the note.
    std::string marketplace_id;
    int64_t issued_ms = 0;
    std::string note_digest;
    uint64_t reading = 0;
  };

  std::string WhyNot(std::string_view key, std::string_view value);
  std::string TakeNote(Entry* entry, std::shared_ptr<const goods::Goods>* goods) const;

  const goods::NoteKeys keys_;
  absl::flat_hash_map<std::string, Entry> offers_;
  crossing::v1::Offer scratch_;
  uint64_t reading_ = 0;
  bool complete_ = false;
};

}  // namespace jembatan::offers
