#!/bin/sh
# Stands for a download that needs a key:  fetch.sh FILE-WITH-THE-KEY FOLDER-FOR-THE-RECIPES
set -e
key=$(cat "$1")
case $key in
  hk-????????????????) ;;
  *) echo "fetch.sh: there is no key in $1" >&2; exit 1 ;;
esac
mkdir -p "$2"
echo "leek soup, bean stew, plum cake" > "$2/recipes.txt"
# What the server gave back for this key: nobody can get from here to the key.
printf %s "$key" | sha256sum | cut -c 1-64 > "$2/receipt.txt"
