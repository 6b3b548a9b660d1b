#include "libs/identity/buyer_keys.h"

#include <algorithm>
#include <utility>

#include <openssl/sha.h>
#include <simdjson.h>

#include "libs/base/check.h"
#include "libs/base/status.h"
#include "libs/base/text.h"
#include "libs/identity/claims.h"

namespace jembatan::identity {
namespace {

using simdjson::dom::element;

// The year 9999: a time beyond it is a slip.
constexpr uint64_t kLastMs = 253'402'300'799'000;
constexpr size_t kDigestDigits = 2 * SHA256_DIGEST_LENGTH;

std::string DigestOf(const BuyerKey& key) {
  std::string digest(SHA256_DIGEST_LENGTH, '\0');
  const std::string_view bytes = key.bytes();
  SHA256(reinterpret_cast<const uint8_t*>(bytes.data()), bytes.size(),
         reinterpret_cast<uint8_t*>(digest.data()));
  return base::Hex(digest);
}

bool IsDigest(std::string_view text) {
  return text.size() == kDigestDigits &&
         text.find_first_not_of("0123456789abcdef") == std::string_view::npos;
}

absl::Status Wrong(size_t place, std::string_view what) {
  return base::InvalidArgument("epochs[" + std::to_string(place) + "]: " + std::string(what));
}

std::optional<int64_t> TimeIn(simdjson::dom::object object, std::string_view key) {
  uint64_t ms = 0;
  if (object.at_key(key).get(ms) || ms > kLastMs) return std::nullopt;
  return static_cast<int64_t>(ms);
}

absl::StatusOr<BuyerEpoch> ReadEpoch(element value, size_t place) {
  simdjson::dom::object object;
  if (value.get(object)) return Wrong(place, "not an object");
  for (auto field : object) {
    if (field.key != "epoch" && field.key != "from_ms" && field.key != "key" &&
        field.key != "digest" && field.key != "erased_ms") {
      return Wrong(place, "has a key other than epoch, from_ms, key, digest, erased_ms");
    }
  }
  BuyerEpoch epoch;
  uint64_t number = 0;
  if (object.at_key("epoch").get(number) || number != place + 1) {
    return Wrong(place, "epoch: numbers count up from 1");
  }
  epoch.number = static_cast<uint32_t>(number);
  std::optional<int64_t> from_ms = TimeIn(object, "from_ms");
  if (!from_ms) return Wrong(place, "from_ms: milliseconds since 1970 expected");
  epoch.from_ms = *from_ms;
  std::optional<std::string_view> key = StrictObject::Text(object, "key");
  std::optional<std::string_view> digest = StrictObject::Text(object, "digest");
  std::optional<int64_t> erased_ms = TimeIn(object, "erased_ms");
  if (key && !digest && !erased_ms) {
    absl::StatusOr<BuyerKey> made = BuyerKey::FromHex(*key);
    if (!made.ok()) return Wrong(place, base::Std(made.status().message()));
    epoch.digest = DigestOf(*made);
    epoch.key = *std::move(made);
    return epoch;
  }
  if (key || !digest || !IsDigest(*digest) || !erased_ms) {
    return Wrong(place, "either key, or digest (SHA-256) and erased_ms");
  }
  epoch.digest = std::string(*digest);
  epoch.erased_ms = *erased_ms;
  return epoch;
}

// What holds between epochs.
absl::Status CheckEpochs(const std::vector<BuyerEpoch>& epochs) {
  if (epochs.empty() || epochs.size() > kEpochsMax) {
    return base::InvalidArgument("epochs: 1 to 128 expected");
  }
  if (epochs.front().from_ms != 0) return Wrong(0, "from_ms: the first epoch begins at 0");
  for (size_t i = 1; i < epochs.size(); ++i) {
    if (epochs[i].from_ms <= epochs[i - 1].from_ms) {
      return Wrong(i, "from_ms: not after the epoch before");
    }
  }
  // A key used twice would tie the buyers of two epochs together, and outlive its erasure.
  for (size_t i = 0; i < epochs.size(); ++i) {
    for (size_t j = 0; j < i; ++j) {
      if (epochs[i].digest == epochs[j].digest) return Wrong(i, "has the key of an earlier epoch");
    }
  }
  if (!epochs.back().key) return Wrong(epochs.size() - 1, "the last epoch has no key");
  return absl::OkStatus();
}

}  // namespace

BuyerKeys::BuyerKeys(BuyerKey key) {
  BuyerEpoch epoch;
  epoch.number = 1;
  epoch.digest = DigestOf(key);
  epoch.key = std::move(key);
  epochs_.push_back(std::move(epoch));
}

absl::StatusOr<BuyerKeys> BuyerKeys::FromText(std::string_view text) {
  if (text.size() > kBuyerKeysBytes) return base::InvalidArgument("the file is too long");
  const size_t first = text.find_first_not_of(" \t\r\n");
  if (first == std::string_view::npos || text[first] != '{') {
    JEMB_ASSIGN_OR_RETURN(BuyerKey key, BuyerKey::FromHex(text));
    return BuyerKeys(std::move(key));
  }
  JEMB_ASSIGN_OR_RETURN(StrictObject object, StrictObject::Parse(text));
  simdjson::dom::array list;
  if (object.object().at_key("epochs").get(list) || object.object().size() != 1) {
    return base::InvalidArgument("{\"epochs\":[...]} expected");
  }
  BuyerKeys keys;
  for (element each : list) {
    JEMB_ASSIGN_OR_RETURN(BuyerEpoch epoch, ReadEpoch(each, keys.epochs_.size()));
    keys.epochs_.push_back(std::move(epoch));
  }
  JEMB_RETURN_IF_ERROR(CheckEpochs(keys.epochs_));
  return keys;
}

std::string BuyerKeys::ToJson() const {
  std::string json = "{\"epochs\":[";
  for (const BuyerEpoch& epoch : epochs_) {
    json += &epoch == &epochs_.front() ? "\n" : ",\n";
    json += "{\"epoch\":" + std::to_string(epoch.number);
    json += ",\"from_ms\":" + std::to_string(epoch.from_ms);
    if (epoch.key) {
      json += ",\"key\":\"" + base::Hex(epoch.key->bytes()) + "\"}";
    } else {
      json += ",\"digest\":\"" + epoch.digest + "\"";
      json += ",\"erased_ms\":" + std::to_string(epoch.erased_ms) + "}";
    }
  }
  return json + "\n]}\n";
}

BuyerKeys BuyerKeys::Recent(int64_t now_ms) const {
  size_t first = 0;
  while (first + 1 < epochs_.size() && epochs_[first + 1].from_ms + kKeepMs <= now_ms) ++first;
  BuyerKeys recent;
  recent.epochs_.assign(epochs_.begin() + static_cast<std::ptrdiff_t>(first), epochs_.end());
  return recent;
}

bool BuyerKeys::Continues(const BuyerKeys& other) const {
  if (epochs_.size() < other.epochs_.size()) return false;
  for (size_t i = 0; i < other.epochs_.size(); ++i) {
    const BuyerEpoch& now = epochs_[i];
    const BuyerEpoch& before = other.epochs_[i];
    if (now.from_ms != before.from_ms || now.digest != before.digest) return false;
    // What is destroyed does not come back.
    if (now.key.has_value() && !before.key.has_value()) return false;
  }
  return true;
}

absl::StatusOr<BuyerKeys> BuyerKeys::Rotated(BuyerKey key, int64_t from_ms, int64_t now_ms) const {
  if (from_ms < now_ms + kAnnounceMs) {
    return base::FailedPrecondition("a new epoch begins 10 minutes from now or later");
  }
  BuyerKeys rotated = *this;
  BuyerEpoch& epoch = rotated.epochs_.emplace_back();
  epoch.number = static_cast<uint32_t>(rotated.epochs_.size());
  epoch.from_ms = from_ms;
  epoch.digest = DigestOf(key);
  epoch.key = std::move(key);
  absl::Status status = CheckEpochs(rotated.epochs_);
  if (!status.ok()) return base::FailedPrecondition(std::string(base::Std(status.message())));
  return rotated;
}

absl::StatusOr<BuyerKeys> BuyerKeys::Erased(uint32_t number, int64_t now_ms) const {
  if (number == 0 || number > epochs_.size()) {
    return base::FailedPrecondition("there is no such epoch");
  }
  BuyerKeys erased = *this;
  BuyerEpoch& epoch = erased.epochs_[number - 1];
  if (!epoch.key) return base::FailedPrecondition("the epoch is erased already");
  if (number == epochs_.size() || epochs_[number].from_ms + kKeepMs > now_ms) {
    return base::FailedPrecondition("an epoch can be erased an hour after its end");
  }
  epoch.key.reset();
  epoch.erased_ms = now_ms;
  return erased;
}

BuyerRefs::BuyerRefs(const BuyerKeys& keys, std::string_view viewer_id) {
  for (const BuyerEpoch& epoch : keys.epochs()) {
    Entry& entry = entries_.emplace_back();
    entry.from_ms = epoch.from_ms;
    if (epoch.key) entry.ref = epoch.key->RefOf(viewer_id);
  }
}

const BuyerRef* BuyerRefs::At(int64_t id_ms) const {
  auto next = std::upper_bound(entries_.begin(), entries_.end(), id_ms,
                               [](int64_t ms, const Entry& entry) { return ms < entry.from_ms; });
  if (next == entries_.begin()) return nullptr;
  const Entry& entry = *std::prev(next);
  return entry.ref ? &*entry.ref : nullptr;
}

}  // namespace jembatan::identity
