# The gateway with its page. Built from the root: docker build -f deploy/gateway.Dockerfile .
FROM node:24-bookworm-slim AS manifests
WORKDIR /app
COPY package.json package-lock.json .npmrc ./
COPY settings/package.json settings/
COPY proto/package.json proto/
COPY postgres/package.json postgres/
COPY backend-service/package.json backend-service/
COPY gateway/package.json gateway/
COPY gateway/page/package.json gateway/page/
COPY stack/package.json stack/
COPY contract-tests/package.json contract-tests/

FROM manifests AS build
RUN npm ci --ignore-scripts
COPY tsconfig.base.json ./
COPY settings settings
COPY proto proto
COPY postgres postgres
COPY gateway gateway
RUN npx tsc -b gateway && npm run build -w @amp/page

FROM manifests AS dependencies
RUN npm ci --ignore-scripts --omit=dev -w @amp/gateway

FROM node:24-bookworm-slim
WORKDIR /app
ENV NODE_ENV=production GATEWAY_LISTEN=0.0.0.0:3000
COPY --from=dependencies /app ./
COPY --from=build /app/settings/dist settings/dist
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
