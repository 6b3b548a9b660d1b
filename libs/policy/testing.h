#pragma once

// Policies for tests, written as files are. Tests only.

#include <memory>
#include <string>
#include <string_view>

#include "gtest/gtest.h"

#include "libs/policy/parse.h"

namespace jembatan::policy::testing {

inline constexpr char kConsent[] = R"(schema = 1
[[rule]]
id = "consent"
kind = "consent"
article = "UU 27/2022"
effective_from = 2023-09-26T00:00:00+07:00
)";

// A rule in force from 2024 on, after its terms.
inline std::string RuleText(std::string_view id, std::string_view kind, std::string_view terms,
                            std::string_view from = "2024-01-01T00:00:00Z") {
  std::string text = "[[rule]]\nid = \"" + std::string(id) + "\"\nkind = \"" + std::string(kind);
  text += "\"\narticle = \"an article\"\neffective_from = " + std::string(from) + "\n";
  return text + std::string(terms) + "\n";
}

inline std::string RateText(std::string_view currency, std::string_view rupiah,
                            std::string_view from = "2026-01-01T00:00:00Z",
                            std::string_view to = "2030-01-01T00:00:00Z") {
  return "[[exchange_rate]]\ncurrency = \"" + std::string(currency) + "\"\nrupiah_per_unit = \"" +
         std::string(rupiah) + "\"\neffective_from = " + std::string(from) +
         "\neffective_to = " + std::string(to) + "\nsource = \"a decree\"\n";
}

// Consent and what else the text adds; must be good.
inline std::shared_ptr<const Policy> PolicyOf(const std::string& more) {
  absl::StatusOr<Policy> policy = ParsePolicy("test.toml", kConsent + more);
  EXPECT_TRUE(policy.ok()) << policy.status().message();
  return std::make_shared<const Policy>(policy.ok() ? *std::move(policy) : Policy{});
}

}  // namespace jembatan::policy::testing
