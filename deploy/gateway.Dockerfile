# The gateway with its page. Built from the root: docker build -f deploy/gateway.Dockerfile .
FROM node:24-bookworm-slim AS sources
WORKDIR /src
COPY . .
RUN find . -name package.json -exec install -D {} /manifests/{} \; && cp package-lock.json .npmrc /manifests/

# Only what says which packages to install, so that a change of the sources installs nothing again.
FROM node:24-bookworm-slim AS manifests
WORKDIR /app
COPY --from=sources /manifests ./

FROM manifests AS build
RUN npm ci --ignore-scripts
COPY --from=sources /src ./
RUN npx tsc -b gateway && npm run build -w @amp/page

FROM manifests AS dependencies
RUN npm ci --ignore-scripts --omit=dev -w @amp/gateway

FROM node:24-bookworm-slim
WORKDIR /app
ENV NODE_ENV=production GATEWAY_LISTEN=0.0.0.0:3000
COPY --from=dependencies /app ./
COPY --from=build /app/service/dist service/dist
COPY --from=build /app/proto/dist proto/dist
COPY proto/descriptor.binpb proto/
COPY --from=build /app/postgres/dist postgres/dist
COPY --from=build /app/gateway/dist gateway/dist
COPY --from=build /app/gateway/page/dist gateway/page/dist
COPY gateway/migrations gateway/migrations
USER node
EXPOSE 3000
HEALTHCHECK --interval=5s --timeout=3s --start-period=30s CMD ["node", "-e", "fetch('http://127.0.0.1:3000/readyz').then(({ ok }) => process.exit(ok ? 0 : 1), () => process.exit(1))"]
CMD ["node", "--enable-source-maps", "gateway/dist/main.js"]
