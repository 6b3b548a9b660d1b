// The build fails here when a field of a contract lacks its terms or breaks a rule; and the rules
// themselves are shown to fire on descriptors made for it.

#include "libs/separation/rules.h"

#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <google/protobuf/any.pb.h>
#include <google/protobuf/descriptor.pb.h>
#include <google/protobuf/text_format.h>
#include <gtest/gtest.h>

#include "jembatan/crossing/v1/controls.pb.h"
#include "jembatan/crossing/v1/crossing.pb.h"
#include "jembatan/crossing/v1/order_state.pb.h"
#include "jembatan/orders/v1/catalog.pb.h"
#include "jembatan/orders/v1/order_states.pb.h"
#include "jembatan/orders/v1/orders.pb.h"

namespace jembatan::separation {
namespace {

using google::protobuf::DescriptorPool;
using google::protobuf::FieldDescriptor;
using google::protobuf::FileDescriptor;
using google::protobuf::FileDescriptorProto;
using ::testing::ElementsAre;
using ::testing::IsEmpty;

// Every .proto file of the contract, those added later too; the messages named below only bring
// them into this program.
std::vector<const FileDescriptor*> FilesOf(const std::string& contract) {
  crossing::v1::PurchaseIntent::descriptor();
  crossing::v1::Control::descriptor();
  crossing::v1::Reason_descriptor();
  orders::v1::Order::descriptor();
  orders::v1::LoadOffersRequest::descriptor();
  orders::v1::OrderState::descriptor();
  crossing::v1::OrderStateRecord::descriptor();
  std::vector<const FileDescriptor*> files;
  const std::string folder = "jembatan/" + contract + "/v1/";
  for (const auto& entry : std::filesystem::directory_iterator("proto/" + folder)) {
    const std::string name = folder + entry.path().filename().string();
    files.push_back(DescriptorPool::generated_pool()->FindFileByName(name));
    EXPECT_NE(files.back(), nullptr) << name << " is not looked at";
  }
  return files;
}

TEST(Contracts, EveryFieldThatCrossesHasItsTerms) {
  const auto files = FilesOf("crossing");
  EXPECT_GE(files.size(), 3u);
  for (const FileDescriptor* file : files) {
    if (file == nullptr) continue;
    EXPECT_THAT(BreachesOf(*file, v1::ZONE_CROSSING), IsEmpty());
  }
}

TEST(Contracts, EveryFieldOfAMarketplaceHasItsTerms) {
  const auto files = FilesOf("orders");
  EXPECT_GE(files.size(), 3u);
  for (const FileDescriptor* file : files) {
    if (file == nullptr) continue;
    EXPECT_THAT(BreachesOf(*file, v1::ZONE_COMMERCE), IsEmpty());
  }
}

// What the terms of PurchaseIntent promise is what a marketplace's Order really has, under the same
// terms.
TEST(Contracts, AnIntentsTermsSayWhatAnOrderHolds) {
  const auto* intent = crossing::v1::PurchaseIntent::descriptor();
  const auto* order = orders::v1::Order::descriptor();
  int crossing = 0;
  for (int i = 0; i < intent->field_count(); ++i) {
    const FieldDescriptor* field = intent->field(i);
    const FieldDescriptor* there = order->FindFieldByName(field->name());
    ASSERT_EQ(there != nullptr, TermsOf(*field).zone() == v1::ZONE_COMMERCE) << field->name();
    if (there == nullptr) continue;
    ++crossing;
    EXPECT_EQ(TermsOf(*field).SerializeAsString(), TermsOf(*there).SerializeAsString())
        << field->name();
  }
  EXPECT_EQ(crossing, order->field_count());
}

// --- The rules fire -----------------------------------------------------------------------------

constexpr char kGoodTerms[] =
    "options { [jembatan.separation.v1.terms] "
    "{ zone: ZONE_COMMERCE purpose: PURPOSE_GOODS data: DATA_NONE } }";

// A file with one message of one field, whose text is given without its braces.
class Made {
 public:
  explicit Made(const std::string& field, const std::string& more = "") : pool_(Underlay()) {
    FileDescriptorProto file;
    const std::string text =
        "name: 'made.proto' package: 'made' syntax: 'proto3'"
        "dependency: 'google/protobuf/any.proto' dependency: 'google/protobuf/timestamp.proto'"
        "message_type { name: 'M' field { number: 1 label: LABEL_OPTIONAL " +
        field + " } " + more + " }";
    EXPECT_TRUE(google::protobuf::TextFormat::ParseFromString(text, &file)) << text;
    file_ = pool_.BuildFile(file);
  }

  std::vector<std::string> Breaches(v1::Zone reaches = v1::ZONE_COMMERCE) const {
    EXPECT_NE(file_, nullptr);
    return file_ == nullptr ? std::vector<std::string>{"not built"} : BreachesOf(*file_, reaches);
  }

 private:
  // The descriptors linked into this program, for imports.
  static const DescriptorPool* Underlay() {
    google::protobuf::Any::descriptor();
    crossing::v1::PurchaseIntent::descriptor();
    return DescriptorPool::generated_pool();
  }

  DescriptorPool pool_;
  const FileDescriptor* file_ = nullptr;
};

std::string Terms(const std::string& zone, const std::string& purpose, const std::string& data) {
  return "options { [jembatan.separation.v1.terms] { zone: " + zone + " purpose: " + purpose +
         " data: " + data + " } }";
}

std::string Field(const std::string& name, const std::string& terms) {
  return "name: '" + name + "' type: TYPE_STRING " + terms;
}

TEST(Rules, AGoodFieldPasses) { EXPECT_THAT(Made(Field("sku", kGoodTerms)).Breaches(), IsEmpty()); }

TEST(Rules, AFieldWithoutTermsFails) {
  EXPECT_THAT(
      Made(Field("sku", "")).Breaches(),
      ElementsAre("made.M.sku: its terms name no zone", "made.M.sku: its terms name no purpose",
                  "made.M.sku: its terms do not say what it tells of a person"));
}

TEST(Rules, AFieldOfANestedMessageIsReadToo) {
  const std::string nested =
      "nested_type { name: 'N' field { number: 1 label: LABEL_REPEATED name: 'sku'"
      " type: TYPE_STRING } }";
  EXPECT_EQ(Made(Field("sku", kGoodTerms), nested).Breaches().front(),
            "made.M.N.sku: its terms name no zone");
}

struct TermsCase {
  const char* zone;
  const char* purpose;
  const char* data;
  const char* breach;
};

TEST(Rules, BadTermsFail) {
  const TermsCase cases[] = {
      {"ZONE_UNSPECIFIED", "PURPOSE_GOODS", "DATA_NONE", "its terms name no zone"},
      {"ZONE_COMMERCE", "PURPOSE_UNSPECIFIED", "DATA_NONE", "its terms name no purpose"},
      {"ZONE_COMMERCE", "PURPOSE_GOODS", "DATA_UNSPECIFIED",
       "its terms do not say what it tells of a person"},
      {"ZONE_COMMERCE", "77", "DATA_NONE", "its terms hold a value that has no name"},
      {"ZONE_COMMERCE", "PURPOSE_GOODS", "DATA_SOCIAL_PROFILE",
       "DATA_SOCIAL_PROFILE may not leave the social side"},
      {"ZONE_COMMERCE", "PURPOSE_GOODS", "DATA_CONTACT",
       "DATA_CONTACT may not leave the social side"},
      {"ZONE_COMMERCE", "PURPOSE_GOODS", "DATA_NATIONAL_ID",
       "DATA_NATIONAL_ID may not leave the social side"},
      {"ZONE_COMMERCE", "PURPOSE_GOODS", "DATA_LOCATION",
       "DATA_LOCATION may not leave the social side"},
      {"ZONE_COMMERCE", "PURPOSE_GOODS", "DATA_PAYMENT",
       "DATA_PAYMENT may not leave the social side"},
      {"ZONE_COMMERCE", "PURPOSE_GOODS", "DATA_DEVICE",
       "DATA_DEVICE may not leave the social side"},
      {"ZONE_CROSSING", "PURPOSE_GOODS", "DATA_NONE",
       "ZONE_CROSSING but its contract reaches ZONE_COMMERCE"},
      {"ZONE_SOCIAL", "PURPOSE_GOODS", "DATA_NONE",
       "ZONE_SOCIAL but its contract reaches ZONE_COMMERCE"},
  };
  for (const TermsCase& c : cases) {
    EXPECT_THAT(Made(Field("sku", Terms(c.zone, c.purpose, c.data))).Breaches(),
                ElementsAre("made.M.sku: " + std::string(c.breach)));
  }
}

TEST(Rules, WhatIsJembatansOwnMayBeInATopic) {
  const Made made(Field("sku", Terms("ZONE_CROSSING", "PURPOSE_EVIDENCE", "DATA_NONE")));
  EXPECT_THAT(made.Breaches(v1::ZONE_CROSSING), IsEmpty());
}

TEST(Rules, EveryForbiddenWordFailsWhereverItStandsInAName) {
  for (std::string_view forbidden : ForbiddenWords()) {
    const std::string word(forbidden);
    for (const std::string& name : {word, word + "_token", "buyer_" + word, "a_" + word + "_b"}) {
      EXPECT_THAT(Made(Field(name, kGoodTerms)).Breaches(),
                  ElementsAre("made.M." + name + ": \"" + word + "\" may not be in a name"));
    }
    EXPECT_THAT(Made(Field("x" + word + "x", kGoodTerms)).Breaches(), IsEmpty()) << word;
  }
}

TEST(Rules, OnlyTypesWithTermsOfTheirOwnPass) {
  const std::string any = "name: 'extra' type: TYPE_MESSAGE type_name: '.google.protobuf.Any' ";
  EXPECT_THAT(Made(any + kGoodTerms).Breaches(),
              ElementsAre("made.M.extra: its type is of another package, so without terms"));
  const std::string time = "name: 'at' type: TYPE_MESSAGE type_name: '.google.protobuf.Timestamp' ";
  EXPECT_THAT(Made(time + kGoodTerms).Breaches(), IsEmpty());
  const std::string own = "name: 'more' type: TYPE_MESSAGE type_name: '.made.M' ";
  EXPECT_THAT(Made(own + kGoodTerms).Breaches(), IsEmpty());
}

}  // namespace
}  // namespace jembatan::separation
