#!/bin/sh
# Makes /site/index.html of the pages in /site/pages. Part of the kit.
set -e
ls /site/pages/*.txt > /dev/null 2>&1 || { echo "build.sh: error: there is no page in /site/pages" >&2; exit 1; }
{
  for page in /site/pages/*.txt; do
    echo "<h2>$(basename "$page" .txt)</h2>"
    echo "<p>$(cat "$page")</p>"
  done
  echo "<small>made with {{name}}'s kit, $(cat /kit/token)</small>"
} > /site/index.html
