#!/bin/sh
# Makes what collects in a project's folder on a laptop: a history of changes and downloaded parts. The folder .git only
# looks like Git's own: git takes no notice of it.
set -e
cd "$(dirname "$0")"
mkdir -p .git/logs .git/objects/4b vendor-cache/fonts
echo "removed the key from the code (it is k-{{key}})" > .git/logs/HEAD
head -c 200000 /dev/zero > .git/objects/4b/825dc642cb6eb9a060e54bf8d69288fbee4904
head -c 24000000 /dev/zero > vendor-cache/parts.bin
head -c 6000000 /dev/zero > vendor-cache/fonts/all.bin
ls -A
