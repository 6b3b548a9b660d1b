// intent, tap, outcome: a ready tap for curl, a whole one, and what became of one.

#include "services/ctl/intents.h"

#include <chrono>
#include <memory>
#include <random>
#include <thread>
#include <utility>

#include <CLI/CLI.hpp>

#include "jembatan/intake/v1/intake.pb.h"
#include "libs/base/clock.h"
#include "libs/base/status.h"
#include "services/ctl/command.h"
#include "services/ctl/gateway_call.h"

namespace jembatan::ctl {
namespace {

absl::StatusOr<std::string> Call(const GatewayFlags& flags, const std::string& method,
                                 const std::string& body) {
  return CallGateway(flags, "IntakeService/" + method, body);
}

absl::Status AskOutcome(const GatewayFlags& flags, const std::string& intent,
                        const std::string& offer, std::ostream& out) {
  JEMB_ASSIGN_OR_RETURN(std::string body, QueryBody(intent, offer));
  JEMB_ASSIGN_OR_RETURN(std::string answer, Call(flags, "GetOutcomes", body));
  out << answer << "\n";
  return absl::OkStatus();
}

base::Uuid FreshId() {
  std::random_device random;
  const uint64_t high = uint64_t{random()} << 32 | random();
  const uint64_t low = uint64_t{random()} << 32 | random();
  return base::Uuid::MakeV7(base::WallMs(), high, low);
}

struct TapOptions {
  IntentFlags intent;
  GatewayFlags gateway;
  int wait_s = 10;
};

// Submits an intent and waits for its outcome.
absl::Status Tap(const TapOptions& options, std::ostream& out) {
  constexpr auto kBetweenQuestions = std::chrono::milliseconds(100);
  IntentFlags flags = options.intent;
  if (flags.intent.empty()) flags.intent = FreshId().ToString();
  JEMB_ASSIGN_OR_RETURN(std::string tap, SubmitBody(flags, FreshId()));
  JEMB_ASSIGN_OR_RETURN(std::string query, QueryBody(flags.intent, flags.offer));
  JEMB_ASSIGN_OR_RETURN(std::string answer, Call(options.gateway, "SubmitIntent", tap));
  absl::StatusOr<intake::v1::Receipt> receipt = ReadReceipt(answer);
  if (!receipt.ok()) return receipt.status();
  const auto end = std::chrono::steady_clock::now() + std::chrono::seconds(options.wait_s);
  while (true) {
    JEMB_ASSIGN_OR_RETURN(answer, Call(options.gateway, "GetOutcomes", query));
    absl::StatusOr<intake::v1::Outcome> outcome = ReadOutcome(answer);
    if (outcome.ok()) {
      JEMB_ASSIGN_OR_RETURN(std::string json, ToJson(*outcome));
      out << json << "\n";
      return absl::OkStatus();
    }
    if (!absl::IsUnavailable(outcome.status())) return outcome.status();
    if (std::chrono::steady_clock::now() >= end) {
      return base::Unavailable(flags.intent + " has no outcome after " +
                               std::to_string(options.wait_s) + " s; ask again by `outcome`");
    }
    std::this_thread::sleep_for(kBetweenQuestions);
  }
}

void AddIntentFlags(CLI::App& command, IntentFlags& flags) {
  command.add_option("--offer", flags.offer, "Offer to tap")->required();
  command.add_option(Flag("amount_minor"), flags.amount_minor, "Unit price seen, minor units")
      ->required();
  command.add_option("--currency", flags.currency, "ISO 4217 code")->capture_default_str();
  command.add_option("--quantity", flags.quantity, "Units")
      ->capture_default_str()
      ->check(CLI::Range(1, 99));
  command.add_option(Flag("price_version"), flags.price_version, "Price version seen");
  command.add_option("--room", flags.room, "Live room");
  command.add_option("--campaign", flags.campaign, "Campaign");
  command.add_option("--voucher", flags.voucher, "Reference of a voucher of the marketplace");
  command.add_option("--intent", flags.intent, "Use this id instead of a fresh one");
}

void AddIntent(CLI::App& app, Chosen* chosen) {
  auto flags = std::make_shared<IntentFlags>();
  CLI::App* command =
      app.add_subcommand("intent", "Print a SubmitIntent body with a fresh id, for curl");
  AddIntentFlags(*command, *flags);
  command->callback([flags, chosen] {
    chosen->run = [flags](std::ostream& out) {
      JEMB_ASSIGN_OR_RETURN(std::string body, SubmitBody(*flags, FreshId()));
      out << body << "\n";
      return absl::OkStatus();
    };
  });
}

void AddTap(CLI::App& app, Chosen* chosen) {
  auto options = std::make_shared<TapOptions>();
  CLI::App* command = app.add_subcommand("tap", "Submit an intent and wait for its outcome");
  AddIntentFlags(*command, options->intent);
  options->gateway.AddTo(*command);
  command->add_option(Flag("wait_s"), options->wait_s, "Longest wait for the outcome")
      ->capture_default_str()
      ->check(CLI::Range(0, 600));
  command->callback([options, chosen] {
    chosen->run = [options](std::ostream& out) { return Tap(*options, out); };
  });
}

void AddOutcome(CLI::App& app, Chosen* chosen) {
  struct Options {
    std::string intent;
    std::string offer;
    GatewayFlags gateway;
  };
  auto options = std::make_shared<Options>();
  CLI::App* command = app.add_subcommand("outcome", "Ask a gateway what became of an intent");
  command->add_option("--intent", options->intent, "The intent's id")->required();
  command->add_option("--offer", options->offer, "The offer it was for")->required();
  options->gateway.AddTo(*command);
  command->callback([options, chosen] {
    chosen->run = [options](std::ostream& out) {
      return AskOutcome(options->gateway, options->intent, options->offer, out);
    };
  });
}

}  // namespace

absl::StatusOr<std::string> SubmitBody(const IntentFlags& flags, const base::Uuid& fresh) {
  if (!flags.intent.empty() && !base::Uuid::ParseV7(flags.intent)) {
    return base::InvalidArgument("--intent: '" + flags.intent + "' is not a canonical UUIDv7");
  }
  intake::v1::SubmitIntentRequest request;
  intake::v1::Intent& intent = *request.mutable_intent();
  intent.set_intent_id(flags.intent.empty() ? fresh.ToString() : flags.intent);
  intent.set_offer_id(flags.offer);
  intent.set_quantity(flags.quantity);
  intent.mutable_price_seen()->set_currency(flags.currency);
  intent.mutable_price_seen()->set_amount_minor(flags.amount_minor);
  intent.set_price_version(flags.price_version);
  intent.set_room_id(flags.room);
  intent.set_campaign_id(flags.campaign);
  intent.set_voucher_ref(flags.voucher);
  return ToJson(request);
}

absl::StatusOr<std::string> QueryBody(const std::string& intent, const std::string& offer) {
  if (!base::Uuid::ParseV7(intent)) {
    return base::InvalidArgument("--intent: '" + intent + "' is not a canonical UUIDv7");
  }
  intake::v1::GetOutcomesRequest request;
  request.add_queries()->set_intent_id(intent);
  request.mutable_queries(0)->set_offer_id(offer);
  return ToJson(request);
}

absl::StatusOr<intake::v1::Receipt> ReadReceipt(const std::string& json) {
  intake::v1::SubmitIntentResponse response;
  JEMB_RETURN_IF_ERROR(FromJson(json, &response));
  const intake::v1::Receipt& receipt = response.receipt();
  if (receipt.status() != intake::v1::Receipt::STATUS_REFUSED) return receipt;
  return base::FailedPrecondition("refused: " + intake::v1::Reason_Name(receipt.reason()) + " " +
                                  receipt.message());
}

absl::StatusOr<intake::v1::Outcome> ReadOutcome(const std::string& json) {
  using intake::v1::GetOutcomesResponse;
  GetOutcomesResponse response;
  JEMB_RETURN_IF_ERROR(FromJson(json, &response));
  if (response.answers_size() != 1) return base::Internal("the gateway answers: " + json);
  const GetOutcomesResponse::Answer& answer = response.answers(0);
  if (answer.reason() != intake::v1::REASON_UNSPECIFIED) {
    return base::FailedPrecondition("not answered: " + intake::v1::Reason_Name(answer.reason()));
  }
  if (answer.verdict() == GetOutcomesResponse::VERDICT_OUTCOME) {
    // UNCONFIRMED says that the marketplace is still being asked.
    if (answer.outcome().state() != intake::v1::Outcome::STATE_UNCONFIRMED) {
      return answer.outcome();
    }
    return base::Unavailable("not confirmed yet");
  }
  if (answer.verdict() == GetOutcomesResponse::VERDICT_NOT_YET) {
    return base::Unavailable("not decided yet");
  }
  return base::NotFound("no outcome: " + GetOutcomesResponse::Verdict_Name(answer.verdict()));
}

void AddIntentCommands(CLI::App& app, Chosen* chosen) {
  AddIntent(app, chosen);
  AddTap(app, chosen);
  AddOutcome(app, chosen);
}

}  // namespace jembatan::ctl
