# An image with dlearn in it, for parts of a class on Kubernetes or a swarm. In a checkout of dlearn:
#
#   docker build -f scripts/examples/image.Dockerfile -t registry.example.com/dlearn .
FROM rust:1-slim-bookworm AS build
WORKDIR /dlearn
COPY . .
RUN cargo install --locked --path . --root /out

FROM debian:bookworm-slim
COPY --from=build /out/bin/dlearn /usr/local/bin/dlearn
CMD ["dlearn", "--help"]
