#include "scenarios/report/writers.h"

#include <cerrno>
#include <cstdio>
#include <ctime>
#include <system_error>

#include <unistd.h>

namespace mread::scenarios {

const std::vector<ReportFormat>& report_formats() {
  static const std::vector<ReportFormat> formats{
      {"report.json", to_json}, {"report.html", to_html}, {"junit.xml", to_junit}};
  return formats;
}

Result<void> write_file(const std::filesystem::path& path, const std::string& contents) {
  std::error_code error;
  if (path.has_parent_path()) std::filesystem::create_directories(path.parent_path(), error);
  if (error)
    return fail(Errc::environment,
                path.parent_path().string() + ": cannot be made: " + error.message());
  const std::filesystem::path temporary = path.string() + "." + std::to_string(getpid()) + ".tmp";
  std::FILE* file = std::fopen(temporary.c_str(), "wb");
  if (file == nullptr) {
    return fail(Errc::environment,
                path.string() + ": cannot be written: " + std::generic_category().message(errno));
  }
  const bool written = std::fwrite(contents.data(), 1, contents.size(), file) == contents.size();
  const bool closed = std::fclose(file) == 0;
  const int reason = errno;
  if (written && closed) std::filesystem::rename(temporary, path, error);
  if (!written || !closed || error) {
    std::error_code ignored;
    std::filesystem::remove(temporary, ignored);
    return fail(Errc::environment,
                path.string() + ": cannot be written: " +
                    (error ? error.message() : std::generic_category().message(reason)));
  }
  return {};
}

Result<void> write_report(const std::filesystem::path& folder, const Report& report) {
  for (const ReportFormat& format : report_formats()) {
    if (auto written = write_file(folder / format.file_name, format.write(report)); !written)
      return written;
  }
  return {};
}

Result<void> clear_report(const std::filesystem::path& folder) {
  std::error_code error;
  bool was_report = false;
  for (const ReportFormat& format : report_formats()) {
    const auto file = folder / format.file_name;
    was_report = std::filesystem::remove(file, error) || was_report;
    if (error)
      return fail(Errc::environment, file.string() + ": cannot be removed: " + error.message());
  }
  // Without a report beside it, the folder may be anybody's.
  if (!was_report) return {};
  std::filesystem::remove_all(folder / logs_folder, error);
  if (error)
    return fail(Errc::environment,
                (folder / logs_folder).string() + ": cannot be removed: " + error.message());
  return {};
}

Result<std::filesystem::path> make_report_folder(const std::filesystem::path& parent,
                                                 const std::string& name) {
  std::error_code error;
  std::filesystem::create_directories(parent, error);
  for (int number = 1; !error; ++number) {
    const auto folder = parent / (number == 1 ? name : name + "-" + std::to_string(number));
    if (std::filesystem::create_directory(folder, error)) return folder;
  }
  return fail(Errc::environment,
              parent.string() + ": no folder can be made in it: " + error.message());
}

std::string format_time(std::chrono::system_clock::time_point time) {
  const std::time_t seconds = std::chrono::system_clock::to_time_t(time);
  std::tm parts{};
  gmtime_r(&seconds, &parts);
  char text[32];
  std::strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%SZ", &parts);
  return text;
}

}  // namespace mread::scenarios
