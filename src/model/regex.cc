#include "model/regex.h"

#include <algorithm>
#include <optional>
#include <utility>

#include <fmt/format.h>
#include <re2/re2.h>

#include "base/shown_text.h"
#include "model/regex_set.h"

namespace mread::model {
namespace {

constexpr size_t reason_bytes = 120;
constexpr uint64_t instruction_bytes = 40;
// RE2 gives two thirds of its memory to the program, at 16 bytes an instruction.
constexpr uint64_t budget_per_instruction = 24;
// An expression up to this size is compiled in one piece.
constexpr uint64_t piece_steps = 4'000'000;
constexpr uint64_t matched_bytes = 128U << 20;
constexpr uint64_t matched_steps = 2'000'000'000;
constexpr std::string_view too_costly =
    "is too costly to compile: use fewer counted repetitions, Unicode classes and optional parts";
constexpr size_t words_limit = 20'000;

uint64_t dfa_bytes(RegexBudget::Use use, size_t pieces) {
  const uint64_t all = use == RegexBudget::Use::matched ? 2U << 20 : 256U << 10;
  return std::max<uint64_t>(all / pieces, 64U << 10);
}

re2::RE2::Options options(uint64_t max_mem) {
  re2::RE2::Options options;
  options.set_dot_nl(true);
  options.set_log_errors(false);
  options.set_max_mem(static_cast<int64_t>(max_mem));
  return options;
}

re2::StringPiece piece_of(std::string_view text) { return {text.data(), text.size()}; }

bool take(std::atomic<uint64_t>& left, uint64_t amount) {
  uint64_t now = left;
  do {
    if (now < amount) return false;
  } while (!left.compare_exchange_weak(now, now - amount));
  return true;
}

// RE2 parses the expression before it notices that it has no memory for a program, so this costs
// only the parsing.
Result<void> check_syntax(std::string_view text) {
  constexpr uint64_t no_program = 1'000;
  const re2::RE2 parsed(piece_of(text), options(no_program));
  if (parsed.ok() || parsed.error_code() == re2::RE2::ErrorPatternTooLarge) return {};
  return fail(Errc::malformed, "is invalid: " + cut_end(parsed.error(), reason_bytes));
}

// Cuts the alternatives of an expression into pieces that are each cheap to compile, because the
// compiler's work grows faster than the text. An expression that cannot be cut is one piece.
std::vector<std::string_view> pieces_of(std::string_view text, const RegexCost& whole) {
  if (whole.skip_steps() <= piece_steps) return {text};
  const auto branches = split_alternatives(text);
  if (branches.size() == 1) return {text};
  std::vector<std::string_view> pieces;
  RegexCost sum;
  for (const std::string_view branch : branches) {
    const RegexCost cost = estimate_regex_cost(branch);
    sum.instructions += cost.instructions;
    sum.skips += cost.skips;
    if (pieces.empty() || sum.skip_steps() > piece_steps) {
      pieces.push_back(branch);
      sum = cost;
    } else {
      const char* const from = pieces.back().data();
      pieces.back() = {from, static_cast<size_t>(branch.data() + branch.size() - from)};
    }
  }
  return pieces;
}

}  // namespace

struct Regex::Program {
  std::vector<std::unique_ptr<const re2::RE2>> pieces;
  uint64_t bytes = 0;
  std::shared_ptr<CompileBudget> budget;

  Program() = default;
  Program(const Program&) = delete;
  Program& operator=(const Program&) = delete;
  ~Program() {
    if (budget) budget->bytes += bytes;
  }
};

RegexBudget::RegexBudget(Use use) : use_(use), compile_(std::make_shared<CompileBudget>()) {
  const bool all = use == Use::matched;
  compile_->bytes = all ? matched_bytes : 32U << 20;
  compile_->steps = all ? matched_steps : 200'000'000;
}

Result<void> RegexBudget::take(std::string_view text) {
  if (text.size() > expression_bytes) {
    return fail(Errc::limit, fmt::format("has {} bytes, and at most {} are allowed: shorten it",
                                         text.size(), expression_bytes));
  }
  if (text.size() > bytes_left_) {
    return fail(
        Errc::limit,
        fmt::format("is one too many: all expressions of a request together may have {} bytes; "
                    "ask in several requests",
                    request_bytes));
  }
  const uint64_t parse_bytes = estimate_regex_cost(text).parse_bytes;
  const bool alone = parse_bytes > expression_parse_bytes;
  if (alone || parse_bytes > parse_bytes_left_) {
    return fail(
        Errc::limit,
        fmt::format("is too costly: reading it takes about {} MiB of memory, and {} MiB {}; use "
                    "fewer counted "
                    "repetitions and Unicode classes",
                    (parse_bytes >> 20) + 1,
                    (alone ? expression_parse_bytes : request_parse_bytes) >> 20,
                    alone ? "are allowed" : "are allowed for all expressions of a request"));
  }
  bytes_left_ -= text.size();
  parse_bytes_left_ -= parse_bytes;
  return {};
}

Regex::Regex(std::string_view text, const RegexBudget& budget)
    : text_(text), use_(budget.use_), budget_(budget.compile_) {
  if (auto words = finite_set(text, words_limit)) {
    words_ = std::move(*words);
    is_list_ = true;
    return;
  }
  const RegexCost cost = estimate_regex_cost(text_);
  pieces_ = pieces_of(text_, cost);
  for (const std::string_view piece : pieces_) {
    costs_.push_back(pieces_.size() == 1 ? cost : estimate_regex_cost(piece));
    compile_steps_ += costs_.back().compile_steps();
    program_bytes_ += costs_.back().parse_bytes + costs_.back().instructions * instruction_bytes +
                      dfa_bytes(use_, pieces_.size());
  }
}

Regex::~Regex() = default;

Result<std::shared_ptr<const Regex>> Regex::create(std::string_view text, RegexBudget& budget) {
  if (const auto known = budget.known_.find(text); known != budget.known_.end())
    return known->second;
  if (auto taken = budget.take(text); !taken) return fail(std::move(taken).error());
  if (auto checked = check_syntax(text); !checked) return fail(std::move(checked).error());
  std::shared_ptr<const Regex> regex(new Regex(text, budget));
  if (budget.use_ == RegexBudget::Use::matched && !regex->is_list_ && !regex->program()) {
    return fail(Errc::limit, std::string(too_costly));
  }
  budget.known_.emplace(std::string(text), regex);
  return regex;
}

std::shared_ptr<const Regex> Regex::passed_on(std::string_view text) {
  return std::shared_ptr<const Regex>(new Regex(text, RegexBudget(RegexBudget::Use::passed_on)));
}

Result<std::shared_ptr<const re2::RE2>> compile_search(std::string_view text) {
  RegexBudget budget;
  if (auto taken = budget.take(text); !taken) return fail(std::move(taken).error());
  const RegexCost cost = estimate_regex_cost(text);
  const uint64_t memory =
      cost.instructions * budget_per_instruction + dfa_bytes(RegexBudget::Use::matched, 1);
  if (cost.compile_steps() > matched_steps || memory > matched_bytes)
    return fail(Errc::limit, std::string(too_costly));
  re2::RE2::Options search = options(memory);
  search.set_dot_nl(false);
  auto compiled = std::make_shared<const re2::RE2>(piece_of(text), search);
  if (!compiled->ok())
    return fail(Errc::malformed, "is invalid: " + cut_end(compiled->error(), reason_bytes));
  return compiled;
}

std::shared_ptr<const Regex::Program> Regex::program() const {
  const std::lock_guard lock(mutex_);
  if (!program_) program_ = compile();
  return program_;
}

std::shared_ptr<const Regex::Program> Regex::compile() const {
  if (!take(budget_->bytes, program_bytes_)) return nullptr;
  const auto program = std::make_shared<Program>();
  program->bytes = program_bytes_;
  program->budget = budget_;
  if (!take(budget_->steps, compile_steps_)) return nullptr;
  for (size_t i = 0; i < pieces_.size(); ++i) {
    const uint64_t memory =
        costs_[i].instructions * budget_per_instruction + dfa_bytes(use_, pieces_.size());
    auto compiled = std::make_unique<const re2::RE2>(piece_of(pieces_[i]), options(memory));
    if (!compiled->ok()) return nullptr;
    program->pieces.push_back(std::move(compiled));
  }
  return program;
}

std::optional<bool> Regex::matches(std::string_view value) const {
  if (is_list_) return std::binary_search(words_.begin(), words_.end(), value);
  // An expression for matching is compiled by create() and never freed.
  const bool is_kept = use_ == RegexBudget::Use::matched;
  const auto lazily = is_kept ? nullptr : program();
  const Program* const compiled = is_kept ? program_.get() : lazily.get();
  if (compiled == nullptr) return std::nullopt;
  return std::any_of(compiled->pieces.begin(), compiled->pieces.end(), [value](const auto& piece) {
    return re2::RE2::FullMatch(piece_of(value), *piece);
  });
}

void Regex::release() const {
  if (use_ == RegexBudget::Use::matched) return;
  const std::lock_guard lock(mutex_);
  program_.reset();
}

bool Regex::is_compiled() const {
  const std::lock_guard lock(mutex_);
  return program_ != nullptr;
}

}  // namespace mread::model
