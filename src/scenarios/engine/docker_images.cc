#include "scenarios/engine/docker_images.h"

#include <algorithm>
#include <chrono>
#include <memory>

#include <openssl/evp.h>
#include <unistd.h>

#include "net/openssl_pointer.h"
#include "scenarios/engine/dockerfiles.h"
#include "scenarios/engine/linked_libraries.h"
#include "scenarios/engine/node_folder.h"
#include "scenarios/engine/tar.h"

namespace mread::scenarios {

namespace fs = std::filesystem;

namespace {

/// Another process's image of mread may be between its build and its use; nothing takes this long.
constexpr std::chrono::seconds young{600};

/// The program's own; for a program without one, the one of any program.
std::string_view dockerfile_of(std::string_view program) {
  std::string_view of_any;
  for (const NamedDockerfile& dockerfile : dockerfiles) {
    if (dockerfile.name == program) return dockerfile.text;
    if (dockerfile.name == "program") of_any = dockerfile.text;
  }
  return of_any;
}

bool has_tag(std::string_view image_name) {
  return image_name.substr(image_name.rfind('/') + 1).find(':') != std::string::npos;
}

/// "mread/mread:" and a hash: made here, not by docker/build, which tags with a version.
bool is_hashed_mread(std::string_view tag) {
  constexpr std::string_view repository = "mread/mread:";
  return tag.starts_with(repository) && tag.size() == repository.size() + 16 &&
         tag.find_first_not_of("0123456789abcdef", repository.size()) == std::string_view::npos;
}

Result<std::string> content_hash(const fs::path& program, const std::vector<fs::path>& libraries) {
  const net::DigestPointer digest(EVP_MD_CTX_new());
  EVP_DigestInit_ex(digest.get(), EVP_sha256(), nullptr);
  std::vector<fs::path> files{program};
  files.insert(files.end(), libraries.begin(), libraries.end());
  for (const fs::path& file : files) {
    const auto contents = read_whole_file(file);
    if (!contents) return fail(contents.error());
    EVP_DigestUpdate(digest.get(), contents->data(), contents->size());
  }
  unsigned char bytes[EVP_MAX_MD_SIZE];
  unsigned int size = 0;
  EVP_DigestFinal_ex(digest.get(), bytes, &size);
  static constexpr char digits[] = "0123456789abcdef";
  std::string text;
  for (unsigned int i = 0; i < std::min(size, 8U); ++i)
    text += {digits[bytes[i] >> 4U], digits[bytes[i] & 15U]};
  return text;
}

}  // namespace

std::string program_name(std::string_view image_name) {
  const std::string_view last = image_name.substr(image_name.rfind('/') + 1);
  return std::string(last.substr(0, last.find(':')));
}

Result<bool> DockerImages::there(const std::string& image) const {
  const auto found = docker_.get_json("/images/" + image + "/json");
  if (found) return true;
  if (found.error().is(Errc::not_found)) return false;
  return fail(found.error());
}

Result<std::string> DockerImages::of_program(const std::string& image_name,
                                             const fs::path& asked_program, std::stop_token stop) {
  // Held during the build: a caller that waits usually wants the same image.
  const std::lock_guard lock(mutex_);
  if (const auto known = known_.find(image_name); known != known_.end()) return known->second;
  // To the loader that lists the libraries, /proc/self is the loader.
  const fs::path program = asked_program == "/proc/self/exe"
                               ? fs::path("/proc/" + std::to_string(getpid()) + "/exe")
                               : asked_program;
  std::string tagged = image_name;
  std::vector<fs::path> libraries;
  const auto list_libraries = [&]() -> Result<void> {
    auto folder = make_owned_folder(work_dir_, "image");
    if (!folder) return fail(folder.error());
    auto listed = linked_libraries(program, spawner_, *folder);
    std::error_code ignored;
    fs::remove_all(*folder, ignored);
    if (!listed) return fail(listed.error());
    libraries = std::move(*listed);
    return {};
  };
  if (!has_tag(image_name)) {
    if (auto listed = list_libraries(); !listed) return fail(listed.error());
    const auto hash = content_hash(program, libraries);
    if (!hash) return fail(hash.error());
    tagged += ":" + *hash;
  }
  const auto found = there(tagged);
  if (!found) return fail(found.error());
  if (!*found) {
    if (libraries.empty()) {
      if (auto listed = list_libraries(); !listed) return fail(listed.error());
    }
    if (auto built = build(tagged, program, libraries, stop); !built)
      return fail(built.error().in("image " + tagged));
  }
  known_[image_name] = tagged;
  return tagged;
}

Result<void> DockerImages::build(const std::string& tagged, const fs::path& program,
                                 const std::vector<fs::path>& libraries, std::stop_token stop) {
  TarWriter context;
  const std::string name = program_name(tagged);
  context.add_file("Dockerfile", dockerfile_of(name));
  context.add_folder("rootfs/mread");
  context.add_folder("rootfs/tmp", 01777);
  if (auto added = context.add_copy(program, "rootfs/bin/" + name, 0755); !added) return added;
  // What the program reads at absolute paths.
  std::error_code ignored;
  const fs::path data = program.parent_path() / "rootfs";
  if (fs::is_directory(data, ignored)) {
    if (auto added = context.add_tree(data, "rootfs"); !added) return added;
  }
  for (const fs::path& library : libraries) {
    if (auto added = context.add_copy(library, "rootfs" + library.string(), 0755); !added)
      return added;
  }
  context.add_file("rootfs/etc/nsswitch.conf", "hosts: files dns\n");
  context.add_file("rootfs/etc/passwd", "root:x:0:0:root:/mread:/sbin/nologin\n");
  context.add_file("rootfs/etc/group", "root:x:0:\n");
  if (const auto roots = read_whole_file("/etc/ssl/certs/ca-certificates.crt")) {
    context.add_file("rootfs/etc/ssl/certs/ca-certificates.crt", *roots);
  }
  return docker_.post_progress({.path = "/build?forcerm=1&q=1&t=" + url_encode(tagged),
                                .content_type = "application/x-tar",
                                .body = context.finish(),
                                .timeout = std::chrono::minutes(10)},
                               stop);
}

Result<std::string> DockerImages::of_registry(const std::string& image, std::stop_token stop) {
  const std::string tagged =
      has_tag(image) || image.find('@') != std::string::npos ? image : image + ":latest";
  const std::lock_guard lock(mutex_);
  if (known_.contains(tagged)) return tagged;
  const auto found = there(tagged);
  if (!found) return fail(found.error());
  if (!*found) {
    const auto pulled =
        docker_.post_progress({.path = "/images/create?fromImage=" + url_encode(tagged),
                               .timeout = std::chrono::minutes(10)},
                              stop);
    if (stop.stop_requested()) return fail(Errc::canceled, "interrupted");
    if (!pulled) {
      return fail(Errc::environment, "image " + tagged + " is not here and cannot be pulled (" +
                                         pulled.error().context + ")");
    }
  }
  known_[tagged] = tagged;
  return tagged;
}

Result<std::string> DockerImages::of_pause(std::stop_token stop) {
  std::error_code error;
  for (const char* program : {"/bin/sleep", "/usr/bin/sleep"}) {
    if (fs::exists(program, error)) return of_program("mread/sleep", program, stop);
  }
  return fail(Errc::environment, "no program sleep on this machine, which the engine docker needs");
}

void DockerImages::forget(const std::string& image) {
  const std::lock_guard lock(mutex_);
  std::erase_if(known_, [&](const auto& entry) { return entry.second == image; });
}

std::vector<std::string> DockerImages::sweep() {
  std::vector<std::string> removed;
  const auto images =
      docker_.get_json("/images/json?filters=" + url_encode(R"({"label":["mread.image"]})"));
  if (!images || !images->is_array()) return removed;
  struct Image {
    int64_t created;
    std::string name;
  };
  std::vector<Image> own;
  const int64_t now = std::chrono::duration_cast<std::chrono::seconds>(
                          std::chrono::system_clock::now().time_since_epoch())
                          .count();
  for (const json::value& image : images->get_array()) {
    const int64_t created = number_at(image, {"Created"});
    if (now - created < young.count()) continue;
    std::vector<std::string> tags;
    if (const json::value* list = member_at(image, {"RepoTags"});
        list != nullptr && list->is_array()) {
      for (const json::value& tag : list->get_array()) {
        if (tag.is_string() && tag.get_string() != "<none>:<none>")
          tags.emplace_back(tag.get_string());
      }
    }
    if (tags.empty()) own.push_back({0, text_at(image, {"Id"})});
    for (const std::string& tag : tags) {
      if (is_hashed_mread(tag)) own.push_back({created, tag});
    }
  }
  std::sort(own.begin(), own.end(),
            [](const Image& a, const Image& b) { return a.created > b.created; });
  for (size_t i = 0; i < own.size(); ++i) {
    // The newest is most likely the one that this run is about to use.
    if (i == 0 && own[i].created != 0) continue;
    // Refused while a container uses it.
    if (docker_.remove("/images/" + own[i].name)) removed.push_back("image " + own[i].name);
  }
  return removed;
}

}  // namespace mread::scenarios
