#pragma once

// Goods: the offers that a marketplace was loaded with for a run, by the role each plays. A run
// uses them up: what is sold stays sold, so the template's ids are new each time it is printed.
//
// Owned by main; one thread.

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"

#include "jembatan/orders/v1/orders.pb.h"

namespace jembatan::conformance {

class Goods {
 public:
  // From a file in the form that Template writes.
  static absl::StatusOr<Goods> Read(const std::string& path);
  static absl::StatusOr<Goods> Parse(const std::string& name, std::string_view json);
  // A JSON array of offers, each with its role; ids carry the stamp.
  static std::string Template(std::string_view stamp, int64_t now_ms);

  // An offer that nothing uses up; null: the file has none of the role.
  const orders::v1::Offer* Any(std::string_view role) const;
  // An offer that no other check has taken; null: none is left.
  const orders::v1::Offer* Take(std::string_view role);
  // All, in the order of the file.
  const std::vector<orders::v1::Offer>& all() const { return all_; }

 private:
  std::vector<orders::v1::Offer> all_;
  // Places in all_; and how many of them are taken.
  std::map<std::string, std::vector<size_t>, std::less<>> by_role_;
  std::map<std::string, size_t, std::less<>> taken_;
};

}  // namespace jembatan::conformance
