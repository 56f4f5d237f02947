#!/bin/sh
echo "{{name}}'s api, version $(cat /api/version)"
