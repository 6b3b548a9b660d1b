#pragma once

// What the report says, as whole sentences in Indonesian and English: tables made to be read and
// corrected by people who need no other file. Nothing is put together from pieces. Pure; any
// thread.

#include <array>

#include "libs/evidence/articles.h"
#include "libs/separation/wording.h"

namespace jembatan::evidence {

using separation::Language;
using separation::Text;

struct ReportText {
  Text title;
  Text opening;
  // The summary.
  Text from;
  Text to;
  Text auditor;
  Text checkpoint;
  Text sealed_at;
  Text records;
  Text verdicts_heading;
  Text verdicts_opening;
  Text article_column;
  Text check_column;
  Text verdict_column;
  Text judged_column;
  Text broken_column;
  Text faults_heading;
  Text place_column;
  Text fault_column;
  // The audit's three headings.
  Text payment_heading;
  Text payment_opening;
  Text user_data_heading;
  Text user_data_opening;
  Text merchants_heading;
  Text merchants_opening;
  // Payment.
  Text hours_heading;
  Text hours_opening;
  Text hour_column;
  Text intents;
  Text ordered;
  Text handed_off;
  Text rejected;
  Text expired;
  Text open;
  Text all_row;
  Text latency_heading;
  Text latency_opening;
  Text p50;
  Text p95;
  Text p99;
  Text longest;
  Text links_heading;
  Text links_opening;
  Text field_column;
  Text host_column;
  Text count_column;
  Text digests_heading;
  Text digests_opening;
  Text marketplace_column;
  Text digest_column;
  Text dead_letters_heading;
  Text dead_letters_opening;
  Text cause_column;
  // User data.
  Text consent_heading;
  Text consent_given;
  Text consent_withheld;
  Text fields_heading;
  Text fields_opening;
  Text meaning_column;
  Text purpose_column;
  Text share_column;
  // Merchants.
  Text prices_heading;
  Text price_as_seen;
  Text price_other;
  Text rules_heading;
  Text rules_opening;
  Text rule_column;
  Text decision_column;
  Text passes;
  Text parity_heading;
  Text parity_opening;
  Text tiers_heading;
  Text tiers_opening;
  Text tier_column;
  Text not_attested;
  Text origins_heading;
  Text origins_opening;
  Text origin_column;
  Text campaigns_heading;
  Text campaigns_opening;
  Text campaign_column;
  Text reasons_heading;
  Text reason_column;
  Text state_column;
  Text controls_heading;
  Text controls_opening;
  Text time_column;
  Text control_column;
  Text why_column;
  Text signers_column;
  Text in_force_column;
  Text in_force;
  Text nothing;
  // One subject's trail.
  Text trail_title;
  Text trail_opening;
  Text subject;
  Text event_column;
  Text intent_event;
  Text outcome_event;
  Text dead_letter_event;
  Text offer_column;
  Text verify_heading;
  Text verify_opening;
};
const ReportText& TheReportText();

// What an article is judged by, in a sentence.
const Text& CheckText(Article article);
const Text& VerdictText(Verdict verdict);

}  // namespace jembatan::evidence
