// SPDX-License-Identifier: Apache-2.0
// The kernel bank as the engine sees it, and what its generator refuses: small shaders that break one rule each are
// compiled and handed to the generator, whose exit status and sentence are checked.
#include <gtest/gtest.h>
#include <sys/wait.h>

#include <cstdio>
#include <filesystem>
#include <fstream>
#include <string>

#include "engine/base/file.hpp"
#include "engine/kernel/bank.hpp"
#include "engine/kernel/dispatch.hpp"
#include "gen/kernels/copy.hpp"
#include "gen/kernels/fill.hpp"
#include "shaders/copy/copy.params.h"

namespace lowtide {
namespace {

namespace fs = std::filesystem;

TEST(KernelBank, IsSortedAndIdsAreIndices) {
  const std::span<const KernelInfo> bank = kernel_bank();
  ASSERT_GE(bank.size(), 2u);
  for (size_t i = 0; i < bank.size(); ++i) {
    if (i > 0) {
      EXPECT_LT(bank[i - 1].name, bank[i].name);
    }
    EXPECT_EQ(find_kernel(bank[i].name), KernelId(static_cast<uint32_t>(i)));
  }
  EXPECT_EQ(find_kernel("copy_forward_nai"), std::nullopt);
  EXPECT_EQ(find_kernel(kernels::fill_forward_naive::name), kernels::fill_forward_naive::id);
}

TEST(KernelBank, EveryRowKeepsTheRules) {
  for (const KernelInfo& info : kernel_bank()) {
    SCOPED_TRACE(std::string(info.name));
    ASSERT_GT(info.spirv.size(), 5u);
    EXPECT_EQ(info.spirv[0], 0x07230203u);
    if (!info.spirv_address.empty()) {
      EXPECT_EQ(info.spirv_address[0], 0x07230203u);
    }
    EXPECT_GE(info.bindings.size(), 1u);
    EXPECT_LE(info.bindings.size(), kMaxBindings);
    EXPECT_LE(info.param_bytes, kMaxParamBytes);
    ASSERT_GE(info.spec_constants.size(), 1u);
    EXPECT_EQ(info.spec_constants[0].name, "width");
    if (info.features == 0) {
      EXPECT_LE(info.spec_constants[0].default_value, 128u) << "more than any device grants";
    }
    for (size_t i = 0; i < info.spec_constants.size(); ++i) EXPECT_EQ(info.spec_constants[i].id, i);
  }
}

TEST(KernelBank, DescribesCopy) {
  const KernelInfo& info = kernel_info(kernels::copy_forward_naive::id);
  ASSERT_EQ(info.bindings.size(), 2u);
  EXPECT_EQ(info.bindings[0].name, "x");
  EXPECT_EQ(info.bindings[0].access, Access::read);
  EXPECT_EQ(info.bindings[1].name, "y");
  EXPECT_EQ(info.bindings[1].access, Access::write);
  EXPECT_EQ(info.param_bytes, sizeof(shaders::CopyParams));
  EXPECT_EQ(info.features, 0u);
  EXPECT_FALSE(info.spirv_address.empty());
  EXPECT_EQ(info.spec_constants[0].default_value, kernels::copy_forward_naive::local_size);
}

TEST(KernelBank, TypedStructBecomesADispatch) {
  DispatchList list(10);
  list.add(kernels::copy_forward_naive{.x = ValueId(3), .y = ValueId(5), .spec = {.width = 32}},
           shaders::CopyParams{.x_first = 1, .y_first = 2, .count = 100}, groups_for(100, 32));
  const Dispatch& d = list.dispatches().at(0);
  EXPECT_EQ(d.kernel, kernels::copy_forward_naive::id);
  EXPECT_EQ(d.value_count, 2u);
  EXPECT_EQ(d.values[1], ValueId(5));
  EXPECT_EQ(d.spec_count, 1u);
  EXPECT_EQ(d.spec[0], 32u);
  EXPECT_EQ(d.param_bytes, 12u);
  EXPECT_EQ(d.groups.x, 4u);
}

struct Outcome {
  int status;
  std::string text;
};

Outcome run(const std::string& command) {
  FILE* pipe = ::popen((command + " 2>&1").c_str(), "r");
  if (pipe == nullptr) return {-1, "popen failed"};
  std::string text;
  char buffer[512];
  while (const size_t count = std::fread(buffer, 1, sizeof buffer, pipe)) text.append(buffer, count);
  const int status = ::pclose(pipe);
  return {WIFEXITED(status) ? WEXITSTATUS(status) : -1, text};
}

class Generator : public ::testing::Test {
 protected:
  void SetUp() override {
    const auto* test = ::testing::UnitTest::GetInstance()->current_test_info();
    folder_ = fs::path(::testing::TempDir()) / (std::string("kernel_bank_") + test->name());
    fs::remove_all(folder_);
    fs::create_directories(folder_);
  }
  void TearDown() override { fs::remove_all(folder_); }

  std::string path(const std::string& name) const { return (folder_ / name).string(); }
  void write(const std::string& name, const std::string& text) const { std::ofstream(folder_ / name) << text; }

  // Compiles a kernel whose declarations and body are given; WORKGROUP_WIDTH(64) unless `width` says otherwise.
  void compile(const std::string& body, const std::string& options = "",
               const std::string& width = "WORKGROUP_WIDTH(64)") const {
    write("test.comp",
          "#version 450\n#extension GL_GOOGLE_include_directive : require\n#include \"lib/buffer.glsl\"\n" + width +
              "\n" + body);
    const Outcome outcome =
        run(std::string(LOWTIDE_TEST_GLSLANG) + " --quiet -V --target-env vulkan1.3 -S comp " + options + " -I" +
            LOWTIDE_SOURCE_DIR + "/shaders -o " + path("test.spv") + " " + path("test.comp"));
    ASSERT_EQ(outcome.status, 0) << outcome.text;
  }

  // Runs the generator over the compiled module; `lists` is "features|in-place bindings".
  Outcome generate(const std::string& lists = "|", bool has_address_form = false) const {
    write("test.txt", "test_forward|" + path("test.spv") + "|" + (has_address_form ? path("address.spv") : "") + "|" +
                          lists + "\n");
    write("test.params.h", "");
    return run(std::string(LOWTIDE_TEST_KERNEL_BANK) + " op " + path("test.txt") + " " + path("out.hpp") + " " +
               path("out.cpp") + " " + path("test.params.h"));
  }

  Outcome derive_address_form() const {
    return run(std::string(LOWTIDE_TEST_KERNEL_BANK) + " address " + path("test.spv") + " " + path("address.spv"));
  }

  void expect_refusal(const Outcome& outcome, const std::string& sentence) const {
    EXPECT_EQ(outcome.status, 1);
    EXPECT_NE(outcome.text.find(sentence), std::string::npos) << "found: " << outcome.text;
    EXPECT_NE(outcome.text.find("test.spv"), std::string::npos) << "no file named: " << outcome.text;
  }

  fs::path folder_;
};

TEST_F(Generator, WritesTypedStructs) {
  compile(
      "layout(constant_id = 1) const float gain = 0.5;\nlayout(constant_id = 2) const bool accumulate = true;\n"
      "layout(constant_id = 3) const int shift = -1;\nstruct P { uint count; float slope; };\nPUSH_CONSTANTS(P, p)\n"
      "BUFFER_READ(0, float, x)\nBUFFER_READ_VIEW(0, vec4, x4)\nBUFFER_READ_WRITE(1, float, y)\n"
      "void main() { if (p.count > 0) y[0] += x[1] * gain + x4[0].y + float(shift) + (accumulate ? p.slope : 0.0); }");
  ASSERT_EQ(derive_address_form().status, 0);
  const Outcome outcome = generate("|y", true);
  ASSERT_EQ(outcome.status, 0) << outcome.text;
  const std::string header = read_text(path("out.hpp")).value_or("");
  for (const char* expected :
       {"struct test_forward {", "ValueId x;  // read\n", "ValueId y;  // read_write\n", "uint32_t width = 64u;",
        "float gain = std::bit_cast<float>(1056964608u);", "bool accumulate = true;",
        "int32_t shift = std::bit_cast<int32_t>(4294967295u);", "param_bytes = 8;", "return {x, y};"}) {
    EXPECT_NE(header.find(expected), std::string::npos) << expected << "\nnot in\n" << header;
  }
  const std::string source = read_text(path("out.cpp")).value_or("");
  EXPECT_NE(source.find("static_assert(offsetof(shaders::P, slope) == 4"), std::string::npos);
  EXPECT_NE(source.find("address_words"), std::string::npos);
}

TEST_F(Generator, AddressFormHasNoStorageBufferLeft) {
  compile("BUFFER_READ(0, float, x)\nBUFFER_WRITE(1, vec4, y)\nvoid main() { y[1] = vec4(x[2]); }");
  ASSERT_EQ(derive_address_form().status, 0);
  const Outcome valid = run(std::string(LOWTIDE_TEST_SPIRV_VAL) + " --target-env vulkan1.3 " + path("address.spv"));
  EXPECT_EQ(valid.status, 0) << valid.text;
  const auto file = MappedFile::open(path("address.spv"));
  ASSERT_TRUE(file.has_value());
  const std::span words(reinterpret_cast<const uint32_t*>(file->bytes().data()), file->bytes().size() / 4);
  for (size_t at = 5; at < words.size(); at += words[at] >> 16) {
    const bool is_pointer_type = (words[at] & 0xffffu) == 32;
    if (is_pointer_type) {
      EXPECT_NE(words[at + 2], 12u) << "a pointer into a storage buffer";
    }
  }
}

struct BadKernel {
  const char* name;
  const char* body;
  const char* lists;  // features|in-place bindings
  const char* sentence;
};

constexpr BadKernel kBadKernels[] = {
    {"not_in_place", "BUFFER_READ_WRITE(0, float, y)\nvoid main() { y[0] += 1.0; }", "|",
     "binding 'y' is read and written but not declared IN_PLACE"},
    {"in_place_for_nothing", "BUFFER_WRITE(0, float, y)\nvoid main() { y[0] = 1.0; }", "|y",
     "binding 'y' is declared IN_PLACE but the shader does not both read and write it"},
    {"in_place_unknown", "BUFFER_WRITE(0, float, y)\nvoid main() { y[0] = 1.0; }", "|z",
     "IN_PLACE names 'z', which is no binding"},
    {"gap", "BUFFER_WRITE(0, float, y)\nBUFFER_READ(2, float, x)\nvoid main() { y[0] = x[0]; }", "|",
     "binding 1 is missing although binding 2 exists"},
    {"ninth_binding",
     "BUFFER_WRITE(0, float, a)\nBUFFER_WRITE(1, float, b)\nBUFFER_WRITE(2, float, c)\nBUFFER_WRITE(3, float, d)\n"
     "BUFFER_WRITE(4, float, e)\nBUFFER_WRITE(5, float, f)\nBUFFER_WRITE(6, float, g)\nBUFFER_WRITE(7, float, h)\n"
     "BUFFER_WRITE(8, float, i)\nvoid main() {}",
     "|", "binding 8 is beyond the 8 that a kernel may have"},
    {"two_members",
     "layout(set = 0, binding = 0) buffer B { uint count; float y[]; };\nvoid main() { y[count] = 1.0; }", "|",
     "must have exactly one member, a runtime array"},
    {"only_a_view", "BUFFER_WRITE_VIEW(0, vec4, y4)\nvoid main() { y4[0] = vec4(1.0); }", "|", "has only views"},
    {"declared_twice",
     "BUFFER_READ(0, float, x)\nBUFFER_READ(0, vec4, x4)\nBUFFER_WRITE(1, float, y)\nvoid main() { y[0] = x[0] + "
     "x4[0].x; "
     "}",
     "|", "binding 0 is declared as 'x' and as 'x4'"},
    {"other_set", "layout(set = 1, binding = 0) writeonly buffer B { float y[]; };\nvoid main() { y[0] = 1.0; }", "|",
     "is not one binding in set 0"},
    {"uniform_block",
     "layout(set = 0, binding = 1) uniform U { float u; };\nBUFFER_WRITE(0, float, y)\nvoid main() { y[0] = u; }", "|",
     "uniform buffers, images and samplers are not bindings"},
    {"too_many_params",
     "#define F4(n) float n##0; float n##1; float n##2; float n##3;\nstruct P { F4(a) F4(b) F4(c) F4(d) F4(e) F4(f) "
     "F4(g) F4(h) float last; };\nPUSH_CONSTANTS(P, p)\nBUFFER_WRITE(0, float, y)\nvoid main() { y[0] = p.last; }",
     "|", "132 bytes of push constants; at most 128"},
    {"vector_param",
     "struct P { vec4 v; };\nPUSH_CONSTANTS(P, p)\nBUFFER_WRITE(0, float, y)\nvoid main() { y[0] = p.v.x; }", "|",
     "push constant 'v' must be uint, int or float"},
    {"spec_gap", "layout(constant_id = 2) const uint tile = 8;\nBUFFER_WRITE(0, uint, y)\nvoid main() { y[0] = tile; }",
     "|", "spec id 1 is missing although id 2 exists"},
    {"undeclared_feature",
     "#extension GL_EXT_shader_explicit_arithmetic_types_float16 : require\nBUFFER_WRITE(0, float, y)\nvoid main() { "
     "float16_t h = float16_t(y.length()); y[0] = float(h * h); }",
     "|", "the kernel uses capability Float16; declare FEATURES float16"},
    {"unknown_feature", "BUFFER_WRITE(0, float, y)\nvoid main() { y[0] = 1.0; }", "float17|",
     "FEATURES names 'float17', which is no feature"},
    {"uncovered_capability",
     "#extension GL_KHR_shader_subgroup_vote : require\nBUFFER_WRITE(0, float, y)\nvoid main() { if "
     "(subgroupAll(true)) "
     "y[0] = 1.0; }",
     "|", "which no feature"},
    {"reserved_name", "BUFFER_WRITE(0, float, values)\nvoid main() { values[0] = 1.0; }", "|",
     "a binding cannot be named 'values' in C++"},
};

TEST_F(Generator, RefusesEachBadKernelWithASentence) {
  for (const BadKernel& bad : kBadKernels) {
    SCOPED_TRACE(bad.name);
    compile(bad.body);
    expect_refusal(generate(bad.lists), bad.sentence);
  }
}

TEST_F(Generator, RefusesOtherWorkgroups) {
  const char* body = "BUFFER_WRITE(0, float, y)\nvoid main() { y[0] = 1.0; }";
  compile(body, "", "layout(local_size_x = 64) in;");
  expect_refusal(generate(), "spec id 0 must be the workgroup width");
  compile(body, "", "layout(local_size_x_id = 0, local_size_y = 2) in;");
  expect_refusal(generate(), "the workgroup must be one-dimensional");
}

TEST_F(Generator, RefusesNamelessBindings) {
  compile("BUFFER_WRITE(0, float, y)\nvoid main() { y[0] = 1.0; }", "-g0");
  expect_refusal(generate(), "binding 0 has no name");
}

TEST_F(Generator, RefusesWhatIsNoModule) {
  write("test.spv", "no module at all");
  expect_refusal(generate(), "not a SPIR-V module");
  const uint32_t cut[] = {0x07230203u, 0x00010600u, 0, 10, 0, (9u << 16) | 17u, 1};
  write("test.spv", std::string(reinterpret_cast<const char*>(cut), sizeof cut));
  expect_refusal(generate(), "cut short");
}

TEST_F(Generator, RefusesAForeignTwin) {
  compile("BUFFER_WRITE(0, float, y)\nlayout(constant_id = 1) const uint tile = 8;\nvoid main() { y[tile] = 1.0; }");
  ASSERT_EQ(derive_address_form().status, 0);
  compile("BUFFER_WRITE(0, float, y)\nlayout(constant_id = 1) const uint tile = 9;\nvoid main() { y[tile] = 1.0; }");
  expect_refusal(generate("|", true), "the device-address form is not the same kernel");
}

TEST_F(Generator, RefusesTheAddressFormOfLength) {
  compile("BUFFER_WRITE(0, float, y)\nvoid main() { y[0] = float(y.length()); }");
  expect_refusal(derive_address_form(), "the kernel asks for the length() of a buffer");
}

}  // namespace
}  // namespace lowtide
