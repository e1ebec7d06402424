// An mread.yml: any text is a configuration or an error with its place, and a configuration can be
// described.
#include "config/config.h"
#include "fuzz/harness.h"

MREAD_FUZZ(merger_config) {
  using namespace mread;  // NOLINT: a program of its own
  const std::string text = input.rest();
  try {
    const config::Config config = config::Config::parse(text, "mread.yml");
    FUZZ_CHECK(!config.backends.empty() || config.discovery.has_value());
    for (const auto& backend : config.backends) FUZZ_CHECK(backend.group < config.groups.size());
    const std::string described = config.describe();
    FUZZ_CHECK(described == config.describe());
    // As YAML it is read again, duplicate keys and all.
    (void)yaml::Node::parse(described, "described");
  } catch (const yaml::ConfigError& error) {
    // The file of `discovery:` may be the one that is wrong.
    const std::string_view what = error.what();
    FUZZ_CHECK_SHOW(what.starts_with("mread.yml:") || text.find("discovery") != std::string::npos,
                    error.what());
  }
}
