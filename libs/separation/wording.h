#pragma once

// What the data-sharing annex says, as whole sentences in Indonesian and English: tables made to be
// read and corrected by lawyers, who need no other file. Nothing is put together from pieces; a
// test holds that no row is missing, twice there, or without a use. Pure; any thread.

#include <string_view>

#include "jembatan/separation/v1/separation.pb.h"

namespace jembatan::separation {

enum class Language { kIndonesian, kEnglish };

struct Text {
  std::string_view indonesian;
  std::string_view english;

  std::string_view In(Language language) const {
    return language == Language::kIndonesian ? indonesian : english;
  }
};

// The annex's own headings and paragraphs.
struct AnnexText {
  Text title;
  Text opening;
  Text zones_heading;
  Text purposes_heading;
  Text data_heading;
  Text forbidden_heading;
  Text forbidden_opening;
  Text crossing_heading;
  Text crossing_opening;
  Text orders_heading;
  Text orders_opening;
  // Columns of the tables of fields.
  Text field_column;
  Text meaning_column;
  Text zone_column;
  Text purpose_column;
  Text data_column;
  // Columns of the tables of terms.
  Text term_column;
  Text explanation_column;
  // Instead of a table.
  Text no_fields;
};
const AnnexText& TheAnnexText();

// A term's short name and what it means.
struct TermText {
  Text name;
  Text explanation;
};

// Null: the value has no words.
const TermText* ZoneText(v1::Zone zone);
const TermText* PurposeText(v1::Purpose purpose);
const TermText* DataText(v1::Data data);

// What a message is, and what a field tells, by their full names. A field's name means the same in
// every message, unless the table says otherwise of one. Null: no words.
const Text* MessageText(std::string_view full_name);
const Text* FieldText(std::string_view full_name);

// How many rows the two tables have, for the test that finds one without a use.
size_t MessageTextCount();
size_t FieldTextCount();

}  // namespace jembatan::separation
