#include "libs/beli_lokal/attestations.h"

#include <iterator>

#include "libs/goods/attestation.h"
#include "libs/offers/catalogue.h"

namespace jembatan::beli_lokal {

void Attestations::Read(std::string_view key, std::string_view value) {
  if (!read_.ParseFromArray(value.data(), static_cast<int>(value.size()))) return;
  if (read_.offer_id() != key || !offers::WhyMalformed(read_).empty()) return;
  if (read_.attestation().empty()) return;
  const std::pair<std::string, std::string> name(read_.marketplace_id(), read_.offer_id());
  const auto at = offers_.find(name);
  if (at != offers_.end() && at->second.last_note == read_.attestation()) return;
  auto note = keys_.Open(read_.attestation(), read_.marketplace_id(), read_.offer_id());
  if (!note.ok()) return;
  Offer& offer = offers_[name];
  offer.issued.emplace(note->issued_ms, std::move(note->goods));
  offer.last_note = read_.attestation();
}

Attestations::Known Attestations::At(const std::string& marketplace_id, const std::string& offer_id,
                                     int64_t time_ms) const {
  const auto at = offers_.find(std::pair(marketplace_id, offer_id));
  if (at == offers_.end()) return {};
  const std::map<int64_t, goods::Goods>& issued = at->second.issued;
  const auto after = issued.upper_bound(time_ms);
  if (after == issued.begin()) return {&after->second, true};
  return {&std::prev(after)->second, false};
}

}  // namespace jembatan::beli_lokal
