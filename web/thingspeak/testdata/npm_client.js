// Makes every call of npm's thingspeakclient and prints what each came to.
const [url, channel, writeKey, readKey, login] = process.argv.slice(2)
const Client = require("thingspeakclient")
const client = new Client({ server: url, useTimeoutMode: false })
const id = Number(channel)
const results = {}
const ask = (name, method, ...args) => new Promise((done) => {
  client[method](...args, (err, answer) => { results[name] = err ? { error: String(err) } : { answer }; done() })
})
const run = async () => {
  await ask("attach", "attachChannel", id, { writeKey, readKey })
  await ask("update", "updateChannel", id, { field1: 7, status: "all is well" })
  await ask("update2", "updateChannel", id, { field1: 8, field2: 9 })
  await ask("feeds", "getChannelFeeds", id, { results: 5 })
  await ask("last", "getLastEntryInChannelFeed", id, {})
  await ask("field", "getFieldFeed", id, 1, { results: 5 })
  await ask("fieldLast", "getLastEntryInFieldFeed", id, 1, {})
  await ask("status", "getStatusUpdates", id, {})
  await ask("public", "listPublicChannels", {})
  await ask("user", "listUserInfo", login)
  await ask("channels", "listUserChannels", login)
  const stranger = new Client({ server: url, useTimeoutMode: false })
  await new Promise((done) => stranger.getChannelFeeds(id, (err, answer) => { results.refused = { answer }; done() }))
  console.log(JSON.stringify(results))
}
run()
