#include "libs/separation/annex.h"

#include <initializer_list>

#include "jembatan/crossing/v1/controls.pb.h"
#include "jembatan/crossing/v1/crossing.pb.h"
#include "jembatan/crossing/v1/order_state.pb.h"
#include "jembatan/orders/v1/order_states.pb.h"
#include "jembatan/orders/v1/orders.pb.h"
#include "libs/base/check.h"
#include "libs/separation/rules.h"

namespace jembatan::separation {
namespace {

using google::protobuf::Descriptor;
using google::protobuf::EnumDescriptor;
using google::protobuf::FieldDescriptor;
using google::protobuf::FileDescriptor;

// One annex on its way.
class Writer {
 public:
  explicit Writer(Language language) : language_(language), text_(TheAnnexText()) {}

  std::string Write() {
    Heading("# ", text_.title);
    Paragraph(text_.opening);
    Heading("## ", text_.zones_heading);
    Terms(*v1::Zone_descriptor(), 1, kFirstForbidden);
    Heading("## ", text_.purposes_heading);
    Terms(*v1::Purpose_descriptor(), 1, kFirstForbidden);
    Heading("## ", text_.data_heading);
    Terms(*v1::Data_descriptor(), 1, kFirstForbidden);
    Heading("## ", text_.forbidden_heading);
    Paragraph(text_.forbidden_opening);
    Terms(*v1::Data_descriptor(), kFirstForbidden, v1::Data_MAX + 1);
    Heading("## ", text_.crossing_heading);
    Paragraph(text_.crossing_opening);
    Messages(*crossing::v1::PurchaseIntent::descriptor()->file());
    Messages(*crossing::v1::OrderStateRecord::descriptor()->file());
    Messages(*crossing::v1::Control::descriptor()->file());
    Heading("## ", text_.orders_heading);
    Paragraph(text_.orders_opening);
    Messages(*orders::v1::Order::descriptor()->file());
    Messages(*orders::v1::OrderState::descriptor()->file());
    return std::move(out_);
  }

 private:
  std::string Said(const Text& text) const { return std::string(text.In(language_)); }

  void Heading(const char* level, const Text& text) { out_ += level + Said(text) + "\n\n"; }
  void Paragraph(const Text& text) { out_ += Said(text) + "\n\n"; }

  void Row(std::initializer_list<std::string> cells) {
    out_ += "|";
    for (const std::string& cell : cells) out_ += " " + cell + " |";
    out_ += "\n";
  }

  static const TermText& WordsOf(const EnumDescriptor& kind, int number) {
    const TermText* words = nullptr;
    if (&kind == v1::Zone_descriptor()) words = ZoneText(static_cast<v1::Zone>(number));
    if (&kind == v1::Purpose_descriptor()) words = PurposeText(static_cast<v1::Purpose>(number));
    if (&kind == v1::Data_descriptor()) words = DataText(static_cast<v1::Data>(number));
    JEMB_CHECK(words != nullptr);
    return *words;
  }

  // The terms numbered from first to before last.
  void Terms(const EnumDescriptor& kind, int first, int last) {
    Row({Said(text_.term_column), Said(text_.explanation_column)});
    Row({"---", "---"});
    for (int i = 0; i < kind.value_count(); ++i) {
      const int number = kind.value(i)->number();
      if (number < first || number >= last) continue;
      const TermText& words = WordsOf(kind, number);
      Row({Said(words.name), Said(words.explanation)});
    }
    out_ += "\n";
  }

  void Messages(const FileDescriptor& file) {
    for (int i = 0; i < file.message_type_count(); ++i) Message(*file.message_type(i));
  }

  void Message(const Descriptor& message) {
    const Text* words = MessageText(message.full_name());
    JEMB_CHECK(words != nullptr);
    out_ += "### `" + message.full_name() + "`\n\n";
    Paragraph(*words);
    if (message.field_count() == 0) {
      Paragraph(text_.no_fields);
    } else {
      Fields(message);
    }
    for (int i = 0; i < message.nested_type_count(); ++i) Message(*message.nested_type(i));
  }

  void Fields(const Descriptor& message) {
    Row({Said(text_.field_column), Said(text_.meaning_column), Said(text_.zone_column),
         Said(text_.purpose_column), Said(text_.data_column)});
    Row({"---", "---", "---", "---", "---"});
    for (int i = 0; i < message.field_count(); ++i) {
      const FieldDescriptor& field = *message.field(i);
      const v1::Terms terms = TermsOf(field);
      const Text* words = FieldText(field.full_name());
      JEMB_CHECK(words != nullptr);
      Row({"`" + field.name() + "`", Said(*words),
           Said(WordsOf(*v1::Zone_descriptor(), terms.zone()).name),
           Said(WordsOf(*v1::Purpose_descriptor(), terms.purpose()).name),
           Said(WordsOf(*v1::Data_descriptor(), terms.data()).name)});
    }
    out_ += "\n";
  }

  const Language language_;
  const AnnexText& text_;
  std::string out_;
};

}  // namespace

std::string Annex(Language language) { return Writer(language).Write(); }

std::string AnnexFile() {
  std::string file = "<!-- Written by jembatan-ctl data-sharing; do not edit. -->\n\n";
  file += Annex(Language::kIndonesian);
  file += "---\n\n";
  file += Annex(Language::kEnglish);
  file.pop_back();
  return file;
}

}  // namespace jembatan::separation
