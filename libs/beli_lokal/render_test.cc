#include "libs/beli_lokal/render.h"

#include <regex>
#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace jembatan::beli_lokal {
namespace {

using testing::ContainsRegex;
using testing::HasSubstr;
using testing::Not;

constexpr int64_t kFromMs = 1'797'008'400'000;  // 12 December 2026, 00:00 in Jakarta

Figures SomeFigures() {
  Figures figures;
  figures.window = {kFromMs, kFromMs + 60'000};
  figures.all = {.orders = 100, .units = 120, .value = {{"IDR", 1'234'500'000}}};
  const auto split = [&](Split* into) {
    into->by_answer[0] = {.orders = 75, .units = 90, .value = {{"IDR", 1'000'000'000}}};
    into->by_answer[1] = {.orders = 25, .units = 30, .value = {{"IDR", 234'500'000}}};
  };
  split(&figures.umkm);
  split(&figures.local);
  split(&figures.made_here);
  figures.fare = {.intents = 150, .ordered = 100, .sold_out = 50};
  figures.tiers[0] = {.intents = 100,
                      .ordered = 75,
                      .sold_out = 25,
                      .latency = {.count = 100, .p50_ms = 12, .p99_ms = 80}};
  figures.tiers[1] = {.intents = 50,
                      .ordered = 25,
                      .sold_out = 25,
                      .latency = {.count = 50, .p50_ms = 14, .p99_ms = 90}};
  figures.slot_ms = 5'000;
  for (int64_t i = 0; i < 12; ++i) figures.slots.push_back({.from_ms = kFromMs + i * 5'000});
  figures.slots[2].local = 75;
  figures.slots[3].other = 25;
  figures.creators = {{"kreator-sari", {.orders = 60, .units = 60, .value = {{"IDR", 5}}}},
                      {"<script>alert(1)</script>", {.orders = 20, .units = 20, .value = {}}},
                      {"=HYPERLINK(\"x\")", {.orders = 10, .units = 10, .value = {}}}};
  figures.gathered = Sales{.orders = 10, .units = 30, .value = {}};
  figures.gathered_tokens = 4;
  return figures;
}

TEST(Terminal, TellsTheFiguresInOneLanguage) {
  const std::string id = TerminalText(SomeFigures(), Source::kTopics, Language::kIndonesian);
  EXPECT_THAT(id, HasSubstr("Laporan Beli Lokal\n  Dari 2026-12-12 00:00:00 WIB\n"));
  EXPECT_THAT(id, ContainsRegex("\n  UMKM +75 +75,0 % +90 +Rp 10\\.000\\.000 +81,0 %\n"));
  EXPECT_THAT(id, ContainsRegex("\n  2026-12-12 00:00:10 +75 +0\n"));
  EXPECT_THAT(id, HasSubstr("+25,0 poin"));
  EXPECT_THAT(id, Not(HasSubstr("Orders")));
  const std::string en = TerminalText(SomeFigures(), Source::kSealed, Language::kEnglish);
  EXPECT_THAT(en, HasSubstr("Reckoned from records that an auditor has sealed"));
  EXPECT_THAT(en, HasSubstr("Rp 12,345,000"));
}

TEST(Terminal, AnEmptyTimeSaysSo) {
  Figures figures;
  figures.window = {kFromMs, kFromMs + 60'000};
  const std::string text = TerminalText(figures, Source::kTopics, Language::kIndonesian);
  EXPECT_THAT(text, HasSubstr("Tidak ada pesanan dalam rentang waktu ini.\n"));
  EXPECT_THAT(text, Not(HasSubstr("UMKM")));
}

TEST(CsvFile, HasALineAFigure) {
  const std::string csv = Csv(SomeFigures());
  EXPECT_THAT(csv, testing::StartsWith("section,row,figure,unit,value\r\n"));
  EXPECT_THAT(csv, HasSubstr("\r\numkm,yes,value,IDR minor,1000000000\r\n"));
  EXPECT_THAT(csv, HasSubstr("\r\nparity,umkm,p99,ms,80\r\n"));
  EXPECT_THAT(csv, HasSubstr("\r\ntime,1797008410000,local_orders,count,75\r\n"));
  EXPECT_THAT(csv, HasSubstr("\r\ncreators_gathered,other,orders,count,10\r\n"));
  // No spreadsheet takes it for a formula.
  EXPECT_THAT(csv, HasSubstr("\r\ncreator,\"'=HYPERLINK(\"\"x\"\")\",orders,count,10\r\n"));
}

TEST(HtmlPage, IsWholeInBothLanguages) {
  const std::string page = Page(SomeFigures(), Source::kTopics);
  EXPECT_THAT(page, HasSubstr("<article id=\"id\" lang=\"id\">\n<h1>Laporan Beli Lokal</h1>"));
  EXPECT_THAT(page, HasSubstr("<article id=\"en\" lang=\"en\">\n<h1>Beli Lokal report</h1>"));
  EXPECT_THAT(page, HasSubstr("<dd>Rp 12.345.000</dd>"));
  EXPECT_THAT(page, HasSubstr("<dd>Rp 12,345,000</dd>"));
  EXPECT_THAT(page, HasSubstr("&lt;script&gt;alert(1)&lt;/script&gt;"));
  EXPECT_THAT(page, Not(HasSubstr("<script")));
  // Nothing comes from outside.
  EXPECT_FALSE(std::regex_search(page, std::regex("(src|href)=\"[^#]")));
  EXPECT_THAT(page, Not(HasSubstr("url(")));
}

TEST(HtmlPage, EachChartSaysWhatItShows) {
  const std::string page = Page(SomeFigures(), Source::kTopics);
  const std::regex chart(
      "<svg [^>]*aria-labelledby=\"([a-z-]+) ([a-z-]+)\"><title id=\"\\1\">[^<]+"
      "</title><desc id=\"\\2\">[^<]+</desc>");
  const auto begin = std::sregex_iterator(page.begin(), page.end(), chart);
  EXPECT_EQ(std::distance(begin, std::sregex_iterator()), 10);
}

TEST(HtmlPage, AnEmptyTimeSaysSo) {
  Figures figures;
  figures.window = {kFromMs, kFromMs + 60'000};
  const std::string page = Page(figures, Source::kTopics);
  EXPECT_THAT(page, HasSubstr("<p>Tidak ada pesanan dalam rentang waktu ini.</p>"));
  EXPECT_THAT(page, HasSubstr("<p>Nothing was ordered in this time.</p>"));
  EXPECT_THAT(page, Not(HasSubstr("<svg")));
}

}  // namespace
}  // namespace jembatan::beli_lokal
