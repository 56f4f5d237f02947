#!/bin/sh
echo "{{name}}'s recipes: $(cat /app/recipes/recipes.txt)"
