#include "model/regex_set.h"

#include <algorithm>
#include <iterator>
#include <numeric>

namespace mread::model {
namespace {

using Strings = std::vector<std::string>;

// A recursive descent over alternation > sequence > atom. A method returns nothing if finite_set()
// must return nothing.
class SetParser {
 public:
  SetParser(std::string_view expression, size_t limit, size_t limit_bytes)
      : rest_(expression), limit_(limit), limit_bytes_(limit_bytes) {}

  std::optional<Strings> parse() {
    auto strings = alternation(0);
    if (!strings || !rest_.empty()) return std::nullopt;
    return strings;
  }

 private:
  static constexpr int max_depth = 50;

  std::optional<Strings> alternation(int depth) {
    if (depth > max_depth) return std::nullopt;
    Strings all;
    while (true) {
      auto branch = sequence(depth);
      if (!branch || all.size() + branch->size() > limit_) return std::nullopt;
      all.insert(all.end(), std::make_move_iterator(branch->begin()),
                 std::make_move_iterator(branch->end()));
      if (rest_.empty() || rest_.front() != '|') return all;
      rest_.remove_prefix(1);
    }
  }

  std::optional<Strings> sequence(int depth) {
    Strings so_far{""};
    size_t so_far_bytes = 0;
    while (!rest_.empty() && rest_.front() != '|' && rest_.front() != ')') {
      const auto next = atom(depth);
      if (!next || so_far.size() * next->size() > limit_) return std::nullopt;
      so_far_bytes = so_far_bytes * next->size() + bytes(*next) * so_far.size();
      if (so_far_bytes > limit_bytes_) return std::nullopt;
      if (next->size() == 1) {
        if (next->front().empty()) continue;
        for (std::string& each : so_far) each += next->front();
        continue;
      }
      Strings longer;
      longer.reserve(so_far.size() * next->size());
      for (const std::string& head : so_far) {
        for (const std::string& tail : *next) longer.push_back(head + tail);
      }
      so_far = std::move(longer);
    }
    return so_far;
  }

  std::optional<Strings> atom(int depth) {
    const char first = rest_.front();
    rest_.remove_prefix(1);
    std::optional<Strings> strings;
    if (first == '(') {
      if (rest_.starts_with("?:")) {
        rest_.remove_prefix(2);
      } else if (rest_.starts_with('?')) {
        return std::nullopt;
      }
      strings = alternation(depth + 1);
      if (!strings || !rest_.starts_with(')')) return std::nullopt;
      rest_.remove_prefix(1);
    } else if (first == '\\') {
      // Escaped punctuation stands for itself; an escaped letter or digit is a class, an anchor or
      // a code.
      constexpr std::string_view punctuation = "\\.+*?()|[]{}^$-/_:,;=@#%&~\"'<>! ";
      if (rest_.empty() || punctuation.find(rest_.front()) == std::string_view::npos)
        return std::nullopt;
      strings = Strings{std::string(1, rest_.front())};
      rest_.remove_prefix(1);
    } else if (std::string_view(".+*?[]{}^$)").find(first) != std::string_view::npos) {
      return std::nullopt;
    } else {
      strings = Strings{std::string(1, first)};
    }
    if (!rest_.empty() && std::string_view("*+?{").find(rest_.front()) != std::string_view::npos)
      return std::nullopt;
    return strings;
  }

  static size_t bytes(const Strings& strings) {
    return std::accumulate(strings.begin(), strings.end(), size_t{0},
                           [](size_t sum, const std::string& each) { return sum + each.size(); });
  }

  std::string_view rest_;
  size_t limit_;
  size_t limit_bytes_;
};

}  // namespace

std::optional<std::vector<std::string>> finite_set(std::string_view expression, size_t limit,
                                                   size_t limit_bytes) {
  auto strings = SetParser(expression, limit, limit_bytes).parse();
  if (!strings) return std::nullopt;
  std::sort(strings->begin(), strings->end());
  strings->erase(std::unique(strings->begin(), strings->end()), strings->end());
  return strings;
}

}  // namespace mread::model
