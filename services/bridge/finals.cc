#include "services/bridge/finals.h"

#include <algorithm>

#include "libs/intent/limits.h"

namespace jembatan::bridge {

Finals::Bytes Finals::Find(const IntentKey& key, std::string_view fingerprint) const {
  auto it = finals_.find(key);
  if (it == finals_.end()) return nullptr;
  for (const Body& body : it->second) {
    if (body.fingerprint == fingerprint) return body.bytes;
  }
  return nullptr;
}

bool Finals::KnowsOtherBody(const IntentKey& key, std::string_view fingerprint) const {
  auto it = finals_.find(key);
  if (it == finals_.end()) return false;
  return std::any_of(it->second.begin(), it->second.end(),
                     [&](const Body& body) { return body.fingerprint != fingerprint; });
}

void Finals::Remember(const IntentKey& key, std::string_view fingerprint, int64_t deadline_ms,
                      Bytes bytes, bool in_log) {
  std::vector<Body>& bodies = finals_[key];
  for (Body& body : bodies) {
    if (body.fingerprint != fingerprint) continue;
    // What the log says outranks a pin of ours that it does not hold yet.
    if (in_log && !body.in_log) {
      body.in_log = true;
      --pins_;
      body.bytes = std::move(bytes);
    }
    return;
  }
  if (bodies.empty()) by_deadline_[deadline_ms / 1000].push_back(key);
  if (!in_log) {
    ++pins_;
    pinned_.push_back(key);
    TrimPinned();
  }
  bodies.push_back(Body{std::string(fingerprint), std::move(bytes), in_log});
  ++size_;
}

bool Finals::MarkInLog(const IntentKey& key, std::string_view fingerprint) {
  auto it = finals_.find(key);
  if (it == finals_.end()) return false;
  for (Body& body : it->second) {
    if (body.fingerprint != fingerprint) continue;
    pins_ -= body.in_log ? 0 : 1;
    body.in_log = true;
    return true;
  }
  return false;
}

void Finals::DropPins() {
  for (const IntentKey& key : pinned_) {
    auto it = finals_.find(key);
    if (it == finals_.end()) continue;
    size_ -= std::erase_if(it->second, [](const Body& body) { return !body.in_log; });
    // The key stays listed by its deadline; pruning skips keys that are gone.
    if (it->second.empty()) finals_.erase(it);
  }
  pinned_.clear();
  pins_ = 0;
}

void Finals::TrimPinned() {
  if (pinned_.size() <= 2 * pins_ + 1024) return;
  std::erase_if(pinned_, [&](const IntentKey& key) {
    auto it = finals_.find(key);
    return it == finals_.end() || std::all_of(it->second.begin(), it->second.end(),
                                              [](const Body& body) { return body.in_log; });
  });
}

void Finals::Prune(int64_t finished_append_ms) {
  int64_t passed_ms = finished_append_ms - intent::kBrokerSkewMs;
  // A bucket holds deadlines up to its second's last millisecond.
  while (!by_deadline_.empty() && by_deadline_.begin()->first * 1000 + 999 < passed_ms) {
    for (const IntentKey& key : by_deadline_.begin()->second) {
      auto it = finals_.find(key);
      if (it == finals_.end()) continue;
      for (const Body& body : it->second) pins_ -= body.in_log ? 0 : 1;
      size_ -= it->second.size();
      finals_.erase(it);
    }
    by_deadline_.erase(by_deadline_.begin());
  }
}

}  // namespace jembatan::bridge
