# The daemon as an image; docker-compose.yml builds and runs it. No syntax that needs BuildKit: an engine alone, as
# Debian packages it, has the old builder only.

# With Python and a compiler, for SQLite where no prebuilt one can be fetched.
ARG BUILD_IMAGE=node:22-bookworm
ARG NODE_IMAGE=node:22-bookworm-slim

FROM ${BUILD_IMAGE} AS build
WORKDIR /build
COPY package.json package-lock.json .npmrc ./
RUN npm ci
COPY tsconfig.json tsconfig.build.json ./
COPY src src
RUN npm run build
# Of SQLite only the compiled module is loaded; sources, types and source maps serve who develops.
RUN npm prune --omit=dev \
 && rm -rf node_modules/better-sqlite3/deps node_modules/better-sqlite3/src \
 && find node_modules/better-sqlite3/build -type f ! -name better_sqlite3.node -delete \
 && find node_modules -type f \( -name '*.map' -o -name '*.d.ts' -o -name '*.d.[cm]ts' \) -delete
COPY migrations migrations
# Whatever the umask was under which these were checked out.
RUN chmod -R go=rX package.json migrations

FROM ${NODE_IMAGE}
LABEL org.opencontainers.image.title="paasdb" \
      org.opencontainers.image.description="Managed PostgreSQL on one Docker host" \
      org.opencontainers.image.licenses="MIT"
# A number and no name, the same on every base: the volumes belong to it. They take mode and owner from these folders.
RUN install -d -m 0700 -o 10001 -g 10001 /var/lib/paasdb /var/lib/paasdb-backups
WORKDIR /opt/paasdb
COPY --from=build /build/node_modules node_modules
COPY --from=build /build/package.json ./
COPY --from=build /build/migrations migrations
COPY --from=build /build/dist dist
ENV NODE_ENV=production \
    PAASDB_HOST=0.0.0.0 \
    PAASDB_PORT=8080 \
    PAASDB_DATA_DIR=/var/lib/paasdb \
    PAASDB_BACKUP_DIR=/var/lib/paasdb-backups
USER 10001:10001
EXPOSE 8080
STOPSIGNAL SIGTERM
# Not with fetch, which takes twice the processor time to load.
HEALTHCHECK --interval=30s --timeout=10s --start-period=30s --retries=3 \
  CMD ["node", "-e", "require('http').get('http://127.0.0.1:8080/readyz', ({ statusCode }) => process.exit(statusCode === 200 ? 0 : 1)).on('error', () => process.exit(1))"]
CMD ["node", "dist/main.js"]
