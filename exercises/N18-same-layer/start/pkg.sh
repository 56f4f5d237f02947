#!/bin/sh
# Stands for a package manager, like apt or apk. It has one package, the typesetter, and makes it up on the spot.
#   sh pkg.sh install typesetter    downloads it to /var/cache/pkg, and unpacks it into /opt/typesetter
#   sh pkg.sh remove typesetter     takes away what was unpacked, and not the download
#   sh pkg.sh clean                 takes away what was downloaded
set -eu
downloads=/var/cache/pkg

install() {
  mkdir -p "$downloads" /opt/typesetter/bin
  [ -e "$downloads/typesetter" ] || head -c 8000000 /dev/zero >"$downloads/typesetter"
  head -c 12000000 /dev/zero >/opt/typesetter/fonts
  cat >/opt/typesetter/bin/typeset <<'END'
#!/bin/sh
# typeset LIST: prints a booklet of a list of songs.
set -eu
sed -n 's/^# \(.*\)/*** \1 ***/p' "$1"
grep -v '^#' "$1" | { number=0; while read -r song; do number=$((number + 1)); echo "$number. $song"; done; }
END
  chmod 755 /opt/typesetter/bin/typeset
}

case "$*" in
  'install typesetter') install ;;
  'remove typesetter') rm -rf /opt/typesetter ;;
  clean) rm -rf "$downloads"/* ;;
  *) echo "pkg: I do not know: $*" >&2; exit 1 ;;
esac
