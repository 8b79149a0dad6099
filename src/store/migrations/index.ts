import { responses } from './0001-responses.ts'

/** In order; the number of those that have run is the database's `user_version`. One that was released never changes. */
export const MIGRATIONS: readonly string[] = [responses]
