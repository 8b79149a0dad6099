// What it takes to point a client at the gateway.

export type GatewayFacts = {
  /** `http://127.0.0.1:8000` */
  url: string
  /** What clients that insist on a key are given; a word without meaning where none is asked for. */
  key: string
  model: string
}

/** What is put into an object, or how it follows from what is there. */
type JsonMerge = object | ((before: Readonly<Record<string, unknown>>) => object)

/** A change of a settings file that keeps all else in it. Paths are below the home folder. */
export type SettingsChange = { path: string } &
  /** A value that is undefined goes out. */
  (
    | { kind: 'json'; merge: JsonMerge }
    /** Lines `name=value`. */
    | { kind: 'env'; set: Record<string, string> }
    /** Lines `name: value` at the top level. */
    | { kind: 'yaml'; set: Record<string, string> }
    /** A piece of text behind the rest; what `begin` to `end` held before is replaced. */
    | { kind: 'block'; text: string }
  )

export type Client = {
  name: string
  title: string
  /** What to do, for people: shell lines, code, or where to click. */
  show(facts: GatewayFacts): string
  /** What `--write` changes, in this order; undefined for a client that has no file for it. */
  changes?(facts: GatewayFacts): readonly SettingsChange[]
}
