#include "scenarios/report/earlier_report.h"

#include <boost/json.hpp>

#include "base/file.h"

namespace mread::scenarios {
namespace {

namespace json = boost::json;

constexpr size_t most_bytes = size_t{256} << 20;

}  // namespace

Result<EarlierReport> read_earlier_report(const std::filesystem::path& path) {
  std::error_code ignored;
  const std::filesystem::path file =
      std::filesystem::is_directory(path, ignored) ? path / "report.json" : path;
  const auto text = read_file(file.string(), most_bytes);
  if (!text) return fail(Errc::config, text.error().context);
  boost::system::error_code error;
  const json::value root = json::parse(*text, error);
  const auto not_a_report = [&](const std::string& why) {
    return fail(Errc::config, file.string() + ": no report of mread run: " + why);
  };
  if (error) return not_a_report(error.message());
  const json::object* report = root.if_object();
  const json::value* tests = report == nullptr ? nullptr : report->if_contains("tests");
  if (tests == nullptr || !tests->is_array()) return not_a_report("it has no list \"tests\"");
  EarlierReport earlier;
  if (const json::value* started = report->if_contains("started");
      started != nullptr && started->is_string())
    earlier.started = std::string(started->get_string());
  for (const json::value& test : tests->get_array()) {
    const json::object* object = test.if_object();
    const json::value* id = object == nullptr ? nullptr : object->if_contains("id");
    const json::value* verdict = object == nullptr ? nullptr : object->if_contains("verdict");
    if (id == nullptr || verdict == nullptr || !id->is_string() || !verdict->is_string())
      return not_a_report("a test has no id or no verdict");
    earlier.verdicts[std::string(id->get_string())] = std::string(verdict->get_string());
  }
  return earlier;
}

}  // namespace mread::scenarios
