#pragma once

// Mutants: defects planted one at a time into a marketplace, to see the checks find them. Each is
// what a careless team would ship; the check named finds it, alone. What they do is
// mutant_grpc.cc's.

#include <string_view>

namespace jembatan::conformance {

struct Mutant {
  std::string_view name;
  std::string_view what;
  std::string_view found_by;
};

inline constexpr Mutant kMutants[] = {
    // One result per key.
    {"results_forgotten", "a repeat is decided anew", "identity/repeat-same-result"},
    {"replay_unmarked", "a repeated result is not said to be", "identity/repeat-same-result"},
    {"repeat_takes_goods", "a repeat takes goods again", "identity/repeat-takes-nothing"},
    {"body_ignored", "another body under an id gets the first one's result",
     "identity/other-body-refused"},
    {"refusals_forgotten", "only orders are remembered", "identity/refusal-repeated"},
    {"expiries_forgotten", "EXPIRED is not remembered", "identity/expiry-repeated"},
    {"buyer_ignored", "the key is the intent's id alone", "identity/ids-of-two-buyers"},
    {"key_by_scope", "each partition remembers for itself", "identity/other-scope"},
    {"check_then_act", "looked up and decided in two transactions", "identity/race-of-streams"},
    // Order, and what a batch is.
    {"batch_reversed", "a batch's orders take effect last first", "order/in-a-batch"},
    {"newest_batch_first", "waiting batches take effect newest first", "order/over-batches"},
    {"sequence_backwards", "later orders have lower sequences", "order/sequence-tells-turns"},
    {"answers_reversed", "results come last first", "order/answers-in-order"},
    {"result_twice", "the first result of a batch comes twice", "order/offers-apart"},
    {"bad_spoils_batch", "one bad order fails its batch by a status code", "order/bad-and-good"},
    // Tokens.
    {"token_ignored", "no token is stale", "fencing/lower-is-stale"},
    {"stale_decides", "a stale batch is decided before it is called stale",
     "fencing/lower-is-stale"},
    {"stale_tells_known", "who is stale is told results of before", "fencing/lower-is-stale"},
    {"fence_echoes", "Fence answers the token asked for", "fencing/fence-tells-highest"},
    {"equal_is_stale", "only a token above the highest may decide", "fencing/equal-holds"},
    {"zero_refused", "token 0 counts as missing", "fencing/zero-is-a-token"},
    {"orders_do_not_raise", "only Fence raises a token", "fencing/higher-order-raises"},
    {"lookups_do_not_raise", "GetOrders does not raise a token", "fencing/not-found-is-certain"},
    {"lookups_never_stale", "GetOrders looks at no token", "fencing/lookup-obeys"},
    {"partitions_share", "one token for all partitions", "fencing/partitions-apart"},
    {"topics_share", "one token for all logs", "fencing/topics-apart"},
    {"token_on_arrival", "the token is checked when the batch arrives",
     "fencing/fence-overtakes-batch"},
    // Deadlines.
    {"deadline_ignored", "no order expires", "deadline/passed-is-expired"},
    {"deadline_on_arrival", "the deadline is checked when the batch arrives",
     "deadline/overtakes-batch"},
    // Lookups.
    {"lookup_shuffled", "answers come last key first", "lookup/found-as-placed"},
    {"lookup_unbounded", "any number of keys is answered", "form/lookup-bounds"},
    // Goods.
    {"oversold", "what is sold out is ordered all the same", "goods/never-oversold"},
    {"one_unit_taken", "an order takes one unit, whatever its quantity", "goods/quantity-taken"},
    {"buyer_limit_ignored", "no buyer has a limit", "goods/buyer-limit"},
    {"total_limit_ignored", "no offer has a limit", "goods/total-limit"},
    {"sold_early", "a sale that has not opened sells", "goods/not-started"},
    {"sold_late", "a sale that has closed sells", "goods/ended"},
    {"wrong_reason", "an unknown offer is out of stock", "goods/unknown-offer"},
    {"price_ignored", "any price is taken", "goods/price-changed"},
    {"price_version_ignored", "any version of the price is taken", "goods/price-version"},
    {"price_version_demanded", "an order without a version is refused", "goods/price-version"},
    // The feed.
    {"feed_misses_one", "the snapshot lacks an offer", "feed/snapshot"},
    {"feed_repeats_one", "the snapshot tells an offer twice", "feed/snapshot"},
    {"sold_untold", "the feed does not tell what is sold", "feed/changes-follow"},
    {"feed_silent", "no change is told", "feed/changes-follow"},
    // The form.
    {"order_id_reused", "all orders have one order_id", "form/ordered-is-complete"},
    {"plain_http", "continue_url is not https", "form/ordered-is-complete"},
    {"fingerprint_missing", "refusals carry no fingerprint", "form/refused-is-complete"},
    {"quantity_unbounded", "an order may hold any quantity", "form/quantity"},
    {"unknown_fields_refused", "a field of a newer contract is an error", "form/unknown-fields"},
    {"batch_of_513", "a batch may hold more than 512", "form/batch-bounds"},
    {"fencing_optional", "a call without a token may decide", "form/fencing-is-needed"},
    // Streams.
    {"half_close_ends", "what is unanswered at the half-close is dropped", "stream/half-closed"},
    // Restarts.
    {"restart_forgets_results", "results are kept in memory", "restart/results-survive"},
    {"restart_forgets_limits", "buyers' totals are kept in memory", "restart/limits-survive"},
    {"restart_forgets_tokens", "tokens are kept in memory", "restart/fences-survive"},
    {"restart_refills", "stock is filled up at the start", "restart/results-survive"},
};

}  // namespace jembatan::conformance
