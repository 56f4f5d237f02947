#!/bin/sh
# make-site.sh PAGES OUT: makes a web page of each text in the folder PAGES. Its first line is the title.
set -eu
pages=$1
out=$2
mkdir -p "$out"

page() { # TITLE, with the text on standard input
  printf '<!DOCTYPE html>\n<html lang="en">\n<head><meta charset="utf-8"><title>%s</title></head>\n<body>\n<h1>%s</h1>\n' "$1" "$1"
  sed '/./s|.*|<p>&</p>|'
  printf '</body>\n</html>\n'
}

links() {
  for text in "$pages"/*.txt; do
    name=$(basename "$text" .txt)
    case $name in
      index | 404) ;;
      *) printf '<a href="/%s.html">%s</a>\n' "$name" "$(head -n 1 "$text")" ;;
    esac
  done
}

for text in "$pages"/*.txt; do
  name=$(basename "$text" .txt)
  {
    tail -n +2 "$text"
    if [ "$name" = index ]; then links; fi
  } | page "$(head -n 1 "$text")" > "$out/$name.html"
done
