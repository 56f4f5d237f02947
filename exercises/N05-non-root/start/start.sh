#!/bin/sh
# Counts its starts, writes the page, and serves it.
set -e
cd /app
starts=$(cat data/starts 2>/dev/null || echo 0)
echo $((starts + 1)) > data/starts
{
  cat page.html
  echo "<p>Start number $(cat data/starts)</p>"
} > data/index.html
exec httpd -f -p 8080 -h /app/data
