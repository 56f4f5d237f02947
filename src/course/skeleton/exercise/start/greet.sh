#!/bin/sh
# Greets with the token that lies beside it.
echo "Hello from $(cat /app/token)"
