#include "scenarios/engine/fronted_topology.h"

#include <utility>

namespace mread::scenarios {
namespace {

using std::chrono::milliseconds;

class FrontedTopology final : public Topology {
 public:
  FrontedTopology(std::unique_ptr<Topology> inner, std::map<std::string, Front> fronts)
      : inner_(std::move(inner)), fronts_(std::move(fronts)) {}

  Result<void> start(const NodeSpec& spec, std::stop_token stop) override {
    const Front* front = find(spec.name);
    if (front == nullptr) return inner_->start(spec, stop);
    NodeSpec behind = spec;
    behind.name = front->behind;
    if (auto started = inner_->start(behind, stop); !started) return started;
    if (auto started = inner_->start(front->spec, stop); !started)
      return fail(started.error().in("the proxy for its faults"));
    return {};
  }

  Result<void> act(const std::string& node, Act act, std::stop_token stop) override {
    const Front* front = find(node);
    if (front == nullptr) return inner_->act(node, act, stop);
    switch (act) {
      case Act::kill:
      case Act::stop:
      case Act::pause:
      case Act::disconnect:
        // The proxy first: no client sees it without the node.
        return both(node, act, front->behind, act, stop);
      case Act::start:
      case Act::resume:
      case Act::connect:
        return both(front->behind, act, node, act, stop);
      case Act::restart:
        if (auto stopped = inner_->act(node, Act::stop, stop); !stopped) return stopped;
        return both(front->behind, Act::restart, node, Act::start, stop);
    }
    return fail(Errc::unsupported, "node " + node + ": no such act");
  }

  Result<void> wait_ready(const std::string& node, milliseconds timeout,
                          std::stop_token stop) override {
    if (const Front* front = find(node)) {
      if (auto ready = inner_->wait_ready(front->behind, timeout, stop); !ready) return ready;
    }
    return inner_->wait_ready(node, timeout, stop);
  }

  net::Url url(const std::string& node, uint16_t port) const override {
    const Front* front = find(node);
    const bool is_of_node = front != nullptr && port != front->spec.ports.front();
    return inner_->url(is_of_node ? front->behind : node, port);
  }
  std::string address(const std::string& node, uint16_t port) const override {
    return inner_->address(node, port);
  }
  std::string with_names(std::string text) const override {
    text = inner_->with_names(std::move(text));
    for (const auto& [name, front] : fronts_) {
      for (size_t at = text.find(front.behind); at != std::string::npos;
           at = text.find(front.behind, at + name.size()))
        text.replace(at, front.behind.size(), name);
    }
    return text;
  }
  Result<std::string> log(const std::string& node) override { return inner_->log(behind(node)); }
  Result<std::string> read_file(const std::string& node, const std::string& path) override {
    return inner_->read_file(behind(node), path);
  }
  bool running(const std::string& node) override { return inner_->running(behind(node)); }
  std::optional<UnaskedEnd> unasked_end(const std::string& node) override {
    if (const Front* front = find(node)) {
      if (auto end = inner_->unasked_end(front->behind)) return end;
    }
    return inner_->unasked_end(node);
  }
  std::optional<NodeUsage> usage(const std::string& node) override {
    return inner_->usage(behind(node));
  }

 private:
  const Front* find(const std::string& node) const {
    const auto found = fronts_.find(node);
    return found == fronts_.end() ? nullptr : &found->second;
  }
  const std::string& behind(const std::string& node) const {
    const Front* front = find(node);
    return front == nullptr ? node : front->behind;
  }

  Result<void> both(const std::string& first, Act first_act, const std::string& second,
                    Act second_act, std::stop_token stop) {
    if (auto done = inner_->act(first, first_act, stop); !done) return done;
    return inner_->act(second, second_act, stop);
  }

  const std::unique_ptr<Topology> inner_;
  const std::map<std::string, Front> fronts_;
};

}  // namespace

std::unique_ptr<Topology> with_fronts(std::unique_ptr<Topology> inner,
                                      std::map<std::string, Front> fronts) {
  if (fronts.empty()) return inner;
  return std::make_unique<FrontedTopology>(std::move(inner), std::move(fronts));
}

}  // namespace mread::scenarios
