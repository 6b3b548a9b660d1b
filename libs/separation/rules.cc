#include "libs/separation/rules.h"

#include <algorithm>

namespace jembatan::separation {
namespace {

using google::protobuf::Descriptor;
using google::protobuf::FieldDescriptor;
using google::protobuf::FileDescriptor;

// The first forbidden word in a name; empty: none.
std::string_view ForbiddenWordIn(std::string_view name) {
  while (!name.empty()) {
    const size_t end = std::min(name.find('_'), name.size());
    const std::string_view word = name.substr(0, end);
    const std::vector<std::string_view>& words = ForbiddenWords();
    if (std::find(words.begin(), words.end(), word) != words.end()) return word;
    name.remove_prefix(std::min(end + 1, name.size()));
  }
  return {};
}

bool HasKnownType(const FieldDescriptor& field) {
  if (field.type() == FieldDescriptor::TYPE_GROUP) return false;
  if (field.type() != FieldDescriptor::TYPE_MESSAGE) return true;
  const Descriptor& type = *field.message_type();
  return type.full_name() == "google.protobuf.Timestamp" ||
         type.file()->package() == field.file()->package();
}

class Reader {
 public:
  explicit Reader(v1::Zone reaches) : reaches_(reaches) {}

  void Read(const Descriptor& message) {
    for (int i = 0; i < message.field_count(); ++i) ReadField(*message.field(i));
    for (int i = 0; i < message.nested_type_count(); ++i) Read(*message.nested_type(i));
  }

  std::vector<std::string> Take() { return std::move(breaches_); }

 private:
  void ReadField(const FieldDescriptor& field) {
    const v1::Terms terms = TermsOf(field);
    if (terms.zone() == v1::ZONE_UNSPECIFIED) Add(field, "its terms name no zone");
    if (terms.purpose() == v1::PURPOSE_UNSPECIFIED) Add(field, "its terms name no purpose");
    if (terms.data() == v1::DATA_UNSPECIFIED) {
      Add(field, "its terms do not say what it tells of a person");
    }
    if (!v1::Zone_IsValid(terms.zone()) || !v1::Purpose_IsValid(terms.purpose()) ||
        !v1::Data_IsValid(terms.data())) {
      Add(field, "its terms hold a value that has no name");
    }
    if (terms.data() >= kFirstForbidden) {
      Add(field, v1::Data_Name(terms.data()) + " may not leave the social side");
    }
    if (terms.zone() != v1::ZONE_UNSPECIFIED && terms.zone() < reaches_) {
      Add(field,
          v1::Zone_Name(terms.zone()) + " but its contract reaches " + v1::Zone_Name(reaches_));
    }
    const std::string_view word = ForbiddenWordIn(field.name());
    if (!word.empty()) Add(field, "\"" + std::string(word) + "\" may not be in a name");
    if (!HasKnownType(field)) Add(field, "its type is of another package, so without terms");
  }

  void Add(const FieldDescriptor& field, const std::string& what) {
    breaches_.push_back(field.full_name() + ": " + what);
  }

  const v1::Zone reaches_;
  std::vector<std::string> breaches_;
};

}  // namespace

v1::Terms TermsOf(const FieldDescriptor& field) { return field.options().GetExtension(v1::terms); }

std::vector<std::string> BreachesOf(const FileDescriptor& file, v1::Zone reaches) {
  Reader reader(reaches);
  for (int i = 0; i < file.message_type_count(); ++i) reader.Read(*file.message_type(i));
  return reader.Take();
}

const std::vector<std::string_view>& ForbiddenWords() {
  static const std::vector<std::string_view> kWords = {
      // Social profile.
      "viewer", "user", "username", "name", "nickname", "nama", "profile", "avatar", "follower",
      "followers", "interest", "interests", "watch", "watched", "history", "birthday", "gender",
      "age", "room", "session",
      // Contact and numbers of a state.
      "phone", "telepon", "msisdn", "email", "address", "alamat", "street", "postcode", "zip",
      "nik", "ktp", "npwp", "passport",
      // Location and device.
      "location", "latitude", "longitude", "lat", "lon", "geo", "ip", "device", "imei", "cookie",
      "agent",
      // Payment.
      "payment", "pay", "paid", "card", "pan", "cvv", "cvc", "iban", "account", "wallet", "bank",
      "pin", "otp"};
  return kWords;
}

}  // namespace jembatan::separation
