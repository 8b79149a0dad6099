# syntax=docker/dockerfile:1
# Multi-stage: dependencies and the compiled binary in the first stage; a small, non-root image with the CLIs in the second.

FROM oven/bun:1.4.5-slim AS build
WORKDIR /build
COPY package.json bun.lock bunfig.toml ./
RUN bun install --frozen-lockfile --production
COPY tsconfig.json ./
COPY scripts/build.ts ./scripts/build.ts
COPY src ./src
RUN bun run build --out /build

FROM node:24-bookworm-slim
# Which CLIs the image holds: npm package specs, one or more, separated by blanks; empty for none.
ARG CLIS="@anthropic-ai/claude-code@2.1.329"
ENV NODE_ENV=production
# Word splitting is wanted here: CLIS is a list.
# hadolint ignore=DL3016,SC2086
RUN if [ -n "$CLIS" ]; then npm install --global --no-audit --no-fund $CLIS && npm cache clean --force; fi \
 && useradd --create-home --uid 10001 cligate \
 && install -d -m 700 -o 10001 -g 10001 /home/cligate/.local/state/cligate
COPY --from=build /build/cligate /usr/local/bin/cligate
USER 10001
WORKDIR /home/cligate
# Inside a container the port has to be reachable from outside: set API_KEY, or a key is made at the first start and shown once.
ENV HOST=0.0.0.0 PORT=8000
EXPOSE 8000
HEALTHCHECK --interval=30s --timeout=3s --start-period=5s \
  CMD ["node", "-e", "fetch('http://127.0.0.1:'+(process.env.PORT||8000)+'/health').then(r=>process.exit(r.ok?0:1),()=>process.exit(1))"]
ENTRYPOINT ["cligate"]
CMD ["serve"]
