#pragma once

// Report: a bundle's figures for people: one HTML file that needs no other, in Indonesian and then
// in English, under the headings that a trial is audited by: payment, user data, merchants. Pure;
// any thread.

#include <string>

#include "libs/evidence/articles.h"
#include "libs/evidence/bundle.h"
#include "libs/evidence/figures.h"

namespace jembatan::evidence {

struct ReportInput {
  const Scope& scope;
  const Figures& figures;
  const Judgements& judgements;
  uint64_t checkpoint_size = 0;
  int64_t sealed_ms = 0;
};

std::string Report(const ReportInput& input);

// Of one subject: every record of the processing, in the order of time, and where it stands.
std::string TrailReport(const Bundle& bundle);

}  // namespace jembatan::evidence
