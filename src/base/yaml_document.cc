#include "base/yaml_document.h"

#include <algorithm>
#include <istream>
#include <set>
#include <streambuf>
#include <string_view>
#include <vector>

#include <yaml-cpp/eventhandler.h>

#include "base/yaml_merge.h"

namespace mread::yaml {
namespace {

std::string too_deep(const Bounds& bounds) {
  return "nested more than " + std::to_string(bounds.nesting) + " deep, or an alias inside itself";
}

std::string too_many(const Bounds& bounds) {
  return "more than " + std::to_string(bounds.values) +
         " values, aliases counted as often as they are used";
}

std::string too_long(const Bounds& bounds) {
  return "more than " + std::to_string(bounds.text_bytes >> 20) +
         " MiB of text, aliases counted as often as they are used";
}

// Thrown from within the scanner, which reads ahead of the events.
struct TooManySigns {};

// Hands out the text in the scanner's pieces, and counts the signs that become tokens.
class CountingBuffer final : public std::streambuf {
 public:
  CountingBuffer(const std::string& text, size_t limit) : rest_(text), limit_(limit) {}

  // An event: what the scanner holds from here on is new.
  void begin_again() { signs_ = 0; }

 protected:
  std::streamsize xsgetn(char* out, std::streamsize count) override {
    const size_t unread = static_cast<size_t>(egptr() - gptr());
    if (unread > 0) {  // The scanner has looked at single bytes, for a byte order mark.
      const size_t size = std::min(unread, static_cast<size_t>(count));
      std::copy_n(gptr(), size, out);
      gbump(static_cast<int>(size));
      return static_cast<std::streamsize>(size);
    }
    const std::string_view piece = take(static_cast<size_t>(count));
    std::copy(piece.begin(), piece.end(), out);
    return static_cast<std::streamsize>(piece.size());
  }

  int_type underflow() override {
    const std::string_view piece = take(sizeof(buffer_));
    if (piece.empty()) return traits_type::eof();
    std::copy(piece.begin(), piece.end(), buffer_);
    setg(buffer_, buffer_, buffer_ + piece.size());
    return traits_type::to_int_type(*gptr());
  }

 private:
  std::string_view take(size_t count) {
    constexpr std::string_view signs = "[]{},:\"'?*&!";
    const std::string_view piece = rest_.substr(0, count);
    rest_.remove_prefix(piece.size());
    signs_ += static_cast<size_t>(std::count_if(piece.begin(), piece.end(), [&](char c) {
      return signs.find(c) != std::string_view::npos;
    }));
    if (signs_ > limit_) throw TooManySigns{};
    return piece;
  }

  std::string_view rest_;
  const size_t limit_;
  size_t signs_ = 0;
  char buffer_[16];
};

// Counts what a document holds while it is scanned. Nothing is kept but a few numbers for each
// anchor.
class Counter final : public YAML::EventHandler {
 public:
  Counter(const Bounds& bounds, const Raise& raise, CountingBuffer& buffer)
      : bounds_(bounds), raise_(raise), buffer_(buffer) {}

  void OnDocumentStart(const YAML::Mark&) override { buffer_.begin_again(); }
  void OnDocumentEnd() override {}
  void OnNull(const YAML::Mark& mark, YAML::anchor_t anchor) override { leaf(mark, anchor, 0); }
  void OnScalar(const YAML::Mark& mark, const std::string&, YAML::anchor_t anchor,
                const std::string& value) override {
    leaf(mark, anchor, value.size());
  }
  void OnAlias(const YAML::Mark& mark, YAML::anchor_t anchor) override {
    // An anchor without a size belongs to a collection that is still open.
    const Size* size =
        anchor < anchors_.size() && anchors_[anchor].known ? &anchors_[anchor] : nullptr;
    begin_value(mark);
    if (size == nullptr) raise_(top_, too_deep(bounds_));
    add(*size);
    end_value();
  }
  void OnSequenceStart(const YAML::Mark& mark, const std::string&, YAML::anchor_t anchor,
                       YAML::EmitterStyle::value) override {
    open(mark, anchor, false);
  }
  void OnSequenceEnd() override { close(); }
  void OnMapStart(const YAML::Mark& mark, const std::string&, YAML::anchor_t anchor,
                  YAML::EmitterStyle::value) override {
    open(mark, anchor, true);
  }
  void OnMapEnd() override { close(); }

 private:
  struct Size {
    size_t values = 0;
    size_t text_bytes = 0;
    size_t levels = 0;  // below it
    bool known = false;
  };
  struct Level {
    YAML::anchor_t anchor = 0;
    bool is_mapping = false;
    bool key_next = false;
    Size size;
  };

  void begin_value(const YAML::Mark& mark) {
    buffer_.begin_again();
    if (levels_.empty()) {
      root_ = mark;
      top_ = mark;
    } else if (levels_.size() == 1) {
      top_ = mark;
    }
  }
  bool is_key() const { return !levels_.empty() && levels_.back().key_next; }
  void end_value() {
    if (!levels_.empty() && levels_.back().is_mapping)
      levels_.back().key_next = !levels_.back().key_next;
  }

  void leaf(const YAML::Mark& mark, YAML::anchor_t anchor, size_t bytes) {
    begin_value(mark);
    const Size size{1, bytes, 0, true};
    define(anchor, size);
    add(size);
    end_value();
  }

  void open(const YAML::Mark& mark, YAML::anchor_t anchor, bool is_mapping) {
    begin_value(mark);
    if (is_key()) raise_(mark, "a key must be a word");
    if (levels_.size() >= bounds_.nesting) raise_(top_, too_deep(bounds_));
    levels_.push_back({anchor, is_mapping, is_mapping, {1, 0, 0, true}});
  }

  void close() {
    buffer_.begin_again();
    const Level level = levels_.back();
    levels_.pop_back();
    define(level.anchor, level.size);
    add(level.size);
    end_value();
  }

  void define(YAML::anchor_t anchor, const Size& size) {
    if (anchor == 0) return;
    if (anchor >= anchors_.size()) anchors_.resize(anchor + 1);
    anchors_[anchor] = size;
  }

  // Of a value that is complete, to the collection that it stands in. What is above the bounds
  // anywhere is above them at once: open collections are counted with what they hold so far.
  void add(const Size& size) {
    if (levels_.size() + size.levels > bounds_.nesting) raise_(top_, too_deep(bounds_));
    Size& total = levels_.empty() ? whole_ : levels_.back().size;
    total.values += is_key() ? 0 : size.values;
    total.text_bytes += size.text_bytes;
    if (!levels_.empty()) total.levels = std::max(total.levels, size.levels + 1);
    size_t values = 0;
    size_t text_bytes = 0;
    for (const Level& level : levels_) {
      values += level.size.values;
      text_bytes += level.size.text_bytes;
    }
    if (std::max(values, whole_.values) > bounds_.values) raise_(root_, too_many(bounds_));
    if (std::max(text_bytes, whole_.text_bytes) > bounds_.text_bytes)
      raise_(root_, too_long(bounds_));
  }

  const Bounds& bounds_;
  const Raise& raise_;
  CountingBuffer& buffer_;
  std::vector<Level> levels_;
  std::vector<Size> anchors_;
  Size whole_;
  YAML::Mark root_;
  YAML::Mark top_;  // of the root's own entry that is being read
};

// Refuses the first thing that it sees.
class NothingMore final : public YAML::EventHandler {
 public:
  NothingMore(std::string_view text, const Raise& raise) : text_(text), raise_(raise) {}

  void OnDocumentStart(const YAML::Mark&) override {}
  void OnDocumentEnd() override {}
  void OnNull(const YAML::Mark& mark, YAML::anchor_t) override { refuse(mark); }
  void OnAlias(const YAML::Mark& mark, YAML::anchor_t) override { refuse(mark); }
  void OnScalar(const YAML::Mark& mark, const std::string&, YAML::anchor_t,
                const std::string&) override {
    refuse(mark);
  }
  void OnSequenceStart(const YAML::Mark& mark, const std::string&, YAML::anchor_t,
                       YAML::EmitterStyle::value) override {
    refuse(mark);
  }
  void OnSequenceEnd() override {}
  void OnMapStart(const YAML::Mark& mark, const std::string&, YAML::anchor_t,
                  YAML::EmitterStyle::value) override {
    refuse(mark);
  }
  void OnMapEnd() override {}

 private:
  // The parser takes a sign that belongs nowhere, a comma behind the root, for an empty document
  // that begins there.
  void refuse(const YAML::Mark& mark) {
    constexpr std::string_view stray = ",]}:?";
    const size_t at = static_cast<size_t>(std::max(mark.pos, 0));
    if (at < text_.size() && stray.find(text_[at]) != std::string_view::npos) {
      raise_(mark, std::string("not valid YAML: unexpected \"") + text_[at] + "\"");
    }
    raise_(mark, "one document a file, but a second begins here");
  }

  std::string_view text_;
  const Raise& raise_;
};

class TreeWalk {
 public:
  TreeWalk(YAML::Mark root, const Bounds& bounds, const Raise& raise, bool check_keys)
      : root_(root), bounds_(bounds), raise_(raise), check_keys_(check_keys) {}

  void walk(const YAML::Node& node, const YAML::Mark& top, size_t depth = 0) {
    if (depth > bounds_.nesting) raise_(top, too_deep(bounds_));
    if (++extent_.values > bounds_.values) raise_(root_, too_many(bounds_));
    if (node.IsScalar()) {
      count_text(node);
    } else if (node.IsSequence()) {
      for (const auto& item : node) walk(item, depth == 0 ? item.Mark() : top, depth + 1);
    } else if (node.IsMap()) {
      std::set<std::string_view> seen;
      for (const auto& entry : node) {
        if (check_keys_) check_key(entry.first, seen);
        count_text(entry.first);
        walk(entry.second, depth == 0 ? entry.second.Mark() : top, depth + 1);
      }
    }
  }

  const Extent& extent() const { return extent_; }

 private:
  void count_text(const YAML::Node& node) {
    if (!node.IsScalar()) return;
    extent_.text_bytes += node.Scalar().size();
    if (extent_.text_bytes > bounds_.text_bytes) raise_(root_, too_long(bounds_));
  }

  void check_key(const YAML::Node& key, std::set<std::string_view>& seen) const {
    if (!key.IsScalar()) raise_(key.Mark(), "a key must be a word");
    if (!seen.insert(key.Scalar()).second && !is_merge_key(key))
      raise_(key.Mark(), "duplicate key \"" + key.Scalar() + "\"");
  }

  const YAML::Mark root_;
  const Bounds& bounds_;
  const Raise& raise_;
  const bool check_keys_;
  Extent extent_;
};

}  // namespace

YAML::Node read_document(const std::string& text, const Bounds& bounds, const Raise& raise,
                         const Raise& remark) {
  if (text.size() > bounds.bytes) {
    raise(YAML::Mark::null_mark(),
          "more than " + std::to_string(bounds.bytes) + " bytes, which is too much to be read");
  }
  try {
    CountingBuffer buffer(text, bounds.pending_signs);
    std::istream stream(&buffer);
    YAML::Parser parser(stream);
    Counter counter(bounds, raise, buffer);
    if (!parser.HandleNextDocument(counter)) return {};
    buffer.begin_again();
    NothingMore nothing_more(text, raise);
    parser.HandleNextDocument(nothing_more);
    YAML::Node root = YAML::Load(text);
    TreeWalk(root.Mark(), bounds, raise, true).walk(root, root.Mark());
    expand_merges(root, raise, remark);
    return root;
  } catch (const TooManySigns&) {
    raise(YAML::Mark::null_mark(),
          "more than " + std::to_string(bounds.pending_signs) +
              " brackets, commas, colons and quotes in one value; write large lists and "
              "mappings one entry a line, without brackets");
  } catch (const YAML::ParserException& error) {
    raise(error.mark, "not valid YAML: " + error.msg);
  } catch (const YAML::Exception& error) {
    raise(error.mark, "cannot be read as YAML: " + error.msg);
  }
  return {};
}

Extent measure(const YAML::Node& root, const Bounds& bounds, const Raise& raise) {
  TreeWalk walk(root.Mark(), bounds, raise, false);
  walk.walk(root, root.Mark());
  return walk.extent();
}

}  // namespace mread::yaml
