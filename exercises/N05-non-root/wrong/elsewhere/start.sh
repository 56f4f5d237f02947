#!/bin/sh
# Counts its starts, writes the page, and serves it.
set -e
cd /app
starts=$(cat /tmp/starts 2>/dev/null || echo 0)
echo $((starts + 1)) > /tmp/starts
{
  cat page.html
  echo "<p>Start number $(cat /tmp/starts)</p>"
} > /tmp/index.html
exec httpd -f -p 8080 -h /tmp
