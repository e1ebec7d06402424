#include "probe/conformance.h"

#include <algorithm>
#include <functional>
#include <map>
#include <optional>
#include <set>
#include <utility>

#include <fmt/format.h>

#include "base/quantity.h"
#include "base/timestamp.h"
#include "model/matcher.h"
#include "probe/answer_difference.h"
#include "probe/answer_statistics.h"
#include "wire/request/read_request.h"
#include "wire/snappy/snappy_block.h"

namespace mread::probe {

namespace {

using model::MatchType;
using model::ResponseType;
using Types = std::vector<ResponseType>;
using LabelSets = std::set<model::LabelSet>;

constexpr auto samples_only = ResponseType::samples;
constexpr auto streamed_only = ResponseType::streamed_xor_chunks;
constexpr const char* streamed_content_type =
    "application/x-streamed-protobuf; proto=prometheus.ChunkedReadResponse";
constexpr const char* absent_label = "mread_absent_label";

struct Judgement {
  Verdict verdict = Verdict::yes;
  std::string seen;
};

Judgement not_applicable(std::string reason) {
  return {Verdict::not_applicable, std::move(reason)};
}
Judgement judged(bool honoured, Verdict otherwise, std::string seen) {
  if (honoured) return {Verdict::yes, ""};
  return {otherwise, std::move(seen)};
}

LabelSets label_sets(const Answer& answer) {
  LabelSets out;
  for (const AnswerSeries& series : answer.series) out.insert(series.labels);
  return out;
}

uint64_t samples_of(const Answer& answer) {
  uint64_t count = 0;
  for (const AnswerSeries& series : answer.series)
    count += series.samples.size() + series.histograms.size();
  return count;
}

// The samples of the first label set whose times are known, in order.
std::vector<int64_t> times_of(const AnswerSeries& series) {
  std::vector<int64_t> times;
  for (const model::Sample& sample : series.samples) times.push_back(sample.timestamp_ms);
  for (const model::HistogramSample& sample : series.histograms)
    times.push_back(sample.timestamp_ms);
  std::sort(times.begin(), times.end());
  return times;
}

class Examination {
 public:
  explicit Examination(const ReadCall& call) : call_(call), query_(call.query) {}

  /// Reads the data that all rows rest on.
  Result<void> prepare();
  std::vector<ConformanceRow> run();

 private:
  Result<Answer> decode(Result<RawReply> raw) const {
    if (!raw) return fail(std::move(raw.error()));
    if (raw->head.status / 100 != 2) {
      return fail(Errc::http_status,
                  fmt::format("HTTP {}: {}", raw->head.status, first_line(raw->body)));
    }
    return decode_answer(raw->head.headers, std::move(raw->body),
                         {call_.body_limit_bytes, call_.frame_limit_bytes});
  }
  // Errors of the transport name the endpoint already.
  Error at_endpoint(const Error& error) const {
    const std::string url = call_.url.shown();
    return error.context.starts_with(url) ? error : error.in(url);
  }
  Result<RawReply> send(const std::vector<model::Query>& queries, const Types& accept) const {
    return post_read(call_, wire::encode_read_request({queries, accept}));
  }
  Result<Answer> ask(const model::Query& query, ResponseType type) const {
    return decode(send({query}, {type}));
  }
  model::Query with(model::Matcher matcher) const {
    model::Query query = query_;
    query.matchers.push_back(std::move(matcher));
    return query;
  }
  Result<void> find_selector();
  void choose_label();

  // Both answers, or why there is none.
  Judgement both(const model::Query& query,
                 const std::function<Judgement(const Answer&)>& judge) const;
  Judgement matched(const std::vector<std::pair<MatchType, std::string>>& matchers) const;
  Judgement matched_absent() const;
  Judgement content_type(ResponseType type, std::string_view want) const;
  Judgement negotiation() const;
  Judgement unknown_types() const;
  Judgement sorted(const Result<Answer>& answer, Verdict otherwise) const;
  Judgement labels_sorted() const;
  Judgement samples_sorted() const;
  Judgement same_data() const;
  Judgement anchored() const;
  Judgement inclusive() const;
  Judgement nothing_outside(ResponseType type, bool hints) const;
  Judgement several_queries() const;
  Judgement several_streamed() const;
  Judgement chunk_times() const;
  Judgement narrow_hints() const;
  Judgement labels_only() const;
  Judgement nothing_found() const;
  Judgement kept(const std::function<uint64_t(const AnswerStatistics&)>& count,
                 std::string_view name) const;
  Judgement refused(Result<RawReply> raw) const;
  Judgement bad_expression() const;
  Judgement unknown_fields() const;
  Judgement external_labels() const;

  ReadCall call_;
  model::Query query_;
  Answer samples_;  // To query_, as SAMPLES.
  Result<Answer> streamed_ = Answer{};
  // A label with several values in samples_, one of them, and the times of the longest series.
  std::string label_;
  std::string value_;
  std::vector<int64_t> times_;
};

Result<void> Examination::find_selector() {
  query_.matchers = {model::Matcher::equal("__name__", "up")};
  auto answer = ask(query_, samples_only);
  if (!answer) return fail(at_endpoint(answer.error()));
  if (samples_of(*answer) > 0) return {};
  query_.matchers = {*model::Matcher::create(MatchType::regex, "__name__", ".+")};
  answer = ask(query_, samples_only);
  if (!answer) return fail(at_endpoint(answer.error()));
  std::map<std::string, uint64_t, std::less<>> metrics;
  for (const AnswerSeries& series : answer->series)
    ++metrics[std::string(series.labels.metric_name())];
  const auto most =
      std::max_element(metrics.begin(), metrics.end(),
                       [](const auto& a, const auto& b) { return a.second < b.second; });
  if (most != metrics.end()) query_.matchers = {model::Matcher::equal("__name__", most->first)};
  return {};
}

// A label with several values is none that the endpoint adds to all series.
void Examination::choose_label() {
  std::map<std::string, std::set<std::string>> values;
  for (const AnswerSeries& series : samples_.series) {
    for (const model::Label& label : series.labels) values[label.name].insert(label.value);
    const std::vector<int64_t> times = times_of(series);
    if (times.size() > times_.size()) times_ = times;
  }
  for (const auto& [name, all] : values) {
    if (all.size() < 2 || name == "__name__") continue;
    label_ = name;
    value_ = *all.begin();
    return;
  }
}

Result<void> Examination::prepare() {
  if (query_.matchers.empty()) {
    if (auto found = find_selector(); !found) return found;
  }
  auto answer = ask(query_, samples_only);
  if (!answer) return fail(at_endpoint(answer.error()));
  samples_ = std::move(*answer);
  if (samples_of(samples_) == 0) {
    return fail(Errc::not_found,
                fmt::format("{}: no sample of {} from {} to {}; give a selector, --start and --end",
                            call_.url.shown(), model::to_string(query_.matchers),
                            format_timestamp(query_.start_ms), format_timestamp(query_.end_ms)));
  }
  streamed_ = ask(query_, streamed_only);
  // An endpoint that knows nothing of response types answers with SAMPLES.
  if (streamed_ && streamed_->response_type == samples_only)
    streamed_ = fail(Errc::unsupported, "SAMPLES in place of a stream");
  choose_label();
  return {};
}

Judgement Examination::both(const model::Query& query,
                            const std::function<Judgement(const Answer&)>& judge) const {
  for (const ResponseType type : {samples_only, streamed_only}) {
    if (type == streamed_only && !streamed_) continue;
    const auto answer = ask(query, type);
    const char* name = type == samples_only ? "SAMPLES" : "STREAMED_XOR_CHUNKS";
    if (!answer) return {Verdict::no, fmt::format("{}: {}", name, answer.error().to_string())};
    Judgement judgement = judge(*answer);
    if (judgement.verdict == Verdict::yes) continue;
    if (!judgement.seen.empty()) judgement.seen = fmt::format("{}: {}", name, judgement.seen);
    return judgement;
  }
  return {};
}

// Each matcher on label_ has to find exactly the series that it matches.
Judgement Examination::matched(const std::vector<std::pair<MatchType, std::string>>& list) const {
  if (label_.empty()) return not_applicable("no label has two values; give another selector");
  for (const auto& [type, value] : list) {
    const auto matcher = model::Matcher::create(type, label_, value);
    if (!matcher) return not_applicable(matcher.error().to_string());
    LabelSets want;
    for (const model::LabelSet& labels : label_sets(samples_)) {
      if (matcher->matches(labels)) want.insert(labels);
    }
    Judgement judgement = both(with(*matcher), [&](const Answer& answer) {
      return judged(label_sets(answer) == want, Verdict::no,
                    fmt::format("{} finds {} series, not {}", matcher->to_string(),
                                label_sets(answer).size(), want.size()));
    });
    if (judgement.verdict != Verdict::yes) return judgement;
  }
  return {};
}

Judgement Examination::matched_absent() const {
  const LabelSets all = label_sets(samples_);
  for (const auto& [type, value, finds] :
       std::vector<std::tuple<MatchType, std::string, bool>>{{MatchType::equal, "", true},
                                                             {MatchType::not_equal, "", false},
                                                             {MatchType::regex, ".*", true},
                                                             {MatchType::not_regex, ".+", true}}) {
    const auto matcher = model::Matcher::create(type, absent_label, value);
    const size_t want = finds ? all.size() : 0;
    Judgement judgement = both(with(*matcher), [&](const Answer& answer) {
      return judged(label_sets(answer).size() == want, Verdict::no,
                    fmt::format("{} finds {} series, not {}", matcher->to_string(),
                                label_sets(answer).size(), want));
    });
    if (judgement.verdict != Verdict::yes) return judgement;
  }
  return {};
}

Judgement Examination::content_type(ResponseType type, std::string_view want) const {
  const auto raw = send({query_}, {type});
  if (!raw) return {Verdict::no, raw.error().to_string()};
  if (raw->head.status / 100 != 2) return {Verdict::no, fmt::format("HTTP {}", raw->head.status)};
  const std::string_view got = raw->head.headers.get("Content-Type");
  return judged(got == want, Verdict::no, fmt::format("'{}'", got));
}

Judgement Examination::negotiation() const {
  if (!streamed_) return not_applicable("the endpoint does not stream");
  for (const Types& accept :
       {Types{}, Types{samples_only, streamed_only}, Types{streamed_only, samples_only}}) {
    const auto answer = decode(send({query_}, accept));
    if (!answer) return {Verdict::no, answer.error().to_string()};
    const ResponseType want = accept.empty() ? samples_only : accept.front();
    if (answer->response_type != want)
      return {Verdict::differs, want == samples_only ? "streams although SAMPLES comes first"
                                                     : "SAMPLES although chunks come first"};
  }
  return {};
}

Judgement Examination::unknown_types() const {
  const auto unknown = static_cast<ResponseType>(99);
  const auto skipped = decode(send({query_}, {unknown, samples_only}));
  if (!skipped) return {Verdict::no, "[99, SAMPLES]: " + skipped.error().to_string()};
  return refused(send({query_}, {unknown}));
}

Judgement Examination::sorted(const Result<Answer>& answer, Verdict otherwise) const {
  if (!answer) return not_applicable("the endpoint does not stream");
  if (label_sets(*answer).size() < 2) return not_applicable("fewer than two series");
  const AnswerStatistics statistics = statistics_of(*answer, query_);
  return judged(statistics.unsorted_series + statistics.repeated_series == 0, otherwise,
                fmt::format("{} of {} entries out of order", statistics.unsorted_series,
                            answer->series.size()));
}

Judgement Examination::labels_sorted() const {
  return both(query_, [&](const Answer& answer) {
    const uint64_t count = statistics_of(answer, query_).unsorted_labels;
    return judged(count == 0, Verdict::no, fmt::format("not so in {} entries", count));
  });
}

Judgement Examination::samples_sorted() const {
  return both(query_, [&](const Answer& answer) {
    const uint64_t count = statistics_of(answer, query_).unsorted_samples;
    return judged(count == 0, Verdict::no, fmt::format("not so at {}", counted(count, "sample")));
  });
}

Judgement Examination::same_data() const {
  if (!streamed_) return not_applicable("the endpoint does not stream");
  auto a = to_reply(query_, samples_);
  auto b = to_reply(query_, *streamed_);
  if (!a || !b) return {Verdict::no, a ? b.error().to_string() : a.error().to_string()};
  // Hints of histograms depend on where chunks begin, so values are compared without them.
  for (ReadReply* reply : {&*a, &*b}) {
    for (model::Series& series : reply->series) {
      for (model::HistogramSample& sample : series.histograms)
        sample.histogram.counter_reset_hint = model::CounterResetHint::unknown;
    }
    std::sort(reply->series.begin(), reply->series.end(),
              [](const model::Series& x, const model::Series& y) { return x.labels < y.labels; });
  }
  b->response_type = a->response_type;
  const AnswerDifference difference = compare_answers(*a, *b, 1);
  if (difference.equal()) return {};
  const Difference& first = difference.first.front();
  return {Verdict::no, fmt::format("{}: {}", first.series, first.text)};
}

Judgement Examination::anchored() const {
  if (value_.size() < 2) return not_applicable("no label has two values of two characters");
  const std::string begin = value_.substr(0, 1);
  const bool plain = std::isalnum(static_cast<unsigned char>(begin[0])) != 0;
  return matched({{MatchType::regex, plain ? begin : "."}, {MatchType::regex, ".*|"}});
}

Judgement Examination::inclusive() const {
  model::Query query = query_;
  query.start_ms = query.end_ms = times_[times_.size() / 2];
  return both(query, [&](const Answer& answer) {
    bool found = false;
    for (const AnswerSeries& series : answer.series) {
      const std::vector<int64_t> times = times_of(series);
      found = found || std::binary_search(times.begin(), times.end(), query.start_ms);
    }
    return judged(found, Verdict::no,
                  fmt::format("no sample at {} for the range of that time alone",
                              format_timestamp(query.start_ms)));
  });
}

Judgement Examination::nothing_outside(ResponseType type, bool hints) const {
  if (type == streamed_only && !streamed_) return not_applicable("the endpoint does not stream");
  if (times_.size() < 4) return not_applicable("no series has four samples");
  model::Query query = query_;
  query.start_ms = times_[1];
  query.end_ms = times_[times_.size() - 2];
  if (hints) query.hints = model::ReadHints{0, "", query.start_ms, query.end_ms, {}, false, 0};
  const auto answer = ask(query, type);
  if (!answer) return {Verdict::no, answer.error().to_string()};
  const uint64_t count = statistics_of(*answer, query).outside_range;
  // A client trims chunks, and takes SAMPLES as they are.
  return judged(count == 0, type == samples_only ? Verdict::no : Verdict::differs,
                counted(count, "sample") + " outside");
}

Judgement Examination::several_queries() const {
  const model::Query none = with(model::Matcher::equal(absent_label, "x"));
  for (const bool first : {true, false}) {
    const auto answer =
        decode(send(first ? std::vector{query_, none} : std::vector{none, query_}, {samples_only}));
    if (!answer) return {Verdict::no, answer.error().to_string()};
    if (answer->results != 2) return {Verdict::no, counted(answer->results, "result")};
    for (const AnswerSeries& series : answer->series) {
      if (series.query_index != (first ? 0 : 1)) return {Verdict::no, "results in another order"};
    }
    if (answer->series.empty()) return {Verdict::no, "no series"};
  }
  return {};
}

Judgement Examination::several_streamed() const {
  if (!streamed_) return not_applicable("the endpoint does not stream");
  const model::Query none = with(model::Matcher::equal(absent_label, "x"));
  const auto answer = decode(send({none, query_}, {streamed_only}));
  if (!answer) return {Verdict::no, answer.error().to_string()};
  const bool all_second = std::all_of(answer->series.begin(), answer->series.end(),
                                      [](const AnswerSeries& s) { return s.query_index == 1; });
  return judged(all_second && !answer->series.empty(), Verdict::no,
                "frames do not have the index of their query");
}

Judgement Examination::chunk_times() const {
  if (!streamed_) return not_applicable("the endpoint does not stream");
  const uint64_t count = statistics_of(*streamed_, query_).wrong_chunk_times;
  return judged(count == 0, Verdict::differs, fmt::format("not so in {}", counted(count, "chunk")));
}

Judgement Examination::narrow_hints() const {
  if (times_.size() < 4) return not_applicable("no series has four samples");
  model::Query query = query_;
  query.hints = model::ReadHints{0, "", times_[1], times_[times_.size() - 2], {}, false, 0};
  model::Query inner = query;
  inner.start_ms = query.hints->start_ms;
  inner.end_ms = query.hints->end_ms;
  return both(query, [&](const Answer& answer) {
    const uint64_t count = statistics_of(answer, inner).outside_range;
    return judged(count == 0, Verdict::differs,
                  fmt::format("ignored: {} outside the hints' range", counted(count, "sample")));
  });
}

Judgement Examination::labels_only() const {
  model::Query query = query_;
  query.hints = model::ReadHints{0, "series", query.start_ms, query.end_ms, {}, false, 0};
  const auto answer = ask(query, samples_only);
  if (!answer) return {Verdict::no, answer.error().to_string()};
  if (label_sets(*answer) != label_sets(samples_)) return {Verdict::no, "other series"};
  return judged(samples_of(*answer) == 0, Verdict::differs,
                fmt::format("ignored: {}", counted(samples_of(*answer), "sample")));
}

Judgement Examination::nothing_found() const {
  return both(with(model::Matcher::equal(absent_label, "x")), [](const Answer& answer) {
    const bool one = answer.response_type == streamed_only || answer.results == 1;
    return judged(
        answer.series.empty() && one, Verdict::no,
        fmt::format("{} series in {}", answer.series.size(), counted(answer.results, "result")));
  });
}

Judgement Examination::kept(const std::function<uint64_t(const AnswerStatistics&)>& count,
                            std::string_view name) const {
  const uint64_t in_samples = count(statistics_of(samples_, query_));
  const uint64_t in_stream = streamed_ ? count(statistics_of(*streamed_, query_)) : in_samples;
  if (in_samples + in_stream == 0) return not_applicable(fmt::format("no {} in the range", name));
  return judged(in_samples > 0 && in_stream > 0, Verdict::no,
                fmt::format("{} in SAMPLES, {} in the stream", in_samples, in_stream));
}

Judgement Examination::refused(Result<RawReply> raw) const {
  if (!raw) return {Verdict::no, raw.error().to_string()};
  const int status = raw->head.status;
  return judged(status == 400, status / 100 == 2 ? Verdict::no : Verdict::differs,
                fmt::format("HTTP {}", status));
}

Judgement Examination::bad_expression() const {
  const auto valid = model::Matcher::create(MatchType::regex, "job", "a");
  const auto raw = send({with(valid->with_value("("))}, {samples_only});
  if (!raw) return {Verdict::no, raw.error().to_string()};
  const int status = raw->head.status;
  return {status / 100 == 2 ? Verdict::no : Verdict::yes, fmt::format("HTTP {}", status)};
}

Judgement Examination::unknown_fields() const {
  const std::string body = wire::encode_read_request({{query_}, {samples_only}});
  auto plain = wire::uncompress(body, SIZE_MAX);
  if (!plain) return not_applicable(plain.error().to_string());
  *plain += "\x78\x01";  // Field 15, a varint: no version of the protocol has it.
  const auto answer = decode(post_read(call_, wire::compress(*plain)));
  if (!answer) return {Verdict::no, answer.error().to_string()};
  return judged(label_sets(*answer) == label_sets(samples_), Verdict::no, "another answer");
}

// A label that all series have may be one that the endpoint adds: then `=` finds it, and `=~` of
// the same value does not.
Judgement Examination::external_labels() const {
  const LabelSets all = label_sets(samples_);
  bool found = false;
  for (const model::Label& label : *all.begin()) {
    const bool common = std::all_of(all.begin(), all.end(), [&](const model::LabelSet& labels) {
      return labels.get(label.name) == label.value;
    });
    if (!common || label.name == "__name__") continue;
    found = true;
    const auto equal = ask(with(model::Matcher::equal(label.name, label.value)), samples_only);
    if (!equal) return {Verdict::no, equal.error().to_string()};
    if (label_sets(*equal) != all)
      return {Verdict::no, fmt::format("{}= does not find the series that have it", label.name)};
    const auto other = ask(with(model::Matcher::not_equal(label.name, label.value)), samples_only);
    if (!other) return {Verdict::no, other.error().to_string()};
    if (!other->series.empty()) {
      return {Verdict::differs, fmt::format("{}!=\"{}\" finds {} series that have this value",
                                            label.name, label.value, other->series.size())};
    }
  }
  return found ? Judgement{} : not_applicable("no label is common to all series");
}

std::vector<ConformanceRow> Examination::run() {
  std::vector<ConformanceRow> rows;
  const auto add = [&](const char* fact, Judgement judgement, const char* why) {
    rows.push_back({fact, judgement.verdict, std::move(judgement.seen), why});
  };
  add("SAMPLES has its content type", content_type(samples_only, "application/x-protobuf"),
      "A client chooses the decoder by this header.");
  add("STREAMED_XOR_CHUNKS has its content type",
      content_type(streamed_only, streamed_content_type),
      "Prometheus compares the whole header, and refuses another text.");
  add("the first accepted type that the endpoint knows wins", negotiation(),
      "Prometheus from 2.55 on asks for chunks first, older ones name no type.");
  add("unknown response types are skipped; none known is 400", unknown_types(),
      "A newer client offers types that this endpoint does not know.");
  add("SAMPLES has series sorted by labels", sorted(samples_, Verdict::differs),
      "Prometheus sorts them itself; a client that merges as it reads does not.");
  add("streamed series are sorted by labels", sorted(streamed_, Verdict::no),
      "Nobody sorts a stream: a merge of unsorted streams has series twice.");
  add("labels are sorted, none is empty", labels_sorted(),
      "Clients compare labels as they come: one series becomes two.");
  add("samples of a series are in order of time", samples_sorted(),
      "Prometheus passes them on as they are, and functions over time fail.");
  add("both types have the same samples, bit by bit", same_data(),
      "An answer must not depend on the version of the client.");
  add("= and != match", matched({{MatchType::equal, value_}, {MatchType::not_equal, value_}}),
      "A selector would find other series than in PromQL.");
  add("=~ and !~ match",
      matched({{MatchType::regex, ".+"},
               {MatchType::regex, ".*.{2}"},
               {MatchType::not_regex, ".{3,}"}}),
      "A selector would find other series than in PromQL.");
  add("regular expressions are anchored at both ends", anchored(),
      "An expression for one value would match all that contain it.");
  add("an absent label equals the empty value", matched_absent(),
      "Selectors such as {job!=\"\"} depend on it.");
  add("!= on a label that all series have finds nothing", external_labels(),
      "Prometheus adds external labels after matching, and rewrites only =.");
  add("both ends of the range are included", inclusive(),
      "A sample at the evaluation time itself would be missing.");
  add("SAMPLES has no sample outside the range", nothing_outside(samples_only, false),
      "Clients do not cut SAMPLES.");
  add("streamed chunks are cut to the hints' range", nothing_outside(streamed_only, true),
      "Clients cut chunks; uncut ones cost bytes only.");
  add("hints narrower than the query cut the samples", narrow_hints(),
      "Subqueries and offsets send wide ranges with narrow hints.");
  add("func=series in the hints leaves samples out of SAMPLES", labels_only(),
      "A listing of series would cost as much as their data.");
  add("a chunk's times are those of its samples", chunk_times(),
      "Clients pick chunks by these times, without decoding.");
  add("several queries have a result each, in their order", several_queries(),
      "Clients other than Prometheus send several queries in a request.");
  add("frames have the index of their query", several_streamed(),
      "A client could not tell whose series a frame has.");
  add("no series found is an empty answer", nothing_found(),
      "An error would make the query fail, or warn.");
  add("staleness markers are kept",
      kept([](const AnswerStatistics& s) { return s.stale_markers; }, "staleness marker"),
      "Without them a series that has ended lives on for five minutes.");
  add("native histograms come in both types",
      kept([](const AnswerStatistics& s) { return s.histograms; }, "native histogram"),
      "Histograms would be missing for some versions of the client.");
  add("a body that is not snappy is 400", refused(post_read(call_, "not snappy")),
      "5xx says that the endpoint is broken, and that it may be asked again.");
  add("a body that is no ReadRequest is 400", refused(post_read(call_, wire::compress("\x0a\xff"))),
      "5xx says that the endpoint is broken, and that it may be asked again.");
  add("a regular expression that does not compile is an error", bad_expression(),
      "An empty answer would hide the mistake.");
  add("unknown fields of a request are ignored", unknown_fields(),
      "A newer client may send more fields.");
  return rows;
}

}  // namespace

Result<std::vector<ConformanceRow>> examine(const ReadCall& call) {
  Examination examination(call);
  if (auto prepared = examination.prepare(); !prepared) return fail(std::move(prepared.error()));
  return examination.run();
}

}  // namespace mread::probe
