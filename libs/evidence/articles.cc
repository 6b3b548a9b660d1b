#include "libs/evidence/articles.h"

#include <algorithm>
#include <utility>

#include "libs/evidence/limits.h"

namespace jembatan::evidence {

std::string_view NameOf(Article article) {
  static constexpr std::array<std::string_view, kArticles> kNames = {
      "ledger",
      "report",
      "P1-P6",
      "Permendag 31/2023 art. 13(1)",
      "Permendag 31/2023 art. 13(3)(a)",
      "Permendag 31/2023 art. 13(3)(b)",
      "Permendag 31/2023 art. 19",
      "Permendag 31/2023 art. 21(2)",
      "Permendag 31/2023 art. 21(3)",
      "Permendag 31/2023 art. 50(2)",
      "UU 27/2022",
      "PP 80/2019",
  };
  return kNames[static_cast<size_t>(article)];
}

void Judgements::Fail(Article article, Fault fault) {
  Judgement& judgement = Of(article);
  ++judgement.broken;
  if (judgement.faults.size() < kFaultsToldMax) judgement.faults.push_back(std::move(fault));
}

bool Judgements::held() const {
  return std::all_of(judgements_.begin(), judgements_.end(),
                     [](const Judgement& one) { return one.broken == 0; });
}

}  // namespace jembatan::evidence
