#include "bench/load/report.h"

#include <algorithm>
#include <cstdarg>
#include <cstdio>
#include <utility>

#include "libs/intent/reasons.h"

namespace jembatan::load {
namespace {

using intake::v1::Outcome;

__attribute__((format(printf, 1, 2))) std::string Format(const char* format, ...) {
  char buffer[1024];
  va_list arguments;
  va_start(arguments, format);
  std::vsnprintf(buffer, sizeof buffer, format, arguments);
  va_end(arguments);
  return buffer;
}

double Ms(int64_t ns) { return static_cast<double>(ns) / 1e6; }

double PerIntent(const RunFigures& figures) {
  uint64_t taps = figures.book->counts().taps;
  return taps == 0 ? 0 : figures.generator->cpu_us / static_cast<double>(taps);
}

double Achieved(const RunFigures& figures) {
  double seconds = figures.generator->seconds;
  return seconds <= 0 ? 0 : static_cast<double>(figures.book->counts().taps) / seconds;
}

std::string LatencyRow(const char* name, const base::Histogram& ns) {
  return Format("  %-10s %10.1f %10.1f %10.1f %10.1f\n", name, Ms(ns.Quantile(0.5)),
                Ms(ns.Quantile(0.99)), Ms(ns.Quantile(0.999)), Ms(ns.max()));
}

using ReasonCounts = absl::flat_hash_map<int, uint64_t>;

// Most frequent first.
std::vector<std::pair<int, uint64_t>> Sorted(const ReasonCounts& counts) {
  std::vector<std::pair<int, uint64_t>> sorted(counts.begin(), counts.end());
  std::sort(sorted.begin(), sorted.end(), [](const auto& a, const auto& b) {
    return a.second != b.second ? a.second > b.second : a.first < b.first;
  });
  return sorted;
}

std::string ReasonName(int reason) {
  if (reason == 0) return "NO_REASON";
  return std::string(intent::Info(static_cast<intake::v1::Reason>(reason)).name);
}

std::string ReasonRows(const char* verb, const ReasonCounts& counts) {
  std::string text;
  for (const auto& [reason, count] : Sorted(counts)) {
    std::string wording;
    if (reason != 0) {
      wording = std::string(intent::Info(static_cast<intake::v1::Reason>(reason)).en);
    }
    text += Format("  %10s %s %s: %s\n", Grouped(count).c_str(), verb, ReasonName(reason).c_str(),
                   wording.c_str());
  }
  return text;
}

std::string OfferRow(const RunFigures& figures, size_t k) {
  const OfferCounts& counts = figures.book->offer_counts(static_cast<uint16_t>(k));
  const ListedOffer& offer = figures.offers[k];
  std::string stock = "?";
  if (offer.stock.stock_before >= 0) {
    stock = Grouped(static_cast<uint64_t>(offer.stock.stock_before));
  }
  uint64_t sold = counts.finals[Outcome::STATE_ORDERED];
  return Format("  %-24.24s %12s %10s %10s%s\n", offer.sale.offer_id.c_str(), stock.c_str(),
                Grouped(counts.taps).c_str(), Grouped(sold).c_str(),
                static_cast<int>(k) == figures.flash ? "  flash sale" : "");
}

std::string OfferRows(const RunFigures& figures) {
  constexpr size_t kShown = 12;
  std::string text = Format("  %-24s %12s %10s %10s\n", "offer", "units", "taps", "orders");
  for (size_t k = 0; k < figures.offers.size() && k < kShown; ++k) text += OfferRow(figures, k);
  if (figures.offers.size() > kShown) {
    text += Format("  and %zu more\n", figures.offers.size() - kShown);
  }
  return text;
}

// "flash sale batik: 500 units, 1,000 taps, 500 orders, 0 oversold".
std::string FlashText(const RunFigures& figures) {
  if (figures.flash < 0) return "";
  const ListedOffer& offer = figures.offers[static_cast<size_t>(figures.flash)];
  const OfferCounts& counts = figures.book->offer_counts(static_cast<uint16_t>(figures.flash));
  const int64_t units = offer.stock.stock_before;
  const uint64_t orders = counts.finals[Outcome::STATE_ORDERED];
  std::string text = Format("  flash sale %s: ", offer.sale.offer_id.c_str());
  if (units >= 0) text += Grouped(static_cast<uint64_t>(units)) + " units, ";
  text += Grouped(counts.taps) + " taps, " + Grouped(orders) + " orders";
  if (units >= 0) {
    const uint64_t there = static_cast<uint64_t>(units);
    text += ", " + Grouped(orders > there ? orders - there : 0) + " oversold";
  }
  return text + "\n";
}

std::string FindingRows(const char* name, const Finding& finding) {
  if (finding.count == 0) return "";
  std::string text = Format("  %s: %s\n", name, Grouped(finding.count).c_str());
  for (const std::string& example : finding.examples) text += "    " + example + "\n";
  return text;
}

std::string VerdictText(const RunFigures& figures) {
  const Verdict& verdict = *figures.verdict;
  std::string text = FindingRows("lost", verdict.lost) + FindingRows("doubled", verdict.doubled) +
                     FindingRows("reordered", verdict.reordered) +
                     FindingRows("oversold", verdict.oversold) +
                     FindingRows("ordered too late", verdict.late);
  if (text.empty()) text = "  the promise held: none lost, doubled, reordered or oversold\n";
  if (figures.have_ledger) {
    text += Format("  judged against %s ledger rows of this run (%s of others)\n",
                   Grouped(verdict.ledger_rows - verdict.foreign_rows).c_str(),
                   Grouped(verdict.foreign_rows).c_str());
  } else {
    text += "  judged by what the viewers were told alone; --marketplace_admin adds the ledger\n";
  }
  if (verdict.unknown > 0) {
    text += Format("  %s taps without any answer that counts: nothing was promised for them\n",
                   Grouped(verdict.unknown).c_str());
  }
  return text;
}

std::string ConnectionText(const GeneratorReport& report) {
  std::string text;
  if (report.disconnects + report.drains > 0 || !report.endings.empty()) {
    text += Format("  %s connections broke, %s were drained\n", Grouped(report.disconnects).c_str(),
                   Grouped(report.drains).c_str());
    for (const auto& [why, count] : report.endings) {
      text += Format("  %10s %s\n", Grouped(count).c_str(), why.c_str());
    }
  }
  if (report.unreadable_frames > 0) {
    text += Format("  %s frames could not be read\n", Grouped(report.unreadable_frames).c_str());
  }
  if (report.over_bound > 0) {
    text += Format("  %s taps were not made: --max_intents\n", Grouped(report.over_bound).c_str());
  }
  return text;
}

// --- JSON
// -----------------------------------------------------------------------------------------

std::string Quoted(const std::string& text) {
  std::string quoted = "\"";
  for (char c : text) {
    if (c == '"' || c == '\\') quoted.push_back('\\');
    quoted.push_back(static_cast<unsigned char>(c) < 0x20 ? ' ' : c);
  }
  return quoted + "\"";
}

class JsonObject {
 public:
  JsonObject& Raw(const std::string& name, const std::string& value) {
    text_ += (text_.empty() ? "" : ",") + Quoted(name) + ":" + value;
    return *this;
  }
  JsonObject& Add(const std::string& name, uint64_t value) {
    return Raw(name, std::to_string(value));
  }
  JsonObject& AddReal(const std::string& name, double value) {
    return Raw(name, Format("%.3f", value));
  }
  std::string Done() const { return "{" + text_ + "}"; }

 private:
  std::string text_;
};

std::string LatencyJson(const base::Histogram& ns) {
  return JsonObject()
      .Add("count", ns.count())
      .AddReal("mean", ns.mean() / 1e6)
      .AddReal("p50", Ms(ns.Quantile(0.5)))
      .AddReal("p90", Ms(ns.Quantile(0.9)))
      .AddReal("p99", Ms(ns.Quantile(0.99)))
      .AddReal("p999", Ms(ns.Quantile(0.999)))
      .AddReal("p9999", Ms(ns.Quantile(0.9999)))
      .AddReal("max", Ms(ns.max()))
      .Done();
}

std::string ReasonsJson(const ReasonCounts& counts) {
  JsonObject object;
  for (const auto& [reason, count] : Sorted(counts)) object.Add(ReasonName(reason), count);
  return object.Done();
}

std::string OffersJson(const RunFigures& figures) {
  std::string list;
  for (size_t k = 0; k < figures.offers.size(); ++k) {
    const OfferCounts& counts = figures.book->offer_counts(static_cast<uint16_t>(k));
    JsonObject offer;
    offer.Raw("offer_id", Quoted(figures.offers[k].sale.offer_id));
    offer.Raw("stock_before", std::to_string(figures.offers[k].stock.stock_before));
    offer.Add("taps", counts.taps).Add("refused", counts.refused);
    offer.Add("ordered", counts.finals[Outcome::STATE_ORDERED]);
    offer.Add("rejected", counts.finals[Outcome::STATE_REJECTED]);
    offer.Raw("flash", static_cast<int>(k) == figures.flash ? "true" : "false");
    list += (list.empty() ? "" : ",") + offer.Done();
  }
  return "[" + list + "]";
}

std::string SecondsJson(const IntentBook& book) {
  std::string list;
  for (const SecondCounts& second : book.seconds()) {
    const double finals = std::max<uint32_t>(1, second.finals);
    JsonObject object;
    object.Add("taps", second.taps).Add("accepted", second.accepted);
    object.Add("refused", second.refused).Add("ordered", second.ordered);
    object.AddReal("outcome_ms", static_cast<double>(second.outcome_ns) / 1e6 / finals);
    list += (list.empty() ? "" : ",") + object.Done();
  }
  return "[" + list + "]";
}

std::string ExamplesJson(const Verdict& verdict) {
  std::string list;
  for (const Finding* finding :
       {&verdict.lost, &verdict.doubled, &verdict.reordered, &verdict.oversold, &verdict.late}) {
    for (const std::string& example : finding->examples) {
      list += (list.empty() ? "" : ",") + Quoted(example);
    }
  }
  return "[" + list + "]";
}

}  // namespace

std::string Grouped(uint64_t value) {
  std::string digits = std::to_string(value);
  for (size_t place = digits.size(); place > 3; place -= 3) digits.insert(place - 3, ",");
  return digits;
}

std::string ProgressText(const IntentBook& book, double elapsed_s, int64_t receipt_p99_ns,
                         size_t open_connections, size_t viewers) {
  const BookCounts& counts = book.counts();
  return Format(
      "%4.0f s  %s taps, %s accepted, %s pending, %s refused | %s ordered, %s rejected, %s expired"
      " | %s open, receipt p99 %.1f ms, %zu/%zu viewers connected",
      elapsed_s, Grouped(counts.taps).c_str(), Grouped(counts.accepted).c_str(),
      Grouped(counts.pending).c_str(), Grouped(counts.refused).c_str(),
      Grouped(counts.finals[Outcome::STATE_ORDERED]).c_str(),
      Grouped(counts.finals[Outcome::STATE_REJECTED]).c_str(),
      Grouped(counts.finals[Outcome::STATE_EXPIRED]).c_str(), Grouped(counts.open).c_str(),
      Ms(receipt_p99_ns), open_connections, viewers);
}

std::string SummaryText(const RunFigures& figures) {
  const BookCounts& counts = figures.book->counts();
  const GeneratorReport& report = *figures.generator;
  std::string text =
      Format("\n%s taps in %.1f s: %.0f/s of %.0f/s meant; %s viewers, %zu gateway%s\n",
             Grouped(counts.taps).c_str(), report.seconds, Achieved(figures), figures.rate,
             Grouped(figures.viewers).c_str(), figures.gateways, figures.gateways == 1 ? "" : "s");
  text += Format("  %10s accepted, %s pending at first, %s refused, %s sent again\n",
                 Grouped(counts.accepted).c_str(), Grouped(counts.pending).c_str(),
                 Grouped(counts.refused).c_str(), Grouped(counts.resends).c_str());
  text += Format("  %10s ordered, %s handed off, %s rejected, %s expired\n",
                 Grouped(counts.finals[Outcome::STATE_ORDERED]).c_str(),
                 Grouped(counts.finals[Outcome::STATE_HANDED_OFF]).c_str(),
                 Grouped(counts.finals[Outcome::STATE_REJECTED]).c_str(),
                 Grouped(counts.finals[Outcome::STATE_EXPIRED]).c_str());
  text += Format("  %10s in vain: nothing was left; %s withheld after a hint\n",
                 Grouped(WastedTaps(counts)).c_str(), Grouped(report.withheld).c_str());
  text += ReasonRows("refused", counts.refused_by_reason);
  text += ReasonRows("rejected", counts.rejected_by_reason);
  text += Format("\n  %-10s %10s %10s %10s %10s\n", "ms", "p50", "p99", "p99.9", "max");
  text += LatencyRow("receipt", figures.book->receipt_ns());
  text += LatencyRow("refusal", figures.book->refused_ns());
  text += LatencyRow("outcome", figures.book->outcome_ns());
  text += LatencyRow("lateness", report.lateness_ns);
  text += Format(
      "  (from the time a tap was meant; lateness is the generator's own, %.1f us of CPU"
      " a tap)\n\n",
      PerIntent(figures));
  text += OfferRows(figures) + "\n" + FlashText(figures) + ConnectionText(report) +
          VerdictText(figures);
  return text;
}

std::string FiguresJson(const RunFigures& figures) {
  const BookCounts& counts = figures.book->counts();
  const GeneratorReport& report = *figures.generator;
  const Verdict& verdict = *figures.verdict;
  JsonObject json;
  json.Add("viewers", figures.viewers).Add("gateways", figures.gateways);
  json.Raw("began_ms", std::to_string(report.began_ms));
  json.AddReal("seconds", report.seconds).AddReal("settle_seconds", report.settle_seconds);
  json.AddReal("rate_meant", figures.rate).AddReal("rate", Achieved(figures));
  json.AddReal("cpu_us_per_tap", PerIntent(figures));
  json.Add("taps", counts.taps).Add("over_bound", report.over_bound);
  json.Add("wasted", WastedTaps(counts)).Add("withheld", report.withheld);
  json.Add("hint_frames", report.hint_frames);
  json.Add("accepted", counts.accepted).Add("pending", counts.pending);
  json.Add("refused", counts.refused).Add("resends", counts.resends);
  json.Add("ordered", counts.finals[Outcome::STATE_ORDERED]);
  json.Add("handed_off", counts.finals[Outcome::STATE_HANDED_OFF]);
  json.Add("rejected", counts.finals[Outcome::STATE_REJECTED]);
  json.Add("expired", counts.finals[Outcome::STATE_EXPIRED]);
  json.Add("unconfirmed", counts.unconfirmed).Add("unknown", verdict.unknown);
  json.Add("lost", verdict.lost.count).Add("doubled", verdict.doubled.count);
  json.Add("reordered", verdict.reordered.count).Add("oversold", verdict.oversold.count);
  json.Add("late", verdict.late.count).Raw("violations", ExamplesJson(verdict));
  json.Raw("ledger_checked", figures.have_ledger ? "true" : "false");
  json.Add("ledger_rows", verdict.ledger_rows - verdict.foreign_rows);
  json.Raw("receipt_ms", LatencyJson(figures.book->receipt_ns()));
  json.Raw("refused_ms", LatencyJson(figures.book->refused_ns()));
  json.Raw("outcome_ms", LatencyJson(figures.book->outcome_ns()));
  json.Raw("lateness_ms", LatencyJson(report.lateness_ns));
  json.Raw("refused_by_reason", ReasonsJson(counts.refused_by_reason));
  json.Raw("rejected_by_reason", ReasonsJson(counts.rejected_by_reason));
  json.Add("connects", report.connects).Add("disconnects", report.disconnects);
  json.Add("drains", report.drains).Add("unreadable_frames", report.unreadable_frames);
  json.Add("strange", counts.strange).Raw("offers", OffersJson(figures));
  json.Raw("by_second", SecondsJson(*figures.book));
  return json.Done() + "\n";
}

std::string LastLine(const RunFigures& figures) {
  const BookCounts& counts = figures.book->counts();
  const Verdict& verdict = *figures.verdict;
  return Format(
      "accepted=%llu ordered=%llu rejected=%llu expired=%llu lost=%llu doubled=%llu reordered=%llu "
      "oversold=%llu handed_off=%llu",
      static_cast<unsigned long long>(counts.accepted),
      static_cast<unsigned long long>(counts.finals[Outcome::STATE_ORDERED]),
      static_cast<unsigned long long>(counts.finals[Outcome::STATE_REJECTED]),
      static_cast<unsigned long long>(counts.finals[Outcome::STATE_EXPIRED]),
      static_cast<unsigned long long>(verdict.lost.count),
      static_cast<unsigned long long>(verdict.doubled.count),
      static_cast<unsigned long long>(verdict.reordered.count),
      static_cast<unsigned long long>(verdict.oversold.count),
      static_cast<unsigned long long>(counts.finals[Outcome::STATE_HANDED_OFF]));
}

}  // namespace jembatan::load
