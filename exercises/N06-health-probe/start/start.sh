#!/bin/sh
# Process 1 of the ticket office. It starts the web server, which goes on in the background, and keeps the books.
httpd -p {{port}} -h /ferry/www
echo "the office is open on port {{port}}"
while true; do
  sleep 5
done
