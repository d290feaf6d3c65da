# The session backend. Built from the root: docker build -f deploy/backend.Dockerfile .
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
RUN npx tsc -b backend-service

FROM manifests AS dependencies
RUN npm ci --ignore-scripts --omit=dev -w @amp/backend-service

FROM node:24-bookworm-slim
WORKDIR /app
ENV NODE_ENV=production BACKEND_LISTEN=0.0.0.0:50051 WORKSPACE_ROOTS=/workspace
RUN mkdir /workspace && chown node:node /workspace
COPY --from=dependencies /app ./
COPY --from=build /app/service/dist service/dist
COPY --from=build /app/proto/dist proto/dist
COPY proto/descriptor.binpb proto/
COPY --from=build /app/postgres/dist postgres/dist
COPY --from=build /app/backend-service/dist backend-service/dist
COPY backend-service/migrations backend-service/migrations
COPY backend-service/healthcheck.mjs backend-service/
USER node
EXPOSE 50051
HEALTHCHECK --interval=5s --timeout=3s --start-period=30s CMD ["node", "backend-service/healthcheck.mjs"]
CMD ["node", "--enable-source-maps", "backend-service/dist/main.js"]
