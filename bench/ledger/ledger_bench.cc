// What a record costs the auditor behind its reader, on one thread, step by step: the digest of key
// and value, the tree (a leaf, and one inner node on average), and all of it: digest, tree, segment
// files of six partitions, and a seal (sync and checkpoint) every 200,000 records. By the thread's
// own CPU time, so that it says the same on a machine with other work; and by the clock.
//
//   ledger_bench FOLDER [SECONDS of CPU for each step]

#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <string>
#include <vector>

#include "bench/measure.h"
#include "libs/base/clock.h"
#include "libs/base/random.h"
#include "libs/base/status.h"
#include "libs/ledger_store/store.h"

namespace jembatan::ledger_store {
namespace {

constexpr int kPartitions = 6;
// As a reader hands them on.
constexpr int64_t kBatch = 512;
constexpr int64_t kSealRecords = 200'000;
constexpr size_t kValueBytes = 320;
constexpr size_t kKeyBytes = 16;

// What is hashed must not stay in the nearest cache only.
std::vector<std::string> MakeValues() {
  std::vector<std::string> values(4'096, std::string(kValueBytes, '\0'));
  base::Random random(1);
  for (std::string& value : values) {
    for (char& byte : value) byte = static_cast<char>(random.Next());
  }
  return values;
}

void Die(const absl::Status& status) {
  if (status.ok()) return;
  std::fprintf(stderr, "ledger_bench: %s\n", base::ToString(status).c_str());
  std::exit(1);
}

class Whole {
 public:
  explicit Whole(const std::string& folder) : signer_(*ledger::NoteSigner::Generate("bench")) {
    std::filesystem::remove_all(folder);
    auto store = Store::Open(folder);
    Die(store.status());
    store_ = *std::move(store);
    for (int i = 0; i < kPartitions; ++i) Die(store_->Begin({"bench", i}, 0));
  }

  void Batch(const std::vector<std::string>& values) {
    const std::string key(kKeyBytes, 'k');
    const ledger::LogId log{"bench", static_cast<int32_t>(batches_++ % kPartitions)};
    int64_t offset = *store_->NextOffset(log);
    entries_.clear();
    for (int64_t i = 0; i < kBatch; ++i, ++offset) {
      const std::string& value = values[static_cast<size_t>(offset) % values.size()];
      entries_.push_back({offset, 1'700'000'000'000, ledger::DigestOf(hasher_, key, value)});
    }
    Die(store_->Append(log, entries_));
    if (store_->unsealed() >= kSealRecords) Die(store_->Seal(base::WallMs(), signer_).status());
  }

 private:
  const ledger::NoteSigner signer_;
  std::unique_ptr<Store> store_;
  ledger::Hasher hasher_;
  std::vector<ledger::Entry> entries_;
  int64_t batches_ = 0;
};

void Run(const std::string& folder, double seconds) {
  const std::vector<std::string> values = MakeValues();
  const std::string key(kKeyBytes, 'k');
  ledger::Hasher hasher;
  uint8_t used = 0;
  size_t next = 0;
  bench::Measure("digest of 336 bytes", seconds, kBatch, [&] {
    for (int64_t i = 0; i < kBatch; ++i) {
      used ^= ledger::DigestOf(hasher, key, values[next++ % values.size()])[0];
    }
  });
  ledger::CompactRange tree;
  ledger::LeafMaker maker({"jembatan.intents.v1", 3});
  ledger::Entry entry;
  bench::Measure("tree", seconds, kBatch, [&] {
    for (int64_t i = 0; i < kBatch; ++i) {
      entry.offset = static_cast<int64_t>(tree.size());
      tree.Append(hasher, hasher.Leaf(maker.Make(entry)),
                  [&](int, uint64_t, const ledger::Hash& hash) { used ^= hash[0]; });
    }
  });
  Whole whole(folder);
  bench::Measure("digest, tree, files, seals", seconds, kBatch, [&] { whole.Batch(values); });
  if (used == 0) std::printf("(the hashes end in 0)\n");
}

}  // namespace
}  // namespace jembatan::ledger_store

int main(int argc, char** argv) {
  if (argc < 2) {
    std::fprintf(stderr, "usage: ledger_bench FOLDER [SECONDS]\n");
    return 2;
  }
  jembatan::ledger_store::Run(argv[1], argc > 2 ? std::atof(argv[2]) : 3.0);
  return 0;
}
