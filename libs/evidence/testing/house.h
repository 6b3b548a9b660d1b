#pragma once

// House: topics and an auditor's ledger over them in memory, for tests that need a bundle: taps of
// buyers with their outcomes, as gateways and bridges write them, and whatever a test wants to put
// beside. Tests only; one thread.

#include <cstdint>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "jembatan/crossing/v1/crossing.pb.h"
#include "libs/evidence/manifest.h"
#include "libs/evidence/seals.h"
#include "libs/evidence/segment.h"
#include "libs/ledger/note.h"

namespace jembatan::evidence::testing {

// 27 November 2026, 03:00 UTC, a whole hour.
inline constexpr int64_t kFromMs = 1'795'748'400'000;
inline constexpr int64_t kToMs = kFromMs + 600'000;
inline constexpr char kMarketplace[] = "tokopedia";
inline constexpr char kHost[] = "pay.tokopedia.example";

struct Tap {
  // Its number, from which its id and its buyer follow.
  uint64_t number = 1;
  int64_t at_ms = kFromMs + 1'000;
  std::string offer = "kopi";
  std::string campaign{};
  uint64_t buyer = 1;

  std::string id() const;
  std::string buyer_ref() const;
  crossing::v1::PurchaseIntent Intent() const;
  // ORDERED, under the policy of consent only.
  crossing::v1::Outcome Ordered(int64_t intent_offset) const;
};

class House {
 public:
  House();

  // Puts a record at the end of a log; returns its offset.
  int64_t Put(const ledger::LogId& log, std::string key, std::string value, int64_t append_ms);
  int64_t Put(const crossing::v1::PurchaseIntent& intent, int64_t append_ms, int32_t partition = 0);
  int64_t Put(const crossing::v1::Outcome& outcome, int64_t append_ms, int32_t partition = 0);
  // An owner's word that all intents appended before then have their finals.
  void Open(int64_t progress_ms, int64_t append_ms, int32_t partition = 0);
  // A tap that is ordered after took_ms.
  void Buy(const Tap& tap, int64_t took_ms = 40, int32_t partition = 0);
  // `count` such taps within the window, of ten buyers.
  void Sell(uint64_t count);
  // The owner's word that all of the window have their finals.
  void Close();
  // Both.
  void Trade(uint64_t count);

  // The auditor seals what there is.
  void Seal(int64_t time_ms);
  const ledger::NoteVerifier& auditor() const { return signer_.verifier(); }

  // Everything from each log's `first` on (0 if it has none), as a bundle's files without figures,
  // report and manifest.
  Files Bare(const std::map<ledger::LogId, uint64_t>& first = {}) const;
  // A whole bundle of the window.
  Files Bundle() const;
  Scope TheScope() const;

  // A record as it was put.
  struct Stored {
    int64_t offset = 0;
    int64_t append_ms = 0;
    std::string key;
    std::string value;
  };
  std::map<ledger::LogId, std::vector<Stored>>& logs() { return logs_; }

 private:
  std::vector<ledger::Hash> LeavesOf(const ledger::LogId& log) const;

  ledger::NoteSigner signer_;
  std::map<ledger::LogId, std::vector<Stored>> logs_;
  std::vector<std::string> seals_;
  std::vector<std::string> checkpoints_;
};

// The peaks of the tree of the first leaves.
std::vector<ledger::Hash> PeaksOf(const std::vector<ledger::Hash>& leaves, uint64_t size);

}  // namespace jembatan::evidence::testing
