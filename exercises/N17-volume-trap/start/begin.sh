#!/bin/sh
# Writes the first page of the diary.
set -e
mkdir -p /data
echo "{{name}}'s diary, begun in {{place}}. Copy $(cat /diary/token)" > /data/first.txt
echo "begin.sh: wrote /data/first.txt"
