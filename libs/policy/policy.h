#pragma once

// Policy: the law and the terms of a trial as dated data. A policy is a list of rules, each with
// the article it comes from and the time it is in force, and the exchange rates they convert by.
// Values; made by Seal or ParsePolicy, immutable afterwards and shared by all threads.
//
// The articles below are known through digests of the law; a policy file names its own.

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "libs/goods/goods.h"

namespace jembatan::policy {

// Every list is sorted and holds nothing twice.

// The buyer has agreed to shopping. Permendag 31/2023 art. 13(3)(b) forbids the misuse of user data
// by platforms; UU 27/2022 wants consent for each purpose. Holds whatever its dates say.
struct Consent {};

// Marketplaces that may sell: those with a licence for trade by electronic systems (Permendag
// 31/2023).
struct Marketplaces {
  std::vector<std::string> ids;
};

// Regions served, ISO 3166-1. A viewer's region never crosses: only who knows it can judge it.
struct Regions {
  std::vector<std::string> codes;
};

// Sales are open to a part of the buyers: who is in stays in while the part grows.
struct Rollout {
  std::string marketplace_id;  // empty: any
  int64_t basis_points = 0;    // of 10,000 buyers so many
  std::string salt;            // another one chooses other buyers
  uint64_t salt_hash = 0;      // set by Seal
};

// The offers and campaigns named are sold between the two instants only. Of several windows that
// name an offer one is enough.
struct SaleWindow {
  std::vector<std::string> offer_ids;
  std::vector<std::string> campaign_ids;
  int64_t opens_ms = 0;
  int64_t closes_ms = 0;  // no longer in it
};

// The marketplace attests a licence of the seller that has not run out (Permendag 31/2023 wants
// one of every merchant, and of foreign ones proof of their home country's).
struct SellerLicence {
  bool abroad_only = false;
};

// Goods that a seller abroad sends to the buyer directly cost at least so much FOB per unit
// (Permendag 31/2023 art. 19(1)-(3): US$100, other currencies at the finance minister's rate),
// unless their tariff code is on the minister's positive list (art. 19(4), Kepmendag 1998/2023).
struct CrossBorder {
  int64_t minimum_fob_usd_minor = 0;
  std::vector<std::string> positive_list;  // 8 digits of the HS
};

// In the order in which they are judged: what needs the goods comes last.
using Terms =
    std::variant<Consent, Marketplaces, Regions, Rollout, SaleWindow, SellerLicence, CrossBorder>;

using goods::kForEver;

struct Rule {
  std::string id;
  std::string article;
  int64_t effective_from_ms = 0;
  int64_t effective_to_ms = kForEver;  // no longer in force
  Terms terms;

  bool InForce(int64_t at_ms) const {
    return effective_from_ms <= at_ms && at_ms < effective_to_ms;
  }
};

// The finance minister's rate, which is published for a week.
struct ExchangeRate {
  std::string currency;
  int64_t rupiah_per_unit = 0;  // in millionths
  int64_t effective_from_ms = 0;
  int64_t effective_to_ms = kForEver;
  std::string source;
};

struct Policy {
  std::vector<Rule> rules;          // by kind, then by time, then by id
  std::vector<ExchangeRate> rates;  // by currency, then by time
  std::string version;              // SHA-256 of Canonical, 32 bytes
};

// The name of the kind in files: "consent", "cross_border" and so on.
std::string_view KindName(const Terms& terms);

// Puts rules and rates in order and names the version. They must be what ParsePolicy would take.
Policy Seal(std::vector<Rule> rules, std::vector<ExchangeRate> rates);

// The content in one way of writing it: two files that mean the same have one version, whatever
// their order and comments.
std::string Canonical(const Policy& policy);

// What holds where no policy is given: consent.
std::shared_ptr<const Policy> ConsentOnly();

}  // namespace jembatan::policy
