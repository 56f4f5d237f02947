#!/bin/sh
# The program: says what it is made of.
echo "{{name}}'s shop sells: $(ls /deps | tr '\n' ' ')"
