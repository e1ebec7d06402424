#include "net/resolver.h"

#include <algorithm>
#include <cassert>
#include <condition_variable>
#include <deque>
#include <exception>
#include <map>
#include <mutex>
#include <optional>

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/error.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <pthread.h>

#include "net/nothrow.h"

// getaddrinfo on threads of our own, and not a DNS library: only it follows nsswitch.conf, so that
// a name means here what it means to every other program of the machine (/etc/hosts, mDNS, a
// container engine's names, localhost, a changed resolv.conf). Asio's resolver calls it as well,
// but on one thread for the whole process.

namespace mread::net {
namespace {

constexpr size_t most_addresses = 16;
// Deep enough for the modules of nsswitch.conf; the default of 8 MiB would count in full under
// `ulimit -v`.
constexpr size_t stack_bytes = 512U << 10;
constexpr std::chrono::seconds idle_thread_time{10};

bool is_fleeting(const Error& error) {
  return error.code != asio::error::host_not_found && error.code != asio::error::no_data;
}

}  // namespace

// Shared with the threads, which may outlive the resolver.
class Resolver::State : public std::enable_shared_from_this<Resolver::State> {
 public:
  explicit State(Options options) : options_(std::move(options)) {
    if (!options_.lookup) options_.lookup = look_up;
    if (!options_.now) options_.now = Clock::now;
    assert(options_.threads > 0 && options_.names > 0);
  }

  // Somebody who waits for a lookup. `outcome` is guarded by the state's mutex, the timer belongs
  // to the executor.
  struct Waiter {
    explicit Waiter(const asio::any_io_executor& any_executor)
        : executor(any_executor), timer(any_executor) {}
    asio::any_io_executor executor;
    asio::steady_timer timer;
    std::optional<Result<Answer>> outcome;
  };
  using WaiterPtr = std::shared_ptr<Waiter>;

  // Takes the waiter off the list, however its coroutine ends: it may be destroyed together with
  // its executor.
  class Registration {
   public:
    Registration(std::shared_ptr<State> state, std::string host, WaiterPtr waiter)
        : state_(std::move(state)), host_(std::move(host)), waiter_(std::move(waiter)) {}
    ~Registration() { state_->leave(host_, waiter_); }
    Registration(const Registration&) = delete;
    Registration& operator=(const Registration&) = delete;

   private:
    const std::shared_ptr<State> state_;
    const std::string host_;
    const WaiterPtr waiter_;
  };

  // An answer at once; or the waiter is on the list, to be woken or to give up at the time that
  // `until` has then.
  std::optional<Result<Answer>> ask(const std::string& host, const WaiterPtr& waiter,
                                    Clock::time_point& until) {
    const std::lock_guard lock(mutex_);
    const auto now = options_.now();
    Name* const name = find_or_add(host, now);
    if (name == nullptr) return fail(Errc::limit, "too many names are being looked up");
    name->used_at = now;
    if (!name->addresses.empty() && !name->doubted && now < name->learned_at + options_.fresh) {
      return Answer{name->addresses, true};
    }
    if (name->error && now < name->failed_at + options_.failed)
      return kept_or(*name, *name->error, now);
    if (name->phase == Phase::idle) {
      name->phase = Phase::queued;
      name->asked_at = now;
      queue_.push_back(host);
      find_thread();
      if (name->phase == Phase::idle)
        return kept_or(*name, *name->error, now);  // There was no thread for it.
    }
    if (is_usable(*name, now)) {
      const auto left = name->asked_at + options_.patience - now;
      if (left <= Clock::duration::zero()) return Answer{name->addresses, true};
      until = std::min(until, Clock::now() + left);
    }
    name->waiters.push_back(waiter);
    return std::nullopt;
  }

  // The waiter has waited for long enough.
  std::optional<Result<Answer>> outcome(const std::string& host, Waiter& waiter) {
    const std::lock_guard lock(mutex_);
    if (waiter.outcome) return std::move(waiter.outcome);
    const auto found = names_.find(host);
    if (found == names_.end() || !is_usable(found->second, options_.now())) return std::nullopt;
    return Answer{found->second.addresses, true};
  }

  void doubt(const std::string& host) {
    const std::lock_guard lock(mutex_);
    if (const auto found = names_.find(host); found != names_.end()) found->second.doubted = true;
  }

  size_t size() const {
    const std::lock_guard lock(mutex_);
    return names_.size();
  }

  void close() {
    const std::lock_guard lock(mutex_);
    closed_ = true;
    wake_.notify_all();
  }

 private:
  enum class Phase { idle, queued, running };
  struct Name {
    Phase phase = Phase::idle;
    Clock::time_point asked_at;  // When the lookup under way was wished for.
    Addresses addresses;
    Clock::time_point learned_at;
    bool doubted = false;
    std::optional<Error> error;  // Of the last lookup, where it failed.
    Clock::time_point failed_at;
    Clock::time_point used_at;
    std::vector<WaiterPtr> waiters;
  };

  bool is_usable(const Name& name, Clock::time_point now) const {
    return !name.addresses.empty() && now < name.learned_at + options_.stale;
  }

  Result<Answer> kept_or(const Name& name, const Error& error, Clock::time_point now) const {
    if (is_usable(name, now)) return Answer{name.addresses, true};
    return fail(error);
  }

  // Null where all places are taken by names under way.
  Name* find_or_add(const std::string& host, Clock::time_point now) {
    if (const auto found = names_.find(host); found != names_.end()) return &found->second;
    if (names_.size() >= options_.names) {
      auto oldest = names_.end();
      for (auto it = names_.begin(); it != names_.end(); ++it) {
        if (it->second.phase != Phase::idle) continue;
        if (oldest == names_.end() || it->second.used_at < oldest->second.used_at) oldest = it;
      }
      if (oldest == names_.end()) return nullptr;
      names_.erase(oldest);
    }
    Name& name = names_[host];
    name.used_at = now;
    return &name;
  }

  void leave(const std::string& host, const WaiterPtr& waiter) {
    const std::lock_guard lock(mutex_);
    const auto found = names_.find(host);
    if (found == names_.end()) return;
    Name& name = found->second;
    std::erase(name.waiters, waiter);
    if (name.phase != Phase::queued || !name.waiters.empty()) return;
    // Nobody wants to know any more.
    std::erase(queue_, host);
    name.phase = Phase::idle;
    if (name.addresses.empty() && !name.error) names_.erase(found);
  }

  void find_thread() {
    if (idle_threads_ >= queue_.size()) {
      wake_.notify_one();
    } else if (threads_ < options_.threads) {
      start_thread();
    }
  }

  // Where the machine has no thread to give, those that there are go on; without any, the lookup
  // fails.
  void start_thread() {
    pthread_attr_t attributes;
    pthread_attr_init(&attributes);
    pthread_attr_setdetachstate(&attributes, PTHREAD_CREATE_DETACHED);
    pthread_attr_setstacksize(&attributes, stack_bytes);
    auto self = std::make_unique<std::shared_ptr<State>>(shared_from_this());
    pthread_t thread;
    const int failed = pthread_create(&thread, &attributes, &run_thread, self.get());
    pthread_attr_destroy(&attributes);
    if (failed == 0) {
      self.release();
      ++threads_;
    } else if (threads_ == 0) {
      const std::string host = queue_.front();
      queue_.pop_front();
      const Error error(boost::system::error_code(failed, boost::system::system_category()),
                        "name lookup");
      deliver(host, fail(error));
    }
  }

  static void* run_thread(void* argument) {
    const std::unique_ptr<std::shared_ptr<State>> self(
        static_cast<std::shared_ptr<State>*>(argument));
    (*self)->work();
    return nullptr;
  }

  void work() {
    std::unique_lock lock(mutex_);
    while (true) {
      ++idle_threads_;
      wake_.wait_for(lock, idle_thread_time, [&] { return closed_ || !queue_.empty(); });
      --idle_threads_;
      if (closed_ || queue_.empty()) break;
      const std::string host = std::move(queue_.front());
      queue_.pop_front();
      names_.at(host).phase = Phase::running;
      lock.unlock();
      auto found = run_lookup(host);
      lock.lock();
      deliver(host, std::move(found));
    }
    --threads_;
  }

  Result<Addresses> run_lookup(const std::string& host) const {
    try {
      auto found = options_.lookup(host);
      if (found && found->empty()) return fail(asio::error::no_data, "");
      return found;
    } catch (const std::exception& error) {
      return fail(Errc::unavailable, std::string("name lookup: ") + error.what());
    }
  }

  // With the mutex held: a waiter that is on the list has an executor that still runs.
  void deliver(const std::string& host, Result<Addresses> found) {
    Name& name = names_.at(host);
    const auto now = options_.now();
    name.phase = Phase::idle;
    if (found) {
      name.addresses = std::move(*found);
      name.learned_at = now;
      name.doubted = false;
      name.error.reset();
    } else {
      if (!is_fleeting(found.error())) name.addresses.clear();
      name.error = std::move(found.error());
      name.failed_at = now;
    }
    for (const WaiterPtr& waiter : std::exchange(name.waiters, {})) {
      if (name.error) {
        waiter->outcome = kept_or(name, *name.error, now);
      } else {
        waiter->outcome = Answer{name.addresses, false};
      }
      asio::post(waiter->executor, [waiter] { waiter->timer.cancel(); });
    }
  }

  Options options_;
  mutable std::mutex mutex_;  // What follows.
  std::condition_variable wake_;
  std::map<std::string, Name> names_;
  std::deque<std::string> queue_;
  size_t threads_ = 0;
  size_t idle_threads_ = 0;
  bool closed_ = false;
};

Resolver::Resolver(Options options) : state_(std::make_shared<State>(std::move(options))) {}

Resolver::~Resolver() { state_->close(); }

const std::shared_ptr<Resolver>& Resolver::shared() {
  // Never destroyed: whoever asks last may do so while the process ends.
  static const auto& instance = *new std::shared_ptr<Resolver>(std::make_shared<Resolver>());
  return instance;
}

asio::awaitable<Result<Resolver::Answer>> Resolver::resolve(std::string host,
                                                            std::chrono::milliseconds timeout) {
  const auto state = state_;
  const auto executor = co_await asio::this_coro::executor;
  const auto before = co_await asio::this_coro::cancellation_state;
  if (before.cancelled() != asio::cancellation_type::none)
    co_return fail(Errc::canceled, "name lookup canceled");
  const auto waiter = std::make_shared<State::Waiter>(executor);
  auto until = Clock::now() + timeout;
  if (auto answer = state->ask(host, waiter, until)) co_return std::move(*answer);
  const State::Registration registration(state, host, waiter);
  waiter->timer.expires_at(until);
  const auto [ignored] = co_await waiter->timer.async_wait(nothrow);
  static_cast<void>(ignored);
  const auto after = co_await asio::this_coro::cancellation_state;
  if (after.cancelled() != asio::cancellation_type::none)
    co_return fail(Errc::canceled, "name lookup canceled");
  if (auto outcome = state->outcome(host, *waiter)) co_return std::move(*outcome);
  co_return fail(Errc::deadline, "name lookup took too long");
}

void Resolver::doubt(const std::string& host) { state_->doubt(host); }

size_t Resolver::size() const { return state_->size(); }

Result<Resolver::Addresses> look_up(const std::string& host) {
  asio::io_context context(1);
  asio::ip::tcp::resolver resolver(context);
  boost::system::error_code code;
  const auto found = resolver.resolve(host, "", asio::ip::tcp::resolver::flags(), code);
  if (code) return fail(code, "");
  Resolver::Addresses addresses;
  for (const auto& entry : found) {
    const auto address = entry.endpoint().address();
    if (std::find(addresses.begin(), addresses.end(), address) == addresses.end())
      addresses.push_back(address);
    if (addresses.size() == most_addresses) break;
  }
  return addresses;
}

}  // namespace mread::net
