#!/bin/sh
# Greets everybody who is named on its command line, each on a line of their own.
for name in "$@"; do
  echo "{{greeting}} $name"
done
