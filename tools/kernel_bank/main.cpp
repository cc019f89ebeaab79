// SPDX-License-Identifier: Apache-2.0
// kernel_bank: reflects compiled kernels and writes the C++ that embeds them. Runs on the build machine; started by
// tools/cmake/kernels.cmake. A refusal is one sentence on the error stream that names the file, and exit status 1.
#include <cstdio>
#include <filesystem>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "address_form.hpp"
#include "emit.hpp"
#include "engine/base/file.hpp"
#include "manifest.hpp"
#include "reflect.hpp"
#include "rules.hpp"
#include "spirv.hpp"

namespace lowtide::kernel_bank {
namespace {

constexpr const char* kUsage =
    "usage: kernel_bank address MODULE OUT                    write the device-address form of MODULE\n"
    "       kernel_bank op MANIFEST HEADER SOURCE PARAMS      write the C++ of one op; PARAMS: its params.h, if it "
    "exists\n"
    "       kernel_bank table OUT MANIFEST...                 write the table over all ops\n";

// The error, naming the file it is about.
Error about(const std::string& what, Error error) {
  error.text = what + ": " + error.text;
  return error;
}

// Leaves the file alone when nothing changed, so that nothing is recompiled.
Result<void> write_if_changed(const std::filesystem::path& path, std::string_view text) {
  if (std::filesystem::exists(path)) {
    const auto old = MappedFile::open(path);
    if (old && std::string_view(reinterpret_cast<const char*>(old->bytes().data()), old->bytes().size()) == text) {
      return {};
    }
  }
  return write_file_atomically(path, text);
}

Result<void> write_address_form(const std::string& in, const std::string& out) {
  LOWTIDE_TRY(const std::vector<uint32_t> words, spirv::read_words(in));
  LOWTIDE_TRY(const spirv::Module module, spirv::parse(words));
  LOWTIDE_TRY(const spirv::Module rewritten, address_form(module));
  const std::vector<uint32_t> result = spirv::words_of(rewritten);
  const std::span<const std::byte> parts[] = {std::as_bytes(std::span(result))};
  return write_file_atomically(out, parts);
}

Result<BankKernel> load_kernel(const ManifestEntry& entry) {
  BankKernel kernel{entry.name, entry.features, {}, {}, {}};
  LOWTIDE_TRY(kernel.words, spirv::read_words(entry.module));
  LOWTIDE_TRY(const spirv::Module module, spirv::parse(kernel.words));
  LOWTIDE_TRY(kernel.reflection, reflect(module));
  LOWTIDE_TRY_VOID(check_kernel(entry, kernel.reflection));
  if (entry.address_module.empty()) return kernel;
  LOWTIDE_TRY(kernel.address_words, spirv::read_words(entry.address_module));
  LOWTIDE_TRY(const spirv::Module address, spirv::parse(kernel.address_words));
  LOWTIDE_TRY(const Reflection twin, reflect_without_bindings(address));
  LOWTIDE_TRY_VOID(check_twin(kernel.reflection, twin));
  return kernel;
}

Result<void> write_op(const std::string& manifest_path, const std::string& header, const std::string& source,
                      const std::string& params) {
  LOWTIDE_TRY(const Manifest manifest, read_manifest(manifest_path));
  std::vector<BankKernel> kernels;
  for (const ManifestEntry& entry : manifest.kernels) {
    auto kernel = load_kernel(entry);
    if (!kernel) return tl::unexpected(about(entry.name + " (" + entry.module.string() + ")", kernel.error()));
    if (!kernel->reflection.param_type.empty() && !std::filesystem::exists(params)) {
      return fail(ErrorCode::not_found, entry.name + ": the kernel has push constants but there is no " + params +
                                            " that declares struct " + kernel->reflection.param_type);
    }
    kernels.push_back(std::move(*kernel));
  }
  LOWTIDE_TRY_VOID(write_if_changed(header, op_header(manifest.op, kernels)));
  return write_if_changed(source, op_source(manifest.op, kernels, std::filesystem::exists(params)));
}

Result<void> write_table(const std::string& out, std::span<const std::string> paths) {
  std::vector<Manifest> manifests;
  for (const std::string& path : paths) {
    LOWTIDE_TRY(Manifest manifest, read_manifest(path));
    manifests.push_back(std::move(manifest));
  }
  return write_if_changed(out, table_source(manifests));
}

int run(std::span<const std::string> arguments) {
  Result<void> result;
  if (arguments.size() == 3 && arguments[0] == "address") {
    result = write_address_form(arguments[1], arguments[2]).map_error([&](Error e) { return about(arguments[1], e); });
  } else if (arguments.size() == 5 && arguments[0] == "op") {
    result = write_op(arguments[1], arguments[2], arguments[3], arguments[4]);
  } else if (arguments.size() >= 2 && arguments[0] == "table") {
    result = write_table(arguments[1], arguments.subspan(2));
  } else {
    std::fputs(kUsage, stderr);
    return 2;
  }
  if (result) return 0;
  std::fprintf(stderr, "kernel_bank: %s\n", result.error().to_string().c_str());
  return 1;
}

}  // namespace
}  // namespace lowtide::kernel_bank

int main(int argc, char** argv) {
  const std::vector<std::string> arguments(argv + 1, argv + argc);
  return lowtide::kernel_bank::run(arguments);
}
