#include "libs/separation/annex.h"

#include <algorithm>
#include <fstream>
#include <set>
#include <sstream>
#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "jembatan/crossing/v1/controls.pb.h"
#include "jembatan/crossing/v1/crossing.pb.h"
#include "jembatan/crossing/v1/order_state.pb.h"
#include "jembatan/orders/v1/order_states.pb.h"
#include "jembatan/orders/v1/orders.pb.h"
#include "libs/separation/rules.h"

namespace jembatan::separation {
namespace {

using google::protobuf::Descriptor;
using google::protobuf::FileDescriptor;

struct Names {
  std::set<std::string> messages;
  std::set<std::string> fields;  // full names

  void Add(const FileDescriptor& file) {
    for (int i = 0; i < file.message_type_count(); ++i) Add(*file.message_type(i));
  }
  void Add(const Descriptor& message) {
    messages.insert(message.full_name());
    for (int i = 0; i < message.field_count(); ++i) fields.insert(message.field(i)->full_name());
    for (int i = 0; i < message.nested_type_count(); ++i) Add(*message.nested_type(i));
  }
};

TEST(Wording, EveryMessageAndFieldHasItsWordsAndNoWordsAreLeftOver) {
  Names names;
  names.Add(*crossing::v1::PurchaseIntent::descriptor()->file());
  names.Add(*crossing::v1::OrderStateRecord::descriptor()->file());
  names.Add(*crossing::v1::Control::descriptor()->file());
  names.Add(*orders::v1::Order::descriptor()->file());
  names.Add(*orders::v1::OrderState::descriptor()->file());
  for (const std::string& name : names.messages) EXPECT_NE(MessageText(name), nullptr) << name;
  std::set<const Text*> used;
  for (const std::string& name : names.fields) {
    used.insert(FieldText(name));
    EXPECT_NE(FieldText(name), nullptr) << name;
  }
  EXPECT_EQ(names.messages.size(), MessageTextCount());
  EXPECT_EQ(used.size(), FieldTextCount());
}

TEST(Wording, EveryTermHasItsWords) {
  for (int number = 1; number <= v1::Data_MAX; ++number) {
    if (v1::Zone_IsValid(number)) {
      EXPECT_NE(ZoneText(static_cast<v1::Zone>(number)), nullptr) << number;
    }
    if (v1::Purpose_IsValid(number)) {
      EXPECT_NE(PurposeText(static_cast<v1::Purpose>(number)), nullptr) << number;
    }
    if (v1::Data_IsValid(number)) {
      EXPECT_NE(DataText(static_cast<v1::Data>(number)), nullptr) << number;
    }
  }
  EXPECT_EQ(ZoneText(v1::ZONE_UNSPECIFIED), nullptr);
}

TEST(Annex, TheFileInDocsIsTheContractsOwn) {
  std::ifstream stream("docs/data-sharing.md");
  std::ostringstream there;
  there << stream.rdbuf();
  EXPECT_TRUE(there.str() == AnnexFile())
      << "docs/data-sharing.md is out of date: jembatan-ctl data-sharing > docs/data-sharing.md";
}

// A cell that breaks its table would put words under the wrong heading.
TEST(Annex, EveryRowHasAsManyCellsAsItsTable) {
  for (Language language : {Language::kIndonesian, Language::kEnglish}) {
    std::istringstream lines(Annex(language));
    std::string line;
    std::ptrdiff_t cells = 0;
    int rows = 0;
    while (std::getline(lines, line)) {
      const std::ptrdiff_t bars = std::count(line.begin(), line.end(), '|');
      if (cells != 0 && bars != 0) {
        EXPECT_EQ(bars, cells) << line;
        ++rows;
      }
      cells = bars;
    }
    EXPECT_GT(rows, 100);
  }
}

TEST(Annex, SpeaksBothLanguages) {
  const std::string indonesian = Annex(Language::kIndonesian);
  const std::string english = Annex(Language::kEnglish);
  EXPECT_THAT(indonesian, ::testing::HasSubstr("| `buyer_ref` | Nama samaran pembeli di lokapasar "
                                               "itu. | lokapasar | pembeli | nama samaran |"));
  EXPECT_THAT(english, ::testing::HasSubstr("| `buyer_ref` | The buyer's pseudonym at that "
                                            "marketplace. | marketplace | buyer | pseudonym |"));
}

}  // namespace
}  // namespace jembatan::separation
