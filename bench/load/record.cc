#include "bench/load/record.h"

namespace jembatan::load {

uint64_t TextDigest(std::string_view text) {
  if (text.empty()) return 0;
  uint64_t digest = 0xcbf2'9ce4'8422'2325;
  for (char c : text) {
    digest ^= static_cast<uint8_t>(c);
    digest *= 0x100'0000'01b3;
  }
  return digest == 0 ? 1 : digest;
}

base::Uuid MakeId(int64_t unix_ms, uint64_t tag, uint32_t record) {
  return base::Uuid::MakeV7(unix_ms, tag >> 30, tag << 32 | record);
}

std::optional<uint32_t> RecordOf(const base::Uuid& id, std::span<const IntentRecord> records) {
  auto record = static_cast<uint32_t>(id.low);
  if (record >= records.size() || records[record].id != id) return std::nullopt;
  return record;
}

}  // namespace jembatan::load
