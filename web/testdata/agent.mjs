// One device with the published client. Each line on standard input is a step
// that it takes; it answers with a line, "done" or what went wrong. Arguments:
// the boarding configuration's file, a folder for its state, its private key.
import { createRequire } from "node:module";
import * as fs from "node:fs";
import * as readline from "node:readline";

const require = createRequire(process.env.CLIENT + "/");
const { MindConnectAgent } = require("@mindconnect/mindconnect-nodejs");
const [config, folder, key] = process.argv.slice(2);
const agent = new MindConnectAgent(JSON.parse(fs.readFileSync(config)), undefined, folder);
agent.SetupAgentCertificate(fs.readFileSync(key));

const points = { configurationId: "press-7", dataSources: [{ name: "Press", dataPoints: [{ id: "DP-Temperature", name: "Temperature", type: "DOUBLE", unit: "°C" }] }] };
let n = 0;
const steps = {
    onboard: () => agent.OnBoard(),
    configure: () => agent.PutDataSourceConfiguration(points),
    measure: () => agent.PostData([{ dataPointId: "DP-Temperature", qualityCode: "0", value: `${20.5 + n++}` }], new Date()),
    rotate: () => agent.RotateKey(),
};
for await (const step of readline.createInterface({ input: process.stdin })) {
    try {
        await steps[step]();
        console.log("step: done");
    } catch (err) {
        console.log(`step: ${err.message}`.replaceAll("\n", " "));
    }
}
