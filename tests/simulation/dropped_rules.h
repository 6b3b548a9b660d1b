#pragma once

// The rules of the protocol that the simulation can drop, by name: dropping one must be found.

#include <string_view>

#include "tests/simulation/history.h"

namespace jembatan::simulation {

struct DroppedRule {
  const char* name;
  void (*drop)(HistoryOptions* options);
};

inline constexpr DroppedRule kDroppedRules[] = {
    {"void_when_late", [](HistoryOptions* o) { o->bridge_rules.void_when_late = false; }},
    {"void_by_token", [](HistoryOptions* o) { o->bridge_rules.void_by_token = false; }},
    {"read_back", [](HistoryOptions* o) { o->bridge_rules.read_back_before_commit = false; }},
    {"ask", [](HistoryOptions* o) { o->bridge_rules.ask_before_deciding = false; }},
    {"window", [](HistoryOptions* o) { o->bridge_rules.remember_finals = false; }},
    {"drop_pins", [](HistoryOptions* o) { o->bridge_rules.drop_pins_on_claim = false; }},
    {"claim_on_break", [](HistoryOptions* o) { o->bridge_rules.claim_on_broken_stream = false; }},
    {"lane_wait", [](HistoryOptions* o) { o->bridge_rules.lane_waits_for_refusal = false; }},
    {"one_batch", [](HistoryOptions* o) { o->bridge_rules.one_batch_per_lane = false; }},
    {"token", [](HistoryOptions* o) { o->market_rules.token_checked = false; }},
    {"deadline", [](HistoryOptions* o) { o->market_rules.deadline_inside_transaction = false; }},
    {"remember", [](HistoryOptions* o) { o->market_rules.remember_results = false; }},
    {"durable_fence", [](HistoryOptions* o) { o->market_rules.fence_is_durable = false; }},
};

// False if there is no such rule.
inline bool DropRule(std::string_view name, HistoryOptions* options) {
  for (const DroppedRule& rule : kDroppedRules) {
    if (rule.name != name) continue;
    rule.drop(options);
    return true;
  }
  return false;
}

}  // namespace jembatan::simulation
