#include "services/gateway/buyer_keys_file.h"

#include <utility>

#include "libs/base/file.h"
#include "libs/base/log.h"
#include "libs/base/status.h"

namespace jembatan::gateway {

absl::StatusOr<identity::BuyerKeys> BuyerKeysFile::Read() const {
  JEMB_ASSIGN_OR_RETURN(const std::string text,
                        base::ReadWholeFile(path_, identity::kBuyerKeysBytes));
  JEMB_ASSIGN_OR_RETURN(identity::BuyerKeys keys, identity::BuyerKeys::FromText(text));
  if (keys_ && !keys.Continues(*keys_)) {
    return base::FailedPrecondition("an epoch that was used is gone or another one");
  }
  return keys;
}

absl::Status BuyerKeysFile::Load(int64_t now_ms) {
  JEMB_ASSIGN_OR_RETURN(identity::BuyerKeys keys, Read());
  Take(std::move(keys), now_ms);
  return absl::OkStatus();
}

bool BuyerKeysFile::Reload(int64_t now_ms) {
  absl::StatusOr<identity::BuyerKeys> keys = Read();
  if (keys.ok()) {
    if (std::exchange(failed_, false)) base::Log(base::Level::kInfo, "buyer_keys_read_again", {});
    return Take(*std::move(keys), now_ms);
  }
  if (!std::exchange(failed_, true)) {
    base::Log(base::Level::kError, "buyer_keys_unreadable",
              {{"status", base::ToString(keys.status())}});
  }
  if (!current_ || now_ms - read_ms_ < identity::kBuyerKeysStaleMs) return false;
  base::Log(base::Level::kError, "buyer_keys_stale", {{"read_ms", read_ms_}});
  current_ = nullptr;
  return true;
}

bool BuyerKeysFile::Take(identity::BuyerKeys keys, int64_t now_ms) {
  read_ms_ = now_ms;
  const bool told = keys_ && *keys_ == keys;
  identity::BuyerKeys recent = keys.Recent(now_ms);
  keys_ = std::make_shared<const identity::BuyerKeys>(std::move(keys));
  if (!told) TellEpochs(now_ms);
  if (current_ && *current_ == recent) return false;
  current_ = std::make_shared<const identity::BuyerKeys>(std::move(recent));
  return true;
}

void BuyerKeysFile::TellEpochs(int64_t now_ms) const {
  const identity::BuyerEpoch& last = keys_->epochs().back();
  base::Log(base::Level::kInfo, "buyer_keys",
            {{"epochs", static_cast<int64_t>(keys_->epochs().size())},
             {"last_from_ms", last.from_ms},
             {"last_digest", last.digest.substr(0, 16)},
             {"begins_in_ms", last.from_ms - now_ms}});
}

}  // namespace jembatan::gateway
