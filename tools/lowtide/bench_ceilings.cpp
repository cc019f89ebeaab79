// SPDX-License-Identifier: Apache-2.0
// lowtide bench --ceilings: what the device's arithmetic, memory and dispatches can do at best, each by a kernel that
// does nothing else.
#include <fmt/format.h>

#include "engine/base/file.hpp"
#include "tools/bench/ceilings.hpp"
#include "tools/lowtide/command.hpp"

namespace lowtide::program {

Result<int> bench_ceilings(const DeviceOption& device, double seconds, const std::string& csv) {
  LOWTIDE_TRY(const auto context, open_device(device));
  LOWTIDE_TRY(const std::vector<bench::Ceiling> ceilings, bench::measure_ceilings(*context, seconds));
  fmt::print("{:<18} {:>12} {:>12} {:>7} {:>7}  {}\n", "ceiling", "best", "median", "spread", "passes", "unit");
  std::string table = "ceiling,device,driver,best,median,spread,repeats,unit\n";
  for (const bench::Ceiling& c : ceilings) {
    fmt::print("{:<18} {:>12.2f} {:>12.2f} {:>6.0f}% {:>7}  {}\n", c.name, c.value, c.median, 100 * c.spread, c.count,
               c.unit);
    table += fmt::format("{},\"{}\",\"{}\",{:.6g},{:.6g},{:.4f},{},\"{}\"\n", c.name, context->caps().name,
                         context->caps().driver, c.value, c.median, c.spread, c.count, c.unit);
  }
  if (!csv.empty()) LOWTIDE_TRY_VOID(write_file_atomically(csv, table));
  return kDone;
}

}  // namespace lowtide::program
