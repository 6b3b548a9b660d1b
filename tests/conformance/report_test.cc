#include "tests/conformance/report.h"

#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace jembatan::conformance {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

constexpr Check kCheck{
    "fencing/lower-is-stale", {"Aturan.", "Rule."}, {"Alasan.", "Why."}, nullptr};

std::vector<Verdict> OneOfEach() {
  Verdict passed{.check = kCheck, .seconds = 0.25};
  Verdict failed{.check = kCheck};
  for (int i = 0; i < 5; ++i) {
    failed.failures.push_back({"PlaceOrder(<1> & \"2\")", "stale", "ORDERED\x01"});
  }
  return {passed, failed, {.check = kCheck, .skipped = "no --restart_command was given"}};
}

TEST(Report, AFailureTellsTheRuleAndWhatBrokeIt) {
  const std::string lines = Lines(OneOfEach()[1]);
  for (const char* part : {"FAIL  fencing/lower-is-stale", "Aturan.", "Rule.", "Alasan.", "Why.",
                           "PlaceOrder(<1> & \"2\")", "stale", "ORDERED", "and 2 more"}) {
    EXPECT_THAT(lines, HasSubstr(part));
  }
}

TEST(Report, TheSummaryCountsEach) {
  EXPECT_EQ(Summary(OneOfEach()), "conformance: 1 passed, 1 failed, 1 skipped\n");
}

TEST(Report, XmlHoldsNoMarkupOfTheMarketplaces) {
  for (const std::string& text : {JUnit(OneOfEach()), Html(OneOfEach(), "<host>")}) {
    EXPECT_THAT(text, HasSubstr("PlaceOrder(&lt;1&gt; &amp; &quot;2&quot;)"));
    EXPECT_THAT(text, Not(HasSubstr("<1>")));
    EXPECT_THAT(text, Not(HasSubstr("<host>")));
    EXPECT_THAT(text, Not(HasSubstr("\x01")));
  }
  const std::string junit = JUnit(OneOfEach());
  EXPECT_THAT(junit, HasSubstr("tests=\"3\" failures=\"1\" skipped=\"1\""));
  EXPECT_THAT(junit, HasSubstr("classname=\"fencing\" name=\"lower-is-stale\" time=\"0.250\""));
}

}  // namespace
}  // namespace jembatan::conformance
