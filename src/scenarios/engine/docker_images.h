#pragma once

#include <filesystem>
#include <map>
#include <mutex>
#include <stop_token>
#include <string>

#include "base/error.h"
#include "scenarios/engine/child_process.h"
#include "scenarios/engine/docker_client.h"

namespace mread::scenarios {

/// Provides images: built from a program of this machine and the libraries it is linked with, or
/// pulled from a registry. Safe to use from several threads; an image is built once.
class DockerImages {
 public:
  DockerImages(const DockerClient& docker, Spawner& spawner, std::filesystem::path work_dir)
      : docker_(docker), spawner_(spawner), work_dir_(std::move(work_dir)) {}

  /// The image of a program as "REPOSITORY:TAG"; the program is /bin/NAME in it; NAME is the last
  /// part of the repository. Without a tag, a hash of the program and its libraries becomes the
  /// tag, so that the image never is an older build. Dockerfiles are those of docker/. A folder
  /// rootfs/ next to the program is the root of files that it reads at absolute paths.
  Result<std::string> of_program(const std::string& image_name,
                                 const std::filesystem::path& program, std::stop_token stop);
  /// A registry's image, pulled when it is not there. Errors: Errc::environment.
  Result<std::string> of_registry(const std::string& image, std::stop_token stop);
  /// The image that holds a node's network: a program that sleeps, /bin/sleep.
  Result<std::string> of_pause(std::stop_token stop);
  /// To be called for an image that vanished between its check and its use.
  void forget(const std::string& image);

  /// Removes all but the newest images of mread itself (every build of it makes another one), and
  /// what builds left untagged. Returns a line for each.
  std::vector<std::string> sweep();

 private:
  Result<bool> there(const std::string& image) const;
  Result<void> build(const std::string& tagged, const std::filesystem::path& program,
                     const std::vector<std::filesystem::path>& libraries, std::stop_token stop);

  const DockerClient& docker_;
  Spawner& spawner_;
  const std::filesystem::path work_dir_;
  std::mutex mutex_;
  std::map<std::string, std::string> known_;  // As asked for → as there.
};

/// The last part of an image's repository: "prometheus" of "mread/prometheus:3.5.3".
std::string program_name(std::string_view image_name);

}  // namespace mread::scenarios
