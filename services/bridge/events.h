#pragma once

// The vocabulary of the bridge's deciding core: what happens to it (events) and what it wants done
// (effects). The service turns callbacks into events and executes effects; the simulation does both
// with a simulated world. Plain values; views in events live until Step returns, pointers in
// effects until the next Step. Marketplaces go by their numbers, as the Core was given them.

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "jembatan/crossing/v1/crossing.pb.h"
#include "libs/controls/controls.h"
#include "libs/policy/decide.h"

namespace jembatan::bridge {

// Wall time decides about deadlines; monotonic time about waits.
struct Now {
  int64_t wall_ms = 0;
  int64_t mono_ms = 0;
};

// The marketplace's result for one order of a batch. outcome holds what the marketplace says
// (state, reason, order_id, urls, price, hold, fingerprint); the core adds the rest.
struct Decision {
  uint32_t index = 0;
  // Not decided, nothing remembered: try again after retry_after_ms at least.
  bool retry = false;
  // With retry: the result has a state that this bridge does not know. An order may exist.
  bool unclear = false;
  int64_t retry_after_ms = 0;
  crossing::v1::Outcome outcome;
};

// The marketplace's answer for one key asked about.
struct Finding {
  bool found = false;
  // Found with a state that this bridge does not know: outcome says nothing.
  bool unclear = false;
  crossing::v1::Outcome outcome;
};

namespace event {

// The group gave this bridge the partition; intents follow from the offset on.
struct Assigned {
  int32_t partition;
  int64_t offset;
};
// The group wants the partition back (lost: has already given it away).
struct Revoked {
  int32_t partition;
  bool lost;
};
// A record of the intents topic.
struct Intent {
  int32_t partition;
  int64_t offset;
  int64_t append_ms;
  std::string_view key;
  std::string_view value;
};
// The intents' log ended at next_offset when it was read.
struct IntentsEnd {
  int32_t partition;
  int64_t next_offset;
};
// A record of the outcomes topic, from the offset asked for on, in order. reading names the
// ReadOutcomes that it belongs to: what an earlier reading still brings is ignored.
struct OutcomeRead {
  int32_t partition;
  uint64_t reading;
  int64_t offset;
  std::string_view value;
};
// A record handed to the log is in it (ok), or may or may not be.
struct Produced {
  uint64_t cookie;
  bool ok;
  int64_t offset;
  int64_t append_ms;
};
// The stream to the marketplace, by its number, is usable; or broke, with everything unanswered on
// it.
struct StreamUp {
  size_t market = 0;
};
struct StreamDown {
  size_t market = 0;
};
// The marketplace's highest token of the scope; none: no answer.
struct Fenced {
  int32_t partition;
  uint64_t token;
  std::optional<uint64_t> highest;
  size_t market = 0;
};
// Results of some or all orders of a batch.
struct Answered {
  uint64_t batch;
  bool stale;
  std::span<const Decision> decisions;
};
// The answer to an Ask; answered false: none came.
struct Found {
  uint64_t ask;
  bool answered;
  bool stale;
  std::span<const Finding> findings;
};
// The intents' end offset asked for; -1: no answer.
struct EndOffset {
  int32_t partition;
  uint64_t query;
  int64_t offset;
};
struct Committed {
  int32_t partition;
  int64_t next_offset;
  bool ok;
};
// What the operators' controls say from now on; null: nobody knows any longer.
struct ControlsChanged {
  controls::Snapshot in_force;
};
// Another policy is in force for whatever is decided from here on.
struct PolicyTaken {
  std::shared_ptr<const policy::Policy> policy;
};
// The feed of what the marketplace attests about goods: a reading of it begins, tells of an offer
// (null: nothing that could be verified), has told of all.
struct GoodsBegin {};
struct GoodsTold {
  std::string_view offer_id;
  const policy::Goods* goods;
};
struct GoodsComplete {};
// Time has passed, or a turn of events is over: work is gathered and sent here.
struct Tick {};

}  // namespace event

using Event = std::variant<event::Assigned, event::Revoked, event::Intent, event::IntentsEnd,
                           event::OutcomeRead, event::Produced, event::StreamUp, event::StreamDown,
                           event::Fenced, event::Answered, event::Found, event::EndOffset,
                           event::Committed, event::ControlsChanged, event::PolicyTaken,
                           event::GoodsBegin, event::GoodsTold, event::GoodsComplete, event::Tick>;

namespace effect {

// Append to the outcomes topic; answered by Produced.
struct ProduceOutcome {
  uint64_t cookie;
  int32_t partition;
  std::string key;
  std::string value;
};
// Append to the dead-letter topic; answered by Produced.
struct ProduceDeadLetter {
  uint64_t cookie;
  std::string key;
  std::string value;
};
// Read the outcomes partition anew: from the first record appended at or after append_ms, or, when
// offset >= 0, from that offset.
struct ReadOutcomes {
  int32_t partition;
  uint64_t reading;
  int64_t append_ms;
  int64_t offset;
};
// The partition is no longer ours: stop reading its outcomes.
struct StopOutcomes {
  int32_t partition;
};
struct Fence {
  int32_t partition;
  uint64_t token;
  size_t market = 0;
};
// Ask for the end of the intents' partition; answered by EndOffset.
struct QueryEnd {
  int32_t partition;
  uint64_t query;
};
struct Place {
  uint64_t batch;
  int32_t partition;
  uint64_t token;
  std::vector<const crossing::v1::PurchaseIntent*> intents;
  size_t market = 0;
};
// GetOrders; answered by Found.
struct Ask {
  uint64_t ask;
  int32_t partition;
  uint64_t token;
  std::vector<const crossing::v1::PurchaseIntent*> intents;
  size_t market = 0;
};
// A call has been unanswered for too long: break the stream.
struct ResetStream {
  size_t market = 0;
};
struct Commit {
  int32_t partition;
  int64_t next_offset;
};
struct Pause {
  int32_t partition;
};
struct Resume {
  int32_t partition;
};
// The partition's work is finished or given up: let the group have it.
struct Release {
  int32_t partition;
};

}  // namespace effect

using Effect = std::variant<effect::ProduceOutcome, effect::ProduceDeadLetter, effect::ReadOutcomes,
                            effect::StopOutcomes, effect::Fence, effect::QueryEnd, effect::Place,
                            effect::Ask, effect::ResetStream, effect::Commit, effect::Pause,
                            effect::Resume, effect::Release>;
using Effects = std::vector<Effect>;

}  // namespace jembatan::bridge
