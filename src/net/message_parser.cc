#include "net/message_parser.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <limits>

#include "base/ascii.h"

// Beast's parser is not used: it holds a chunk's line and the trailers back in the input until all
// of them is there, however much that is; it counts the head's bytes only as far as it has not read
// them yet; it passes over transfer codings that it does not know, and takes what has one for a
// message without a body; and it refuses what Go's readers take.

namespace mread::net {
namespace {

namespace http = boost::beast::http;
using Ec = boost::system::error_code;

class Category final : public boost::system::error_category {
 public:
  const char* name() const noexcept override { return "mread.http"; }
  std::string message(int value) const override {
    switch (static_cast<MessageFault>(value)) {
      case MessageFault::start_line:
        return "the first line is not one of HTTP";
      case MessageFault::version:
        return "want HTTP/1.1 or HTTP/1.0";
      case MessageFault::field:
        return "a line is no header field (name, colon, value)";
      case MessageFault::folded:
        return "a header field goes on in the next line";
      case MessageFault::character:
        return "a control character";
      case MessageFault::line_end:
        return "a line does not end in CR LF";
      case MessageFault::field_limit:
        return "more than " + std::to_string(most_fields) + " header fields";
      case MessageFault::no_host:
        return "no Host";
      case MessageFault::several_hosts:
        return "more than one Host";
      case MessageFault::host:
        return "Host is not a host name";
      case MessageFault::target:
        return "want a path, or an http URL of the host that the Host field names";
      case MessageFault::length:
        return "Content-Length is not a number";
      case MessageFault::several_lengths:
        return "several Content-Lengths that differ";
      case MessageFault::encoding:
        return "Transfer-Encoding is other than chunked";
      case MessageFault::several_encodings:
        return "more than one Transfer-Encoding";
      case MessageFault::encoding_and_length:
        return "both Transfer-Encoding and Content-Length";
      case MessageFault::encoding_in_http10:
        return "Transfer-Encoding in HTTP/1.0";
      case MessageFault::chunk_size:
        return "a chunk's size is not a hexadecimal number of up to 16 digits";
      case MessageFault::chunk_end:
        return "a chunk is longer than its size";
      case MessageFault::chunk_line_limit:
        return "a chunk's line is over the limit of the head";
      case MessageFault::chunk_overhead_limit:
        return "the lines of the chunks are far more than what is in them";
      case MessageFault::trailer_limit:
        return "the trailers are over the limit of the head";
    }
    return "not HTTP";
  }
};

const Category& category() {
  static const Category instance;
  return instance;
}

bool is_space(char c) { return c == ' ' || c == '\t'; }

std::string_view trimmed(std::string_view text) {
  while (!text.empty() && is_space(text.front())) text.remove_prefix(1);
  while (!text.empty() && is_space(text.back())) text.remove_suffix(1);
  return text;
}

using ascii::lower;

bool same_text(std::string_view a, std::string_view b) {
  return a.size() == b.size() && std::equal(a.begin(), a.end(), b.begin(),
                                            [](char x, char y) { return lower(x) == lower(y); });
}

bool is_control(char c) {
  const auto byte = static_cast<unsigned char>(c);
  return (byte < 0x20 && c != '\t') || byte == 0x7f;
}

bool has_control(std::string_view text) {
  return std::any_of(text.begin(), text.end(), is_control);
}

bool is_alnum(char c) { return ascii::is_digit(c) || ascii::is_letter(c); }

bool is_token(std::string_view text) {
  constexpr std::string_view marks = "!#$%&'*+-.^_`|~";
  return !text.empty() && std::all_of(text.begin(), text.end(), [&](char c) {
    return is_alnum(c) || marks.find(c) != marks.npos;
  });
}

bool is_host(std::string_view text) {
  constexpr std::string_view marks = "-._~!$&'()*+,;=:[]%";
  return std::all_of(text.begin(), text.end(),
                     [&](char c) { return is_alnum(c) || marks.find(c) != marks.npos; });
}

bool is_digits(std::string_view text) {
  return !text.empty() &&
         std::all_of(text.begin(), text.end(), [](char c) { return c >= '0' && c <= '9'; });
}

// 10, 11, or nothing.
std::optional<int> version_of(std::string_view text) {
  if (text == "HTTP/1.1") return 11;
  if (text == "HTTP/1.0") return 10;
  return std::nullopt;
}

std::optional<uint64_t> length_of(std::string_view text) {
  uint64_t length = 0;
  if (!is_digits(text)) return std::nullopt;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), length);
  if (error != std::errc() || length > uint64_t{std::numeric_limits<int64_t>::max()})
    return std::nullopt;
  return length;
}

bool lists(std::string_view value, std::string_view word) {
  while (true) {
    const size_t comma = value.find(',');
    if (same_text(trimmed(value.substr(0, comma)), word)) return true;
    if (comma == std::string_view::npos) return false;
    value.remove_prefix(comma + 1);
  }
}

}  // namespace

Ec make_error_code(MessageFault fault) { return {static_cast<int>(fault), category()}; }

bool is_message_fault(const Ec& code) { return code.category() == category(); }

bool is_message_limit(const Ec& code) {
  return code == MessageFault::field_limit || code == MessageFault::chunk_line_limit ||
         code == MessageFault::chunk_overhead_limit || code == MessageFault::trailer_limit;
}

template <bool is_request>
size_t MessageParser<is_request>::feed(std::string_view bytes, std::string* body, size_t body_room,
                                       Ec& ec) {
  const size_t offered = bytes.size();
  ec = {};
  begun_ = begun_ || offered > 0;
  while (!ec && !is_complete() && (body != nullptr || !has_head())) {
    if (bytes.empty()) {
      ec = http::error::need_more;
    } else {
      step(bytes, body, body_room, ec);
    }
  }
  return offered - bytes.size();
}

template <bool is_request>
void MessageParser<is_request>::feed_end(Ec& ec) {
  ec = {};
  if (!begun_) {
    ec = http::error::end_of_stream;
  } else if (phase_ == Phase::to_eof) {
    phase_ = Phase::complete;
  } else if (!is_complete()) {
    ec = http::error::partial_message;
  }
}

template <bool is_request>
void MessageParser<is_request>::step(std::string_view& bytes, std::string* body, size_t& room,
                                     Ec& ec) {
  switch (phase_) {
    case Phase::start_line:
    case Phase::fields:
      ec = take_head_line(bytes);
      break;
    case Phase::sized:
    case Phase::to_eof:
    case Phase::chunk_data:
      ec = take_body(bytes, body, room);
      break;
    case Phase::chunk_line:
      ec = take_chunk_line(bytes);
      break;
    case Phase::chunk_end:
      ec = take_chunk_end(bytes);
      break;
    case Phase::trailers:
      ec = take_trailer(bytes);
      break;
    case Phase::complete:
      break;
  }
}

// The next line, or nothing where its end is not there. `count` is of the section that the line
// belongs to.
template <bool is_request>
auto MessageParser<is_request>::take_line(std::string_view& bytes, uint64_t& count, Ec too_large,
                                          Ec& ec) -> std::optional<Line> {
  const size_t newline = bytes.find('\n');
  const size_t taken = newline == std::string_view::npos ? bytes.size() : newline + 1;
  if (taken > limit_ - count) {
    ec = too_large;
    return std::nullopt;
  }
  count += taken;
  std::string_view text = bytes.substr(0, taken);
  bytes.remove_prefix(taken);
  if (newline == std::string_view::npos) {
    line_.append(text);
    return std::nullopt;
  }
  if (!line_.empty()) {
    line_.append(text);
    text = line_;
  }
  text.remove_suffix(1);
  const bool crlf = text.ends_with('\r');
  if (crlf) text.remove_suffix(1);
  return Line{text, crlf};
}

template <bool is_request>
Ec MessageParser<is_request>::take_head_line(std::string_view& bytes) {
  Ec ec;
  const auto line = take_line(bytes, head_bytes_, http::error::header_limit, ec);
  if (!line) return ec;
  if (is_request && !line->ends_in_crlf) return MessageFault::line_end;
  if (phase_ == Phase::start_line) {
    ec = read_start_line(line->text);
    phase_ = Phase::fields;
  } else if (line->text.empty()) {
    ec = finish_head();
  } else {
    ec = read_field(line->text, head_.headers);
  }
  line_.clear();
  return ec;
}

template <bool is_request>
Ec MessageParser<is_request>::read_start_line(std::string_view line) {
  if (has_control(line)) return MessageFault::character;
  if constexpr (is_request) {
    const size_t first = line.find(' ');
    const size_t last = line.rfind(' ');
    if (first == last) return MessageFault::start_line;
    const std::string_view method = line.substr(0, first);
    const std::string_view target = line.substr(first + 1, last - first - 1);
    if (!is_token(method) || target.empty()) return MessageFault::start_line;
    if (std::any_of(target.begin(), target.end(), is_space)) return MessageFault::start_line;
    const auto version = version_of(line.substr(last + 1));
    if (!version) return MessageFault::version;
    head_.method = method;
    head_.target = target;
    version_ = *version;
  } else {
    const size_t space = line.find(' ');
    const auto version = version_of(line.substr(0, space));
    if (!version)
      return line.starts_with("HTTP/") ? MessageFault::version : MessageFault::start_line;
    if (space == std::string_view::npos) return MessageFault::start_line;
    line.remove_prefix(space + 1);
    const std::string_view status = line.substr(0, line.find(' '));
    if (status.size() != 3 || !is_digits(status) || status[0] == '0')
      return MessageFault::start_line;
    head_.status = (status[0] - '0') * 100 + (status[1] - '0') * 10 + (status[2] - '0');
    if (line.size() > 3) head_.reason = line.substr(4);
    version_ = *version;
  }
  return {};
}

template <bool is_request>
Ec MessageParser<is_request>::read_field(std::string_view line, Headers& fields) {
  if (has_control(line)) return MessageFault::character;
  if (is_space(line.front())) {
    if (is_request || fields.fields().empty() || &fields == &trailers_) return MessageFault::folded;
    const std::string_view more = trimmed(line);
    const bool begun = !fields.fields().back().second.empty();
    if (!more.empty()) fields.extend_last((begun ? " " : "") + std::string(more));
    return {};
  }
  const size_t colon = line.find(':');
  if (colon == std::string_view::npos || !is_token(line.substr(0, colon)))
    return MessageFault::field;
  if (fields.fields().size() == most_fields) return MessageFault::field_limit;
  fields.add(std::string(line.substr(0, colon)), std::string(trimmed(line.substr(colon + 1))));
  return {};
}

template <bool is_request>
Ec MessageParser<is_request>::finish_head() {
  if (const Ec ec = read_framing(); ec) return ec;
  if (is_request) {
    if (const Ec ec = check_host(); ec) return ec;
  }
  bool closes = false;
  bool stays = false;
  for (const auto& [name, value] : head_.headers.fields()) {
    if (!same_text(name, "Connection") && !same_text(name, "Proxy-Connection")) continue;
    closes = closes || lists(value, "close");
    stays = stays || lists(value, "keep-alive");
  }
  keep_alive_ = !closes && (version_ == 11 || stays);
  begin_body();
  return {};
}

// How long the body is. What two readers could see differently is refused.
template <bool is_request>
Ec MessageParser<is_request>::read_framing() {
  std::string_view length;
  size_t encodings = 0;
  for (const auto& [name, value] : head_.headers.fields()) {
    if (same_text(name, "Content-Length")) {
      const auto number = length_of(value);
      if (!number) return MessageFault::length;
      if (length_ && value != length) return MessageFault::several_lengths;
      length_ = number;
      length = value;
    } else if (same_text(name, "Transfer-Encoding")) {
      if (++encodings > 1) return MessageFault::several_encodings;
      if (!same_text(value, "chunked")) return MessageFault::encoding;
    }
  }
  chunked_ = encodings > 0;
  if (chunked_ && length_) return MessageFault::encoding_and_length;
  if (chunked_ && version_ == 10) return MessageFault::encoding_in_http10;
  return {};
}

template <bool is_request>
Ec MessageParser<is_request>::check_host() const {
  size_t hosts = 0;
  for (const auto& [name, value] : head_.headers.fields()) {
    if (!same_text(name, "Host")) continue;
    if (++hosts > 1) return MessageFault::several_hosts;
    if (!is_host(value)) return MessageFault::host;
  }
  if (hosts == 0 && version_ == 11) return MessageFault::no_host;
  return {};
}

template <bool is_request>
void MessageParser<is_request>::begin_body() {
  bool none = no_body_;
  if constexpr (!is_request) {
    const int status = head_.status;
    none = none || status / 100 == 1 || status == 204 || status == 304;
    // What comes behind it is another protocol.
    if (status == 101) keep_alive_ = false;
  }
  if (none) {
    phase_ = Phase::complete;
  } else if (chunked_) {
    phase_ = Phase::chunk_line;
  } else if (length_ || is_request) {
    left_ = length_.value_or(0);
    phase_ = left_ > 0 ? Phase::sized : Phase::complete;
  } else {
    phase_ = Phase::to_eof;
    keep_alive_ = false;
  }
}

template <bool is_request>
Ec MessageParser<is_request>::take_body(std::string_view& bytes, std::string* body, size_t& room) {
  uint64_t size = std::min(bytes.size(), room);
  if (phase_ != Phase::to_eof) size = std::min(size, left_);
  if (size == 0) return http::error::need_buffer;
  body->append(bytes.data(), size);
  bytes.remove_prefix(size);
  room -= size;
  if (phase_ == Phase::to_eof) return {};
  left_ -= size;
  if (left_ > 0) return {};
  if (phase_ == Phase::sized) {
    phase_ = Phase::complete;
  } else {
    phase_ = Phase::chunk_end;
    end_seen_ = 0;
  }
  return {};
}

template <bool is_request>
Ec MessageParser<is_request>::take_chunk_line(std::string_view& bytes) {
  Ec ec;
  const auto line = take_line(bytes, chunk_line_bytes_, MessageFault::chunk_line_limit, ec);
  if (!line) return ec;
  if (!line->ends_in_crlf) return MessageFault::line_end;
  if (has_control(line->text)) return MessageFault::character;
  // 16 digits: 64 bits.
  constexpr size_t most_digits = 16;
  const char* const begin = line->text.data();
  const char* const end = begin + std::min(line->text.size(), most_digits);
  uint64_t size = 0;
  const auto [behind, error] = std::from_chars(begin, end, size, 16);
  if (error != std::errc() || behind == begin || *begin == '-') return MessageFault::chunk_size;
  const std::string_view rest = line->text.substr(static_cast<size_t>(behind - begin));
  const std::string_view extension = trimmed(rest);
  // Whatever follows a semicolon is passed over.
  const bool fits = extension.empty() ? rest.empty() || !is_request : extension.front() == ';';
  if (!fits) return MessageFault::chunk_size;
  // As Go counts: lines of up to 16 bytes, and one byte more for every two of the chunk's, are
  // free.
  chunk_overhead_ += chunk_line_bytes_ + 2;
  const uint64_t usual = 16 + (size > limit_ ? 2 * limit_ : 2 * size);
  chunk_overhead_ -= std::min(chunk_overhead_, usual);
  if (chunk_overhead_ > limit_) return MessageFault::chunk_overhead_limit;
  chunk_line_bytes_ = 0;
  line_.clear();
  left_ = size;
  phase_ = size > 0 ? Phase::chunk_data : Phase::trailers;
  return {};
}

template <bool is_request>
Ec MessageParser<is_request>::take_chunk_end(std::string_view& bytes) {
  constexpr std::string_view wanted = "\r\n";
  if (bytes.front() != wanted[end_seen_]) return MessageFault::chunk_end;
  bytes.remove_prefix(1);
  if (++end_seen_ == wanted.size()) phase_ = Phase::chunk_line;
  return {};
}

template <bool is_request>
Ec MessageParser<is_request>::take_trailer(std::string_view& bytes) {
  Ec ec;
  const auto line = take_line(bytes, trailer_bytes_, MessageFault::trailer_limit, ec);
  if (!line) return ec;
  if (!line->ends_in_crlf) return MessageFault::line_end;
  if (line->text.empty()) {
    phase_ = Phase::complete;
  } else {
    ec = read_field(line->text, trailers_);
  }
  line_.clear();
  return ec;
}

template class MessageParser<true>;
template class MessageParser<false>;

Ec to_origin_form(RequestHead& head) {
  std::string_view target = head.target;
  if (head.method == "CONNECT") return MessageFault::target;
  if (target.starts_with('/')) return {};
  if (target == "*") return head.method == "OPTIONS" ? Ec() : MessageFault::target;
  std::string_view usual_port;
  if (same_text(target.substr(0, 7), "http://")) {
    target.remove_prefix(7);
    usual_port = ":80";
  } else if (same_text(target.substr(0, 8), "https://")) {
    target.remove_prefix(8);
    usual_port = ":443";
  } else {
    return MessageFault::target;
  }
  std::string_view authority = target.substr(0, target.find_first_of("/?#"));
  target.remove_prefix(authority.size());
  if (authority.empty() || !is_host(authority)) return MessageFault::target;
  const auto without_port = [&](std::string_view host) {
    if (host.ends_with(usual_port)) host.remove_suffix(usual_port.size());
    return host;
  };
  const bool named = head.headers.contains("Host");
  if (named && !same_text(without_port(authority), without_port(head.headers.get("Host"))))
    return MessageFault::target;
  std::string path(target.substr(0, target.find('#')));
  if (!path.starts_with('/')) path.insert(0, "/");
  head.target = std::move(path);
  return {};
}

}  // namespace mread::net
