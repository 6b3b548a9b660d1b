#include "services/gateway/offers.h"

#include "libs/base/text.h"

namespace jembatan::gateway {

void Offers::Put(std::string_view offer_id, OfferPtr offer) {
  if (offer == nullptr) {
    offers_.erase(base::Absl(offer_id));
  } else {
    offers_.insert_or_assign(std::string(offer_id), offer);
  }
  if (on_change_) on_change_(offer_id, offer);
}

const Offers::OfferPtr* Offers::Find(std::string_view offer_id) const {
  const auto at = offers_.find(base::Absl(offer_id));
  return at == offers_.end() ? nullptr : &at->second;
}

std::string_view Offers::SellerOf(std::string_view offer_id) const {
  const OfferPtr* offer = Find(offer_id);
  if (offer == nullptr || (*offer)->goods == nullptr) return {};
  return (*offer)->goods->seller_id;
}

}  // namespace jembatan::gateway
