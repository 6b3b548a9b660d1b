#include "services/bridge/goods.h"

#include "services/bridge/limits.h"

namespace jembatan::bridge {

void GoodsBook::Tell(std::string_view offer_id, const policy::Goods* goods) {
  std::string id(offer_id);
  if (goods == nullptr) {
    offers_.erase(id);
    return;
  }
  if (offers_.size() >= kGoodsMax && !offers_.contains(id)) {
    ++left_out_;
    return;
  }
  offers_[std::move(id)] = {*goods, reading_};
}

void GoodsBook::Complete() {
  absl::erase_if(offers_, [this](const auto& entry) { return entry.second.reading != reading_; });
  complete_ = true;
}

const policy::Goods* GoodsBook::Find(const std::string& offer_id) const {
  auto at = offers_.find(offer_id);
  return at == offers_.end() ? nullptr : &at->second.goods;
}

}  // namespace jembatan::bridge
