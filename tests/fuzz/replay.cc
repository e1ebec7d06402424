// Feeds files to a harness, without libFuzzer and with any compiler: the corpus and what ever
// failed are a test of every build.
//
//   mread_fuzz_replay HARNESS PATH …      each file, and each file of each folder
#include <cstring>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <iterator>
#include <string>
#include <vector>

#include "fuzz/harness.h"

namespace {

namespace fs = std::filesystem;
using mread::fuzz::Registration;

const Registration* find(const char* name) {
  for (const Registration* one = Registration::first(); one != nullptr; one = one->next) {
    if (std::strcmp(one->name, name) == 0) return one;
  }
  return nullptr;
}

std::vector<fs::path> files_of(const fs::path& path) {
  if (!fs::is_directory(path)) return {path};
  std::vector<fs::path> files;
  for (const auto& entry : fs::directory_iterator(path)) {
    if (entry.is_regular_file()) files.push_back(entry.path());
  }
  std::sort(files.begin(), files.end());
  return files;
}

}  // namespace

int main(int argc, char** argv) {
  const Registration* const chosen = argc > 2 ? find(argv[1]) : nullptr;
  if (chosen == nullptr) {
    std::cerr << "use: mread_fuzz_replay HARNESS PATH …, with one of";
    for (const Registration* one = Registration::first(); one != nullptr; one = one->next)
      std::cerr << ' ' << one->name;
    std::cerr << '\n';
    return 3;
  }
  size_t count = 0;
  for (int i = 2; i < argc; ++i) {
    for (const fs::path& path : files_of(argv[i])) {
      std::ifstream file(path, std::ios::binary);
      const std::string bytes{std::istreambuf_iterator<char>(file),
                              std::istreambuf_iterator<char>()};
      // Told before, because a finding ends the program.
      std::cout << path.string() << std::endl;
      // An allocation of its own, so that a sanitizer sees the first byte too many.
      const std::vector<uint8_t> exact(bytes.begin(), bytes.end());
      mread::fuzz::Input input(exact.data(), exact.size());
      chosen->harness(input);
      ++count;
    }
  }
  std::cout << chosen->name << ": " << count << " inputs\n";
  if (count == 0) std::cerr << chosen->name << ": there is no input in what was given\n";
  return count == 0 ? 1 : 0;
}
