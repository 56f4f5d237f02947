#!/bin/sh
# Stands for a package manager, like pip or npm: installs into /deps every package that a list names.
#   sh install.sh requirements.txt
set -eu
downloads=/var/cache/install
mkdir -p "$downloads" /deps
grep -v -e '^#' -e '^ *$' "$1" | while read -r package; do
  [ -e "$downloads/$package" ] || echo "the package $package" >"$downloads/$package"
  cp "$downloads/$package" "/deps/$package"
  echo "installed $package"
done
# Like a real one, it leaves something else behind each time: here a number that nobody can foresee.
mkdir -p /var/lib/install
head -c 16 /dev/urandom | md5sum >/var/lib/install/last-run
