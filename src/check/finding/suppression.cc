#include "check/finding/suppression.h"

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <optional>
#include <string_view>

#include <boost/algorithm/string/classification.hpp>
#include <boost/algorithm/string/split.hpp>
#include <boost/algorithm/string/trim.hpp>
#include <fmt/format.h>

#include "base/nearest.h"

namespace mread::check {
namespace {

struct Line {
  std::string_view text;
  size_t indent = 0;
  size_t comment = std::string_view::npos;  // Where its comment begins, at the #.
  bool is_blank = false;
  bool is_comment = false;  // Nothing but a comment.
  bool is_item = false;     // Begins with "- ".
  bool is_start = false;    // "---"
};

// Finds the comments of a YAML document: not those that stand in quotes or in block scalars.
class LineReader {
 public:
  std::vector<Line> run(std::string_view document) {
    if (document.starts_with("\xef\xbb\xbf")) document.remove_prefix(3);
    std::vector<Line> lines;
    while (!document.empty()) {
      const size_t end = std::min(document.find('\n'), document.size());
      lines.push_back(read(document.substr(0, end)));
      document.remove_prefix(std::min(end + 1, document.size()));
    }
    return lines;
  }

 private:
  Line read(std::string_view text) {
    Line line{.text = text};
    const size_t begin = text.find_first_not_of(" \t\r");
    line.is_blank = begin == std::string_view::npos;
    if (line.is_blank) return line;
    line.indent = begin;
    if (block_ && begin > *block_) return line;
    block_.reset();
    line.is_start = text.starts_with("---");
    line.is_item = text.substr(begin).starts_with("- ");
    find_comment(line);
    line.is_comment = line.comment == begin;
    const std::string_view content = boost::algorithm::trim_copy(text.substr(0, line.comment));
    if (quote_ == '\0' && opens_block(content)) block_ = begin;
    return line;
  }

  // The first # that begins the line or follows a blank, outside of quotes, which may go on over
  // lines. A quote begins a scalar only behind a blank, a bracket, a comma or a colon.
  void find_comment(Line& line) {
    char before = ' ';
    for (size_t i = 0; i < line.text.size(); ++i) {
      const char c = line.text[i];
      const bool begins = std::string_view(" \t[{,:").find(before) != std::string_view::npos;
      if (quote_ != '\0') {
        // An escaped sign; in single quotes, a doubled quote stands for itself.
        const bool is_escape = c == '\\' && quote_ == '"';
        const bool is_doubled = c == '\'' && quote_ == c && line.text.substr(i + 1).starts_with(c);
        if (is_escape || is_doubled) {
          ++i;
        } else if (c == quote_) {
          quote_ = '\0';
        }
      } else if (c == '#' && (before == ' ' || before == '\t')) {
        line.comment = i;
        return;
      } else if ((c == '"' || c == '\'') && begins) {
        quote_ = c;
      }
      before = c;
    }
  }

  // A line that ends in | or >, with a sign for its line ends or its indentation: `expr: |-`.
  static bool opens_block(std::string_view content) {
    while (!content.empty() &&
           std::string_view("+-0123456789").find(content.back()) != std::string_view::npos)
      content.remove_suffix(1);
    if (content.empty() || (content.back() != '|' && content.back() != '>')) return false;
    content.remove_suffix(1);
    return content.ends_with(' ');
  }

  char quote_ = '\0';            // That is open at the end of the line.
  std::optional<size_t> block_;  // The indentation of the line whose block scalar goes on.
};

// A comment, and the lines (from 0) that it is about.
struct Comment {
  size_t line = 0;
  size_t first = 0;
  size_t end = 0;
  std::vector<RuleId> rules;
  Suppression suppression;
  bool is_used = false;
};

// A date as YYYY-MM-DD; such texts compare as the dates do.
bool is_date(const std::string& text) {
  int year = 0;
  int month = 0;
  int day = 0;
  int length = 0;
  return text.size() == 10 &&
         std::sscanf(text.c_str(), "%4d-%2d-%2d%n", &year, &month, &day, &length) == 3 &&
         length == 10 && (std::chrono::year(year) / month / day).ok();
}

class Comments {
 public:
  explicit Comments(const yaml::Node& root)
      : root_(root), lines_(LineReader().run(root.document())) {}

  std::vector<Comment> run() {
    std::vector<Comment> comments;
    for (size_t i = 0; i < lines_.size(); ++i) {
      if (auto comment = read(i)) comments.push_back(std::move(*comment));
    }
    return comments;
  }

 private:
  [[noreturn]] void refuse(size_t line, const std::string& what) const {
    throw yaml::ConfigError(
        fmt::format("{}:{}: {}\n  {}", root_.file(), line + 1, what,
                    boost::algorithm::trim_copy(std::string(lines_[line].text))));
  }

  std::optional<Comment> read(size_t line) const {
    std::vector<std::string> words;
    const std::string_view text = lines_[line].text;
    const size_t hash = lines_[line].comment;
    if (hash == std::string_view::npos) return std::nullopt;
    const std::string rest = boost::algorithm::trim_copy(std::string(text.substr(hash + 1)));
    boost::algorithm::split(words, rest, boost::is_any_of(" \t\r"), boost::token_compress_on);
    if (words.size() < 2 || words[0] != "mread") return std::nullopt;
    const bool snoozes = words[1] == "snooze";
    if (!snoozes && words[1] != "disable") {
      const std::string meant = nearest(words[1], {"disable", "snooze"});
      if (!meant.empty())
        refuse(line, "unknown word \"" + words[1] + "\"; did you mean \"" + meant + "\"?");
      return std::nullopt;
    }
    Comment comment;
    comment.line = line;
    size_t next = 2;
    if (snoozes) {
      comment.suppression.until = next < words.size() ? words[next] : "";
      ++next;
      if (!is_date(comment.suppression.until))
        refuse(line, "a snooze has a date that exists: # mread snooze 2026-12-31 MR002 REASON");
    }
    comment.rules = rules_of(line, next < words.size() ? words[next] : "");
    for (size_t i = next + 1; i < words.size(); ++i)
      comment.suppression.reason += (i > next + 1 ? " " : "") + words[i];
    if (comment.suppression.reason.empty())
      refuse(line, fmt::format("the comment gives no reason: # mread {} … REASON", words[1]));
    set_range(comment);
    return comment;
  }

  std::vector<RuleId> rules_of(size_t line, const std::string& list) const {
    if (list.empty()) refuse(line, "the comment names no rule: MR001 to MR036");
    std::vector<std::string> codes;
    boost::algorithm::split(codes, list, boost::is_any_of(","));
    std::vector<RuleId> rules;
    for (const std::string& code : codes) {
      const auto rule = rule_called(code);
      if (!rule) {
        refuse(line, code.empty() ? "write the rules without blanks: MR001,MR003"
                                  : "there is no rule " + code + ": MR001 to MR036");
      }
      rules.push_back(*rule);
    }
    return rules;
  }

  void set_range(Comment& comment) const {
    if (!lines_[comment.line].is_comment) {
      comment.first = comment.line;
      comment.end = comment.line + 1;
      return;
    }
    size_t first = comment.line;
    while (first < lines_.size() && lines_[first].is_comment) ++first;
    const bool at_top =
        std::all_of(lines_.begin(), lines_.begin() + static_cast<long>(comment.line),
                    [](const Line& one) { return one.is_comment || one.is_blank || one.is_start; });
    if (at_top && first < lines_.size() && (lines_[first].is_blank || lines_[first].is_start)) {
      comment.end = lines_.size();
      return;
    }
    while (first < lines_.size() && (lines_[first].is_blank || lines_[first].is_comment)) ++first;
    comment.first = first;
    comment.end = first;
    if (first == lines_.size()) return;
    const Line& head = lines_[first];
    const auto belongs = [&head](const Line& one) {
      if (one.is_blank || one.is_comment || one.indent > head.indent) return true;
      // A list may stand as far left as its key.
      return one.indent == head.indent && one.is_item && !head.is_item;
    };
    for (++comment.end; comment.end < lines_.size() && belongs(lines_[comment.end]); ++comment.end)
      ;
  }

  const yaml::Node& root_;
  const std::vector<Line> lines_;
};

}  // namespace

std::vector<std::string> suppress(const yaml::Node& root, const std::string& today,
                                  std::vector<Finding>& findings) {
  std::vector<Comment> comments = Comments(root).run();
  for (Finding& finding : findings) {
    if (finding.place.file != root.file() || finding.suppression) continue;
    const auto line = static_cast<size_t>(finding.place.line - 1);
    for (Comment& comment : comments) {
      if (line < comment.first || line >= comment.end) continue;
      if (std::ranges::find(comment.rules, finding.rule) == comment.rules.end()) continue;
      comment.is_used = true;
      const std::string& until = comment.suppression.until;
      if (!until.empty() && until < today) {
        finding.note = "it was snoozed until " + until;
        continue;
      }
      finding.suppression = comment.suppression;
      break;
    }
  }
  std::vector<std::string> unused;
  for (const Comment& comment : comments) {
    if (!comment.is_used)
      unused.push_back(
          fmt::format("{}:{}: the comment suppresses nothing", root.file(), comment.line + 1));
  }
  return unused;
}

}  // namespace mread::check
