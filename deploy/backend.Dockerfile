# The session backend. Built from the root: docker build -f deploy/backend.Dockerfile .
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
COPY backend-service backend-service
RUN npx tsc -b backend-service

FROM manifests AS dependencies
RUN npm ci --ignore-scripts --omit=dev -w @amp/backend-service

FROM node:24-bookworm-slim
WORKDIR /app
ENV NODE_ENV=production BACKEND_LISTEN=0.0.0.0:50051 WORKSPACE_ROOTS=/workspace
RUN mkdir /workspace && chown node:node /workspace
COPY --from=dependencies /app ./
COPY --from=build /app/settings/dist settings/dist
COPY --from=build /app/proto/dist proto/dist
COPY proto/descriptor.binpb proto/
COPY --from=build /app/postgres/dist postgres/dist
COPY --from=build /app/backend-service/dist backend-service/dist
COPY backend-service/migrations backend-service/migrations
COPY deploy/grpc-health.mjs deploy/
USER node
EXPOSE 50051
HEALTHCHECK --interval=5s --timeout=3s --start-period=30s CMD ["node", "deploy/grpc-health.mjs"]
CMD ["node", "--enable-source-maps", "backend-service/dist/main.js"]
