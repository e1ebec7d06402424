#include "merger/fan_out/fan_out_driver.h"

#include <algorithm>
#include <stdexcept>

namespace mread::merger::tests {
namespace {

void expect(bool condition, const char* what) {
  if (!condition) throw std::logic_error(what);
}

}  // namespace

Script Script::streamed(std::string body) {
  Script script;
  script.body = std::move(body);
  return script;
}

Script Script::samples_form(std::string body) {
  Script script;
  script.content_type = samples_type;
  script.content_encoding = "snappy";
  script.body = std::move(body);
  return script;
}

Script Script::refused() {
  Script script;
  script.refuse = Error(
      boost::system::errc::make_error_code(boost::system::errc::connection_refused), "127.0.0.1:1");
  return script;
}

Script Script::hanging() {
  Script script;
  script.hang_before_response = true;
  return script;
}

Script Script::http(int status, std::string text) {
  Script script;
  script.status = status;
  script.text = std::move(text);
  return script;
}

FanOutDriver::FanOutDriver(const config::Config& config, std::vector<Script> by_backend)
    : config_(config),
      scripts_([scripts = std::move(by_backend)](size_t backend, const model::ReadRequest&) {
        return scripts.at(backend);
      }) {}

milliseconds FanOutDriver::jitter() {
  if (!random_) return milliseconds(0);
  return milliseconds(std::uniform_int_distribution<int>(0, 50)(*random_));
}

size_t FanOutDriver::piece_size(const Script& script) {
  if (!random_) return script.piece_bytes;
  const size_t largest = std::uniform_int_distribution<int>(0, 3)(*random_) == 0 ? 10'000 : 100;
  return std::uniform_int_distribution<size_t>(1, largest)(*random_);
}

void FanOutDriver::at(milliseconds delay, std::function<void()> event) {
  events_.emplace(now_ + delay, std::move(event));
}

// Answers one Read.
void FanOutDriver::serve(RequestId id, PendingRequest& request, FanOut& machine) {
  expect(!request.reading && !request.closed,
         "a Read for a request that is read or closed already");
  request.reading = true;
  const Script& script = request.script;
  size_t end = script.body.size();
  if (script.hang_at) end = std::min(end, *script.hang_at);
  if (script.break_at) end = std::min(end, *script.break_at);
  if (request.offset == end) {
    if (script.hang_at) return;
    at(script.between + jitter(), [this, id, &request, &machine] {
      if (request.closed) return;
      request.closed = true;
      if (request.script.break_at) {
        machine.on_failure(id, Error(Errc::truncated, "connection closed in mid-body"), now_);
      } else {
        machine.on_end(id, now_);
      }
    });
    return;
  }
  const size_t size = std::min(piece_size(script), end - request.offset);
  auto piece = std::make_shared<const std::string>(script.body.substr(request.offset, size));
  request.offset += size;
  at(script.between + jitter(), [this, id, &request, &machine, piece] {
    request.reading = false;
    if (!request.closed) machine.on_data(id, piece, now_);
  });
}

Answer FanOutDriver::run(model::ReadRequest read_request) {
  Answer answer;
  events_.clear();
  now_ = TimePoint(std::chrono::hours(1));
  const TimePoint began = now_;
  FanOut machine(config_, std::move(read_request), now_, options);
  if (give_up_) at(give_up_->first, [this, &machine] { machine.give_up(give_up_->second); });
  std::map<RequestId, PendingRequest> requests;
  std::optional<TimePoint> wake;
  bool head = false;
  bool body_out = false;
  while (true) {
    while (auto action = machine.poll(now_)) {
      expect(!answer.finished && !answer.aborted, "an action after the end");
      if (auto* ask = std::get_if<Ask>(&*action)) {
        ++answer.asks;
        answer.requests.push_back(ask->request);
        PendingRequest& request = requests[ask->id];
        request.script = scripts_(ask->backend, ask->request);
        if (requests.size() < 1000) {
          const auto open = std::count_if(requests.begin(), requests.end(),
                                          [](const auto& each) { return !each.second.closed; });
          answer.most_open = std::max(answer.most_open, static_cast<size_t>(open));
        }
        if (request.script.hang_before_response) continue;
        at(request.script.response_after + jitter(), [this, id = ask->id, &request, &machine] {
          if (request.closed) return;
          if (request.script.refuse) {
            request.closed = true;
            machine.on_failure(id, *request.script.refuse, now_);
          } else {
            machine.on_response(id, request.script.status, request.script.content_type,
                                request.script.content_encoding, request.script.text, now_);
          }
        });
      } else if (auto* read = std::get_if<Read>(&*action)) {
        ++answer.reads;
        serve(read->id, requests.at(read->id), machine);
      } else if (auto* drop = std::get_if<Drop>(&*action)) {
        requests.at(drop->id).closed = true;
      } else if (auto* start = std::get_if<Head>(&*action)) {
        expect(!head, "a second Head");
        head = true;
        answer.status = start->status;
        answer.content_type = start->content_type;
        answer.content_encoding = start->content_encoding;
        answer.partial = start->partial;
        answer.head_after = now_ - began;
      } else if (auto* body = std::get_if<Body>(&*action)) {
        expect(head && !body_out, "a Body before the Head, or before the one before it was sent");
        body_out = true;
        at(client_delay_ + jitter(), [this, &answer, &machine, &body_out, pieces = body->pieces] {
          for (const auto piece : pieces) answer.body += piece;
          body_out = false;
          machine.on_sent(now_);
        });
      } else if (auto* finish = std::get_if<Finish>(&*action)) {
        expect(head && !body_out, "a Finish with a Body under way");
        answer.finished = true;
        answer.trailer = finish->partial;
      } else if (auto* abort = std::get_if<Abort>(&*action)) {
        answer.aborted = abort->reason;
      } else if (auto* wake_at = std::get_if<WakeAt>(&*action)) {
        wake = wake_at->at;
      }
    }
    if (watcher_) watcher_(machine);
    if (machine.done()) break;
    const bool wakes = wake && (events_.empty() || *wake <= events_.begin()->first);
    if (!wakes && events_.empty()) throw std::logic_error("the machine waits for nothing");
    if (wakes) {
      now_ = std::max(now_, *wake);
      wake.reset();
      machine.on_wake(now_);
    } else {
      const auto event = events_.extract(events_.begin());
      now_ = event.key();
      event.mapped()();
    }
  }
  expect(answer.finished || answer.aborted, "done without an end");
  answer.took = now_ - began;
  answer.outcome = machine.outcome();
  answer.visits = machine.visits();
  return answer;
}

model::ReadRequest request(const std::vector<std::string>& selectors, int64_t start_ms,
                           int64_t end_ms, bool streamed) {
  model::ReadRequest out;
  for (const auto& selector : selectors) {
    model::Query query;
    query.start_ms = start_ms;
    query.end_ms = end_ms;
    query.matchers = model::parse_selector(selector).value();
    out.queries.push_back(std::move(query));
  }
  if (streamed)
    out.accepted_response_types = {model::ResponseType::streamed_xor_chunks,
                                   model::ResponseType::samples};
  return out;
}

config::Config config_of(size_t backends, const std::string& more) {
  std::string text = "remote_read:\n";
  for (size_t i = 0; i < backends; ++i) {
    const std::string name =
        i < 26 ? std::string(1, static_cast<char>('a' + i)) : "n" + std::to_string(i);
    text += "  - {name: " + name + ", url: 'http://" + name +
            ":9090/api/v1/read', remote_timeout: 8s}\n";
  }
  return config::Config::parse(text + more, "mread.yml");
}

}  // namespace mread::merger::tests
