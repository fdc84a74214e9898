// One device with the published client: it goes through its whole life and says
// what came of each step, one line of JSON each. Arguments: the boarding
// configuration's file, a folder for its state, and the private key's file or
// nothing. Lines on standard input answer its questions.
import { createRequire } from "node:module";
import * as fs from "node:fs";
import * as readline from "node:readline";

const require = createRequire(process.env.CLIENT + "/");
const { MindConnectAgent, retry } = require("@mindconnect/mindconnect-nodejs");
const [configFile, folder, keyFile] = process.argv.slice(2);
const lines = readline.createInterface({ input: process.stdin })[Symbol.asyncIterator]();

const say = (step, result) => console.log(JSON.stringify({ step, result: result ?? null }));
const ask = async (question) => {
    say("ask", question);
    return (await lines.next()).value;
};
const fails = async (step, doing) => {
    try {
        say(step, { unexpected: await doing() });
    } catch (err) {
        say(step, { refused: `${err.message}` });
    }
};

function open() {
    const agent = new MindConnectAgent(JSON.parse(fs.readFileSync(configFile)), undefined, folder);
    if (keyFile) agent.SetupAgentCertificate(fs.readFileSync(keyFile));
    return agent;
}

const points = { configurationId: "press-7", dataSources: [
    { name: "Press", description: "hydraulics", dataPoints: [
        { id: "DP-Temperature", name: "Temperature", type: "DOUBLE", unit: "°C", description: "oil" },
        { id: "DP-Running", name: "Running", type: "BOOLEAN", unit: "" },
    ] },
    { name: "Feeder", dataPoints: [{ id: "DP-Parts", name: "Parts", type: "INT", unit: "1" }] },
] };

async function work(agent) {
    say("configured", await agent.PutDataSourceConfiguration(points));
    say("configuration", await agent.GetDataSourceConfiguration());
    say("changed", await agent.PutDataSourceConfiguration(points)); // with the number that it got
    const now = Date.now();
    say("data", await agent.PostData([
        { dataPointId: "DP-Temperature", qualityCode: "0", value: "21.5" },
        { dataPointId: "DP-Running", qualityCode: "0", value: "true" },
        { dataPointId: "DP-Parts", qualityCode: "0", value: "7" },
    ], new Date(now)));
    say("bulk", await agent.BulkPostData([1, 2, 3].map((n) => ({ timestamp: new Date(now + n * 10).toISOString(), values: [
        { dataPointId: "DP-Temperature", qualityCode: "0", value: `${21.5 + n}` },
    ] }))));
    say("event", await agent.PostEvent({ entityId: agent.ClientId(), sourceType: "Event", sourceId: "press", source: "press", severity: 20, description: "oil is hot", timestamp: new Date(now).toISOString() }));
    say("events", await agent.Sdk().GetEventManagementClient().GetEvents({ filter: JSON.stringify({ entityId: agent.ClientId() }) }));
    say("file", await agent.Upload(Buffer.from("it presses"), "text/plain", "log", false, undefined, undefined, undefined, "log.txt"));
    say("fileAgain", await agent.Upload(Buffer.from("it presses on"), "text/plain", "log", false, undefined, undefined, undefined, "log.txt"));
    say("large", await agent.Upload(Buffer.alloc(12 * 1024 * 1024, "x"), "text/plain", "large", true, undefined, 5 * 1024 * 1024, 3, "deep/large.bin"));
    say("mapped", await agent.PutDataMappings([{ agentId: agent.ClientId(), dataPointId: "DP-Temperature", entityId: agent.ClientId(), propertySetName: "Press", propertyName: "Temperature", keepMapping: true }]));
    say("mappings", await agent.GetDataMappings());
    await fails("invalid", () => agent.PostData([{ dataPointId: "DP-Nothing", qualityCode: "0", value: "1" }], new Date(), false));
}

let agent = open();
if (!agent.IsOnBoarded()) say("onboarded", await agent.OnBoard());
say("token", await agent.GetAgentToken());
say("validated", await agent.ValidateToken());
await work(agent);

say("rotated", await agent.RotateKey());
say("token", await agent.GetAgentToken());
for (let i = 0; i < 3; i++) {
    await ask("swallow");
    await fails("lost", () => agent.RotateKey()); // the answer did not come
}
say("rotatedAgain", await retry(5, () => agent.RotateKey()));
agent = open(); // the process starts anew, with what it has saved
say("kept", agent.IsOnBoarded());
say("token", await agent.GetAgentToken());
await ask("expire"); // a week later
agent._configuration.response.client_secret_expires_at = 1;
agent._accessToken = undefined;
say("renewed", await agent.GetAgentToken());
await ask("rotateKeys"); // our signing key is another one: one call fails, the next works
agent._accessToken = undefined;
await fails("signedAnew", () => agent.GetAgentToken());
say("token", await agent.GetAgentToken());

await ask("offboard");
await fails("offboarded", () => agent.GetDataSourceConfiguration());
await ask("board"); // the file has another initial token now
agent = open();
say("forgot", !agent.IsOnBoarded());
say("onboardedAgain", await agent.OnBoard());
say("token", await agent.GetAgentToken());
await agent.GetDataSourceConfiguration();
say("configuredAgain", await agent.PutDataSourceConfiguration(points));
process.exit(0);
