// The notation of value sequences. Its tokens follow promql/parser of Prometheus, oddities
// included: "010" is octal, "1_000" a thousand, hexadecimal does not exist (the x repeats), and
// "Infx3" is a word rather than a repeated infinity.

#include <algorithm>
#include <bit>
#include <charconv>
#include <cmath>
#include <limits>
#include <map>
#include <optional>
#include <utility>
#include <variant>

#include <fmt/format.h>

#include "base/ascii.h"
#include "mockstore/notation/histogram_sum.h"
#include "mockstore/notation/value_sequence.h"
#include "model/sample.h"

namespace mread::mockstore {

namespace {

using ascii::is_digit;

bool is_space(char c) { return c == ' ' || c == '\t' || c == '\n' || c == '\r'; }
bool is_alpha(char c) { return c == '_' || ascii::is_letter(c); }

std::string lower(std::string_view text) {
  std::string out(text);
  std::transform(out.begin(), out.end(), out.begin(), [](char c) {
    return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
  });
  return out;
}

// Go's rule for numbers: an underscore stands between digits (or right behind a leading zero, which
// counts as a base prefix).
std::optional<std::string> without_underscores(std::string_view text) {
  std::string out;
  for (size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '_') {
      out += text[i];
    } else if (i == 0 || i + 1 == text.size() || !is_digit(text[i - 1]) || !is_digit(text[i + 1])) {
      return std::nullopt;
    }
  }
  return out;
}

std::optional<double> parse_number(std::string_view text) {
  const auto plain = without_underscores(text);
  if (!plain || plain->empty()) return std::nullopt;
  const char* const end = plain->data() + plain->size();
  // First as an integer with Go's base prefixes, of which only the zero can get here; then as a
  // float.
  const bool octal = plain->size() > 1 && plain->front() == '0';
  int64_t integer = 0;
  if (const auto [stop, error] = std::from_chars(plain->data(), end, integer, octal ? 8 : 10);
      error == std::errc{} && stop == end) {
    return static_cast<double>(integer);
  }
  double value = 0;
  const auto [stop, error] = std::from_chars(plain->data(), end, value);
  if (error == std::errc::result_out_of_range && stop == end) {
    // Too large is an error in Go; too small is zero or the nearest denormal.
    const double again = std::strtod(plain->c_str(), nullptr);
    if (std::isinf(again)) return std::nullopt;
    return again;
  }
  if (error != std::errc{} || stop != end) return std::nullopt;
  return value;
}

}  // namespace

class SequenceParser {
 public:
  explicit SequenceParser(std::string_view text) : text_(text) {}

  Result<ValueSequence> parse();
  size_t error_offset() const { return error_offset_; }

 private:
  using Item = ValueSequence::Item;
  using HistogramField =
      std::variant<double, int64_t, std::vector<double>, model::CounterResetHint>;

  bool at_end() const { return at_ == text_.size(); }
  char peek(size_t ahead = 0) const {
    return at_ + ahead < text_.size() ? text_[at_ + ahead] : '\0';
  }
  bool take(char c) {
    if (at_end() || text_[at_] != c) return false;
    ++at_;
    return true;
  }
  bool skip_spaces() {
    const size_t before = at_;
    while (!at_end() && is_space(text_[at_])) ++at_;
    return at_ != before;
  }
  std::string found() const;
  tl::unexpected<Error> wrong(size_t offset, const std::string& what, Errc errc = Errc::malformed);

  std::string_view scan_word();
  Result<std::string_view> scan_number();
  Result<double> number();
  Result<double> number_or_word();
  Result<double> signed_number();
  Result<double> histogram_number();
  Result<uint64_t> whole();
  Result<int64_t> integer();
  Result<uint64_t> repetition();

  Result<Item> item();
  Result<Item> value_item();
  Result<Item> histogram_item();
  Result<model::Histogram> histogram();
  Result<HistogramField> histogram_field(const std::string& key);
  Result<std::vector<double>> bucket_list();
  Result<model::CounterResetHint> reset_hint();

  std::string_view text_;
  size_t at_ = 0;
  size_t error_offset_ = 0;
};

std::string SequenceParser::found() const {
  return at_end() ? "the end" : fmt::format("'{}'", text_[at_]);
}

tl::unexpected<Error> SequenceParser::wrong(size_t offset, const std::string& what, Errc errc) {
  error_offset_ = offset;
  return fail(errc, what);
}

std::string_view SequenceParser::scan_word() {
  const size_t from = at_;
  while (!at_end() && (is_alpha(text_[at_]) || is_digit(text_[at_]) || text_[at_] == ':')) ++at_;
  return text_.substr(from, at_ - from);
}

Result<std::string_view> SequenceParser::scan_number() {
  const size_t from = at_;
  const auto bad = [&] {
    return wrong(
        from, fmt::format("bad number '{}'", text_.substr(from, std::max<size_t>(at_ - from, 1))));
  };
  bool dot = take('.');
  bool exponent = false;
  while (!at_end()) {
    const char c = text_[at_];
    if (is_digit(c) || c == '_') {
      ++at_;
    } else if (c == '.') {
      ++at_;
      if (std::exchange(dot, true)) return bad();
    } else if (c == 'e' || c == 'E') {
      ++at_;
      if (std::exchange(exponent, true)) return bad();
      if (!take('+')) take('-');
    } else {
      break;
    }
  }
  if (at_ == from) return wrong(from, fmt::format("a number is missing before {}", found()));
  if (!at_end() && is_alpha(text_[at_]) && text_[at_] != 'x') {
    ++at_;
    return bad();
  }
  return text_.substr(from, at_ - from);
}

Result<double> SequenceParser::number() {
  const size_t from = at_;
  const auto digits = scan_number();
  if (!digits) return fail(digits.error());
  const auto value = parse_number(*digits);
  if (!value) return wrong(from, fmt::format("bad number '{}'", *digits));
  return *value;
}

// A number, Inf or NaN.
Result<double> SequenceParser::number_or_word() {
  if (!is_alpha(peek())) return number();
  const size_t from = at_;
  const std::string_view word = scan_word();
  if (lower(word) == "inf") return std::numeric_limits<double>::infinity();
  if (lower(word) == "nan") return std::bit_cast<double>(model::normal_nan_bits);
  return wrong(from, fmt::format("'{}' is not a number", word));
}

Result<double> SequenceParser::signed_number() {
  const bool minus = peek() == '-';
  if (peek() == '+' || peek() == '-') ++at_;
  const auto value = number_or_word();
  if (!value) return value;
  return minus ? -*value : *value;
}

// Inside {{…}} a number has no plus, and does not begin with its point.
Result<double> SequenceParser::histogram_number() {
  const bool minus = take('-');
  if (peek() == '.') return wrong(at_, "a digit must stand before the point");
  const auto value = number_or_word();
  if (!value) return value;
  return minus ? -*value : *value;
}

Result<uint64_t> SequenceParser::whole() {
  const size_t from = at_;
  const auto digits = scan_number();
  if (!digits) return fail(digits.error());
  uint64_t value = 0;
  const auto [stop, error] =
      std::from_chars(digits->data(), digits->data() + digits->size(), value);
  if (error != std::errc{} || stop != digits->data() + digits->size())
    return wrong(from, fmt::format("'{}' is not a whole number", *digits));
  return value;
}

Result<int64_t> SequenceParser::integer() {
  const size_t from = at_;
  const bool minus = take('-');
  const auto value = whole();
  if (!value) return fail(value.error());
  if (*value > static_cast<uint64_t>(INT32_MAX))
    return wrong(from, fmt::format("{} is out of range", *value));
  return minus ? -static_cast<int64_t>(*value) : static_cast<int64_t>(*value);
}

// What stands behind an x.
Result<uint64_t> SequenceParser::repetition() {
  const size_t from = at_;
  const auto times = whole();
  if (!times) return times;
  if (*times > ValueSequence::max_points) {
    return wrong(
        from,
        fmt::format("{} repetitions are above the limit of {}", *times, ValueSequence::max_points),
        Errc::limit);
  }
  return times;
}

Result<SequenceParser::Item> SequenceParser::item() {
  if (peek() == '{' && peek(1) == '{') return histogram_item();
  if (take('_')) {
    Item blank;
    if (take('x')) {
      const auto times = repetition();
      if (!times) return fail(times.error());
      blank.count = *times;
    }
    return blank;
  }
  return value_item();
}

Result<SequenceParser::Item> SequenceParser::value_item() {
  Item out;
  out.kind = Item::Kind::value;
  const size_t from = at_;
  const char first = peek();
  if (is_alpha(first) && first != 'x') {
    const std::string_view word = scan_word();
    if (word == "stale") {
      out.value = std::bit_cast<double>(model::stale_nan_bits);
    } else {
      at_ = from;
      const auto value = number_or_word();
      if (!value)
        return wrong(from,
                     fmt::format("unexpected '{}': want a number, stale, _, or {{{{…}}}}", word));
      out.value = *value;
    }
  } else if (is_digit(first) || first == '.' || first == '+' || first == '-') {
    const auto value = signed_number();
    if (!value) return fail(value.error());
    out.value = *value;
  } else {
    return wrong(from,
                 fmt::format("unexpected {}: want a number, stale, _, or {{{{…}}}}", found()));
  }
  if (peek() == '+' || peek() == '-') {
    const auto step = signed_number();
    if (!step) return fail(step.error());
    out.has_step = true;
    out.step = *step;
    if (peek() != 'x')
      return wrong(at_, fmt::format("expected xN after the step, got {}", found()));
  }
  if (take('x')) {
    const auto times = repetition();
    if (!times) return fail(times.error());
    out.count = *times + 1;
  }
  return out;
}

Result<SequenceParser::Item> SequenceParser::histogram_item() {
  Item out;
  out.kind = Item::Kind::histogram;
  auto first = histogram();
  if (!first) return fail(first.error());
  out.histogram = std::move(*first);
  const size_t sign_at = at_;
  if (peek() == '+' || peek() == '-') {
    out.minus = text_[at_++] == '-';
    if (peek() != '{' || peek(1) != '{')
      return wrong(at_, fmt::format("expected a histogram {{{{…}}}}, got {}", found()));
    auto step = histogram();
    if (!step) return fail(step.error());
    out.histogram_step = std::move(*step);
    out.has_step = true;
    if (peek() != 'x')
      return wrong(at_, fmt::format("expected xN after the histogram's step, got {}", found()));
  }
  if (take('x')) {
    const auto times = repetition();
    if (!times) return fail(times.error());
    out.count = *times + 1;
  }
  if (out.has_step && out.count > 1) {
    if (auto sum = add_histogram(out.histogram, out.histogram_step, out.minus); !sum)
      return wrong(sign_at, sum.error().context);
  }
  return out;
}

Result<std::vector<double>> SequenceParser::bucket_list() {
  if (!take('[')) return wrong(at_, fmt::format("expected '[', got {}", found()));
  std::vector<double> values;
  for (;;) {
    const auto value = histogram_number();
    if (!value) return fail(value.error());
    values.push_back(*value);
    const bool spaced = skip_spaces();
    if (take(']')) return values;
    if (!spaced) return wrong(at_, fmt::format("expected a space or ']', got {}", found()));
  }
}

Result<model::CounterResetHint> SequenceParser::reset_hint() {
  const size_t from = at_;
  const std::string word = lower(scan_word());
  for (const auto hint : {model::CounterResetHint::unknown, model::CounterResetHint::yes,
                          model::CounterResetHint::no, model::CounterResetHint::gauge}) {
    if (word == model::to_string(hint)) return hint;
  }
  return wrong(
      from,
      fmt::format("'{}' is no counter_reset_hint: want unknown, reset, not_reset or gauge", word));
}

Result<SequenceParser::HistogramField> SequenceParser::histogram_field(const std::string& key) {
  const auto as_field = [](auto result) -> Result<HistogramField> {
    if (!result) return fail(result.error());
    return HistogramField(std::move(*result));
  };
  if (key == "schema" || key == "offset" || key == "n_offset") return as_field(integer());
  if (key == "buckets" || key == "n_buckets" || key == "custom_values")
    return as_field(bucket_list());
  if (key == "counter_reset_hint") return as_field(reset_hint());
  return as_field(histogram_number());
}

Result<model::Histogram> SequenceParser::histogram() {
  static const std::vector<std::string> keys = {
      "schema",   "sum",     "count",     "z_bucket",      "z_bucket_w",        "offset",
      "n_offset", "buckets", "n_buckets", "custom_values", "counter_reset_hint"};
  at_ += 2;  // {{
  std::map<std::string, HistogramField> fields;
  bool spaced = skip_spaces();
  if (spaced && !(peek() == '}' && peek(1) == '}')) return wrong(at_, "no space may follow '{{'");
  while (!(peek() == '}' && peek(1) == '}')) {
    const size_t from = at_;
    if (at_end()) return wrong(from, "the histogram is not closed: want '}}'");
    if (!fields.empty() && !spaced)
      return wrong(from, fmt::format("expected a space or '}}}}', got {}", found()));
    size_t stop = at_;
    while (stop < text_.size() && is_alpha(text_[stop])) ++stop;
    const std::string key = lower(text_.substr(from, stop - from));
    at_ = stop;
    if (std::find(keys.begin(), keys.end(), key) == keys.end()) {
      return wrong(
          from, fmt::format(
                    "unexpected {} in a histogram: want schema, sum, count, z_bucket, z_bucket_w, "
                    "offset, buckets, n_offset, n_buckets, "
                    "custom_values or counter_reset_hint",
                    key.empty() ? (at_ = from, found()) : "'" + key + "'"));
    }
    if (!take(':')) return wrong(at_, fmt::format("expected ':' after '{}', got {}", key, found()));
    auto field = histogram_field(key);
    if (!field) return fail(field.error());
    if (!fields.emplace(key, std::move(*field)).second)
      return wrong(from, fmt::format("duplicate '{}' in a histogram", key));
    spaced = skip_spaces();
  }
  at_ += 2;

  model::Histogram out;
  out.is_float = true;
  const auto real = [&](const char* key, double& target) {
    if (const auto it = fields.find(key); it != fields.end()) target = std::get<double>(it->second);
  };
  const auto whole_of = [&](const char* key) {
    const auto it = fields.find(key);
    return it == fields.end() ? 0 : static_cast<int32_t>(std::get<int64_t>(it->second));
  };
  const auto list = [&](const char* key, std::vector<double>& target) {
    if (const auto it = fields.find(key); it != fields.end())
      target = std::move(std::get<std::vector<double>>(it->second));
  };
  real("sum", out.sum);
  real("count", out.float_count);
  real("z_bucket", out.float_zero_count);
  real("z_bucket_w", out.zero_threshold);
  out.schema = whole_of("schema");
  list("custom_values", out.custom_values);
  list("buckets", out.positive_counts);
  list("n_buckets", out.negative_counts);
  if (const auto it = fields.find("counter_reset_hint"); it != fields.end())
    out.counter_reset_hint = std::get<model::CounterResetHint>(it->second);
  if (!out.positive_counts.empty())
    out.positive_spans = {{whole_of("offset"), static_cast<uint32_t>(out.positive_counts.size())}};
  if (!out.negative_counts.empty())
    out.negative_spans = {
        {whole_of("n_offset"), static_cast<uint32_t>(out.negative_counts.size())}};
  return out;
}

Result<ValueSequence> SequenceParser::parse() {
  auto items = std::make_shared<std::vector<Item>>();
  uint64_t size = 0;
  skip_spaces();
  while (!at_end()) {
    const size_t from = at_;
    auto next = item();
    if (!next) return fail(next.error());
    size += next->count;
    if (size > ValueSequence::max_points) {
      return wrong(from,
                   fmt::format("more than {} points in one series", ValueSequence::max_points),
                   Errc::limit);
    }
    items->push_back(std::move(*next));
    if (!skip_spaces() && !at_end())
      return wrong(at_, fmt::format("expected a space, got {}", found()));
  }
  ValueSequence out;
  out.items_ = std::move(items);
  out.size_ = size;
  return out;
}

Result<ValueSequence> ValueSequence::parse(std::string_view text, size_t* error_offset) {
  SequenceParser parser(text);
  auto out = parser.parse();
  if (out) return out;
  if (error_offset != nullptr) {
    *error_offset = parser.error_offset();
    return out;
  }
  return fail(out.error().in(fmt::format("offset {}", parser.error_offset())));
}

}  // namespace mread::mockstore
