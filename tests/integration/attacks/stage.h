#pragma once

#include <chrono>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "base/temporary_folder.h"
#include "integration/attacks/attack.h"
#include "integration/attacks/requests.h"
#include "integration/attacks/scripted_store.h"
#include "integration/program.h"
#include "net/client.h"

namespace mread::attacks {

/// One small honest read and what came of it.
struct LightRead {
  int status = 0;  ///< 0: no answer within 30 s, or a broken one
  bool right = false;
  bool may_try_again = false;  ///< it has Retry-After
  std::chrono::duration<double> latency{0};
  std::string failure{};
};

/// `mread serve` as a child with 1 GiB of address space, 1024 descriptors and default limits, over
/// two backends of one group: `a` is honest, `b` does what the attack scripts. A thread sends light
/// reads one after another.
class Stage {
 public:
  explicit Stage(const Attack& attack);
  ~Stage();

  uint16_t port() const { return port_; }
  int pid() const;
  ScriptedStore& a() { return a_; }
  ScriptedStore& b() { return b_; }
  TemporaryFolder& folder() { return folder_; }
  const std::string& config_path() const { return config_path_; }
  const std::string& config_text() const { return config_text_; }
  /// "Authorization: …\r\n" where users are configured.
  const std::string& authorization() const { return authorization_; }
  const std::string& ca_file() const { return ca_file_; }

  void start_light_reads();
  size_t light_reads() const;
  /// Waits for so many more light reads to be answered, each of which has 30 s.
  void wait_for_light_reads(size_t more);
  std::vector<LightRead> end_light_reads();

  /// One exchange on a connection of its own.
  std::string exchange(std::string_view text) const;
  /// A page's body, or why there is none.
  std::string get(const std::string& path, const std::string& method = "GET") const;
  void signal(int number) const { serve_->signal(number); }
  std::string log() const;
  /// Waits, for at most 30 s, until the log has `text` behind `offset`; false where it does not
  /// come.
  bool wait_for_log(const std::string& text, size_t offset = 0) const;

  bool alive() const;
  size_t peak_bytes() const;
  size_t threads() const;
  size_t descriptors() const;
  /// Descriptors that are no connection to a backend, once they are at most `wanted`, or 30 s
  /// later.
  size_t settled_descriptors(size_t wanted) const;

 private:
  struct Light;
  LightRead read_light(RawSocket& kept, int64_t turn) const;
  net::ClientRequest honest_request(const std::string& path, const std::string& method) const;
  void start_serve(const Attack& attack);

  TemporaryFolder folder_;
  ScriptedStore a_;
  ScriptedStore b_;
  std::string config_path_;
  std::string config_text_;
  std::string authorization_;
  std::string ca_file_;
  bool keep_connection_ = false;
  std::unique_ptr<Program> serve_;
  uint16_t port_ = 0;
  std::unique_ptr<Light> light_;
  std::jthread light_thread_;
};

/// Sends `text`, the next `bytes` of `filler` again and again, over all sockets side by side, until
/// each has taken all, has been closed by the peer, or none has taken anything for a second. Gives
/// how many bytes were taken in all.
uint64_t flood(std::vector<RawSocket>& sockets, const std::string& text, std::string_view filler,
               uint64_t bytes);

/// True once `condition` holds; false where it does not within `patience`.
bool eventually(const std::function<bool()>& condition,
                std::chrono::seconds patience = std::chrono::seconds(30));

}  // namespace mread::attacks
