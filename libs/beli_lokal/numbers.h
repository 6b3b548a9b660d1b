#pragma once

// What this report has of numbers beyond libs/evidence/html.h, in both languages, by whole numbers
// alone: a share is rounded to tenths of a percent, money is never a fraction. Pure; any thread.

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "libs/beli_lokal/figures.h"
#include "libs/beli_lokal/wording.h"

namespace jembatan::beli_lokal {

// Part of whole in tenths of a percent, rounded; 0 of nothing.
int64_t Permille(Minor part, Minor whole);
// A difference of two shares in tenths of a percent: "+1,2 poin", "−0,4 poin".
std::string PointsText(int64_t permille, Language language);
// "+12", "−3".
std::string SignedText(int64_t number, Language language);

// "Rp 1.234.567", "USD 12,50"; of a currency whose minor units are not known these themselves.
std::string MoneyText(std::string_view currency, Minor minor, Language language);
// Of all currencies: "Rp 10.000; USD 2,00"; "–" of none.
std::string ValueText(const Sales& sales, Language language);
// The share of each currency's value, in the same order.
std::string ValueShareText(const Sales& part, const Sales& whole, Language language);

// A creator's token as it may stand in a terminal and in a page: what is no UTF-8 as hexadecimal,
// control characters as "?".
std::string TokenText(const std::string& token);

// How many characters well-formed UTF-8 has.
size_t Characters(const std::string& text);
// At most so many of them, the last a "…" if there were more.
std::string Shortened(const std::string& text, size_t most);

}  // namespace jembatan::beli_lokal
