#!/bin/sh
# Stands for a package manager, like apt, pip or npm: downloads packages into /var/cache/toolbox, and unpacks each into
# /opt. What it "downloads" are zeros, so that this is quick; their numbers are what matters here.
#   sh toolbox.sh install compiler testkit runtime
#   sh toolbox.sh remove compiler testkit      takes away what was unpacked
#   sh toolbox.sh clean                        takes away what was downloaded
set -eu
downloads=/var/cache/toolbox

# get NAME MB MB: what a package weighs as a download, and unpacked.
get() {
  mkdir -p "$downloads" "/opt/$1/bin"
  [ -e "$downloads/$1" ] || head -c "${2}000000" /dev/zero >"$downloads/$1"
  head -c "${3}000000" /dev/zero >"/opt/$1/lib"
}

compiler() {
  get compiler 12 24
  cat >/opt/compiler/bin/compile <<'END'
#!/bin/sh
# compile TRAIL SITE: makes an index, a page of each stop, and a map. Its notes go into the folder build.
set -eu
mkdir -p build "$2/stops"
head -c 12000000 /dev/zero >build/notes
head -c 1000000 /dev/zero >"$2/map.png"
grep -v '^#' "$1" >"$2/stops.csv"
{
  sed -n 's|^# \(.*\)|<h1>\1</h1>|p' "$1"
  while IFS=, read -r number name metres; do
    echo "<p><a href=\"/stops/$number.html\">$name</a></p>"
    echo "<h1>$name</h1><p>$metres metres from the start</p>" >"$2/stops/$number.html"
  done <"$2/stops.csv"
} >"$2/index.html"
END
  chmod 755 /opt/compiler/bin/compile
}

testkit() {
  get testkit 4 8
  cat >/opt/testkit/bin/test-pages <<'END'
#!/bin/sh
# test-pages SITE: every stop must have its page.
set -eu
while IFS=, read -r number name metres; do
  grep -q "$name" "$1/stops/$number.html" || { echo "stop $number has no page" >&2; exit 1; }
done <"$1/stops.csv"
END
  chmod 755 /opt/testkit/bin/test-pages
}

runtime() {
  get runtime 1 1
  cat >/opt/runtime/units.sh <<'END'
# Read by the guide whenever it runs.
: "${TRAIL_UNIT:?the unit of all distances is not set}"
far() { echo "$1 $TRAIL_UNIT"; }
END
}

command=${1:-help}
[ $# -eq 0 ] || shift
case $command in
  install) for name; do "$name" && echo "installed $name"; done ;;
  remove) for name; do rm -rf "/opt/$name"; done ;;
  clean) rm -rf "$downloads"/* ;;
  *) sed -n 's/^#   //p' "$0" ;;
esac
