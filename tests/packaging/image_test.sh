#!/usr/bin/env bash
# Builds the image of mread, runs it with a configuration and reads through it: a mock store in one container, the merge
# core in another, under the user that the image has.
#
#   image_test.sh MREAD
set -euo pipefail
mread=$1
here=$(cd "$(dirname "$0")/../.." && pwd)
work=$(mktemp -d)
network=mread-image-test-$$
cleanup() {
  docker rm -f "$network-store" "$network-serve" >/dev/null 2>&1 || true
  docker network rm "$network" >/dev/null 2>&1 || true
  rm -rf "$work"
}
trap cleanup EXIT
fail() { echo "image_test: $*" >&2; docker logs "$network-serve" 2>&1 | tail -n 5 >&2 || true; exit 1; }

image=$(MREAD=$mread "$here/docker/build" mread) || fail "the image cannot be built"
[ "$image" = "mread/mread:$("$mread" --version | awk '{print $2}')" ] || fail "the image is called $image"
user=$(docker image inspect -f '{{.Config.User}}' "$image")
[ "$user" = 65534:65534 ] || fail "it runs as $user"
[ "$(docker run --rm --network none "$image" --version)" = "$("$mread" --version)" ] || fail "it does not run"

docker network create "$network" >/dev/null
# Files go in by docker cp: it works with a remote engine as well.
start() {
  local name=$1 file=$2
  shift 2
  docker create --name "$network-$name" --network "$network" --network-alias "$name" --cap-drop ALL "$image" "$@" >/dev/null
  chmod 644 "$work/$file"
  docker cp -q "$work/$file" "$network-$name:/mread/$file" 2>/dev/null || docker cp "$work/$file" "$network-$name:/mread/$file" >/dev/null
  docker start "$network-$name" >/dev/null
}
cat >"$work/mock.yml" <<'YAML'
stores:
  a: {listen: "0.0.0.0:9090", input_series: [{series: 'up{job="x"}', values: '1x240'}]}
YAML
cat >"$work/mread.yml" <<'YAML'
remote_read: [{name: a, url: "http://store:9090/api/v1/read", remote_timeout: 5s}]
YAML
start store mock.yml mock --config /mread/mock.yml
start serve mread.yml
for ((tries = 0; ; tries++)); do
  docker logs "$network-serve" 2>&1 | grep -q '^listening on' && docker logs "$network-store" 2>&1 | grep -q 'listening' && break
  [ "$tries" -lt 300 ] || fail "it does not come up"
  sleep 0.1
done
# The image's own `mread read`, from the network that the containers share.
docker run --rm --network "$network" "$image" read http://serve:9095/api/v1/read up --start now-30m --output csv >"$work/read" 2>&1 \
  || fail "the read fails: $(cat "$work/read")"
grep -q 'up{job=""x""}' "$work/read" || fail "the read brings something else: $(head -3 "$work/read")"
docker kill -s TERM "$network-serve" >/dev/null
[ "$(docker wait "$network-serve")" = 0 ] || fail "it does not end with status 0"
echo "image_test: $image, $(docker image inspect -f '{{.Size}}' "$image") bytes, user $user"
