# image: debian:bookworm-slim
# is: Debian bookworm made by mmdebstrap (minbase, without documentation)
# context: rootfs

FROM scratch
ADD rootfs.tar /
CMD ["bash"]
