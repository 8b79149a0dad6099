/** Responses that callers may fetch or go on from. Times are in milliseconds since 1970, sizes in bytes. */
export const responses = `
CREATE TABLE responses (
  id TEXT PRIMARY KEY NOT NULL,
  owner TEXT NOT NULL,
  previous TEXT,
  status TEXT NOT NULL,
  created_at INTEGER NOT NULL,
  used_at INTEGER NOT NULL,
  runner INTEGER,
  size INTEGER NOT NULL,
  response TEXT NOT NULL,
  input TEXT NOT NULL,
  frames TEXT
) STRICT;
CREATE INDEX responses_by_use ON responses (used_at, size);
`
