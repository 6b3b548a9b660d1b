// libFuzzer target of the decoders: no crash, and what JSON accepts survives the way through
// json_util. Built by `clang++ -fsanitize=fuzzer`; see CMakeLists.txt (JEMBATAN_FUZZ).

#include <cstdint>
#include <string>
#include <string_view>

#include "google/protobuf/util/json_util.h"
#include "google/protobuf/util/message_differencer.h"

#include "libs/base/check.h"
#include "libs/base/ids.h"
#include "libs/intent/codec.h"
#include "libs/intent/intent.h"

namespace jembatan::intent {
namespace {

constexpr int64_t kNowMs = 1'702'339'200'000;

void ValidateAll(const intake::v1::ClientFrame& frame) {
  for (const intake::v1::Intent& intent : frame.intents()) {
    base::Uuid id;
    if (Validate(intent, kNowMs, &id).refused()) continue;
    JEMB_CHECK(Fingerprint(intent).size() == 32);
  }
}

void DecodeBoth(std::string_view bytes) {
  static Decoder decoder;
  static intake::v1::ClientFrame frame;
  static intake::v1::SubmitIntentRequest submit;
  static intake::v1::GetOutcomesRequest query;
  if (!decoder.DecodeFrame(Encoding::kProto, bytes, &frame).refused()) ValidateAll(frame);
  (void)decoder.DecodeSubmit(Encoding::kProto, bytes, &submit);
  (void)decoder.DecodeQuery(Encoding::kProto, bytes, &query);
  (void)decoder.DecodeSubmit(Encoding::kJson, bytes, &submit);
  (void)decoder.DecodeQuery(Encoding::kJson, bytes, &query);
  if (decoder.DecodeFrame(Encoding::kJson, bytes, &frame).refused()) return;
  ValidateAll(frame);
  intake::v1::ClientFrame oracle;
  JEMB_CHECK(google::protobuf::util::JsonStringToMessage(std::string(bytes), &oracle).ok());
  JEMB_CHECK(google::protobuf::util::MessageDifferencer::Equals(oracle, frame));
}

}  // namespace
}  // namespace jembatan::intent

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  jembatan::intent::DecodeBoth({reinterpret_cast<const char*>(data), size});
  return 0;
}
