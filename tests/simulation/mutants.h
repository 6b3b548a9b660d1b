#pragma once

// Mutants: bugs planted one at a time, to see the simulation find them. Some drop a rule of the
// protocol, some spoil what stands between a core and its world as a careless service would, some
// make the app or the marketplace break its contract.

#include <string_view>

#include "tests/simulation/history.h"

namespace jembatan::simulation {

struct Mutant {
  const char* name;
  const char* what;
  void (*plant)(HistoryOptions* options);
  // False: random schedules do not show it within 10,000 seeds; the rule is kept on the strength of
  // hand-made ones, or as a second defence.
  bool shown_at_random = true;
};

inline constexpr Mutant kMutants[] = {
    // Rules of the protocol (the number is the rule's).
    {"void_when_late", "1: an intent appended past its deadline is served",
     [](HistoryOptions* o) { o->bridge_rules.void_when_late = false; }},
    {"void_by_token", "2: outcomes of an owner succeeded before count",
     [](HistoryOptions* o) { o->bridge_rules.void_by_token = false; }},
    {"read_back", "2: an outcome counts as done when acknowledged",
     [](HistoryOptions* o) { o->bridge_rules.read_back_before_commit = false; }},
    {"claim_on_break", "2: a broken stream needs no new claim",
     [](HistoryOptions* o) { o->bridge_rules.claim_on_broken_stream = false; }},
    {"token", "3: the marketplace does not check the token",
     [](HistoryOptions* o) { o->market_rules.token_checked = false; }},
    {"durable_fence", "3: a restart of the marketplace forgets its fences",
     [](HistoryOptions* o) { o->market_rules.fence_is_durable = false; }},
    {"deadline", "3: the deadline is checked on arrival, not on deciding",
     [](HistoryOptions* o) { o->market_rules.deadline_inside_transaction = false; }},
    {"ask", "4: the bridge decides alone without asking",
     [](HistoryOptions* o) { o->bridge_rules.ask_before_deciding = false; }},
    {"ask_policy", "4: the bridge refuses by policy without asking",
     [](HistoryOptions* o) { o->bridge_rules.ask_before_policy = false; }},
    {"window", "5: finals are not remembered",
     [](HistoryOptions* o) { o->bridge_rules.remember_finals = false; }},
    {"drop_pins", "5: a claim keeps finals that were never read back",
     [](HistoryOptions* o) { o->bridge_rules.drop_pins_on_claim = false; }},
    {"lane_wait", "6: a lane overtakes its own refusal",
     [](HistoryOptions* o) { o->bridge_rules.lane_waits_for_refusal = false; }},
    {"remember", "7: the marketplace remembers no result",
     [](HistoryOptions* o) { o->market_rules.remember_results = false; }},
    {"one_batch", "P6: two batches of one offer are under way",
     [](HistoryOptions* o) { o->bridge_rules.one_batch_per_lane = false; }},
    {"obey_controls", "what an operator's control says is not looked at",
     [](HistoryOptions* o) { o->bridge_rules.obey_controls = false; }},
    // A careless service.
    {"commit_at_delivery", "what was delivered is committed, decided or not",
     [](HistoryOptions* o) { o->bridge_bugs.commit_at_delivery = true; }},
    {"commit_off_by_one", "the commit is one record ahead",
     [](HistoryOptions* o) { o->bridge_bugs.commit_off_by_one = true; }},
    {"ack_on_enqueue", "a record counts as written when it is handed to the producer",
     [](HistoryOptions* o) { o->bridge_bugs.ack_on_enqueue = true; }},
    {"deadline_renewed", "an order carries a fresh deadline with every try",
     [](HistoryOptions* o) { o->bridge_bugs.deadline_renewed = true; }},
    {"window_from_claim", "the window is read from the claim on, not from before the intents",
     [](HistoryOptions* o) { o->bridge_bugs.window_from_claim = true; }},
    {"shuffled_batch", "the orders of a batch are sent in any order",
     [](HistoryOptions* o) { o->bridge_bugs.shuffled_batch = true; }},
    {"swapped_results", "a batch's results are taken for each other's",
     [](HistoryOptions* o) { o->bridge_bugs.swapped_results = true; }},
    {"fence_skipped", "the fence is taken for granted",
     [](HistoryOptions* o) { o->bridge_bugs.fence_skipped = true; }},
    {"progress_is_now", "progress is told as the present, unfinished intents or not",
     [](HistoryOptions* o) { o->bridge_bugs.progress_is_now = true; }},
    {"stale_reading", "a new reading of outcomes goes on where the old one was",
     [](HistoryOptions* o) { o->bridge_bugs.stale_reading = true; }},
    {"assigned_at_end", "an assignment begins at the log's end",
     [](HistoryOptions* o) { o->bridge_bugs.assigned_at_end = true; }},
    {"skipped_record", "one record in fifty is not delivered",
     [](HistoryOptions* o) { o->bridge_bugs.skipped_record = true; }},
    {"commit_first_scope", "what one marketplace has finished is committed, others' or not",
     [](HistoryOptions* o) { o->bridge_rules.commit_waits_for_all = false; }},
    {"fence_elsewhere", "a claim is fenced at the first marketplace, whichever it is for",
     [](HistoryOptions* o) { o->bridge_bugs.fence_elsewhere = true; }},
    {"order_elsewhere", "one batch in twenty goes to the first marketplace, whosever it is",
     [](HistoryOptions* o) { o->bridge_bugs.order_elsewhere = true; }},
    {"progress_of_another", "an open tells the progress of whichever marketplace is furthest",
     [](HistoryOptions* o) { o->bridge_bugs.progress_of_another = true; }},
    // A careless gateway.
    {"accepted_on_enqueue", "ACCEPTED is told when the record is handed to the producer",
     [](HistoryOptions* o) { o->gateway_bugs.accepted_on_enqueue = true; }},
    {"refused_though_persisted", "9: REFUSED is told of a record that may be in the log",
     [](HistoryOptions* o) { o->gateway_bugs.refused_though_persisted = true; }},
    {"accepted_when_late", "1: ACCEPTED is told of a record appended past its deadline",
     [](HistoryOptions* o) { o->gateway_bugs.accepted_when_late = true; }},
    {"void_outcomes_count", "2: a gateway tells outcomes of an owner succeeded before",
     [](HistoryOptions* o) { o->gateway_bugs.void_outcomes_count = true; }},
    {"none_from_void_open", "2: a gateway takes progress from an owner succeeded before",
     [](HistoryOptions* o) { o->gateway_bugs.none_from_void_open = true; }, false},
    {"none_without_m", "9: NONE is told without waiting for M",
     [](HistoryOptions* o) { o->gateway_bugs.none_without_m = true; }, false},
    {"window_not_rewound", "a restarted gateway reads outcomes from the log's end on",
     [](HistoryOptions* o) { o->gateway_bugs.window_not_rewound = true; }},
    {"floor_forgotten", "a restarted gateway takes what it has not read for what is not there",
     [](HistoryOptions* o) { o->gateway_bugs.floor_forgotten = true; }},
    {"read_again_ignored", "2: outcomes with a token from before the reading began are passed over",
     [](HistoryOptions* o) { o->gateway_bugs.read_again_ignored = true; }},
    {"outcome_skipped", "one outcome in fifty does not reach the gateway's window",
     [](HistoryOptions* o) { o->gateway_bugs.outcome_skipped = true; }},
    {"deadline_from_arrival", "an intent's deadline counts from its arrival, not from its id",
     [](HistoryOptions* o) { o->gateway_bugs.deadline_from_arrival = true; }},
    {"key_by_wall_clock", "8: a buyer's key changes by the wall clock, not by the id's time",
     [](HistoryOptions* o) { o->gateway_bugs.key_by_wall_clock = true; }},
    {"pushed_to_another", "outcomes are pushed to another viewer",
     [](HistoryOptions* o) { o->gateway_bugs.pushed_to_another = true; }},
    {"offset_of_another", "a receipt names the offset of the record before",
     [](HistoryOptions* o) { o->gateway_bugs.offset_of_another = true; }},
    // A careless app.
    {"fresh_id_after_pending", "9: after PENDING a tap is sent again under a new id",
     [](HistoryOptions* o) { o->viewer_bugs.fresh_id_after_pending = true; }},
    {"refused_resend_ends", "9: a REFUSED on a resend ends an id, and a new one is made",
     [](HistoryOptions* o) { o->viewer_bugs.refused_resend_ends = true; }},
    // A marketplace that breaks its contract.
    {"bodies_compared", "another body under one id gets the first one's result",
     [](HistoryOptions* o) { o->market_rules.bodies_compared = false; }},
    {"results_are_durable", "a restart of the marketplace forgets results and keeps orders",
     [](HistoryOptions* o) { o->market_rules.results_are_durable = false; }},
    {"batch_is_atomic", "a crash in mid-transaction leaves half of the batch",
     [](HistoryOptions* o) { o->market_rules.batch_is_atomic = false; }},
};

// False if there is no such mutant.
inline bool Plant(std::string_view name, HistoryOptions* options) {
  for (const Mutant& mutant : kMutants) {
    if (mutant.name != name) continue;
    mutant.plant(options);
    return true;
  }
  return false;
}

}  // namespace jembatan::simulation
