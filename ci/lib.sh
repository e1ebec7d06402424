# What the scripts in ci/ share; source it. Nothing runs on its own.

mread_cache=${MREAD_CACHE:-$HOME/.cache/mread}

say() { printf '%s\n' "$*"; }
die() { printf '%s: %s\n' "${0##*/}" "$*" >&2; exit 4; }

# configure_build PRESET [OPTION …]: a build folder that is new compiles many files at a time, since all of them have to be;
# one that was there stays as it is.
configure_build() {
  local preset=$1
  shift
  [ -e "build/$preset/CMakeCache.txt" ] || set -- -DMREAD_UNITY=ON "$@"
  cmake --preset "$preset" "$@"
}

# Tries a command up to four times, with pauses: mirrors and networks have moments. Its output is shown when it gave up;
# without a network that is at once, with $unreachable set to who could not be reached, and why.
retry() {
  local log pause
  unreachable=
  log=$(mktemp)
  for pause in 1 4 10 0; do
    if "$@" >"$log" 2>&1; then rm -f "$log"; return 0; fi
    unreachable=$(unreachable_in "$log")
    if [ -n "$unreachable" ]; then rm -f "$log"; return 1; fi
    sleep "$pause"
  done
  tail -n 15 "$log" >&2
  rm -f "$log"
  return 1
}

# What apt says where no mirror can be reached: names that resolve to nothing, connections that nobody takes.
unreachable_in() {
  sed -nE "s/.*((Temporary failure resolving|Could not resolve|Could not connect to|Cannot initiate the connection to|Unable to connect to|Failed to connect to|Could not resolve host:?) '?[^ ']+'?).*/\1/p" "$1" | sort -u | head -1
}

# die_offline WHAT: the end where something cannot be had without a network.
die_offline() {
  die "no network: $1 cannot be downloaded ($unreachable). Connect this machine, or name a proxy (http_proxy=http://HOST:PORT) or a
  mirror that it reaches (/etc/apt/sources.list), and run ci/setup again: it goes on where it stopped. A machine that stays
  offline can be given the cache folder of another one, $mread_cache, and its packages."
}

# An apt of our own next to the system's: its lists, its cache, its sources, made from the mirror that the system uses.
# A mirror may be a frozen copy whose lists are past their date; the signatures are checked all the same.
debian_keyring=/usr/share/keyrings/debian-archive-keyring.gpg
own_apt_work=

own_apt() {
  local program=$1
  shift
  "$program" -qq -o Dir::Etc::sourcelist="$own_apt_work/sources.list" -o Dir::Etc::sourceparts="$own_apt_work/none" \
    -o Dir::Etc::preferences=- -o Dir::Etc::preferencesparts="$own_apt_work/none" -o Dir::State::lists="$own_apt_work/lists" \
    -o Dir::Cache="$own_apt_work/cache" -o APT::Sandbox::User="$(id -un)" -o Acquire::Languages=none \
    -o Acquire::Check-Valid-Until=false "$@"
}

# prepare_own_apt SUITE …: makes own_apt ready for these suites, once; a folder that the script's end removes.
prepare_own_apt() {
  [ -z "$own_apt_work" ] || return 0
  local mirror suite
  mirror=$(apt-get indextargets --format '$(REPO_URI)' 'Created-By: Packages' 'Component: main' | grep -E '/debian/?$' | sort | uniq -c | sort -rn | awk 'NR == 1 {print $2}')
  [ -n "$mirror" ] || die "apt knows no Debian mirror: check /etc/apt/sources.list and run apt-get update"
  [ -r "$debian_keyring" ] || die "$debian_keyring is missing: install debian-archive-keyring"
  own_apt_work=$(mktemp -d)
  trap 'rm -rf "$own_apt_work"' EXIT
  mkdir -p "$own_apt_work"/{lists/partial,cache/archives/partial,deb,none}
  for suite in "$@"; do echo "deb [signed-by=$debian_keyring] $mirror $suite main"; done >"$own_apt_work/sources.list"
  retry own_apt apt-get -o APT::Update::Error-Mode=any update || { [ -z "$unreachable" ] || die_offline "the package lists of $*"; false; } ||
    die "the package lists of $* cannot be had from the mirror that apt uses"
}

# unpack_from SUITE PACKAGE: the package's files in $own_apt_work/x/SUITE.
unpack_from() {
  local suite=$1 package=$2 folder=$own_apt_work/deb/$1-$2
  mkdir -p "$folder" "$own_apt_work/x/$suite"
  cd "$folder"
  local done=0
  retry own_apt apt-get download "$package/$suite" || done=$?
  cd "$OLDPWD"
  [ "$done" = 0 ] || [ -z "$unreachable" ] || die_offline "$package of $suite"
  [ "$done" = 0 ] || die "$package cannot be downloaded from $suite"
  dpkg-deb -x "$folder"/*.deb "$own_apt_work/x/$suite"
}

# Where a Docker engine is expected: DOCKER_HOST, else the usual socket.
docker_endpoint() { printf '%s' "${DOCKER_HOST:-unix:///var/run/docker.sock}"; }

# True if an engine answers there.
docker_answers() {
  local endpoint
  endpoint=$(docker_endpoint)
  command -v curl >/dev/null || return 1
  case $endpoint in
    unix://*) [ -S "${endpoint#unix://}" ] && curl -fsS -o /dev/null --max-time 5 --unix-socket "${endpoint#unix://}" http://engine/_ping 2>/dev/null ;;
    tcp://*) curl -fsS -o /dev/null --max-time 5 "http://${endpoint#tcp://}/_ping" 2>/dev/null ;;
    *) return 1 ;;
  esac
}

# Control groups, which a container needs: a real machine has them mounted; a bare chroot or a micro VM may not.
mount_cgroups() {
  local controller
  if [ -e /sys/fs/cgroup/cgroup.controllers ] || [ -d /sys/fs/cgroup/memory ]; then return 0; fi
  mountpoint -q /sys || mount -t sysfs sysfs /sys || return 1
  # The unified hierarchy where it owns the controllers; else one mount a controller, as version 1 wants it.
  if mount -t cgroup2 cgroup2 /sys/fs/cgroup 2>/dev/null; then
    if grep -q memory /sys/fs/cgroup/cgroup.controllers 2>/dev/null; then return 0; fi
    umount /sys/fs/cgroup
  fi
  mount -t tmpfs -o mode=755 cgroup /sys/fs/cgroup || return 1
  for controller in $(awk '!/^#/ && $4 == 1 {print $1}' /proc/cgroups); do
    mkdir -p "/sys/fs/cgroup/$controller"
    mount -t cgroup -o "$controller" cgroup "/sys/fs/cgroup/$controller" 2>/dev/null || rmdir "/sys/fs/cgroup/$controller"
  done
  [ -d /sys/fs/cgroup/devices ]
}

# start_dockerd: makes sure that an engine answers. Where one does, nothing happens; else dockerd is started, as root,
# and stop_dockerd ends it again (nothing that was there before is touched). Fails with one line when it cannot.
start_dockerd() {
  if docker_answers; then return 0; fi
  case $(docker_endpoint) in
    unix:///var/run/docker.sock | unix:///run/docker.sock) ;;
    *) say "no Docker engine answers at $(docker_endpoint) (DOCKER_HOST)" >&2; return 1 ;;
  esac
  if [ "$(id -u)" != 0 ]; then say "no Docker engine answers, and only root can start one" >&2; return 1; fi
  if ! command -v dockerd >/dev/null; then say "no Docker engine answers, and dockerd is not installed: run ci/setup" >&2; return 1; fi
  if ! mount_cgroups; then say "dockerd needs control groups, and they cannot be mounted here" >&2; return 1; fi
  local state=$mread_cache/dockerd path=$PATH flags=() waited
  mkdir -p "$state"
  # nf_tables where the kernel has it, the older tables elsewhere; with neither, containers still reach each other.
  if ! iptables -t nat -L -n >/dev/null 2>&1; then
    if command -v iptables-legacy >/dev/null && iptables-legacy -t nat -L -n >/dev/null 2>&1; then
      mkdir -p "$state/bin"
      ln -sf "$(command -v iptables-legacy)" "$state/bin/iptables"
      ln -sf "$(command -v ip6tables-legacy)" "$state/bin/ip6tables"
      path=$state/bin:$PATH
    else
      flags+=(--iptables=false --ip-masq=false)
    fi
  fi
  # overlay2 is dockerd's own choice where the file system allows it; on an overlay (a chroot for tests) only vfs works.
  mkdir -p /var/lib/docker
  if [ "$(stat -f -c %T /var/lib/docker)" = overlayfs ]; then flags+=(--storage-driver=vfs); fi
  PATH=$path setsid dockerd --host unix:///var/run/docker.sock --pidfile "$state/dockerd.pid" "${flags[@]}" \
    >"$state/dockerd.log" 2>&1 </dev/null &
  mread_dockerd_pid=$!
  for ((waited = 0; waited < 300; waited++)); do
    if docker_answers; then return 0; fi
    if ! kill -0 "$mread_dockerd_pid" 2>/dev/null; then break; fi
    sleep 0.2
  done
  say "dockerd does not come up; its last words:" >&2
  tail -n 5 "$state/dockerd.log" >&2
  stop_dockerd
  return 1
}

# Ends the dockerd that start_dockerd started, and waits for it; nothing if it started none.
stop_dockerd() {
  local pid=${mread_dockerd_pid:-} waited
  [ -n "$pid" ] || return 0
  mread_dockerd_pid=
  kill "$pid" 2>/dev/null || true
  for ((waited = 0; waited < 100; waited++)); do
    kill -0 "$pid" 2>/dev/null || return 0
    sleep 0.2
  done
  kill -KILL "$pid" 2>/dev/null || true
}

# The Go toolchain and Prometheus's packages that ci/setup-bench unpacked. Debian's packages build in GOPATH mode.
bench_go_root=$mread_cache/go

# bench_go ARGUMENT …: that toolchain's go command.
bench_go() {
  local toolchain
  toolchain=$(printf '%s\n' "$bench_go_root"/unpacked/usr/lib/go-*)
  env -u GOFLAGS -u GOEXPERIMENT GOROOT="$toolchain" GOPATH="$bench_go_root/unpacked/usr/share/gocode" \
    GOCACHE="$bench_go_root/cache" GO111MODULE=off GOTOOLCHAIN=local GOENV=off GOTELEMETRY=off CGO_ENABLED=0 \
    "$toolchain/bin/go" "$@"
}

# step NAME: a heading between the parts of a script, with the time since its start.
step() { printf '\n== %s (%d:%02d)\n' "$*" $((SECONDS / 60)) $((SECONDS % 60)); }
