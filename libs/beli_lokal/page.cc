#include <algorithm>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "libs/beli_lokal/charts.h"
#include "libs/beli_lokal/numbers.h"
#include "libs/beli_lokal/render.h"
#include "libs/beli_lokal/tables.h"
#include "libs/evidence/html.h"

namespace jembatan::beli_lokal {
namespace {

using evidence::Escaped;
using Kind = Table::Row::Kind;

// A chart's letters are large: a longer name would run into the value.
constexpr size_t kBarNameCharactersMax = 30;

constexpr std::string_view kHead = R"(<!doctype html>
<html lang="id"><head><meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">
<title>Laporan Beli Lokal · Beli Lokal report</title>
<style>
:root{color-scheme:light dark;--ink:#1b2126;--soft:#525d68;--line:#d5dae0;--paper:#fff;
--band:#f4f6f5;--rail:#e6eaec;--accent:#9c2a1d;--c0:#16705f;--c1:#c9802b;--c2:#7b8590}
@media(prefers-color-scheme:dark){:root{--ink:#e8ebed;--soft:#a9b3bc;--line:#3b434b;
--paper:#14181b;--band:#1c2226;--rail:#2c343a;--accent:#ff9a8a;--c0:#4fb8a2;--c1:#e0a055;
--c2:#8f99a3}}
*{box-sizing:border-box}
body{margin:0 auto;padding:1.25rem 1rem 4rem;max-width:68rem;color:var(--ink);
background:var(--paper);font:1rem/1.55 system-ui,"Noto Sans",sans-serif}
nav{display:flex;gap:1.25rem;font-size:.9rem;margin-bottom:1.5rem}
a{color:inherit;text-underline-offset:.2em}
a:focus-visible,.table:focus-visible{outline:3px solid var(--c0);outline-offset:2px}
h1{font-size:clamp(1.8rem,5vw,2.6rem);line-height:1.1;margin:0 0 .75rem;letter-spacing:-.015em}
h1::after{content:"";display:block;width:4.5rem;height:.3rem;margin-top:.7rem;
background:var(--accent)}
h2{font-size:1.35rem;line-height:1.25;margin:3rem 0 .4rem}
p{max-width:44rem;margin:.4rem 0 .8rem}
.window{color:var(--soft);font-size:.92rem}
article+article{margin-top:5rem;padding-top:2rem;border-top:1px solid var(--line)}
.cards{display:grid;grid-template-columns:repeat(auto-fit,minmax(9.5rem,1fr));gap:.75rem;
margin:1.5rem 0;padding:0}
.cards div{background:var(--band);border-top:3px solid var(--c0);padding:.7rem .85rem .8rem}
.cards dt{color:var(--soft);font-size:.85rem}
.cards dd{margin:.1rem 0 0;font-size:1.5rem;font-weight:650;line-height:1.2;
letter-spacing:-.01em;overflow-wrap:anywhere;font-variant-numeric:tabular-nums}
.cards small{display:block;font-size:.8rem;font-weight:400;color:var(--soft);letter-spacing:0}
.pair{display:grid;gap:1.5rem 2.5rem;align-items:start}
@media(min-width:60rem){.pair{grid-template-columns:minmax(0,22rem) minmax(0,1fr)}
.charts{grid-template-columns:minmax(0,22rem) minmax(0,22rem)}}
figure{margin:.75rem 0 0;max-width:28rem}
svg{display:block;width:100%;height:auto;font:12.5px system-ui,"Noto Sans",sans-serif;
fill:var(--ink)}
.r{text-anchor:end;font-weight:600}.l{text-anchor:start}
.grid{stroke:var(--line)}.rail{fill:var(--rail)}
.c0{fill:var(--c0);background:var(--c0)}.c1{fill:var(--c1);background:var(--c1)}
.c2{fill:var(--c2);background:var(--c2)}
figcaption{display:flex;flex-wrap:wrap;gap:.3rem 1.1rem;margin-top:.5rem;font-size:.85rem;
color:var(--soft)}
figcaption i{display:inline-block;width:.75rem;height:.75rem;margin-right:.4rem}
.table{overflow-x:auto}
table{border-collapse:collapse;width:100%;font-size:.88rem;line-height:1.35;
font-variant-numeric:tabular-nums}
th,td{padding:.36rem .8rem .36rem 0;border-bottom:1px solid var(--line);text-align:left;
vertical-align:top}
thead th{color:var(--soft);font-weight:600;border-bottom:1.5px solid var(--ink);
vertical-align:bottom}
tbody th{font-weight:400;overflow-wrap:anywhere;min-width:7rem}
.group th{font-weight:600;padding-top:.9rem}
.sum th,.sum td{font-weight:650;background:var(--band)}
th.n,td.n{text-align:right;white-space:nowrap}
th.n:last-child,td.n:last-child{padding-right:.2rem}
thead th.n{white-space:normal}
footer p,footer h2{color:var(--soft)}footer p{font-size:.9rem}
@media print{:root{color-scheme:light;--ink:#000;--soft:#333;--line:#bbb;--paper:#fff;
--band:#f2f2f2;--rail:#e8e8e8;--accent:#9c2a1d;--c0:#16705f;--c1:#c9802b;--c2:#7b8590}
*{print-color-adjust:exact;-webkit-print-color-adjust:exact}
body{padding:0;max-width:none;font-size:10pt}nav{display:none}
article+article{break-before:page;border:0;margin:0;padding:0}
h2{break-after:avoid;margin-top:1.5rem}tr,figure,.cards div{break-inside:avoid}
.table{overflow:visible}table{font-size:8pt}th,td{padding-right:.4rem}
.pair{grid-template-columns:minmax(0,16rem) minmax(0,1fr)}}
</style></head><body>
<nav><a href="#id" lang="id">Bahasa Indonesia</a><a href="#en" lang="en">English</a></nav>
<main>
)";

std::string Cell(const std::string& text, bool heading, bool number) {
  const std::string tag = heading ? "th" : "td";
  return "<" + tag + (heading ? " scope=\"row\"" : "") + (number ? " class=\"n\">" : ">") +
         Escaped(text) + "</" + tag + ">";
}

std::string RowHtml(const Table& table, const Table::Row& row) {
  if (row.kind == Kind::kGroup) {
    return "<tr class=\"group\"><th scope=\"colgroup\" colspan=\"" +
           std::to_string(table.columns.size()) + "\">" + Escaped(row.cells.front()) +
           "</th></tr>\n";
  }
  std::string html = row.kind == Kind::kSum ? "<tr class=\"sum\">" : "<tr>";
  for (size_t i = 0; i < row.cells.size(); ++i) {
    html += Cell(row.cells[i], i == 0, table.columns[i].number);
  }
  return html + "</tr>\n";
}

// It may be wider than a phone: then it scrolls by itself, by the keyboard too.
std::string TableHtml(const Table& table, std::string_view name) {
  std::string html = "<div class=\"table\" role=\"region\" tabindex=\"0\" aria-label=\"" +
                     Escaped(name) + "\"><table><thead><tr>";
  for (const Table::Column& column : table.columns) {
    html += std::string("<th scope=\"col\"") + (column.number ? " class=\"n\">" : ">") +
            Escaped(column.name) + "</th>";
  }
  html += "</tr></thead><tbody>\n";
  for (const Table::Row& row : table.rows) html += RowHtml(table, row);
  return html + "</tbody></table></div>\n";
}

// The report in one language.
class Writer {
 public:
  Writer(const Figures& figures, Source source, Language language)
      : figures_(figures), source_(source), text_(TheReportText()), language_(language) {}

  std::string Write() && {
    const std::string code = language_ == Language::kIndonesian ? "id" : "en";
    html_ = "<article id=\"" + code + "\" lang=\"" + code + "\">\n";
    Element("h1", In(text_.title));
    Element("p", In(text_.opening));
    Opening();
    if (figures_.all.orders == 0) {
      Element("p", In(text_.nothing_ordered));
    } else {
      Shares();
      Time();
      Creators();
    }
    if (figures_.fare.intents > 0) Parity();
    Method();
    return std::move(html_) + "</article>\n";
  }

 private:
  std::string In(const Text& text) const { return std::string(text.In(language_)); }
  std::string Number(Minor number) const { return evidence::NumberText(number, language_); }
  void Element(std::string_view tag, std::string_view text) {
    html_.append("<").append(tag).append(">").append(Escaped(text));
    html_.append("</").append(tag).append(">\n");
  }
  void Part(const Text& heading, const Text& opening) {
    Element("h2", In(heading));
    Element("p", In(opening));
  }
  ChartText TextOf(const std::string& id, const Text& title) const {
    const std::string language = language_ == Language::kIndonesian ? "id" : "en";
    return {id + "-" + language, In(title), In(text_.table_hint)};
  }

  void Opening() {
    html_ += "<p class=\"window\">" + Escaped(In(text_.from)) + " " +
             evidence::TimeText(figures_.window.from_ms) + " WIB<br>" + Escaped(In(text_.to)) +
             " " + evidence::TimeText(figures_.window.to_ms) + " WIB<br>" +
             Escaped(In(source_ == Source::kSealed ? text_.sealed : text_.not_sealed)) + "</p>\n";
    html_ += "<dl class=\"cards\">\n";
    Card(text_.orders, Number(figures_.all.orders), "");
    Card(text_.value, ValueText(figures_.all, language_), "");
    ShareCard(text_.umkm_share, figures_.umkm);
    ShareCard(text_.local_share, figures_.local);
    ShareCard(text_.made_here_share, figures_.made_here);
    html_ += "</dl>\n";
  }
  void Card(const Text& name, const std::string& value, const std::string& note) {
    html_ += "<div><dt>" + Escaped(In(name)) + "</dt><dd>" + Escaped(value);
    if (!note.empty()) html_ += "<small>" + Escaped(note) + "</small>";
    html_ += "</dd></div>\n";
  }
  void ShareCard(const Text& name, const Split& split) {
    Card(name, evidence::ShareText(split[Answer::kYes].orders, figures_.all.orders, language_),
         In(text_.of_orders));
  }

  // A chart and the table that says the same.
  void Pair(const std::string& chart, const std::string& legend, const Table& table,
            const Text& name) {
    html_ += "<div class=\"pair\"><figure>" + chart + legend + "</figure>\n" +
             TableHtml(table, In(name)) + "</div>\n";
  }

  void Shares() {
    Part(text_.shares_heading, text_.shares_opening);
    std::vector<Bar> bars;
    for (const Question& question : QuestionsOf(figures_)) {
      Bar bar{.name = In(question.text.answers[0]),
              .value = evidence::ShareText(question.split[Answer::kYes].orders, figures_.all.orders,
                                           language_),
              .parts = {},
              .whole = figures_.all.orders};
      for (size_t i = 0; i < kAnswers; ++i) {
        bar.parts.push_back({i, question.split.by_answer[i].orders});
      }
      bars.push_back(std::move(bar));
    }
    Pair(BarChart(TextOf("shares", text_.shares_chart), bars),
         Legend({In(text_.yes), In(text_.no), In(text_.not_attested)}),
         SharesTable(figures_, language_), text_.shares_heading);
    if (figures_.attested_later > 0) {
      Element("p", In(text_.attested_later) + ": " + Number(figures_.attested_later));
    }
  }

  void Time() {
    Part(text_.time_heading, text_.time_opening);
    uint64_t most = 0;
    for (const Slot& slot : figures_.slots) most = std::max(most, slot.local + slot.other);
    const TimeLabels labels{SlotText(figures_, figures_.window.from_ms),
                            SlotText(figures_, figures_.window.to_ms), Number(most)};
    Pair(TimeChart(TextOf("time", text_.time_chart), figures_.slots, labels),
         Legend({In(text_.local_orders), In(text_.other_orders)}), TimeTable(figures_, language_),
         text_.time_heading);
  }

  void Creators() {
    Part(text_.creators_heading, text_.creators_opening);
    if (figures_.creators.empty() && !figures_.gathered) {
      Element("p", In(text_.no_creators));
      return;
    }
    std::vector<Bar> bars;
    uint64_t most = 1;
    const auto add = [&](const std::string& name, const Sales& sales, size_t colour) {
      most = std::max(most, sales.orders);
      bars.push_back({.name = Shortened(name, kBarNameCharactersMax),
                      .value = Number(sales.orders),
                      .parts = {{colour, sales.orders}}});
    };
    for (const Creator& creator : figures_.creators) {
      add(TokenText(creator.token), creator.sales, 0);
    }
    if (figures_.gathered) add(In(text_.gathered), *figures_.gathered, 2);
    if (figures_.without_creator) add(In(text_.without_creator), *figures_.without_creator, 2);
    for (Bar& bar : bars) bar.whole = most;
    Pair(BarChart(TextOf("creators", text_.creators_chart), bars), "",
         CreatorsTable(figures_, language_), text_.creators_heading);
  }

  void Parity() {
    Part(text_.parity_heading, text_.parity_opening);
    std::vector<Bar> ordered;
    std::vector<Bar> latency;
    int64_t longest = 1;
    for (const Fare& fare : figures_.tiers) longest = std::max(longest, fare.latency.p99_ms);
    for (size_t i = 0; i < kAnswers; ++i) {
      const Fare& fare = figures_.tiers[i];
      if (fare.intents == 0) continue;
      const std::string tier = In(text_.tiers[i]);
      ordered.push_back({.name = tier,
                         .value = evidence::ShareText(fare.ordered, fare.intents, language_),
                         .parts = {{0, fare.ordered}, {2, fare.sold_out}},
                         .whole = fare.intents});
      const auto p50 = static_cast<uint64_t>(fare.latency.p50_ms);
      const auto p99 = static_cast<uint64_t>(fare.latency.p99_ms);
      latency.push_back({.name = tier,
                         .value = Number(p50) + " · " + Number(p99),
                         .parts = {{0, p50}, {1, p99 - p50}},
                         .whole = static_cast<uint64_t>(longest)});
    }
    html_ += "<div class=\"pair charts\"><figure>" +
             BarChart(TextOf("parity", text_.parity_chart), ordered) + ParityLegend() +
             "</figure>\n<figure>" + BarChart(TextOf("latency", text_.latency_chart), latency) +
             Legend({In(text_.p50), In(text_.p99)}) + "</figure></div>\n";
    html_ += TableHtml(ParityTable(figures_, language_), In(text_.parity_heading));
  }

  std::string ParityLegend() const {
    return "<figcaption><span><i class=\"c0\"></i>" + Escaped(In(text_.ordered_share)) +
           "</span><span><i class=\"c2\"></i>" + Escaped(In(text_.sold_out)) +
           "</span></figcaption>";
  }

  void Method() {
    html_ += "<footer>";
    Element("h2", In(text_.method_heading));
    Element("p", In(text_.method_privacy));
    Element("p", In(text_.method_goods));
    Element("p", In(text_.method_time));
    html_ += "</footer>\n";
  }

  const Figures& figures_;
  const Source source_;
  const ReportText& text_;
  const Language language_;
  std::string html_;
};

}  // namespace

std::string Page(const Figures& figures, Source source) {
  std::string page(kHead);
  page += Writer(figures, source, Language::kIndonesian).Write();
  page += Writer(figures, source, Language::kEnglish).Write();
  return page + "</main></body></html>\n";
}

}  // namespace jembatan::beli_lokal
