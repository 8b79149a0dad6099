// Loaded before cligate: a server that takes its time to listen, on a quick machine too.
if (process.argv[2] === 'serve') Bun.sleepSync(800)
