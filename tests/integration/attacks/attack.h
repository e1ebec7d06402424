#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

namespace mread::attacks {

class Stage;

/// One attack on `mread serve`, an entry of the table. What is not said is at its default.
struct Attack {
  std::string name;  ///< of the test
  /// Runs while light reads go on, for at most some ten seconds; bounded in bytes and count.
  std::function<void(Stage&)> run;

  /// Behind the two backends and their group, as YAML; for what is no limit.
  std::string config{};
  std::string backend_b{};  ///< more keys of backend b: ", remote_timeout: 2s"
  /// Before the program starts: writes files that `config` names.
  std::function<void(Stage&)> prepare{};
  bool with_users = false;
  bool with_tls = false;
  /// The light reader has a connection from before the attack.
  bool light_keeps_connection = false;
  bool reload_works_behind = true;
  size_t peak_mib = 600;      ///< of VmHWM
  size_t log_kib = 1024;      ///< of what the program has logged
  size_t more_threads = 0;    ///< that the program may begin and keep: a pool's
  double refused_share = 0;   ///< of the light reads: 429 or 503, with Retry-After
  double light_seconds = 30;  ///< that the slowest light read takes
  uint64_t file_bytes = 0;    ///< RLIMIT_FSIZE; 0: none
};

void PrintTo(const Attack& attack, std::ostream* out);

std::vector<Attack> request_attacks();     ///< what a client asks
std::vector<Attack> connection_attacks();  ///< how a client behaves below that
std::vector<Attack> backend_attacks();     ///< what a backend answers
std::vector<Attack> file_attacks();        ///< what stands in files that a reload reads

}  // namespace mread::attacks
