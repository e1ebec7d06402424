#include "model/labels.h"

#include <algorithm>
#include <stdexcept>

#include "base/printable.h"
#include "model/promql_outline.h"

namespace mread::model {

namespace {

bool is_classic(std::string_view name, bool colons) {
  if (name.empty() || (name[0] >= '0' && name[0] <= '9')) return false;
  return std::ranges::all_of(name, [&](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' ||
           (colons && c == ':');
  });
}

auto find_name(std::vector<Label>& labels, std::string_view name) {
  return std::ranges::lower_bound(
      labels, name, {}, [](const Label& label) -> std::string_view { return label.name; });
}

tl::expected<LabelSet, PromqlLexer::Failure> parse_series_tokens(std::string_view text) {
  PromqlLexer lexer(text);
  std::vector<Label> labels;
  const auto add = [&](size_t offset, std::string name,
                       std::string value) -> PromqlOutline::Parsed {
    if (std::ranges::any_of(labels, [&](const Label& label) { return label.name == name; })) {
      return PromqlLexer::fail_at(offset, name == metric_name_label
                                              ? "the metric name is given twice"
                                              : "the label " + quote(name) + " is given twice");
    }
    if (name.empty()) return PromqlLexer::fail_at(offset, "a label needs a name");
    labels.push_back({std::move(name), std::move(value)});
    return {};
  };

  lexer.skip_space();
  const size_t begin = lexer.offset();
  PromqlOutline outline;
  outline.noun = "series";
  outline.metric = [&](size_t offset, std::string name) {
    return add(offset, std::string(metric_name_label), std::move(name));
  };
  outline.item = [&](size_t offset, std::string name) -> PromqlOutline::Parsed {
    if (!lexer.take("=")) return lexer.fail_here("expected '=', not " + lexer.here());
    auto value = quoted_value(lexer);
    if (!value) return tl::unexpected(value.error());
    return add(offset, std::move(name), std::move(*value));
  };
  if (auto parsed = outline.parse(lexer); !parsed) return tl::unexpected(parsed.error());
  auto set = LabelSet::from(std::move(labels));
  if (!set) return PromqlLexer::fail_at(begin, set.error().context);
  return std::move(*set);
}

}  // namespace

LabelSet::LabelSet(std::initializer_list<Label> labels) {
  auto set = from(labels);
  if (!set) throw std::invalid_argument(set.error().context);
  *this = std::move(*set);
}

Result<LabelSet> LabelSet::from(std::vector<Label> labels) {
  std::ranges::sort(labels);
  for (size_t i = 0; i < labels.size(); ++i) {
    if (labels[i].name.empty()) return fail(Errc::malformed, "a label without a name");
    if (i > 0 && labels[i].name == labels[i - 1].name) {
      return fail(Errc::malformed, "the label " + quote(labels[i].name) + " is given twice");
    }
  }
  std::erase_if(labels, [](const Label& label) { return label.value.empty(); });
  LabelSet set;
  set.labels_ = std::move(labels);
  return set;
}

std::string_view LabelSet::get(std::string_view name) const {
  const auto at = std::ranges::lower_bound(
      labels_, name, {}, [](const Label& label) -> std::string_view { return label.name; });
  return at != labels_.end() && at->name == name ? std::string_view(at->value) : std::string_view();
}

void LabelSet::set(std::string_view name, std::string_view value) {
  if (value.empty()) {
    erase(name);
    return;
  }
  const auto at = find_name(labels_, name);
  if (at != labels_.end() && at->name == name) {
    at->value = value;
  } else {
    labels_.insert(at, Label{std::string(name), std::string(value)});
  }
}

bool LabelSet::erase(std::string_view name) {
  const auto at = find_name(labels_, name);
  if (at == labels_.end() || at->name != name) return false;
  labels_.erase(at);
  return true;
}

std::strong_ordering operator<=>(const LabelSet& a, const LabelSet& b) {
  return std::lexicographical_compare_three_way(a.begin(), a.end(), b.begin(), b.end());
}

std::string LabelSet::to_string() const {
  const std::string_view metric = metric_name();
  std::string out;
  std::string inside;
  const auto add = [&](std::string_view text) {
    if (!inside.empty()) inside += ", ";
    inside += text;
  };
  if (is_classic_metric_name(metric)) {
    out = metric;
  } else if (!metric.empty()) {
    add(quote(metric));
  }
  for (const Label& label : labels_) {
    if (label.name == metric_name_label) continue;
    add((is_classic_label_name(label.name) ? label.name : quote(label.name)) + "=" +
        quote(label.value));
  }
  if (!inside.empty() || out.empty()) out += "{" + inside + "}";
  return out;
}

Result<LabelSet> parse_series(std::string_view text, size_t* error_offset) {
  auto set = parse_series_tokens(text);
  if (!set) return PromqlLexer::error(set.error(), error_offset);
  return std::move(*set);
}

std::string quote(std::string_view text) { return mread::quote(text); }

bool is_classic_metric_name(std::string_view name) { return is_classic(name, true); }
bool is_classic_label_name(std::string_view name) { return is_classic(name, false); }

}  // namespace mread::model
