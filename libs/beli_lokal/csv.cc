#include <cstring>
#include <string>
#include <string_view>
#include <utility>

#include "libs/beli_lokal/numbers.h"
#include "libs/beli_lokal/render.h"
#include "libs/evidence/html.h"

namespace jembatan::beli_lokal {
namespace {

constexpr const char* kAnswerNames[kAnswers] = {"yes", "no", "not_attested"};
constexpr const char* kTierNames[kAnswers] = {"umkm", "other", "not_attested"};

std::string Cell(const std::string& text) {
  // What a spreadsheet takes for the beginning of a formula.
  const bool formula = !text.empty() && std::strchr("=+-@", text.front()) != nullptr;
  std::string cell = formula ? "'" + text : text;
  if (cell.find_first_of(",\"\r\n") == std::string::npos) return cell;
  std::string quoted = "\"";
  for (const char c : cell) {
    if (c == '"') quoted.push_back('"');
    quoted.push_back(c);
  }
  return quoted + "\"";
}

class Writer {
 public:
  void Line(const std::string& section, const std::string& row, std::string_view figure,
            const std::string& unit, Minor value) {
    text_ += Cell(section) + "," + Cell(row) + "," + std::string(figure) + "," + Cell(unit) + "," +
             evidence::Digits(value) + "\r\n";
  }

  void Add(const std::string& section, const std::string& row, const Sales& sales) {
    Line(section, row, "orders", "count", sales.orders);
    Line(section, row, "units", "count", sales.units);
    for (const auto& [currency, minor] : sales.value) {
      Line(section, row, "value", currency + " minor", minor);
    }
  }

  void Add(const std::string& section, const Split& split) {
    for (size_t i = 0; i < kAnswers; ++i) Add(section, kAnswerNames[i], split.by_answer[i]);
  }

  void Add(const std::string& row, const Fare& fare) {
    const auto count = [&](std::string_view figure, uint64_t value) {
      Line("parity", row, figure, "count", value);
    };
    count("intents", fare.intents);
    count("ordered", fare.ordered);
    count("handed_off", fare.handed_off);
    count("sold_out", fare.sold_out);
    count("refused_by_rule", fare.by_rule);
    count("rejected", fare.rejected);
    count("expired", fare.expired);
    count("open", fare.open);
    const evidence::Latency& latency = fare.latency;
    Line("parity", row, "p50", "ms", static_cast<uint64_t>(latency.p50_ms));
    Line("parity", row, "p99", "ms", static_cast<uint64_t>(latency.p99_ms));
  }

  std::string Finish() && { return std::move(text_); }

 private:
  std::string text_ = "section,row,figure,unit,value\r\n";
};

}  // namespace

std::string Csv(const Figures& figures) {
  Writer out;
  // A time before 1970 is no time of an order.
  const auto ms = [](int64_t time_ms) {
    return Minor(static_cast<uint64_t>(time_ms < 0 ? 0 : time_ms));
  };
  out.Line("window", "from", "time", "unix ms", ms(figures.window.from_ms));
  out.Line("window", "to", "time", "unix ms", ms(figures.window.to_ms));
  out.Add("all", "all", figures.all);
  out.Add("umkm", figures.umkm);
  out.Add("beli_lokal", figures.local);
  out.Add("made_in_indonesia", figures.made_here);
  out.Line("attested_later", "all", "orders", "count", figures.attested_later);
  for (const Slot& slot : figures.slots) {
    const std::string from = evidence::Digits(ms(slot.from_ms));
    out.Line("time", from, "local_orders", "count", slot.local);
    out.Line("time", from, "other_orders", "count", slot.other);
  }
  for (const Creator& creator : figures.creators) {
    out.Add("creator", TokenText(creator.token), creator.sales);
  }
  if (figures.gathered) out.Add("creators_gathered", "other", *figures.gathered);
  if (figures.without_creator) out.Add("no_creator", "none", *figures.without_creator);
  for (size_t i = 0; i < kAnswers; ++i) out.Add(kTierNames[i], figures.tiers[i]);
  out.Add("all", figures.fare);
  return std::move(out).Finish();
}

}  // namespace jembatan::beli_lokal
