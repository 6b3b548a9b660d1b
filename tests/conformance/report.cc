#include "tests/conformance/report.h"

#include <algorithm>

#include "absl/strings/str_format.h"

#include "libs/base/text.h"
#include "tests/conformance/limits.h"

namespace jembatan::conformance {
namespace {

std::string Escaped(std::string_view text) {
  std::string escaped;
  for (const char c : text) {
    switch (c) {
      case '&':
        escaped += "&amp;";
        break;
      case '<':
        escaped += "&lt;";
        break;
      case '>':
        escaped += "&gt;";
        break;
      case '"':
        escaped += "&quot;";
        break;
      default:
        // A marketplace's text may hold what no XML can.
        escaped += static_cast<unsigned char>(c) < ' ' && c != '\n' ? '?' : c;
    }
  }
  return base::IsUtf8(escaped) ? escaped : "(not UTF-8)";
}

struct Counts {
  size_t passed = 0;
  size_t failed = 0;
  size_t skipped = 0;
};

Counts CountOf(std::span<const Verdict> verdicts) {
  Counts counts;
  for (const Verdict& one : verdicts) {
    ++(one.failed() ? counts.failed : one.passed() ? counts.passed : counts.skipped);
  }
  return counts;
}

std::span<const Failure> Told(const Verdict& verdict) {
  return std::span(verdict.failures).first(std::min(verdict.failures.size(), kFailuresToldMax));
}

std::string Row(std::string_view label, std::string_view text) {
  return absl::StrFormat("      %-9s %s\n", label, text);
}

constexpr const char* kPageHead = R"(<!doctype html>
<html lang="id"><meta charset="utf-8"><title>Uji kesesuaian lokapasar</title>
<style>body{font:15px/1.5 system-ui,sans-serif;max-width:62rem;margin:2rem auto;padding:0 1rem}
table{border-collapse:collapse;width:100%%}td,th{border-top:1px solid #ccc;padding:.4rem .6rem;
text-align:left;vertical-align:top}.failed{background:#fdecea}.skipped{color:#777}
small{color:#555}pre{white-space:pre-wrap;margin:.3rem 0}</style>
<h1>Uji kesesuaian lokapasar <small lang="en">Marketplace conformance</small></h1>
<p>%s: %d lulus, %d gagal, %d dilewati. <span lang="en">%d passed, %d failed, %d skipped.</span></p>
<table><tr><th>Uji / Check<th>Aturan / Rule<th>Hasil / Result
)";

constexpr const char* kPageRow = R"(<tr class="%s"><td><code>%s</code><td>%s<br>
<span lang="en">%s</span><br><small>%s <span lang="en">%s</span></small><td>%s
)";

std::string ResultCell(const Verdict& verdict) {
  if (verdict.passed()) return "lulus / passed";
  if (!verdict.failed()) return "dilewati / skipped: " + Escaped(verdict.skipped);
  std::string cell = "gagal / failed";
  for (const Failure& failure : Told(verdict)) {
    cell +=
        absl::StrFormat("<pre>%s\nharapan / expected: %s\nterlihat / seen: %s</pre>",
                        Escaped(failure.call), Escaped(failure.expected), Escaped(failure.seen));
  }
  return cell;
}

const char* ClassOf(const Verdict& verdict) {
  return verdict.failed() ? "failed" : verdict.passed() ? "passed" : "skipped";
}

}  // namespace

std::string Lines(const Verdict& verdict) {
  const Check& check = verdict.check;
  if (verdict.passed()) {
    return absl::StrFormat("ok    %-34s %6.2f s\n", check.name, verdict.seconds);
  }
  if (!verdict.failed()) return absl::StrFormat("skip  %-34s %s\n", check.name, verdict.skipped);
  std::string lines = absl::StrFormat("FAIL  %s\n", check.name);
  lines += Row("aturan", check.rule.id) + Row("rule", check.rule.en);
  lines += Row("alasan", check.why.id) + Row("why", check.why.en);
  for (const Failure& failure : Told(verdict)) {
    lines += Row("call", failure.call) + Row("expected", failure.expected);
    lines += Row("seen", failure.seen);
  }
  const size_t more = verdict.failures.size() - Told(verdict).size();
  if (more > 0) lines += absl::StrFormat("      and %d more\n", more);
  return lines;
}

std::string Summary(std::span<const Verdict> verdicts) {
  const Counts counts = CountOf(verdicts);
  return absl::StrFormat("conformance: %d passed, %d failed, %d skipped\n", counts.passed,
                         counts.failed, counts.skipped);
}

std::string JUnit(std::span<const Verdict> verdicts) {
  const Counts counts = CountOf(verdicts);
  std::string xml = absl::StrFormat(
      "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuite name=\"jembatan-conformance\" "
      "tests=\"%d\" failures=\"%d\" skipped=\"%d\">\n",
      verdicts.size(), counts.failed, counts.skipped);
  for (const Verdict& one : verdicts) {
    const std::string_view name = one.check.name;
    const size_t slash = name.find('/');
    xml += absl::StrFormat("  <testcase classname=\"%s\" name=\"%s\" time=\"%.3f\">",
                           name.substr(0, slash), name.substr(slash + 1), one.seconds);
    for (const Failure& failure : Told(one)) {
      xml += absl::StrFormat("\n    <failure message=\"%s\">%s: expected %s, seen %s</failure>",
                             Escaped(one.check.rule.en), Escaped(failure.call),
                             Escaped(failure.expected), Escaped(failure.seen));
    }
    if (!one.failed() && !one.passed()) {
      xml += absl::StrFormat("<skipped message=\"%s\"/>", Escaped(one.skipped));
    }
    xml += "</testcase>\n";
  }
  return xml + "</testsuite>\n";
}

std::string Html(std::span<const Verdict> verdicts, std::string_view target) {
  const Counts counts = CountOf(verdicts);
  std::string page = absl::StrFormat(kPageHead, Escaped(target), counts.passed, counts.failed,
                                     counts.skipped, counts.passed, counts.failed, counts.skipped);
  for (const Verdict& one : verdicts) {
    const Check& check = one.check;
    page += absl::StrFormat(kPageRow, ClassOf(one), check.name, Escaped(check.rule.id),
                            Escaped(check.rule.en), Escaped(check.why.id), Escaped(check.why.en),
                            ResultCell(one));
  }
  return page + "</table></html>\n";
}

}  // namespace jembatan::conformance
