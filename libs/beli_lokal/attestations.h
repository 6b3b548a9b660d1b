#pragma once

// Attestations: what marketplaces have attested about the goods of their offers, by the offers'
// topic. Only what bears its marketplace's signature counts, and only its own time of issue says
// since when: the topic is compacted, and an offer's last record bears the note of long ago again.
// Owned by a reckoning. Pure; one thread.

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <utility>

#include "absl/container/flat_hash_map.h"

#include "jembatan/crossing/v1/crossing.pb.h"
#include "libs/goods/goods.h"
#include "libs/goods/note_keys.h"

namespace jembatan::beli_lokal {

class Attestations {
 public:
  // keys outlive it.
  explicit Attestations(const goods::NoteKeys& keys) : keys_(keys) {}

  // A record of the topic, in any order. One that is no offer, or whose note is not signed by its
  // marketplace, counts for nothing.
  void Read(std::string_view key, std::string_view value);

  struct Known {
    // Null: nothing was attested.
    const goods::Goods* goods = nullptr;
    // Issued only after that time: what was attested then is not known any more, if anything was.
    bool later = false;
  };
  // What was issued last up to then, else what was issued first after it.
  Known At(const std::string& marketplace_id, const std::string& offer_id, int64_t time_ms) const;

 private:
  struct Offer {
    // By time of issue.
    std::map<int64_t, goods::Goods> issued;
    // Most records repeat the note, and checking a signature costs far more than comparing.
    std::string last_note;
  };

  const goods::NoteKeys& keys_;
  // By marketplace and offer.
  absl::flat_hash_map<std::pair<std::string, std::string>, Offer> offers_;
  crossing::v1::Offer read_;
};

}  // namespace jembatan::beli_lokal
