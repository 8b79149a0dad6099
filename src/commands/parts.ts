// The parts a server is started from. They are handed in, so that tests put fakes in their place.
import type { Variables } from '../config/environment.ts'
import type { Config } from '../config/schema.ts'
import type { Gateway } from '../gateway.ts'
import type { Listening } from '../http/listen.ts'
import type { Log } from '../observe/log.ts'
import type { App } from '../server.ts'

/** What the commands use of the gateway. */
export type Parts = Pick<Gateway, 'app' | 'drivers' | 'drain' | 'start' | 'status' | 'close'>

/** `createGateway`, or what stands in for it. */
export type CreateGateway = (config: Config, options: { log: Log; environment: Variables }) => Promise<Parts>

/** Puts an app on a socket. Throws an error with code `EADDRINUSE` when the port is taken. */
export type Listen = (app: App, address: { hostname: string; port: number }) => Listening
