declare module '*.js.gz' {
  /** The path of the file, also inside a compiled binary. */
  const path: string
  export default path
}
