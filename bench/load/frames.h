#pragma once

// FrameWriter and FrameReader: ClientFrames out and ServerFrames in, in both of the WebSocket's
// encodings. An offer's part of an intent is encoded once; what is left for each tap is copying.
// One FrameWriter per connection, one FrameReader per generator; one thread.

#include <cstddef>
#include <cstdint>
#include <deque>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"

#include "jembatan/intake/v1/intake.pb.h"
#include "libs/base/ids.h"
#include "libs/intent/codec.h"

namespace jembatan::load {

using intent::Encoding;

// Something the viewers may tap.
struct OfferOnSale {
  std::string offer_id;
  std::string currency = "IDR";
  int64_t amount_minor = 0;
  std::string price_version;
  // Empty: none.
  std::string campaign_id = {};
};

// The part of an intent that all taps on one offer share, as far as one creator gets the credit.
class IntentTemplate {
 public:
  // room: the live room of the taps; attribution: the token of the creator who gets the credit;
  // empty: none.
  IntentTemplate(Encoding encoding, const OfferOnSale& offer, uint32_t quantity,
                 const std::string& room, const std::string& attribution = {});
  void Append(const base::Uuid& id, std::string* out) const;

 private:
  Encoding encoding_;
  std::string before_id_;
  std::string after_id_;
};

// Gathers what is due on a connection into frames within the contract's bounds.
class FrameWriter {
 public:
  explicit FrameWriter(Encoding encoding) : encoding_(encoding) {}

  void AddIntent(const IntentTemplate& shape, const base::Uuid& id);
  void AddWatch(const base::Uuid& id);
  // A room to be told of.
  void AddRoom(const std::string& room);
  bool empty() const { return sealed_.empty() && count_ == 0; }
  // The next frame to send, oldest first. Not when empty().
  std::string Take();
  void Clear();

 private:
  void Seal();

  Encoding encoding_;
  // Frames that reached a bound, then the one being gathered: Protobuf fields may come in any
  // order, JSON needs its lists apart.
  std::deque<std::string> sealed_;
  std::string intents_;
  std::string watches_;
  std::string rooms_;
  size_t count_ = 0;
};

class FrameReader {
 public:
  explicit FrameReader(Encoding encoding) : encoding_(encoding) {}
  // The frame lives until the next call.
  absl::Status Read(std::string_view bytes, const intake::v1::ServerFrame** frame);

 private:
  Encoding encoding_;
  intake::v1::ServerFrame frame_;
};

}  // namespace jembatan::load
