#include "libs/controls/statement.h"

#include <functional>
#include <set>
#include <string>
#include <vector>

#include "gtest/gtest.h"

#include "libs/base/status.h"
#include "libs/controls/limits.h"
#include "libs/controls/testing/make_controls.h"
#include "libs/policy/testing.h"

namespace jembatan::controls {
namespace {

using crossing::v1::Control;
using crossing::v1::Halt;
using testing::MakeControl;
using testing::MakeHalt;
using testing::MakePolicy;
using testing::MakeRollout;
using testing::MakeRoute;

Control MakeTrial() {
  Control control = MakeRollout(1, "toko", 500);
  crossing::v1::Trial* trial = control.mutable_rollout()->mutable_trial();
  base::SetMs(testing::kIssuedMs, trial->mutable_starts_at());
  base::SetMs(testing::kIssuedMs + 1'000, trial->mutable_ends_at());
  base::SetMs(testing::kIssuedMs + 500, trial->mutable_renewed_until());
  crossing::v1::Milestone* milestone = trial->add_milestones();
  milestone->set_stream(crossing::v1::WORK_STREAM_PAYMENT);
  milestone->set_title("Pembayaran di lokapasar");
  base::SetMs(testing::kIssuedMs + 100, milestone->mutable_due_at());
  return control;
}

TEST(SubjectOf, NamesWhatAControlIsAbout) {
  EXPECT_EQ(SubjectOf(MakeHalt(1, Halt::SCOPE_GLOBAL)), "halt/global");
  EXPECT_EQ(SubjectOf(MakeHalt(1, Halt::SCOPE_OFFER, "o-1")), "halt/offer:o-1");
  EXPECT_EQ(SubjectOf(MakeRoute(1, "toko", "", crossing::v1::ROUTE_MODE_BACKEND)), "route/toko");
  EXPECT_EQ(SubjectOf(MakeRoute(1, "toko", "c", crossing::v1::ROUTE_MODE_BACKEND)), "route/toko/c");
  EXPECT_EQ(SubjectOf(MakeRollout(1, "toko", 1)), "rollout/toko");
  EXPECT_EQ(SubjectOf(MakePolicy(1, policy::testing::kConsent)), "policy");
  EXPECT_EQ(SubjectOf(MakeControl(1)), "");
}

TEST(CheckControl, TakesSoundOnes) {
  for (const Control& control :
       {MakeHalt(1, Halt::SCOPE_GLOBAL), MakeHalt(2, Halt::SCOPE_ROOM, "r:1", false),
        MakeRoute(1, "toko", "c", crossing::v1::ROUTE_MODE_LINK_OUT), MakeRollout(1, "toko", 0),
        MakeRollout(9, "toko", kWholeShare, true), MakeTrial(),
        MakePolicy(1, policy::testing::kConsent)}) {
    EXPECT_TRUE(CheckControl(control).ok()) << CheckControl(control);
  }
}

struct BadControl {
  const char* named;  // in the error
  std::function<void(Control&)> spoil;
};

TEST(CheckControl, NamesWhatIsWrong) {
  const BadControl bad[] = {
      {"version counts", [](Control& c) { c.set_version(0); }},
      {"version is too large", [](Control& c) { c.set_version(UINT64_MAX); }},
      {"issued_at", [](Control& c) { c.clear_issued_at(); }},
      {"issued_at", [](Control& c) { c.mutable_issued_at()->set_nanos(1); }},
      {"issued_at", [](Control& c) { c.mutable_issued_at()->set_seconds(-1); }},
      {"why", [](Control& c) { c.clear_why(); }},
      {"why", [](Control& c) { c.set_why("two\nlines"); }},
      {"why", [](Control& c) { c.set_why(std::string(kWhyBytes + 1, 'x')); }},
      {"orders nothing", [](Control& c) { c.clear_rollout(); }},
      {"signatures",
       [](Control& c) {
         for (size_t i = 0; i <= kSignatures; ++i) c.add_signatures();
       }},
      {"does not know",
       [](Control& c) { c.GetReflection()->MutableUnknownFields(&c)->AddVarint(99, 1); }},
      {"does not know",
       [](Control& c) {
         auto* milestone = c.mutable_rollout()->mutable_trial()->mutable_milestones(0);
         milestone->GetReflection()->MutableUnknownFields(milestone)->AddVarint(99, 1);
       }},
      {"halt.scope", [](Control& c) { c.mutable_halt(); }},
      {"halt.scope", [](Control& c) { c.mutable_halt()->set_scope(static_cast<Halt::Scope>(9)); }},
      {"halt.id", [](Control& c) { c.mutable_halt()->set_scope(Halt::SCOPE_OFFER); }},
      {"halt.id",
       [](Control& c) {
         c.mutable_halt()->set_scope(Halt::SCOPE_GLOBAL);
         c.mutable_halt()->set_id("x");
       }},
      {"halt.id",
       [](Control& c) {
         c.mutable_halt()->set_scope(Halt::SCOPE_OFFER);
         c.mutable_halt()->set_id("a/b");
       }},
      {"route.marketplace_id", [](Control& c) { c.mutable_route(); }},
      {"route.campaign_id",
       [](Control& c) {
         c.mutable_route()->set_marketplace_id("m");
         c.mutable_route()->set_campaign_id(std::string(kIdBytes + 1, 'x'));
       }},
      {"route.mode", [](Control& c) { c.mutable_route()->set_marketplace_id("m"); }},
      {"rollout.marketplace_id", [](Control& c) { c.mutable_rollout()->clear_marketplace_id(); }},
      {"rollout.share", [](Control& c) { c.mutable_rollout()->set_share(kWholeShare + 1); }},
      {"trial.starts_at",
       [](Control& c) { c.mutable_rollout()->mutable_trial()->clear_starts_at(); }},
      {"trial.ends_at",
       [](Control& c) {
         auto* trial = c.mutable_rollout()->mutable_trial();
         *trial->mutable_ends_at() = trial->starts_at();
       }},
      {"trial.renewed_until",
       [](Control& c) { c.mutable_rollout()->mutable_trial()->clear_renewed_until(); }},
      {"milestones",
       [](Control& c) {
         auto* trial = c.mutable_rollout()->mutable_trial();
         while (static_cast<size_t>(trial->milestones_size()) <= kMilestones) {
           *trial->add_milestones() = trial->milestones(0);
         }
       }},
      {"milestone.stream",
       [](Control& c) {
         c.mutable_rollout()->mutable_trial()->mutable_milestones(0)->clear_stream();
       }},
      {"milestone.title",
       [](Control& c) {
         c.mutable_rollout()->mutable_trial()->mutable_milestones(0)->clear_title();
       }},
      {"milestone.due_at",
       [](Control& c) {
         c.mutable_rollout()->mutable_trial()->mutable_milestones(0)->clear_due_at();
       }},
  };
  for (const BadControl& each : bad) {
    Control control = MakeTrial();
    each.spoil(control);
    const absl::Status status = CheckControl(control);
    EXPECT_TRUE(absl::IsInvalidArgument(status)) << each.named;
    EXPECT_NE(std::string(status.message()).find(each.named), std::string::npos)
        << each.named << ": " << status;
  }
}

TEST(CheckControl, TellsWhatIsWrongInAPolicy) {
  EXPECT_EQ(base::ToString(CheckControl(MakePolicy(1, "schema = 1\n"))),
            "INVALID_ARGUMENT: control: " +
                std::string(policy::ParsePolicy("policy", "schema = 1\n").status().message()));
  Control other = MakePolicy(1, policy::testing::kConsent);
  other.mutable_policy()->set_version(std::string(32, 'v'));
  EXPECT_EQ(base::ToString(CheckControl(other)),
            "INVALID_ARGUMENT: control: policy.version is another text's");
  std::string comments = policy::testing::kConsent;
  comments.append(kPolicyBytes, '#');
  EXPECT_FALSE(CheckControl(MakePolicy(1, comments)).ok());
}

TEST(CanonicalBytes, EveryFieldChangesThem) {
  const std::vector<std::function<void(Control&)>> changes = {
      [](Control&) {},
      [](Control& c) { c.set_version(2); },
      [](Control& c) { c.mutable_issued_at()->set_nanos(1'000'000); },
      [](Control& c) { c.set_why("another"); },
      [](Control& c) { c.mutable_rollout()->set_marketplace_id("tok"); },
      [](Control& c) { c.mutable_rollout()->set_share(501); },
      [](Control& c) { c.mutable_rollout()->set_shadow(true); },
      [](Control& c) { c.mutable_rollout()->clear_trial(); },
      [](Control& c) { c.mutable_rollout()->mutable_trial()->mutable_starts_at()->set_seconds(1); },
      [](Control& c) { c.mutable_rollout()->mutable_trial()->mutable_ends_at()->set_seconds(1); },
      [](Control& c) {
        c.mutable_rollout()->mutable_trial()->mutable_renewed_until()->set_seconds(1);
      },
      [](Control& c) { c.mutable_rollout()->mutable_trial()->clear_milestones(); },
      [](Control& c) {
        c.mutable_rollout()->mutable_trial()->mutable_milestones(0)->set_stream(
            crossing::v1::WORK_STREAM_USER_DATA);
      },
      [](Control& c) {
        c.mutable_rollout()->mutable_trial()->mutable_milestones(0)->set_title("x");
      },
      [](Control& c) {
        c.mutable_rollout()->mutable_trial()->mutable_milestones(0)->mutable_due_at()->set_seconds(
            1);
      },
      [](Control& c) {
        base::SetMs(
            1, c.mutable_rollout()->mutable_trial()->mutable_milestones(0)->mutable_reached_at());
      },
      [](Control& c) { c = MakeHalt(1, Halt::SCOPE_GLOBAL); },
      [](Control& c) { c = MakeHalt(1, Halt::SCOPE_GLOBAL, "", false); },
      [](Control& c) { c = MakeHalt(1, Halt::SCOPE_OFFER, "toko"); },
      [](Control& c) { c = MakeRoute(1, "toko", "", crossing::v1::ROUTE_MODE_BACKEND); },
      [](Control& c) { c = MakeRoute(1, "toko", "", crossing::v1::ROUTE_MODE_LINK_OUT); },
      [](Control& c) { c = MakeRoute(1, "toko", "c", crossing::v1::ROUTE_MODE_LINK_OUT); },
  };
  std::set<std::string> seen;
  for (const auto& change : changes) {
    Control control = MakeTrial();
    change(control);
    EXPECT_TRUE(seen.insert(CanonicalBytes(control)).second) << control.ShortDebugString();
  }
}

// A fixed example: other programs sign too.
TEST(CanonicalBytes, AreThese) {
  EXPECT_EQ(CanonicalBytes(MakeHalt(3, Halt::SCOPE_OFFER, "o-1")),
            "jembatan-control-v1:14:halt/offer:o-1,1:3,13:1800000000000,6:a test,1:1,");
}

TEST(CanonicalBytes, AreWithoutTheSignatures) {
  Control control = MakeHalt(1, Halt::SCOPE_GLOBAL);
  const std::string before = CanonicalBytes(control);
  control.add_signatures()->set_key_id("a");
  EXPECT_EQ(CanonicalBytes(control), before);
}

TEST(RecordKey, TellsRecordsApartThatDifferInTheirSignaturesOnly) {
  Control control = MakeHalt(3, Halt::SCOPE_GLOBAL);
  const std::string key = testing::RecordOf(control).key;
  EXPECT_TRUE(key.starts_with("halt/global@3-")) << key;
  control.add_signatures()->set_key_id("a");
  EXPECT_NE(testing::RecordOf(control).key, key);
}

}  // namespace
}  // namespace jembatan::controls
