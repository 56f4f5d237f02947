#!/bin/sh
# The guide of a trail. By itself it serves the pages on port 8080; with the number of a stop it says how far that is.
set -eu
. /opt/runtime/units.sh
if [ $# -eq 0 ]; then
  exec httpd -f -p 8080 -h /site
fi
[ -e /site/stops.csv ] || { echo "The list of stops, /site/stops.csv, is not there." >&2; exit 1; }
stop=$(grep "^$1," /site/stops.csv) || { echo "There is no stop $1." >&2; exit 1; }
echo "$stop" | { IFS=, read -r number name metres; echo "It is $(far "$metres") to $name."; }
