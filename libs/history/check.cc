#include "libs/history/check.h"

#include <algorithm>
#include <map>
#include <tuple>
#include <utility>

#include "absl/container/flat_hash_map.h"
#include "absl/container/flat_hash_set.h"

namespace jembatan::history {
namespace {

constexpr const char* kStateNames[] = {"ORDERED", "HANDED_OFF", "REJECTED", "EXPIRED"};
const char* Name(State state) { return kStateNames[static_cast<size_t>(state)]; }

// An intent as its buyer scopes it, and with its body.
using Key = std::pair<base::Uuid, std::string>;
using Body = std::tuple<base::Uuid, std::string, std::string>;

Key KeyOf(const base::Uuid& id, const std::string& buyer_ref) { return {id, buyer_ref}; }

// Place in the log; partitions first, because an offer lives in one of them.
using Place = std::pair<int32_t, int64_t>;

class Judge {
 public:
  explicit Judge(const History& history) : history_(history) {}

  Report Run() && {
    ReadLog();
    ReadOutcomes();
    ReadLedger();
    ReadClients();
    CheckLog();
    CheckLedger();
    CheckOrder();
    CheckClients();
    CheckSamples();
    return std::move(report_);
  }

 private:
  void Add(Oracle oracle, const base::Uuid& id, std::string what) {
    report_.violations.push_back({oracle, id, std::move(what)});
  }

  // --- What the witnesses say, by intent
  // ----------------------------------------------------------

  void ReadLog() {
    for (const IntentRecord& record : history_.intents) {
      if (!record.decoded) continue;
      places_[{record.partition, record.offset}] = record.id;
      if (record.is_void()) continue;
      Body body{record.id, record.buyer_ref, record.fingerprint};
      if (logged_.insert(body).second) bodies_.push_back(body);
      Place place{record.partition, record.offset};
      auto [it, first] = lowest_.try_emplace(KeyOf(record.id, record.buyer_ref), place);
      if (!first) it->second = std::min(it->second, place);
    }
    report_.logged = bodies_.size();
  }

  // A record whose token is below the highest open of its scope before it is void (rule 2).
  void ReadOutcomes() {
    std::map<std::pair<int32_t, std::string>, uint64_t> highest;
    for (const OutcomeRecord& record : history_.outcomes) {
      if (record.kind == OutcomeRecord::Kind::kClaim) continue;
      uint64_t& open = highest[{record.partition, record.marketplace_id}];
      if (record.token < open) continue;
      if (record.kind == OutcomeRecord::Kind::kOpen) open = record.token;
      if (record.kind == OutcomeRecord::Kind::kFinal) ReadFinal(record);
    }
  }

  void ReadFinal(const OutcomeRecord& record) {
    Body body{record.id, record.buyer_ref, record.fingerprint};
    auto [it, first] = finals_.try_emplace(body, &record);
    if (first) {
      finals_of_id_[record.id].push_back(&record);
    } else if (it->second->state != record.state || it->second->order_id != record.order_id) {
      Add(Oracle::kO4, record.id,
          std::string("two finals in the log, ") + Name(it->second->state) + " and " +
              Name(record.state));
    }
  }

  void ReadLedger() {
    absl::flat_hash_set<std::string> orders;
    for (const LedgerRow& row : history_.ledger) {
      if (!rows_.try_emplace(KeyOf(row.id, row.buyer_ref), &row).second) {
        Add(Oracle::kO2, row.id, "two results at the marketplace");
      }
      if (row.state != State::kOrdered) continue;
      ++report_.ordered;
      ordered_ids_.insert(row.id);
      if (!orders.insert(row.order_id).second) {
        Add(Oracle::kO2, row.id, "the order number " + row.order_id + " is another order's too");
      }
    }
  }

  void ReadClients() {
    absl::flat_hash_set<base::Uuid> accepted;
    for (const ClientEvent& event : history_.clients) {
      if (event.kind == ClientEvent::Kind::kInvoke) invoked_[event.id].insert(event.offer_id);
      if (event.kind == ClientEvent::Kind::kAccepted) accepted.insert(event.id);
    }
    report_.invoked = invoked_.size();
    report_.accepted = accepted.size();
  }

  // --- The oracles
  // --------------------------------------------------------------------------------

  void CheckLog() {
    for (const Body& body : bodies_) {
      if (!finals_.contains(body)) {
        Add(Oracle::kO1, std::get<0>(body), "in the log without a final");
      }
    }
    for (const auto& [id, finals] : finals_of_id_) {
      for (const OutcomeRecord* final : finals) CheckFinal(*final);
    }
  }

  void CheckFinal(const OutcomeRecord& final) {
    auto row = rows_.find(KeyOf(final.id, final.buyer_ref));
    bool ordered = row != rows_.end() && row->second->state == State::kOrdered &&
                   row->second->fingerprint == final.fingerprint;
    if (final.state != State::kOrdered) {
      if (ordered) Add(Oracle::kO3, final.id, std::string(Name(final.state)) + " and yet ordered");
    } else if (!ordered || row->second->order_id != final.order_id) {
      Add(Oracle::kO3, final.id, "ORDERED in the log, no such order at the marketplace");
    }
  }

  void CheckLedger() {
    for (const LedgerRow& row : history_.ledger) {
      if (row.state != State::kOrdered) continue;
      Body body{row.id, row.buyer_ref, row.fingerprint};
      auto final = finals_.find(body);
      if (final == finals_.end()) {
        Add(Oracle::kO3, row.id, "ordered at the marketplace, no final in the log");
      }
      if (!logged_.contains(body)) {
        Add(Oracle::kO7, row.id, "ordered, and the log does not hold that body");
      }
      auto invoked = invoked_.find(row.id);
      if (invoked == invoked_.end()) {
        Add(Oracle::kO7, row.id, "ordered, and no viewer sent it");
      } else if (!invoked->second.contains(row.offer_id)) {
        Add(Oracle::kO7, row.id, "ordered " + row.offer_id + ", which its viewer did not send");
      }
      if (row.decided_ms > row.id.unix_ms() + kTtlMs) {
        Add(Oracle::kP5, row.id, "ordered after its deadline");
      }
    }
  }

  // An order without a place in the log is O7's matter.
  void CheckOrder() {
    absl::flat_hash_map<std::string, Place> last;
    for (const LedgerRow& row : history_.ledger) {
      if (row.state != State::kOrdered) continue;
      auto place = lowest_.find(KeyOf(row.id, row.buyer_ref));
      if (place == lowest_.end()) continue;
      auto [it, first] = last.try_emplace(row.offer_id, place->second);
      if (first) continue;
      if (place->second <= it->second) {
        Add(Oracle::kO5, row.id, "ordered after a later intent of " + row.offer_id);
      } else {
        it->second = place->second;
      }
    }
  }

  void CheckClients() {
    for (const ClientEvent& event : history_.clients) {
      if (event.kind == ClientEvent::Kind::kAccepted) CheckAccepted(event);
      if (event.kind == ClientEvent::Kind::kOutcome) CheckTold(event);
      if (event.kind != ClientEvent::Kind::kNone) continue;
      if (finals_of_id_.contains(event.id) || ordered_ids_.contains(event.id)) {
        Add(Oracle::kO4, event.id, "told NONE, and yet decided");
      }
    }
  }

  void CheckAccepted(const ClientEvent& event) {
    auto place = places_.find({event.partition, event.offset});
    if (place == places_.end() || place->second != event.id) {
      Add(Oracle::kO1, event.id, "told ACCEPTED, and the log does not hold it there");
    }
  }

  void CheckTold(const ClientEvent& event) {
    auto finals = finals_of_id_.find(event.id);
    bool agrees = finals != finals_of_id_.end() &&
                  std::any_of(finals->second.begin(), finals->second.end(), [&](const auto* final) {
                    return final->state == event.state && final->order_id == event.order_id;
                  });
    if (!agrees) {
      Add(Oracle::kO4, event.id,
          std::string("told ") + Name(event.state) + ", not what the log says");
    }
  }

  void CheckSamples() {
    for (const Sample& sample : history_.samples) {
      if (sample.value <= sample.bound) continue;
      Add(Oracle::kO6, {},
          sample.what + " was " + std::to_string(sample.value) + ", its bound is " +
              std::to_string(sample.bound));
    }
  }

  const History& history_;
  Report report_;
  absl::flat_hash_map<Place, base::Uuid> places_;
  absl::flat_hash_set<Body> logged_;
  std::vector<Body> bodies_;
  absl::flat_hash_map<Key, Place> lowest_;
  absl::flat_hash_map<Body, const OutcomeRecord*> finals_;
  // Ordered, so that one history has one report.
  std::map<base::Uuid, std::vector<const OutcomeRecord*>> finals_of_id_;
  absl::flat_hash_map<Key, const LedgerRow*> rows_;
  absl::flat_hash_set<base::Uuid> ordered_ids_;
  absl::flat_hash_map<base::Uuid, absl::flat_hash_set<std::string>> invoked_;
};

std::string PlaceText(int32_t partition, int64_t offset) {
  return std::to_string(partition) + "/" + std::to_string(offset);
}

std::string Told(const ClientEvent& event) {
  switch (event.kind) {
    case ClientEvent::Kind::kInvoke:
      return "viewer sends it, offer " + event.offer_id;
    case ClientEvent::Kind::kAccepted:
      return "viewer is told ACCEPTED at " + PlaceText(event.partition, event.offset);
    case ClientEvent::Kind::kPending:
      return "viewer is told PENDING";
    case ClientEvent::Kind::kRefused:
      return "viewer is told REFUSED";
    case ClientEvent::Kind::kOutcome:
      return std::string("viewer is told ") + Name(event.state) + " " + event.order_id;
    case ClientEvent::Kind::kNone:
      return "viewer is told NONE";
  }
  return "";
}

}  // namespace

const char* Name(Oracle oracle) {
  constexpr const char* kNames[] = {"O1", "O2", "O3", "O4", "O5", "O6", "O7", "P5"};
  return kNames[static_cast<size_t>(oracle)];
}

std::array<uint64_t, kOracles> Report::ByOracle() const {
  std::array<uint64_t, kOracles> counts{};
  for (const Violation& violation : violations) ++counts[static_cast<size_t>(violation.oracle)];
  return counts;
}

Report Check(const History& history) { return Judge(history).Run(); }

std::string Timeline(const History& history, const base::Uuid& id) {
  // Those of one time stay in the order in which they were read.
  std::multimap<int64_t, std::string> lines;
  for (const ClientEvent& event : history.clients) {
    if (event.id == id) lines.emplace(event.time_ms, Told(event));
  }
  for (const IntentRecord& record : history.intents) {
    if (!record.decoded || record.id != id) continue;
    std::string text = "log holds it at " + PlaceText(record.partition, record.offset) +
                       ", offer " + record.offer_id + ", body " + record.fingerprint.substr(0, 8);
    lines.emplace(record.append_ms, record.is_void() ? text + ", void" : text);
  }
  for (const LedgerRow& row : history.ledger) {
    if (row.id != id) continue;
    lines.emplace(row.decided_ms, "marketplace decides " + std::string(Name(row.state)) + " " +
                                      row.order_id + ", seq " + std::to_string(row.seq));
  }
  std::string text;
  for (const auto& [time_ms, line] : lines) text += std::to_string(time_ms) + "  " + line + "\n";
  // The dump of outcomes tells no times.
  for (const OutcomeRecord& record : history.outcomes) {
    if (record.kind != OutcomeRecord::Kind::kFinal || record.id != id) continue;
    text += "               outcomes hold " + std::string(Name(record.state)) + " " +
            record.order_id + " at " + PlaceText(record.partition, record.offset) + ", token " +
            std::to_string(record.token) + "\n";
  }
  return text;
}

}  // namespace jembatan::history
