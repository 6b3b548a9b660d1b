#pragma once

// Dead letters as evidence to look at, and to send again through the same path as any intent: the
// id decides that nothing is ordered twice. Main thread; calls that read or write the cluster
// block.

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"

#include "jembatan/crossing/v1/crossing.pb.h"
#include "services/ctl/topic_scan.h"

namespace jembatan::ctl {

// One dead letter and where its topic holds it.
struct FoundLetter {
  int32_t partition = -1;
  int64_t offset = -1;
  crossing::v1::DeadLetter letter;
  // What the letter is about, as far as it can be decoded.
  crossing::v1::PurchaseIntent intent;
  bool decoded = false;
};

// Which letters are meant: all conditions hold. Made of "cause=MALFORMED", "intent=ID",
// "offer=ID", "source=PARTITION/OFFSET" (the record's own place) and "letter=PARTITION/OFFSET".
class LetterFilter {
 public:
  // INVALID_ARGUMENT: a condition that cannot be read.
  static absl::StatusOr<LetterFilter> Parse(const std::vector<std::string>& conditions);
  bool Matches(const FoundLetter& found) const;
  bool any() const { return !conditions_.empty(); }

 private:
  std::vector<std::function<bool(const FoundLetter&)>> conditions_;
};

// Why a letter is not sent again; kNone: it may be.
enum class Hindrance { kNone, kUnreadable, kCut, kPastDeadline };
Hindrance HindranceOf(const FoundLetter& found, int64_t now_ms);

// A letter that cannot be parsed itself gives one with cause UNSPECIFIED.
FoundLetter ReadLetter(const kafka::Record& record);
// One line of JSON, with its line end.
std::string LetterLine(const FoundLetter& found);

struct Replayed {
  uint64_t sent = 0;
  uint64_t unreadable = 0;
  uint64_t cut = 0;
  uint64_t past_deadline = 0;
};

// Appends what the letters hold to the intents' log once more, in its partition; dry_run: only
// counts. What of it was decided before is answered as before.
absl::StatusOr<Replayed> Replay(const TopicScan& scan, const LetterFilter& filter, int64_t now_ms,
                                bool dry_run);

}  // namespace jembatan::ctl
