#include "services/gateway/session.h"

#include <algorithm>

#include "libs/base/check.h"

namespace jembatan::gateway {
namespace {

// A key: generation, place.
constexpr int kGenerationShift = 32;

}  // namespace

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
  entry.push = push_outcomes;
  Key key = uint64_t{entry.generation} << kGenerationShift | place;
  if (!push_outcomes) return key;

  Keys& told = push_by_buyer_[session->principal().buyer];
  if (told.size() == kPushSessionsPerViewer) {
    Find(told.front())->push = false;
    told.erase(told.begin());
  }
  told.push_back(key);
  return key;
}

void SessionTable::Close(Key key) {
  Entry* entry = Find(key);
  if (entry == nullptr) return;
  if (entry->push) StopPush(entry->session->principal().buyer, key);
  uint32_t generation = entry->generation + 1;
  *entry = Entry();
  entry->generation = generation;
  free_.push_back(static_cast<uint32_t>(key));
}

void SessionTable::StopPush(const identity::BuyerRef& buyer, Key key) {
  auto it = push_by_buyer_.find(buyer);
  JEMB_CHECK(it != push_by_buyer_.end());
  Keys& told = it->second;
  told.erase(std::find(told.begin(), told.end(), key));
  if (told.empty()) push_by_buyer_.erase(it);
}

SessionTable::Entry* SessionTable::Find(Key key) {
  auto place = static_cast<uint32_t>(key);
  if (place >= entries_.size()) return nullptr;
  Entry& entry = entries_[place];
  bool open = entry.session != nullptr && entry.generation == key >> kGenerationShift;
  return open ? &entry : nullptr;
}

intake::v1::ServerFrame* SessionTable::Gather(Key key) {
  Entry* entry = Find(key);
  if (entry == nullptr || entry->overflowed) return nullptr;
  if (!entry->waiting) {
    entry->waiting = true;
    waiting_.push_back(key);
  }
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
    intake::v1::ServerFrame* frame = Gather(key);
    if (frame == nullptr) continue;
    *frame->add_outcomes() = outcome;
    ++pushed;
  }
  return pushed;
}

size_t SessionTable::HandOn() {
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

}  // namespace jembatan::gateway
