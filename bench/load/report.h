#pragma once

// What a run prints: the progress line, the summary for people, the figures as JSON, and the one
// last line. Pure: figures in, text out.

#include <cstdint>
#include <string>
#include <vector>

#include "bench/load/book.h"
#include "bench/load/generator.h"
#include "bench/load/invariants.h"
#include "bench/load/marketplace.h"

namespace jembatan::load {

struct RunFigures {
  const IntentBook* book = nullptr;
  const GeneratorReport* generator = nullptr;
  const Verdict* verdict = nullptr;
  // By index of the run, as they were before it.
  std::vector<ListedOffer> offers;
  // -1: none.
  int flash = -1;
  size_t viewers = 0;
  size_t gateways = 0;
  double rate = 0;
  bool have_ledger = false;
};

// 1234567 -> "1,234,567".
std::string Grouped(uint64_t value);

std::string ProgressText(const IntentBook& book, double elapsed_s, int64_t receipt_p99_ns,
                         size_t open_connections, size_t viewers);
std::string SummaryText(const RunFigures& figures);
std::string FiguresJson(const RunFigures& figures);
// "accepted=N ordered=N rejected=N expired=N lost=N doubled=N reordered=N oversold=N
// handed_off=N".
std::string LastLine(const RunFigures& figures);

}  // namespace jembatan::load
