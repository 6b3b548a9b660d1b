#include "libs/intent/reasons.h"

#include <set>
#include <string>

#include "google/protobuf/descriptor.h"
#include "gtest/gtest.h"

#include "jembatan/crossing/v1/reason.pb.h"
#include "jembatan/intake/v1/reason.pb.h"
#include "jembatan/orders/v1/reason.pb.h"
#include "libs/base/status.h"
#include "libs/base/text.h"

namespace jembatan::intent {
namespace {

using google::protobuf::EnumDescriptor;
using intake::v1::Reason;

const EnumDescriptor* Intake() { return intake::v1::Reason_descriptor(); }

// Every row but UNSPECIFIED, straight from the contract.
std::vector<Reason> AllReasons() {
  std::vector<Reason> reasons;
  for (int i = 0; i < Intake()->value_count(); ++i) {
    auto reason = static_cast<Reason>(Intake()->value(i)->number());
    if (reason != intake::v1::REASON_UNSPECIFIED) reasons.push_back(reason);
  }
  return reasons;
}

TEST(Reasons, EveryReasonHasItsOwnRow) {
  ASSERT_GE(AllReasons().size(), 33u);
  for (Reason reason : AllReasons()) {
    EXPECT_EQ(Info(reason).reason, reason) << intake::v1::Reason_Name(reason);
    EXPECT_EQ("REASON_" + std::string(Info(reason).name), intake::v1::Reason_Name(reason));
  }
}

TEST(Reasons, UnknownNumbersGetTheRowOfMalformed) {
  EXPECT_EQ(Info(static_cast<Reason>(9999)).name, "MALFORMED");
  EXPECT_EQ(Info(intake::v1::REASON_UNSPECIFIED).name, "MALFORMED");
}

TEST(Reasons, TheHundredIsTheClass) {
  for (Reason reason : AllReasons()) {
    EXPECT_EQ(static_cast<int>(Info(reason).reason_class), reason / 100 - 1) << Info(reason).name;
  }
}

TEST(Reasons, OnlyCapacityReasonsAreRetriedByCode) {
  for (Reason reason : AllReasons()) {
    const ReasonInfo& info = Info(reason);
    bool capacity = info.reason_class == ReasonClass::kCapacity;
    EXPECT_EQ(base::IsRetriable(absl::Status(info.code, "x")), capacity) << info.name;
    EXPECT_EQ(info.retryable, capacity || reason == intake::v1::REASON_CLOCK_SKEW) << info.name;
  }
}

TEST(Reasons, EveryWordingIsItsOwnCompleteSentence) {
  std::set<std::string_view> seen;
  for (Reason reason : AllReasons()) {
    for (std::string_view text : {Info(reason).id_id, Info(reason).en}) {
      ASSERT_GE(text.size(), 20u) << Info(reason).name;
      EXPECT_TRUE(text.front() >= 'A' && text.front() <= 'Z') << text;
      EXPECT_EQ(text.back(), '.') << text;
      EXPECT_TRUE(base::IsUtf8(text)) << text;
      EXPECT_EQ(text.find("  "), std::string_view::npos) << text;
      EXPECT_TRUE(seen.insert(text).second) << "said twice: " << text;
    }
  }
}

TEST(Reasons, NoWordingClaimsASale) {
  for (Reason reason : AllReasons()) {
    for (std::string_view claim : {"bought", "purchased", "paid", "success", "confirmed order",
                                   "berhasil", "dibeli", "terbeli", "dibayar", "lunas"}) {
      EXPECT_EQ(Info(reason).id_id.find(claim), std::string_view::npos) << Info(reason).id_id;
      EXPECT_EQ(Info(reason).en.find(claim), std::string_view::npos) << Info(reason).en;
    }
  }
}

// One reason has one number and one name in every contract that has it.
void ExpectSubsetOfIntake(const EnumDescriptor* other) {
  for (int i = 0; i < other->value_count(); ++i) {
    const auto* value = other->value(i);
    const auto* by_name = Intake()->FindValueByName(value->name());
    ASSERT_NE(by_name, nullptr) << value->full_name();
    EXPECT_EQ(by_name->number(), value->number()) << value->full_name();
  }
}

TEST(Reasons, ContractsAgree) {
  const EnumDescriptor* crossing = crossing::v1::Reason_descriptor();
  const EnumDescriptor* orders = orders::v1::Reason_descriptor();
  ExpectSubsetOfIntake(crossing);
  ExpectSubsetOfIntake(orders);
  // What a marketplace may answer must be able to come back over the border.
  for (int i = 0; i < orders->value_count(); ++i) {
    EXPECT_NE(crossing->FindValueByNumber(orders->value(i)->number()), nullptr)
        << orders->value(i)->full_name();
  }
}

}  // namespace
}  // namespace jembatan::intent
