#include "scenarios/rules/alert_template.h"

#include <array>
#include <cctype>
#include <charconv>
#include <cmath>
#include <cstdio>
#include <optional>
#include <variant>
#include <vector>

#include <re2/re2.h>

#include "model/promql_lexer.h"

namespace mread::scenarios {
namespace {

using TemplateValue = std::variant<std::string, double>;
using Arguments = std::vector<TemplateValue>;

tl::unexpected<Error> unknown(const std::string& what) { return fail(Errc::unsupported, what); }

std::optional<std::string> not_finite(double value) {
  if (std::isnan(value)) return "NaN";
  if (std::isinf(value)) return value > 0 ? "+Inf" : "-Inf";
  return std::nullopt;
}

std::string c_format(const std::string& format, double value) {
  std::array<char, 512> buffer{};
  std::snprintf(buffer.data(), buffer.size(), format.c_str(), value);
  return buffer.data();
}

// Go's %v: the fewest digits that read back as the same; with an exponent below 1e-4 and from 1e+06
// on.
std::string shortest(double value) {
  if (const auto text = not_finite(value)) return *text;
  std::array<char, 64> buffer{};
  const auto sign_and_digits = std::to_chars(buffer.data(), buffer.data() + buffer.size(), value,
                                             std::chars_format::scientific);
  const std::string scientific(buffer.data(), sign_and_digits.ptr);
  const int exponent = std::stoi(scientific.substr(scientific.find('e') + 1));
  if (exponent < -4 || exponent >= 6) return scientific;
  const auto fixed =
      std::to_chars(buffer.data(), buffer.data() + buffer.size(), value, std::chars_format::fixed);
  return {buffer.data(), fixed.ptr};
}

std::string four_digits(double value) {
  if (const auto text = not_finite(value)) return *text;
  return c_format("%.4g", value);
}

std::string with_small_prefix(double value) {
  std::string prefix;
  for (const char* p : {"m", "u", "n", "p", "f", "a", "z", "y"}) {
    if (std::abs(value) >= 1) break;
    prefix = p;
    value *= 1000;
  }
  return four_digits(value) + prefix;
}

std::string with_large_prefix(double value, double step, const std::array<const char*, 8>& names) {
  std::string prefix;
  for (const char* p : names) {
    if (std::abs(value) < step) break;
    prefix = p;
    value /= step;
  }
  return four_digits(value) + prefix;
}

std::string humanize(double value) {
  if (value == 0 || !std::isfinite(value)) return four_digits(value);
  if (std::abs(value) < 1) return with_small_prefix(value);
  return with_large_prefix(value, 1000, {"k", "M", "G", "T", "P", "E", "Z", "Y"});
}

std::string humanize1024(double value) {
  if (std::abs(value) <= 1 || !std::isfinite(value)) return four_digits(value);
  return with_large_prefix(value, 1024, {"ki", "Mi", "Gi", "Ti", "Pi", "Ei", "Zi", "Yi"});
}

std::string humanize_duration(double value) {
  if (!std::isfinite(value)) return four_digits(value);
  if (value == 0) return "0s";
  if (std::abs(value) < 1) return with_small_prefix(value) + "s";
  const std::string sign = value < 0 ? "-" : "";
  value = std::abs(value);
  const auto whole = static_cast<int64_t>(value);
  const std::string seconds = std::to_string(whole % 60) + "s";
  const std::string minutes = std::to_string(whole / 60 % 60) + "m ";
  const std::string hours = std::to_string(whole / 3600 % 24) + "h ";
  if (whole >= 86'400)
    return sign + std::to_string(whole / 86'400) + "d " + hours + minutes + seconds;
  if (whole >= 3600) return sign + hours + minutes + seconds;
  if (whole >= 60) return sign + minutes + seconds;
  return sign + four_digits(value) + "s";
}

std::string humanize_percentage(double value) { return four_digits(value * 100) + "%"; }

std::string each_letter(std::string text, int (*change)(int)) {
  for (char& c : text) c = static_cast<char>(change(static_cast<unsigned char>(c)));
  return text;
}

// Versions of Prometheus differ in where a word begins, but for plain words.
std::optional<std::string> title(std::string text) {
  static const re2::RE2 plain("(?:[A-Za-z_ /-]|[0-9]+(?:[_ /-]|$))*");
  if (!re2::RE2::FullMatch(text, plain)) return std::nullopt;
  bool begins = true;
  for (char& c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (begins) c = static_cast<char>(std::toupper(byte));
    begins = std::isalnum(byte) == 0 && c != '_';
  }
  return text;
}

std::string strip_port(const std::string& text) {
  static const re2::RE2 with_port(R"(\[?([^\[\]]*?)\]?:[0-9]+)");
  std::string host;
  return re2::RE2::FullMatch(text, with_port, &host) ? host : text;
}

// A piece of printf's format: "%-5.2f".
Result<std::string> format_one(const std::string& flags, char verb, const TemplateValue& value) {
  if (const auto* text = std::get_if<std::string>(&value)) {
    if ((verb != 's' && verb != 'v') || !flags.empty())
      return unknown("printf %" + flags + verb + " of a text");
    return *text;
  }
  const double number = std::get<double>(value);
  if (verb == 'v' && flags.empty()) return shortest(number);
  if (std::string_view("eEfFgG").find(verb) == std::string_view::npos)
    return unknown("printf %" + flags + verb + " of a number");
  if (const auto text = not_finite(number); text && flags.find('.') == 0) return *text;
  if (!std::isfinite(number) && !flags.empty()) return unknown("printf of a NaN or Inf");
  if (const auto text = not_finite(number)) return *text;
  const bool is_general = verb == 'g' || verb == 'G';
  if (is_general && flags.find('.') == std::string::npos) {
    if (flags.empty() && verb == 'g') return shortest(number);
    return unknown("printf %" + flags + verb);
  }
  return c_format("%" + flags + verb, number);
}

Result<std::string> print_formatted(const Arguments& arguments) {
  const auto* format = arguments.empty() ? nullptr : std::get_if<std::string>(&arguments.front());
  if (format == nullptr) return unknown("printf without a format");
  std::string out;
  size_t next = 1;
  for (size_t at = 0; at < format->size(); ++at) {
    if ((*format)[at] != '%') {
      out += (*format)[at];
      continue;
    }
    const size_t end = format->find_first_not_of("+-0123456789.", at + 1);
    if (end == std::string::npos) return unknown("printf with \"" + *format + "\"");
    const std::string flags = format->substr(at + 1, end - at - 1);
    at = end;
    if ((*format)[at] == '%' && flags.empty()) {
      out += '%';
      continue;
    }
    if (next >= arguments.size() || flags.size() > 8)
      return unknown("printf with \"" + *format + "\"");
    auto piece = format_one(flags, (*format)[at], arguments[next++]);
    if (!piece) return piece;
    out += *piece;
  }
  if (next != arguments.size()) return unknown("printf with \"" + *format + "\"");
  return out;
}

Result<std::string> replace_all(const Arguments& arguments) {
  if (arguments.size() != 3) return unknown("reReplaceAll with other than three texts");
  std::array<std::string, 3> texts;
  for (size_t i = 0; i < 3; ++i) {
    const auto* text = std::get_if<std::string>(&arguments[i]);
    if (text == nullptr) return unknown("reReplaceAll of a number");
    texts[i] = *text;
  }
  const re2::RE2 pattern(texts[0], re2::RE2::Quiet);
  // Go takes $1x for a group of that name, so only a group in braces is sure.
  std::string replacement = texts[1];
  if (!pattern.ok() || replacement.find('\\') != std::string::npos)
    return unknown("reReplaceAll with \"" + texts[0] + "\"");
  re2::RE2::GlobalReplace(&replacement, R"(\$\{([0-9])\}|\$([0-9])\b)", R"(\\\1\2)");
  if (replacement.find('$') != std::string::npos)
    return unknown("reReplaceAll with \"" + texts[1] + "\"");
  re2::RE2::GlobalReplace(&texts[2], pattern, replacement);
  return texts[2];
}

Result<TemplateValue> call(const std::string& name, const Arguments& arguments) {
  const auto as_value = [](Result<std::string> text) -> Result<TemplateValue> {
    if (!text) return fail(text.error());
    return TemplateValue(std::move(*text));
  };
  if (name == "printf") return as_value(print_formatted(arguments));
  if (name == "reReplaceAll") return as_value(replace_all(arguments));
  struct OfNumber {
    const char* name;
    std::string (*function)(double);
  };
  constexpr std::array<OfNumber, 4> of_numbers{{{"humanize", humanize},
                                                {"humanize1024", humanize1024},
                                                {"humanizeDuration", humanize_duration},
                                                {"humanizePercentage", humanize_percentage}}};
  const auto* number = arguments.size() == 1 ? std::get_if<double>(&arguments.front()) : nullptr;
  // Go's conversion to whole seconds overflows.
  if (number != nullptr && name == "humanizeDuration" && std::abs(*number) > 9e18 &&
      std::isfinite(*number))
    return unknown(name);
  for (const OfNumber& one : of_numbers) {
    if (name == one.name && number != nullptr) return TemplateValue(one.function(*number));
  }
  const auto* text = arguments.size() == 1 ? std::get_if<std::string>(&arguments.front()) : nullptr;
  if (text != nullptr) {
    if (name == "toUpper") return TemplateValue(each_letter(*text, std::toupper));
    if (name == "toLower") return TemplateValue(each_letter(*text, std::tolower));
    if (const auto words = title(*text); name == "title" && words) return TemplateValue(*words);
    if (name == "stripPort") return TemplateValue(strip_port(*text));
  }
  return unknown(name);
}

// Reads and evaluates what stands between {{ and }}.
class Action {
 public:
  Action(const std::string& text, const TemplateData& data) : lexer_(text), data_(data) {}

  Result<std::string> expand() {
    lexer_.skip_space();
    auto value = pipeline();
    if (!value) return fail(value.error());
    lexer_.skip_space();
    if (!lexer_.at_end()) return unknown(lexer_.here());
    if (const auto* text = std::get_if<std::string>(&*value)) return *text;
    return shortest(std::get<double>(*value));
  }

 private:
  Result<TemplateValue> pipeline() {
    std::optional<TemplateValue> last;
    do {
      auto value = command(last);
      if (!value) return value;
      last = std::move(*value);
    } while (lexer_.take("|"));
    return *last;
  }

  // A function with its arguments, or one operand; what was piped into it comes last.
  Result<TemplateValue> command(const std::optional<TemplateValue>& piped) {
    lexer_.skip_space();
    const std::string name(lexer_.identifier(false));
    if (name.empty()) {
      if (piped) return unknown("a pipe into what is no function");
      return operand();
    }
    Arguments arguments;
    while (true) {
      lexer_.skip_space();
      if (lexer_.at_end() || lexer_.peek() == '|' || lexer_.peek() == ')') break;
      auto value = operand();
      if (!value) return value;
      arguments.push_back(std::move(*value));
    }
    if (piped) arguments.push_back(*piped);
    return call(name, arguments);
  }

  Result<TemplateValue> operand() {
    lexer_.skip_space();
    if (lexer_.at_string()) {
      auto text = lexer_.string();
      if (!text) return unknown(text.error().message);
      return TemplateValue(std::move(*text));
    }
    if (lexer_.take("(")) {
      auto value = pipeline();
      if (value && !lexer_.take(")")) return unknown(lexer_.here());
      return value;
    }
    for (const char* prefix : {"$labels.", ".Labels."}) {
      if (lexer_.take(prefix))
        return label(
            [this](const std::string& name) { return std::string(data_.labels.get(name)); });
    }
    for (const char* prefix : {"$externalLabels.", ".ExternalLabels."}) {
      if (lexer_.take(prefix))
        return label([this](const std::string& name) {
          const auto found = data_.external_labels.find(name);
          return found == data_.external_labels.end() ? std::string() : found->second;
        });
    }
    for (const char* word : {"$value", ".Value"}) {
      if (lexer_.take(word)) return TemplateValue(data_.value);
    }
    return unknown(lexer_.here());
  }

  template <class Look>
  Result<TemplateValue> label(const Look& look) {
    const std::string name(lexer_.identifier(false));
    if (name.empty()) return unknown(lexer_.here());
    return TemplateValue(look(name));
  }

  model::PromqlLexer lexer_;
  const TemplateData& data_;
};

constexpr const char* blanks = " \t\r\n";

}  // namespace

Result<std::string> expand_template(const std::string& text, const TemplateData& data) {
  std::string out;
  size_t at = 0;
  bool trims = false;
  while (true) {
    const size_t open = text.find("{{", at);
    std::string piece = text.substr(at, open == std::string::npos ? open : open - at);
    if (trims) piece.erase(0, std::min(piece.find_first_not_of(blanks), piece.size()));
    if (open == std::string::npos) return out + piece;
    const size_t close = text.find("}}", open);
    if (close == std::string::npos) return unknown("{{ without }}");
    std::string action = text.substr(open + 2, close - open - 2);
    const std::string whole = "{{" + action + "}}";
    if (action.size() > 1 && action[0] == '-' &&
        std::isspace(static_cast<unsigned char>(action[1]))) {
      action.erase(0, 1);
      piece.erase(piece.find_last_not_of(blanks) + 1);
    }
    trims = action.size() > 1 && action.back() == '-' &&
            std::isspace(static_cast<unsigned char>(action[action.size() - 2]));
    if (trims) action.pop_back();
    out += piece;
    at = close + 2;
    static const re2::RE2 comment(R"((?s)\s*/\*.*\*/\s*)");
    if (re2::RE2::FullMatch(action, comment)) continue;
    const auto value = Action(action, data).expand();
    if (!value) return unknown(whole);
    out += *value;
  }
}

}  // namespace mread::scenarios
