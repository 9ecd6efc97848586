# Gatehouse as an image: Node runs the sources as they are, so nothing is built but node_modules.
# It runs as nobody in particular and writes to /data alone: start it with a read-only root file system.

FROM node:24-trixie-slim AS dependencies
WORKDIR /gatehouse
COPY package.json package-lock.json ./
RUN npm ci --omit=dev --ignore-scripts --no-audit --no-fund

FROM node:24-trixie-slim

# Huge pages double what two cores hash (argon2id). Without a place to keep compiled code, none is looked for; what SQLite
# sorts on disk stays with the data.
ENV NODE_ENV=production \
    NODE_DISABLE_COMPILE_CACHE=1 \
    GLIBC_TUNABLES=glibc.malloc.hugetlb=1 \
    SQLITE_TMPDIR=/data \
    GATEHOUSE_HOST=0.0.0.0 \
    GATEHOUSE_DATA=/data

WORKDIR /gatehouse
RUN install -d -o 1000 -g 1000 -m 0700 /data && ln -s /gatehouse/src/cli/gatehouse.js /usr/local/bin/gatehouse
COPY --from=dependencies /gatehouse/node_modules ./node_modules
COPY package.json LICENSE ./
COPY config ./config
COPY views ./views
COPY src ./src

USER 1000:1000
VOLUME ["/data"]
EXPOSE 3000

# It finishes what is running, for at most ten seconds: give it a little more before it is killed.
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=10s --timeout=5s --start-period=30s --retries=3 \
    CMD ["node", "--eval", "fetch(`http://127.0.0.1:${process.env.GATEHOUSE_PORT || 3000}/healthz`).then((answer) => process.exit(answer.ok ? 0 : 1), () => process.exit(1))"]

ENTRYPOINT ["node", "--max-semi-space-size=8", "/gatehouse/src/cli/gatehouse.js"]
CMD ["start"]
