/** How Elysia finds the route of a path. */
export const ROUTING = {
  strictPath: true,
  // Else Elysia looks for the path behind the eleventh character, and host names of one or two letters have none.
  handler: { standardHostname: false },
} as const
