#!/usr/bin/env bash
# Builds the package of a build folder, looks at what is in it, and installs it with dpkg into a Debian of its own that
# holds only what the package depends on; there it has to run. As root: dpkg and chroot want that.
#
#   package_test.sh BUILD
set -euo pipefail
build=$1
here=$(cd "$(dirname "$0")/../.." && pwd)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
fail() { echo "package_test: $*" >&2; exit 1; }
[ "$(id -u)" = 0 ] || fail "run as root"

deb=$("$here/ci/package" --from "$build" "$work/out")
version=$("$build/mread" --version | awk '{print $2}')
[ "$(basename "$deb")" = "mread_${version}_$(dpkg --print-architecture).deb" ] || fail "the package is called $deb"

# --- what is in it
dpkg-deb -c "$deb" >"$work/contents"
for path in usr/bin/mread lib/systemd/system/mread.service etc/mread/mread.yml etc/default/mread usr/share/man/man1/mread.1 \
  usr/share/doc/mread/copyright usr/share/doc/mread/docs/reference/serve.md \
  usr/share/mread/monitoring/mread.rules.yml \
  usr/share/mread/monitoring/dashboard.json usr/share/mread/scenarios/seeds/s1-multi-remote-read.yaml; do
  grep -qE " \./(usr/)?$path$" "$work/contents" || fail "$path is not in the package"
done
grep -vqE '^[-d][rwx-]{9} root/root ' "$work/contents" && fail "not everything belongs to root: $(grep -vE ' root/root ' "$work/contents" | head -1)"
grep -qE '^-.......w. ' "$work/contents" && fail "the package has files that anyone may write"
dpkg-deb -f "$deb" Depends >"$work/depends"
for library in libc6 libstdc++6 libssl3 libprotobuf32; do
  grep -q "\b$library\b" "$work/depends" || fail "it does not depend on $library: $(cat "$work/depends")"
done

# --- a Debian of these packages alone, made of the files that are installed here
root=$work/root
mkdir -p "$root"/{var/lib/dpkg/info,var/lib/dpkg/updates,tmp,proc,dev,var/log}
todo=(dpkg dash coreutils diffutils libc-bin tar base-passwd $(sed 's/([^)]*)//g; s/,/ /g' "$work/depends"))
declare -A seen provider
while read -r package names; do
  for name in $names; do provider[$name]=$package; done
done < <(dpkg-query -W -f '${db:Status-Abbrev}|${Package} ${Provides}\n' | sed -n 's/([^)]*)//g; s/,/ /g; s/^ii *|//p')
while [ ${#todo[@]} -gt 0 ]; do
  package=${todo[0]}
  todo=("${todo[@]:1}")
  [ -z "${seen[$package]:-}" ] || continue
  seen[$package]=1
  if ! dpkg-query -W -f '${db:Status-Abbrev}' "$package" 2>/dev/null | grep -q ^ii; then
    # A name that another provides; or an alternative that is not installed here, and the other is on the list as well.
    todo+=(${provider[$package]:-})
    continue
  fi
  dpkg-query -L "$package" >>"$work/files"
  dpkg-query -s "$package" >>"$root/var/lib/dpkg/status"
  echo >>"$root/var/lib/dpkg/status"
  for list in /var/lib/dpkg/info/"$package".list /var/lib/dpkg/info/"$package":*.list; do
    if [ -e "$list" ]; then cp "$list" "$root/var/lib/dpkg/info/"; fi
  done
  todo+=($(dpkg-query -W -f '${Depends} ${Pre-Depends}' "$package" | sed 's/([^)]*)//g; s/[,|]/ /g; s/:any//g'))
done
cp /var/lib/dpkg/info/format "$root/var/lib/dpkg/info/" 2>/dev/null || true
# The links /bin, /lib … of a merged /usr, then the files.
for link in bin sbin lib lib64; do
  if [ -L "/$link" ]; then mkdir -p "$root/usr/$link"; ln -s "usr/$link" "$root/$link"; fi
done
sort -u "$work/files" | grep -v '^/\.$' | while read -r path; do if [ -e "$path" ]; then printf "%s\n" "$path"; fi; done >"$work/there"
tar -C / -c --no-recursion --ignore-failed-read -T "$work/there" 2>/dev/null | tar -C "$root" -x --keep-directory-symlink
ldconfig -r "$root"
mknod -m 666 "$root/dev/null" c 1 3
cp "$deb" "$root/mread.deb"
inside() { env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin DEBIAN_FRONTEND=noninteractive chroot "$root" "$@"; }

inside dpkg -i /mread.deb >"$work/install.log" 2>&1 || { cat "$work/install.log" >&2; fail "dpkg does not install it"; }
[ "$(inside mread --version)" = "mread $version" ] || fail "the installed program does not run"
inside mread serve --config /etc/mread/mread.yml --check-config >"$work/checked" || fail "the example configuration is refused"
grep -q 'collector-b' "$work/checked" || fail "--check-config shows something else: $(cat "$work/checked")"
inside mread run --list /usr/share/mread/scenarios >/dev/null || fail "the installed scenarios do not load"
# Commands stand below the names of their groups.
commands=$(inside mread --help | awk '/^[A-Z].*:$/ {group = $0} group != "Options:" && /^  [a-z]/ {print $1}')
[ "$(wc -w <<<"$commands")" -ge 10 ] || fail "mread --help lists the commands in another form: $commands"
for command in $commands; do
  grep -q "fB$command" "$root/usr/share/man/man1/mread.1" || fail "the man page does not know mread $command"
done

# --- a changed configuration outlives a new version, and goes with a purge
echo '# changed' >>"$root/etc/mread/mread.yml"
inside dpkg -i /mread.deb >"$work/install.log" 2>&1 || { cat "$work/install.log" >&2; fail "dpkg does not install it again"; }
grep -q '# changed' "$root/etc/mread/mread.yml" || fail "installing it again took the configuration away"
inside dpkg -r mread >/dev/null 2>&1 || fail "dpkg does not remove it"
[ ! -e "$root/usr/bin/mread" ] || fail "the program is there after it was removed"
[ -e "$root/etc/mread/mread.yml" ] || fail "removing it took the configuration away"
inside dpkg -P mread >/dev/null 2>&1 || fail "dpkg does not purge it"
[ ! -e "$root/etc/mread" ] || fail "a purge leaves /etc/mread"

# --- the unit. The program it names has to be there for systemd-analyze.
unit=$work/mread.service
sed "s|/usr/bin/mread|$build/mread|" "$here/packaging/mread.service" >"$unit"
problems=$(systemd-analyze verify --man=no "$unit" 2>&1 | grep -F "$unit" || true)
[ -z "$problems" ] || fail "systemd-analyze verify: $problems"
systemd-analyze security --offline=yes --threshold=20 --no-pager "$unit" >"$work/security" 2>&1 \
  || { tail -n 60 "$work/security" >&2; fail "systemd-analyze security finds the unit exposed"; }
echo "package_test: $(basename "$deb"): $(wc -l <"$work/contents") files, $(stat -c %s "$deb") bytes; ${#seen[@]} packages in its Debian; $(tail -n 1 "$work/security")"
