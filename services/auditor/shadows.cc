#include "services/auditor/shadows.h"

#include <map>
#include <sstream>
#include <utility>

#include "libs/base/log.h"
#include "libs/base/text.h"
#include "libs/intent/limits.h"
#include "libs/kafka/config.h"
#include "services/auditor/limits.h"

namespace jembatan::auditor {

// The state: a line for each open: partition, token, and the marketplace's name in base64, because
// whoever wrote the record chose it.
absl::Status Shadows::Begin(int partitions, const ledger_store::Store& store) {
  std::vector<std::map<std::string, uint64_t>> opens(static_cast<size_t>(partitions));
  std::istringstream lines(store.found_state());
  for (std::string line; std::getline(lines, line);) {
    std::istringstream words(line);
    size_t partition = 0;
    uint64_t token = 0;
    std::string text;
    std::string marketplace;
    const bool read = static_cast<bool>(words >> partition >> token) && words.get() == ' ';
    std::getline(words, text);
    if (!read || partition >= opens.size() || !base::Base64Decode(text, &marketplace)) {
      return absl::DataLossError("the state kept with the last seal is damaged");
    }
    opens[partition][marketplace] = token;
  }
  for (int32_t partition = 0; partition < partitions; ++partition) {
    const auto end = store.FoundEnd({kafka::kOutcomesTopic, partition});
    if (!end || end->append_time_ms < 0) {
      shadows_.push_back(std::make_unique<history::Shadow>());
      continue;
    }
    shadows_.push_back(std::make_unique<history::Shadow>(
        opens[static_cast<size_t>(partition)], end->append_time_ms + intent::kBrokerSkewMs));
  }
  return absl::OkStatus();
}

std::string Shadows::State() const {
  std::string state;
  for (size_t partition = 0; partition < shadows_.size(); ++partition) {
    if (shadows_[partition] == nullptr) continue;
    for (const auto& [marketplace, token] : shadows_[partition]->Opens()) {
      state += std::to_string(partition) + " " + std::to_string(token) + " " +
               base::Base64Encode(marketplace) + "\n";
    }
  }
  return state;
}

void Shadows::OnIntent(const kafka::Record& record) {
  history::Shadow* shadow = shadows_[record.partition].get();
  if (shadow == nullptr) return;
  shadow->OnIntent(record.offset, record.append_time_ms, record.key, record.value, &breaches_);
  if (!breaches_.empty()) Tell(record.partition);
}

void Shadows::OnOutcome(const kafka::Record& record) {
  history::Shadow* shadow = shadows_[record.partition].get();
  if (shadow == nullptr) return;
  shadow->OnOutcome(record.offset, record.append_time_ms, record.value, &breaches_);
  if (!breaches_.empty()) Tell(record.partition);
}

void Shadows::OnGap(int32_t partition) {
  if (shadows_[partition] == nullptr) return;
  shadows_[partition].reset();
  base::Log(base::Level::kError, "shadow_ended",
            {{"partition", partition}, {"why", "records are gone that were not read"}});
}

void Shadows::Tell(int32_t partition) {
  for (const history::Breach& breach : breaches_) {
    probe_.Breach(breach.promise);
    if (++told_ > kBreachLinesMax) continue;
    base::Log(base::Level::kError, "promise_broken",
              {{"promise", "P" + std::to_string(breach.promise)},
               {"topic", breach.in_outcomes ? kafka::kOutcomesTopic : kafka::kIntentsTopic},
               {"partition", partition},
               {"offset", breach.offset},
               {"intent_id", breach.id.ToString()},
               {"what", breach.what}});
  }
  breaches_.clear();
}

void Shadows::Publish() {
  uint64_t checked = 0;
  uint64_t unchecked = 0;
  size_t remembered = 0;
  for (const std::unique_ptr<history::Shadow>& shadow : shadows_) {
    if (shadow == nullptr) continue;
    checked += shadow->checked();
    unchecked += shadow->unchecked();
    remembered += shadow->remembered();
  }
  probe_.Shadow(checked, unchecked, remembered);
}

}  // namespace jembatan::auditor
