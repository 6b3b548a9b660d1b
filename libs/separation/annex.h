#pragma once

// The annex to a data-sharing agreement: every field that may leave the social side, with its
// terms, written from the contracts' own descriptors (crossing.v1, and orders.v1 without the
// reference marketplace's catalogue). Pure; any thread.

#include <string>

#include "libs/separation/wording.h"

namespace jembatan::separation {

// Markdown, in one language. docs/data-sharing.md holds the Indonesian one and then the English.
std::string Annex(Language language);

// The whole of docs/data-sharing.md.
std::string AnnexFile();

}  // namespace jembatan::separation
