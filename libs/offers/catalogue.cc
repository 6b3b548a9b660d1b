#include "libs/offers/catalogue.h"

#include <utility>

#include "libs/base/status.h"
#include "libs/base/text.h"
#include "libs/goods/words.h"
#include "libs/ledger/hash.h"
#include "libs/offers/limits.h"

namespace jembatan::offers {
namespace {

bool IsText(const std::string& text, size_t most) {
  return text.size() <= most && base::IsUtf8(text);
}

std::string DigestOf(std::string_view note) {
  ledger::Hasher hasher;
  return std::string(ledger::BytesOf(hasher.Sha256({note})));
}

}  // namespace

std::string WhyMalformed(const crossing::v1::Offer& offer) {
  if (!goods::IsId(offer.offer_id())) return "offer_id";
  if (!goods::IsId(offer.marketplace_id())) return "marketplace_id";
  if (!IsText(offer.seller_id(), goods::kIdBytes)) return "seller_id";
  if (!IsText(offer.title(), kTitleBytes)) return "title";
  if (!IsText(offer.price_version(), kPriceVersionBytes)) return "price_version";
  if (offer.price().currency().size() != 3 || offer.price().amount_minor() <= 0) return "price";
  if (offer.attestation().size() > goods::kNoteBytes) return "attestation";
  return {};
}

Catalogue::Read Catalogue::Apply(std::string_view key, std::string_view value) {
  Read read;
  if (value.empty()) {
    offers_.erase(base::Absl(key));
    return read;
  }
  read.refused = WhyNot(key, value);
  if (!read.refused.empty()) return read;
  Entry& entry = offers_[std::string(key)];
  const bool moves = entry.offer != nullptr && entry.marketplace_id != scratch_.marketplace_id();
  Entry next = entry.offer == nullptr || moves ? Entry{.marketplace_id = scratch_.marketplace_id()}
                                               : std::move(entry);
  std::shared_ptr<const goods::Goods> goods = next.offer != nullptr ? next.offer->goods : nullptr;
  read.note_refused = TakeNote(&next, &goods);
  if (moves && entry.issued_ms > 0 && next.issued_ms == 0) {
    read.refused = "the offer is attested by " + entry.marketplace_id;
    return read;
  }
  auto offer = std::make_shared<Offer>();
  offer->told = scratch_;
  offer->told.clear_attestation();
  offer->told.DiscardUnknownFields();
  offer->goods = std::move(goods);
  next.offer = std::move(offer);
  next.reading = reading_;
  entry = std::move(next);
  read.offer = entry.offer;
  return read;
}

std::string Catalogue::WhyNot(std::string_view key, std::string_view value) {
  if (value.size() > kRecordBytes ||
      !scratch_.ParseFromArray(value.data(), static_cast<int>(value.size()))) {
    return "not an offer";
  }
  if (scratch_.offer_id() != key) return "the key is not the offer's id";
  if (offers_.size() >= kOffersMax && !offers_.contains(base::Absl(key))) {
    return "more offers than can be kept";
  }
  return WhyMalformed(scratch_);
}

// Leaves entry and goods as they are if the note counts for nothing, and says why.
std::string Catalogue::TakeNote(Entry* entry, std::shared_ptr<const goods::Goods>* goods) const {
  const std::string& note = scratch_.attestation();
  // Without keys nothing can be believed, and nobody expects it.
  if (keys_.empty()) return {};
  if (note.empty()) return entry->issued_ms == 0 ? "" : "a record without the attestation";
  std::string digest = DigestOf(note);
  if (digest == entry->note_digest) return {};
  absl::StatusOr<goods::Attestation> read =
      keys_.Open(note, scratch_.marketplace_id(), scratch_.offer_id());
  if (!read.ok()) return std::string(base::Std(read.status().message()));
  if (read->issued_ms <= entry->issued_ms) return "issued before the one that holds";
  *goods = std::make_shared<const goods::Goods>(std::move(read->goods));
  entry->issued_ms = read->issued_ms;
  entry->note_digest = std::move(digest);
  return {};
}

std::vector<std::string> Catalogue::Complete() {
  std::vector<std::string> gone;
  for (const auto& [offer_id, entry] : offers_) {
    if (entry.reading != reading_) gone.push_back(offer_id);
  }
  for (const std::string& offer_id : gone) offers_.erase(offer_id);
  complete_ = true;
  return gone;
}

OfferPtr Catalogue::Find(std::string_view offer_id) const {
  const auto at = offers_.find(base::Absl(offer_id));
  return at == offers_.end() ? nullptr : at->second.offer;
}

}  // namespace jembatan::offers
