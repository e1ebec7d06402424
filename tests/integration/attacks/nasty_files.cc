#include "integration/attacks/nasty_files.h"

#include <fstream>

#include <fmt/format.h>
#include <sys/stat.h>

#include "integration/attacks/requests.h"

namespace mread::attacks {
namespace {

namespace fs = std::filesystem;

NastyFile text(std::string name, const std::function<std::string()>& make) {
  return {std::move(name), [make](const fs::path& path) { replace_file(path, make()); }};
}

NastyFile text(std::string name, std::string bytes) {
  return text(std::move(name), [bytes = std::move(bytes)] { return bytes; });
}

// Ten anchors, each a list of ten times the one before.
std::string billion_laughs() {
  std::string out = "l0: &l0 [lol, lol, lol, lol, lol, lol, lol, lol, lol, lol]\n";
  for (int i = 1; i < 12; ++i) {
    out += fmt::format("l{0}: &l{0} [{1}]\n", i,
                       repeated(fmt::format("*l{}, ", i - 1), 9) + fmt::format("*l{}", i - 1));
  }
  return out;
}

std::string many_anchors() {
  std::string out;
  for (int i = 0; i < 200'000; ++i) out += fmt::format("- &a{0} x\n- *a{0}\n", i);
  return out;
}

std::string many_keys() {
  std::string out;
  for (int i = 0; i < 200'000; ++i) out += fmt::format("key{}: 1\n", i);
  return out;
}

void put_special(const fs::path& path, const std::function<void()>& make) {
  fs::remove_all(path);
  make();
}

}  // namespace

void replace_file(const fs::path& path, const std::string& text) {
  fs::path next = path;
  next += ".new";
  std::ofstream(next, std::ios::binary) << text;
  std::error_code ignored;
  if (!fs::is_regular_file(fs::symlink_status(path))) fs::remove_all(path, ignored);
  fs::rename(next, path);
}

std::vector<NastyFile> nasty_files() {
  return {
      text("AComma", ","),
      text("ACommaBehindAList", "[1],"),
      text("ACommaBehindAMapping", "{a: 1},"),
      text("ACommaBehindABlock", "a: 1\n---\n,"),
      text("OpenBrackets", [] { return repeated("[", 200'000); }),
      text("OpenBraces", [] { return repeated("{a: ", 200'000); }),
      text("NestedLists", [] { return repeated("[", 50'000) + repeated("]", 50'000); }),
      text("NestedDashes", [] { return repeated("- ", 200'000) + "x\n"; }),
      text("NestedKeys", [] { return repeated("? ", 200'000) + "x\n"; }),
      text("Indentation",
           [] {
             std::string out;
             for (size_t depth = 0; depth < 3000; ++depth) out += std::string(depth, ' ') + "a:\n";
             return out;
           }),
      text("BillionLaughs", billion_laughs),
      text("ManyAnchors", many_anchors),
      text("ManyKeys", many_keys),
      text("ManyDocuments", [] { return repeated("---\n", 1'000'000); }),
      text("AliasOfItself", "&a [*a]\n"),
      text("HundredMegabytes", [] { return "a: " + std::string(100U << 20, 'x'); }),
      text("HundredMegabytesOfEntries", [] { return repeated("- x\n", 25U << 20); }),
      text("LongLineWithAnError", [] { return "a: [" + std::string(200'000, 'x') + ", }\n"; }),
      text("LongUnknownKey", [] { return std::string(300, 'k') + "\x1b[2J\xe2\x80\xae: 1\n"; }),
      text("BytesThatAreNoText", [] { return std::string("a: \xff\xfe\x00\x01\n", 9); }),
      text("Nul", std::string("a: b\0c\n", 7)),
      text("Utf16", std::string("\xff\xfe"
                                "a\0:\0 \0b\0",
                                10)),
      text("Tabs", "a:\n\t- b\n"),
      text("Tags", [] { return repeated("!!binary ", 100'000) + "x\n"; }),
      text("OpenQuote", [] { return "a: \"" + std::string(5U << 20, 'x'); }),
      text("Empty", ""),
      {"AFifo",
       [](const fs::path& path) { put_special(path, [&] { mkfifo(path.c_str(), 0600); }); }},
      {"AFolder",
       [](const fs::path& path) { put_special(path, [&] { fs::create_directory(path); }); }},
      {"ADevice",
       [](const fs::path& path) {
         put_special(path, [&] { fs::create_symlink("/dev/zero", path); });
       }},
      {"ALinkToItself",
       [](const fs::path& path) { put_special(path, [&] { fs::create_symlink(path, path); }); }},
  };
}

}  // namespace mread::attacks
