#!/bin/sh
# Not every 200 is good news: the answer itself has to say that ferries are running.
answer=$(timeout 3 wget -q -O - http://127.0.0.1:{{port}}/cgi-bin/health) || exit 1
case $answer in
  *{{island}}*) echo "$answer" ;;
  *) echo "strange answer: $answer"; exit 1 ;;
esac
