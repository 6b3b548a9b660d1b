#include "libs/beli_lokal/tables.h"

#include <utility>

#include "libs/beli_lokal/numbers.h"
#include "libs/evidence/html.h"

namespace jembatan::beli_lokal {
namespace {

using Kind = Table::Row::Kind;

// Shortens what all tables need.
class In {
 public:
  explicit In(Language language) : language_(language) {}
  std::string operator()(const Text& text) const { return std::string(text.In(language_)); }
  std::string operator()(uint64_t number) const { return evidence::NumberText(number, language_); }
  Language language() const { return language_; }

 private:
  const Language language_;
};

std::vector<std::string> SalesCells(std::string first, const Sales& sales, const Sales& all,
                                    const In& in) {
  return {std::move(first),
          in(sales.orders),
          evidence::ShareText(sales.orders, all.orders, in.language()),
          in(sales.units),
          ValueText(sales, in.language()),
          ValueShareText(sales, all, in.language())};
}

std::vector<Table::Column> SalesColumns(const Text& first, const In& in) {
  const ReportText& text = TheReportText();
  return {{in(first)},
          {in(text.orders), true},
          {in(text.share), true},
          {in(text.units), true},
          {in(text.value), true},
          {in(text.value_share), true}};
}

std::vector<std::string> FareCells(std::string first, const Fare& fare, const In& in) {
  const auto ms = [&in](int64_t value) { return in(static_cast<uint64_t>(value)); };
  return {std::move(first),
          in(fare.intents),
          evidence::ShareText(fare.ordered, fare.intents, in.language()),
          in(fare.sold_out),
          in(fare.by_rule),
          in(fare.rejected),
          in(fare.handed_off),
          in(fare.expired),
          in(fare.open),
          ms(fare.latency.p50_ms),
          ms(fare.latency.p99_ms)};
}

// What sellers of the one tier had more than the others.
std::vector<std::string> GapCells(const Fare& umkm, const Fare& other, const In& in) {
  const int64_t points =
      Permille(umkm.ordered, umkm.intents) - Permille(other.ordered, other.intents);
  const auto ms = [&in](int64_t value) { return SignedText(value, in.language()); };
  return {in(TheReportText().gap_row),
          "",
          PointsText(points, in.language()),
          "",
          "",
          "",
          "",
          "",
          "",
          ms(umkm.latency.p50_ms - other.latency.p50_ms),
          ms(umkm.latency.p99_ms - other.latency.p99_ms)};
}

}  // namespace

std::array<Question, 3> QuestionsOf(const Figures& figures) {
  const ReportText& text = TheReportText();
  return {{{text.umkm, figures.umkm},
           {text.local, figures.local},
           {text.made_here, figures.made_here}}};
}

Table SharesTable(const Figures& figures, Language language) {
  const In in(language);
  Table table{.columns = SalesColumns(TheReportText().goods_column, in), .rows = {}};
  for (const Question& question : QuestionsOf(figures)) {
    table.rows.push_back({{in(question.text.heading)}, Kind::kGroup});
    for (size_t i = 0; i < kAnswers; ++i) {
      const Sales& sales = question.split.by_answer[i];
      const bool not_attested = static_cast<Answer>(i) == Answer::kNotAttested;
      if (not_attested && sales.orders == 0) continue;
      table.rows.push_back(
          {SalesCells(in(question.text.answers[i]), sales, figures.all, in), Kind::kPlain});
    }
  }
  table.rows.push_back(
      {SalesCells(in(TheReportText().all_row), figures.all, figures.all, in), Kind::kSum});
  return table;
}

Table TimeTable(const Figures& figures, Language language) {
  const In in(language);
  const ReportText& text = TheReportText();
  Table table{.columns = {{in(text.time_column)},
                          {in(text.local_orders), true},
                          {in(text.other_orders), true}},
              .rows = {}};
  Slot sum;
  for (const Slot& slot : figures.slots) {
    sum.local += slot.local;
    sum.other += slot.other;
    if (slot.local + slot.other == 0) continue;
    table.rows.push_back(
        {{SlotText(figures, slot.from_ms), in(slot.local), in(slot.other)}, Kind::kPlain});
  }
  table.rows.push_back({{in(text.all_row), in(sum.local), in(sum.other)}, Kind::kSum});
  return table;
}

Table CreatorsTable(const Figures& figures, Language language) {
  const In in(language);
  const ReportText& text = TheReportText();
  Table table{.columns = SalesColumns(text.creator_column, in), .rows = {}};
  const auto add = [&](std::string first, const Sales& sales, Kind kind) {
    table.rows.push_back({SalesCells(std::move(first), sales, figures.all, in), kind});
  };
  for (const Creator& creator : figures.creators) {
    add(TokenText(creator.token), creator.sales, Kind::kPlain);
  }
  if (figures.gathered) add(in(text.gathered), *figures.gathered, Kind::kPlain);
  if (figures.without_creator) {
    add(in(text.without_creator), *figures.without_creator, Kind::kPlain);
  }
  add(in(text.all_row), figures.all, Kind::kSum);
  return table;
}

Table ParityTable(const Figures& figures, Language language) {
  const In in(language);
  const ReportText& text = TheReportText();
  Table table{.columns = {{in(text.tier_column)},
                          {in(text.intents), true},
                          {in(text.ordered_share), true},
                          {in(text.sold_out), true},
                          {in(text.by_rule), true},
                          {in(text.rejected), true},
                          {in(text.handed_off), true},
                          {in(text.expired), true},
                          {in(text.open), true},
                          {in(text.p50), true},
                          {in(text.p99), true}},
              .rows = {}};
  for (size_t i = 0; i < kAnswers; ++i) {
    if (figures.tiers[i].intents == 0) continue;
    table.rows.push_back({FareCells(in(text.tiers[i]), figures.tiers[i], in), Kind::kPlain});
  }
  const Fare& umkm = figures.Tier(Answer::kYes);
  const Fare& other = figures.Tier(Answer::kNo);
  if (umkm.intents > 0 && other.intents > 0) {
    table.rows.push_back({GapCells(umkm, other, in), Kind::kPlain});
  }
  table.rows.push_back({FareCells(in(text.all_row), figures.fare, in), Kind::kSum});
  return table;
}

std::string SlotText(const Figures& figures, int64_t from_ms) {
  constexpr int64_t kMinuteMs = 60'000;
  const std::string text = evidence::TimeText(from_ms);
  return figures.slot_ms < kMinuteMs ? text : text.substr(0, text.size() - sizeof(":00") + 1);
}

}  // namespace jembatan::beli_lokal
