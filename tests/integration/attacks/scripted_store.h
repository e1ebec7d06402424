#pragma once

#include <atomic>
#include <functional>
#include <mutex>
#include <set>
#include <string>
#include <thread>
#include <vector>

#include "integration/attacks/raw_socket.h"

namespace mread::attacks {

/// A backend in this process. It answers light reads with `light_answer()` and gives all others to
/// a script, which has the bare socket. It serves at most 200 connections at a time, a thread each;
/// the others wait in the backlog.
class ScriptedStore {
 public:
  struct Request {
    std::string head;
    std::string body;
  };
  /// Answers one request; false: the connection ends.
  using Script = std::function<bool(RawSocket&, const Request&)>;

  ScriptedStore();
  ~ScriptedStore();
  ScriptedStore(const ScriptedStore&) = delete;
  ScriptedStore& operator=(const ScriptedStore&) = delete;

  uint16_t port() const { return port_; }
  std::string url() const;
  /// How reads that are not light are answered from now on; null: as light ones.
  void set_script(Script script);
  size_t connections() const;
  size_t requests() const { return requests_; }  ///< light ones included
  size_t scripted() const { return scripted_; }  ///< given to a script so far

 private:
  void work();
  void serve(int descriptor);

  int listener_ = -1;
  uint16_t port_ = 0;
  mutable std::mutex mutex_;
  Script script_;
  std::set<int> open_;
  std::atomic<size_t> requests_ = 0;
  std::atomic<size_t> scripted_ = 0;
  std::atomic<bool> stopped_ = false;
  std::vector<std::jthread> workers_;
};

/// The frames that every store has for a light read.
const std::string& light_answer();
/// The metric that light reads ask for.
inline constexpr const char* light_metric = "light";
/// A whole answer with Content-Length, of streamed frames or, with `samples`, of a SAMPLES body.
std::string answer_with(std::string_view body, bool samples = false);
/// The head of a streamed answer whose body is chunked.
std::string chunked_head(std::string_view more_fields = {});
/// One chunk of a chunked body.
std::string chunk(std::string_view bytes);

}  // namespace mread::attacks
