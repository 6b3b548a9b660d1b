#pragma once

// What the report says, as whole sentences in Indonesian and English: a table made to be read and
// corrected by people who need no other file. Nothing is put together from pieces. Pure; any
// thread.

#include <array>

#include "libs/beli_lokal/figures.h"
#include "libs/separation/wording.h"

namespace jembatan::beli_lokal {

using separation::Language;
using separation::Text;

// The question that a split answers, and its answers.
struct SplitText {
  Text heading;
  std::array<Text, kAnswers> answers;
};

struct ReportText {
  Text title;
  Text opening;
  Text from;
  Text to;
  Text sealed;
  Text not_sealed;
  // The first lines.
  Text orders;
  Text value;
  Text umkm_share;
  Text local_share;
  Text made_here_share;
  Text of_orders;
  Text nothing_ordered;
  // Columns.
  Text units;
  Text share;
  Text value_share;
  Text all_row;
  // Shares.
  Text shares_heading;
  Text shares_opening;
  Text shares_chart;
  Text goods_column;
  Text yes;
  Text no;
  Text not_attested;
  SplitText umkm;
  SplitText local;
  SplitText made_here;
  Text attested_later;
  // In the course of time.
  Text time_heading;
  Text time_opening;
  Text time_chart;
  Text time_column;
  Text local_orders;
  Text other_orders;
  // Creators.
  Text creators_heading;
  Text creators_opening;
  Text creators_chart;
  Text creator_column;
  Text gathered;
  Text without_creator;
  Text no_creators;
  // Parity.
  Text parity_heading;
  Text parity_opening;
  Text parity_chart;
  Text latency_chart;
  Text tier_column;
  std::array<Text, kAnswers> tiers;
  Text intents;
  Text ordered_share;
  Text sold_out;
  Text by_rule;
  Text rejected;
  Text handed_off;
  Text expired;
  Text open;
  Text p50;
  Text p99;
  Text gap_row;
  Text points;
  // The end.
  Text method_heading;
  Text method_privacy;
  Text method_goods;
  Text method_time;
  Text minor_units;
  Text table_hint;
};
const ReportText& TheReportText();

}  // namespace jembatan::beli_lokal
