#!/bin/sh
# Prints the forecast, and what it was made of.
echo "Forecast for {{town}}: $(cat /app/edition 2>/dev/null || echo draft)"
echo "measurements: $(cat /app/measured 2>/dev/null || echo none)"
