// Which methods a path knows, so that a wrong one is told from a wrong path: Elysia answers both with 404.

/** @returns a function that gives the methods of a path for its `allow` header; undefined for a path nobody serves */
export function methodTable(routes: readonly { method: string; path: string }[]): (path: string) => string | undefined {
  const methods = new Map<string, string[]>()
  for (const { method, path } of routes) {
    // Every path answers it; the CORS plugin has a route of it for all paths there could be.
    if (method === 'OPTIONS') continue
    const known = methods.get(path) ?? []
    known.push(...(method === 'GET' ? ['GET', 'HEAD'] : [method]))
    methods.set(path, known)
  }
  const table = Array.from(methods, ([path, known]) => ({
    // `*` is the rest of a path, `:name` one part of it.
    pattern: new RegExp(
      `^${path
        .split(/(\*|:\w+)/)
        .map(asPattern)
        .join('')}$`,
    ),
    allow: [...known, 'OPTIONS'].join(', '),
  }))
  return (path) => table.find(({ pattern }) => pattern.test(path))?.allow
}

function asPattern(piece: string): string {
  if (piece === '*') return '.+'
  return piece.startsWith(':') ? '[^/]+' : RegExp.escape(piece)
}
