echo "sowing for $SOWING_GARDEN"
sowing
echo "the container ends"
