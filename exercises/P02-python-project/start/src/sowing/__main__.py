"""python -m sowing does the same as the command sowing."""
from sowing.main import main

main()
