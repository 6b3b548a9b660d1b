#include "services/gateway/session.h"

#include <algorithm>

#include "libs/base/check.h"

namespace jembatan::gateway {
namespace {

// A key: generation, place.
constexpr int kGenerationShift = 32;

}  // namespace

std::shared_ptr<const Principal> MakePrincipal(identity::Viewer viewer, Keyring keys) {
  JEMB_CHECK(keys.complete());
  auto principal = std::make_shared<Principal>();
  principal->buyers = identity::BuyerRefs(*keys.At(0), viewer.id);
  for (size_t market = 1; market < keys.size(); ++market) {
    principal->further.emplace_back(*keys.At(market), viewer.id);
  }
  principal->viewer = std::move(viewer);
  principal->keys = std::move(keys);
  return principal;
}

size_t Session::outbox_entries() const {
  if (!outbox_) return 0;
  return static_cast<size_t>(outbox_->receipts_size()) +
         static_cast<size_t>(outbox_->outcomes_size()) +
         static_cast<size_t>(outbox_->offers_size());
}

SessionTable::Key SessionTable::Open(Session* session, bool push_outcomes) {
  JEMB_CHECK(session != nullptr);
  if (free_.empty()) {
    free_.push_back(static_cast<uint32_t>(entries_.size()));
    entries_.emplace_back();
  }
  uint32_t place = free_.back();
  free_.pop_back();
  Entry& entry = entries_[place];
  entry.session = session;
  // The token may have been verified just before the keys changed.
  if (keys_.complete() && session->principal().keys != keys_) session->Renew(keys_);
  Key key = uint64_t{entry.generation} << kGenerationShift | place;
  if (push_outcomes) StartPush(key, entry);
  return key;
}

void SessionTable::SetBuyerKeys(Keyring keys) {
  keys_ = std::move(keys);
  for (size_t place = 0; place < entries_.size(); ++place) {
    Entry& entry = entries_[place];
    if (entry.session == nullptr || entry.session->principal().keys == keys_) continue;
    const Key key = uint64_t{entry.generation} << kGenerationShift | place;
    const bool push = entry.push;
    if (push) StopPush(key, entry);
    entry.session->Renew(keys_);
    if (push) StartPush(key, entry);
  }
}

void SessionTable::Close(Key key) {
  Entry* entry = Find(key);
  if (entry == nullptr) return;
  if (entry->push) StopPush(key, *entry);
  uint32_t generation = entry->generation + 1;
  *entry = Entry();
  entry->generation = generation;
  free_.push_back(static_cast<uint32_t>(key));
}

template <typename Visit>
void SessionTable::EachPseudonym(const Principal& principal, Visit visit) {
  for (size_t market = 0; market < principal.markets(); ++market) {
    for (const auto& epoch : principal.BuyersAt(market).entries()) {
      if (epoch.ref) visit(*epoch.ref);
    }
  }
}

void SessionTable::StartPush(Key key, Entry& entry) {
  entry.push = true;
  EachPseudonym(entry.session->principal(), [&](const identity::BuyerRef& buyer) {
    const Keys& told = push_by_buyer_[buyer];
    if (told.size() == kPushSessionsPerViewer) StopPush(told.front(), *Find(told.front()));
    push_by_buyer_[buyer].push_back(key);
  });
}

void SessionTable::StopPush(Key key, Entry& entry) {
  entry.push = false;
  EachPseudonym(entry.session->principal(), [&](const identity::BuyerRef& buyer) {
    auto it = push_by_buyer_.find(buyer);
    if (it == push_by_buyer_.end()) return;
    Keys& told = it->second;
    const auto place = std::find(told.begin(), told.end(), key);
    if (place != told.end()) told.erase(place);
    if (told.empty()) push_by_buyer_.erase(it);
  });
}

SessionTable::Entry* SessionTable::Find(Key key) {
  auto place = static_cast<uint32_t>(key);
  if (place >= entries_.size()) return nullptr;
  Entry& entry = entries_[place];
  bool open = entry.session != nullptr && entry.generation == key >> kGenerationShift;
  return open ? &entry : nullptr;
}

void SessionTable::Wait(Key key, Entry& entry) {
  if (std::exchange(entry.waiting, true)) return;
  waiting_.push_back(key);
}

intake::v1::ServerFrame* SessionTable::Gather(Key key) {
  Entry* entry = Find(key);
  if (entry == nullptr || entry->overflowed) return nullptr;
  Wait(key, *entry);
  if (entry->session->outbox_entries() >= kOutboxEntries) {
    entry->overflowed = true;
    return nullptr;
  }
  return &entry->session->Outbox();
}

size_t SessionTable::Push(const identity::BuyerRef& buyer, const intake::v1::Outcome& outcome) {
  auto it = push_by_buyer_.find(buyer);
  if (it == push_by_buyer_.end()) return 0;
  size_t pushed = 0;
  for (Key key : it->second) {
    Entry& entry = *Find(key);
    if (entry.overflowed) continue;
    if (entry.session->outbox_entries() >= kOutboxEntries) {
      entry.overflowed = true;
      Wait(key, entry);
      continue;
    }
    *entry.session->Outbox().add_outcomes() = outcome;
    if (!std::exchange(entry.held, true)) told_.push_back(key);
    ++pushed;
  }
  return pushed;
}

void SessionTable::HoldOutcomes(int64_t now_ms) {
  const bool at_once = held_.empty() && told_.size() < kOutcomesHeldFrom;
  const int64_t due_ms = at_once ? now_ms : now_ms + kOutcomeHoldMs;
  for (Key key : told_) held_.push_back({key, due_ms});
  told_.clear();
  // Later than the longest hold: the clock has been set back since.
  const auto due = [now_ms](const Held& held) {
    return held.due_ms <= now_ms || held.due_ms > now_ms + kOutcomeHoldMs;
  };
  for (; !held_.empty() && due(held_.front()); held_.pop_front()) {
    Entry* entry = Find(held_.front().key);
    if (entry == nullptr) continue;
    entry->held = false;
    Wait(held_.front().key, *entry);
  }
}

size_t SessionTable::HandOn(int64_t now_ms) {
  HoldOutcomes(now_ms);
  // What a session gathers while another is handed on waits for the next tick.
  handing_on_.swap(waiting_);
  size_t frames = 0;
  for (Key key : handing_on_) {
    Entry* entry = Find(key);
    if (entry == nullptr) continue;
    entry->waiting = false;
    if (entry->overflowed) {
      entry->session->OnOverflow();
    } else if (entry->session->outbox_entries() > 0) {
      ++frames;
      entry->session->OnOutbox();
    }
  }
  handing_on_.clear();
  return frames;
}

int64_t SessionTable::NextDueMs() const {
  if (!waiting_.empty() || !told_.empty()) return 0;
  return held_.empty() ? -1 : held_.front().due_ms;
}

}  // namespace jembatan::gateway
