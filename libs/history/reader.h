#pragma once

// Reads the files that a history consists of, one JSON object a line:
//
//   viewers    {"t":MS,"e":"invoke","id":ID,"offer":OFFER}
//              {"t":MS,"e":"accepted","id":ID,"partition":N,"offset":N}
//              {"t":MS,"e":"pending"|"refused"|"none","id":ID}
//              {"t":MS,"e":"outcome","id":ID,"state":STATE,"order_id":TEXT}
//              {"t":MS,"e":"sample","what":TEXT,"value":N,"bound":N}
//   intents    {"topic":"intents","partition":N,"offset":N,"append_ms":MS,"intent_id":ID,
//               "buyer_ref":HEX,"offer_id":OFFER,"fingerprint":HEX}, or without the last four when
//               the value is no intent
//   outcomes   {"topic":"outcomes","partition":N,"offset":N,"token":N,"marketplace_id":TEXT,
//               "kind":"claim"|"open"|"final"|"unconfirmed"}, and for a final also "intent_id",
//               "buyer_ref","fingerprint","state","order_id"
//   ledger     as the marketplace's /ledger gives it
//
// Keys not named here are ignored. Everything else is an error that names the file and the line: a
// line that is cut off, a topic that is not Jembatan's, an offset or a seq that is missing.

#include <string>

#include "absl/status/status.h"

#include "libs/history/history.h"

namespace jembatan::history {

// Each adds to what the history holds already. The bytes are those of a whole file; name is told in
// errors.
absl::Status ReadClients(const std::string& name, std::string_view bytes, History* history);
absl::Status ReadIntents(const std::string& name, std::string_view bytes, History* history);
absl::Status ReadOutcomes(const std::string& name, std::string_view bytes, History* history);
absl::Status ReadLedger(const std::string& name, std::string_view bytes, History* history);

}  // namespace jembatan::history
