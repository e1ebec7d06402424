#include <algorithm>
#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include <fmt/format.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/nearest.h"
#include "base/printable.h"
#include "cli/commands.h"
#include "cli/complain.h"
#include "cli/engine_choice.h"
#include "manifests/plan.h"
#include "scenarios/loading/load_scenario.h"
#include "scenarios/report/writers.h"
#include "scenarios/running/run.h"

namespace mread::cli {
namespace {

namespace fs = std::filesystem;

struct ExportFlags {
  std::string file;
  std::string to;
  std::string out;
  std::vector<std::string> filters;
  manifests::PlanOptions plan;
  bool overwrites = false;
};

int complain(int code, const std::string& line) { return cli::complain("export", line, code); }

bool is_empty_or_missing(const fs::path& folder) {
  std::error_code error;
  return !fs::exists(folder, error) || (fs::is_directory(folder, error) && fs::is_empty(folder));
}

Result<void> write_all(const fs::path& folder, const std::vector<manifests::OutputFile>& files) {
  for (const manifests::OutputFile& file : files) {
    const fs::path path = folder / file.path;
    if (auto written = scenarios::write_file(path, file.text); !written) return written;
    if (!file.is_secret) continue;
    std::error_code error;
    fs::permissions(path, fs::perms::owner_read | fs::perms::owner_write, error);
    if (error) return fail(Errc::environment, path.string() + ": " + error.message());
  }
  return {};
}

// The folder is there with all of its files, or not at all: it is made under another name first.
Result<void> write_folder(const fs::path& out, const std::vector<manifests::OutputFile>& files) {
  const fs::path draft = out.string() + ".writing-" + std::to_string(getpid());
  std::error_code error;
  if (auto written = write_all(draft, files); !written) {
    fs::remove_all(draft, error);
    return written;
  }
  fs::remove_all(out, error);
  if (!error) fs::rename(draft, out, error);
  if (!error) return {};
  const std::string reason = error.message();
  fs::remove_all(draft, error);
  return fail(Errc::environment, out.string() + ": " + reason);
}

int run_export(const ExportFlags& flags) {
  const bool is_compose = flags.to == "compose";
  manifests::PlanOptions options = flags.plan;
  options.nodes.cache_dir = cache_dir();
  options.nodes.now_ms = real_clock().wall_ms();
  std::vector<scenarios::Test> tests =
      scenarios::load_scenario(flags.file, {options.nodes.now_ms, std::nullopt, nullptr});
  const scenarios::Selection selection{flags.filters, {}};
  std::vector<std::string> all;
  all.reserve(tests.size());
  for (const scenarios::Test& test : tests) all.push_back(test.id);
  std::erase_if(tests, [&](const scenarios::Test& test) { return !selection.fits(test); });
  if (tests.empty())
    return complain(invalid, "no test fits --filter; the file has " + comma_list(all));
  if (tests.size() > 1) {
    return complain(invalid, fmt::format("{} has {} cases: choose one with --filter: {}",
                                         flags.file, tests.size(), comma_list(all)));
  }
  const auto plan = manifests::plan_manifests(tests.front(), options);
  if (!plan) {
    return complain(plan.error().is(Errc::environment) ? environment : invalid,
                    plan.error().context);
  }
  const fs::path out = flags.out.empty() ? plan->name + "-" + flags.to : flags.out;
  if (!flags.overwrites && !is_empty_or_missing(out)) {
    return complain(
        invalid, out.string() + " is there already: another --out, or --force to replace it whole");
  }
  const auto files =
      is_compose ? manifests::compose_files(*plan) : manifests::kubernetes_files(*plan);
  if (auto written = write_folder(out, files); !written)
    return complain(environment, written.error().context);
  for (const std::string& note : plan->notes) fmt::print(stderr, "note: {}\n", printable(note));
  fmt::print(
      "{} files of {} nodes written to {}; start them with {}\n", files.size(), plan->nodes.size(),
      printable(out.string()),
      is_compose ? "docker compose up -d, in that folder" : "kubectl apply -k " + out.string());
  return ok;
}

}  // namespace

void add_export(CLI::App& app, int& exit_code) {
  auto flags = std::make_shared<ExportFlags>();
  CLI::App* command = app.add_subcommand(
      "export", "Write a scenario's topology as a Compose file or as Kubernetes manifests");
  command->add_option("FILE", flags->file, "a scenario")->required();
  command->add_option("--to", flags->to, "compose or kubernetes")
      ->check(CLI::IsMember({"compose", "kubernetes"}))
      ->type_name("WORD")
      ->required();
  command->add_option("--out", flags->out, "the folder; made here (default: TEST-WORD)")
      ->type_name("DIR");
  command
      ->add_option("--filter", flags->filters,
                   "the case of a file with several: its id or title fits the shell pattern")
      ->type_name("GLOB")
      ->take_all()
      ->allow_extra_args(false);
  command->add_flag("--local-images", flags->plan.local_images,
                    "mread's own images (docker/build) in place of those of the registries");
  command
      ->add_option("--mread-image", flags->plan.mread_image,
                   "the image of mread (default: mread/mread:VERSION)")
      ->type_name("IMAGE");
  command->add_flag("--force", flags->overwrites, "replace a folder that is there, whole");
  command->footer(
      "Example: mread export sharded-pairs.yaml --to kubernetes --filter 'sharded-pairs-2'\n"
      "Exit codes: 0, 3 a file or flag is invalid, 4 a program is missing or the folder cannot be "
      "written.");
  command->callback([flags, &exit_code] { exit_code = run_export(*flags); });
}

}  // namespace mread::cli
