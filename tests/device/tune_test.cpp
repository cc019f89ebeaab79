// SPDX-License-Identifier: Apache-2.0
// Tuning: every variant of packed cases gives the same bits (op_case_test.cpp has them all beside the reference),
// choices are followed, files are checked, time is bounded.
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>
#include <fstream>

#include "engine/base/file.hpp"
#include "engine/base/log.hpp"
#include "engine/base/stopwatch.hpp"
#include "engine/kernel/bank.hpp"
#include "engine/plan/lower.hpp"
#include "engine/plan/plan.hpp"
#include "engine/tune/lone_node.hpp"
#include "engine/tune/measure.hpp"
#include "engine/tune/tuning_file.hpp"
#include "tests/harness/device/device_case.hpp"
#include "tests/harness/folder_test.hpp"

namespace lowtide {
namespace {

namespace fs = std::filesystem;
using graph::Graph;
using graph::Node;
using graph::Tuning;

std::string kernels_of(const plan::Program& program) {
  std::string names;
  for (const Dispatch& dispatch : program.dispatches) names += std::string(kernel_info(dispatch.kernel).name) + " ";
  return names;
}

// The first case of an op that is to be had in a graph of one node.
harness::DifferentiatedCase case_of(std::string_view op) {
  for (const cases::OpCase& op_case : cases::all_cases()) {
    if (!op_case.name.starts_with(op)) continue;
    auto built = harness::build_forward(op_case);
    if (built && built->graph->nodes().size() == 1 && built->graph->nodes().front().op->name == op) {
      return std::move(*built);
    }
  }
  LOWTIDE_CHECK(false, "no such case");
}

Tuning naming(const Node& node, const Graph& graph, std::string variant) {
  Tuning tuning;
  tuning.by_node[node_signature(node, graph)] = std::move(variant);
  return tuning;
}

class Tune : public harness::FolderTest {
 protected:
  void TearDown() override {
    unsetenv("LOWTIDE_TUNING");
    FolderTest::TearDown();
  }

  runtime::Context& context_ = harness::test_context();
};

TEST_F(Tune, EveryVariantOfAnExactOpGivesTheSameBits) {
  constexpr std::string_view kCases[] = {"packed_conv2d/signs", "packed_conv2d/2x2bit_depthwise",
                                         "packed_conv2d/shift3", "packed_linear/signs_words"};
  std::set<std::string> variants;
  uint32_t nodes = 0;
  for (const cases::OpCase& op_case : cases::all_cases()) {
    if (std::find(std::begin(kCases), std::end(kCases), op_case.name) == std::end(kCases)) continue;
    auto built = harness::build_forward(op_case);
    ASSERT_TRUE(built) << op_case.name;
    const Node& node = built->graph->nodes().back();
    const auto times = tune::measure_node(context_, node, *built->graph, 600.0);  // ends by the number of passes
    ASSERT_TRUE(times) << op_case.name << ": " << times.error().to_string();
    for (const tune::VariantTime& variant : times->variants) {
      EXPECT_TRUE(variant.is_right) << op_case.name << " " << variant.name << " " << variant.kernels;
      EXPECT_EQ(variant.error, "") << op_case.name << " " << variant.name;
      EXPECT_GT(variant.passes, 0u) << op_case.name << " " << variant.name;
      variants.insert(variant.name);
    }
    ++nodes;
  }
  EXPECT_EQ(nodes, std::size(kCases));
  EXPECT_TRUE(variants.contains("naive"));
  EXPECT_TRUE(variants.contains("unrolled"));
  EXPECT_EQ(variants.contains("dot_64"), context_.caps().has(bit(Feature::integer_dot)));
  EXPECT_EQ(variants.contains("matrix"), context_.caps().has(bit(Feature::cooperative_matrix_int8)));
  EXPECT_EQ(variants.contains("ballot"), context_.caps().has(bit(Feature::subgroup_ballot)));
}

TEST_F(Tune, AChoiceIsFollowedAndAnUnknownOneIsNot) {
  const auto built = case_of("packed_conv2d");
  const Graph& graph = *built.graph;
  const Node& node = graph.nodes().back();
  const auto program_with = [&](const Tuning* tuning) {
    return plan::make_program(graph, {.caps = context_.caps(), .tuning = tuning}).value();
  };
  const plan::Program by_rules = program_with(nullptr);
  EXPECT_TRUE(by_rules.tuned_nodes.empty());
  const Tuning naive = naming(node, graph, "naive");
  EXPECT_NE(kernels_of(program_with(&naive)).find("_naive"), std::string::npos);
  EXPECT_EQ(program_with(&naive).tuned_nodes.size(), 1u);
  const Tuning unknown = naming(node, graph, "no_such_variant");
  EXPECT_EQ(kernels_of(program_with(&unknown)), kernels_of(by_rules));
  EXPECT_TRUE(program_with(&unknown).tuned_nodes.empty());
  for (const std::string& variant : plan::fitting_variants(node, graph, {.caps = context_.caps()})) {
    const Tuning tuning = naming(node, graph, variant);
    EXPECT_EQ(program_with(&tuning).tuned_nodes.size(), 1u) << variant;
  }
  Tuning by_hand = naming(node, graph, "unrolled");
  by_hand.by_op["packed_conv2d"] = "naive";  // a person's word counts more
  EXPECT_NE(kernels_of(program_with(&by_hand)).find("_naive"), std::string::npos);
}

TEST_F(Tune, InferenceFollowsChoicesOfExactOpsAlone) {
  const auto built = case_of("conv2d");
  const Graph& graph = *built.graph;
  const Node& node = graph.nodes().front();
  ASSERT_FALSE(node.op->is_exact);
  Tuning tuning = naming(node, graph, "naive");
  EXPECT_EQ(tuning.variant_for(node, graph), "naive");
  tuning.exact_only = true;
  EXPECT_EQ(tuning.variant_for(node, graph), "");
}

TEST_F(Tune, AFloatVariantThatIsCloseCounts) {
  const auto built = case_of("conv2d");
  const Node& node = built.graph->nodes().front();
  const auto times = tune::measure_node(context_, node, *built.graph, 0.2);
  ASSERT_TRUE(times) << times.error().to_string();
  for (const tune::VariantTime& variant : times->variants) {
    EXPECT_TRUE(variant.is_right) << variant.name;
    EXPECT_EQ(variant.error, "") << variant.name;
    if (times->variants.size() > 1) {
      EXPECT_GT(variant.seconds, 0.0) << variant.name;
    }
  }
}

TEST_F(Tune, TimeIsBounded) {
  const auto built = case_of("packed_conv2d");
  const auto none = tune::tune_graph(context_, *built.graph, {.seconds = 0.0});
  ASSERT_TRUE(none);
  EXPECT_EQ(none->measured, 0u);
  EXPECT_GE(none->left, 1u);
  EXPECT_TRUE(none->tuning.is_empty());
  const auto some = tune::tune_graph(context_, *built.graph, {.seconds = 60.0, .seconds_per_node = 0.1});
  ASSERT_TRUE(some);
  EXPECT_GE(some->measured, 1u);
  EXPECT_EQ(some->left, 0u);
  for (const auto& [signature, variant] : some->tuning.by_node) EXPECT_FALSE(variant.empty()) << signature;
}

TEST_F(Tune, FilesComeBackAsTheyWere) {
  const tune::Subject subject = tune::subject_of(context_);
  Tuning tuning;
  tuning.by_op["conv2d"] = "naive";
  tuning.by_node["packed_conv2d(a=1 b=-0.5) b1[1, 2, 3, 4] -> b2[1]"] = "unrolled_9";
  const fs::path path = folder_ / "deeper" / "tuning.txt";
  ASSERT_TRUE(tune::save_tuning_file(path, tuning, subject));
  const auto read = tune::load_tuning_file(path, subject);
  ASSERT_TRUE(read) << read.error().to_string();
  EXPECT_EQ(read->by_op, tuning.by_op);
  EXPECT_EQ(read->by_node, tuning.by_node);
  setenv("LOWTIDE_TUNING", path.c_str(), 1);
  EXPECT_EQ(tune::find_tuning(context_)->by_op, tuning.by_op);
  EXPECT_TRUE(tune::find_tuning(context_, "off")->is_empty());
  setenv("LOWTIDE_TUNING", "off", 1);
  EXPECT_TRUE(tune::find_tuning(context_)->is_empty());
  EXPECT_TRUE(warnings_.empty());
}

TEST_F(Tune, DamagedFilesAreRefusedWithASentence) {
  const tune::Subject subject = tune::subject_of(context_);
  const std::string start = tune::to_text({}, subject);
  std::string many = start;
  for (int i = 0; i < 20001; ++i) many += "node naive n" + std::to_string(i) + "\n";
  const std::string bad[] = {"",
                             "x",
                             start + "node naive conv2d",
                             start + "node Naive conv2d\n",
                             start + "node naive \n",
                             start + "node naive a\x01\n",
                             start + "op conv2d\n",
                             start + "op conv2d naive\nop conv2d direct\n",
                             start + "op conv2d " + std::string(65, 'a') + "\n",
                             start + "node naive " + std::string(2001, 'a') + "\n",
                             start + "kernel conv2d naive\n",
                             many};
  const fs::path path = folder_ / "tuning.txt";
  for (const std::string& text : bad) {
    std::ofstream(path, std::ios::binary | std::ios::trunc) << text;
    const auto read = tune::find_tuning(context_, path.string());
    ASSERT_FALSE(read) << text.substr(0, 400);
    EXPECT_EQ(read.error().code, ErrorCode::format);
    EXPECT_NE(read.error().text.find(path.string()), std::string::npos);
  }
  EXPECT_EQ(tune::find_tuning(context_, (folder_ / "none").string()).error().code, ErrorCode::not_found);
  EXPECT_TRUE(tune::parse_tuning(start + "# a comment\n", subject)->is_empty());
}

TEST_F(Tune, AnotherDriversFileIsIgnoredWithASentence) {
  tune::Subject other = tune::subject_of(context_);
  other.driver += " of tomorrow";
  Tuning tuning;
  tuning.by_op["conv2d"] = "naive";
  const fs::path path = folder_ / "tuning.txt";
  ASSERT_TRUE(tune::save_tuning_file(path, tuning, other));
  const auto read = tune::find_tuning(context_, path.string());
  ASSERT_TRUE(read) << read.error().to_string();
  EXPECT_TRUE(read->is_empty());
  ASSERT_EQ(warnings_.size(), 1u);
  EXPECT_NE(warnings_[0].find("another device, driver or build"), std::string::npos) << warnings_[0];
}

}  // namespace
}  // namespace lowtide
