// What GitHub's own language service says about actions and workflows:
//   node validate.mjs NODE_MODULES ACTION_YML FILE…
// One line for each remark; none is silence. `action.yml` is read as an action, every other file as a workflow. ACTION_YML is what
// `OWNER/pkg-publish-action` means in them, the actions in folders beside it included, so that inputs which we do not have are found.
import { readFileSync } from "node:fs";
import { register } from "node:module";
import { basename, dirname, join } from "node:path";
import { pathToFileURL } from "node:url";

// The packages import JSON without saying so, which Node.js refuses.
register(
  "data:text/javascript," +
    encodeURIComponent(`export const load = (url, context, next) =>
      next(url, url.endsWith(".json") ? { ...context, importAttributes: { ...context.importAttributes, type: "json" } } : context);`),
);

const [modules, ourAction, ...files] = process.argv.slice(2);
const load = (path) => import(pathToFileURL(join(modules, path)));
const { validate } = await load("@actions/languageservice/dist/index.js");
const { TextDocument } = await load("vscode-languageserver-textdocument/lib/esm/main.js");
const { parse } = (await load("yaml/dist/index.js")).default;

const ours = (folder = "") => parse(readFileSync(join(dirname(ourAction), folder, "action.yml"), "utf8"));
const known = { name: "an action of somebody else", description: "its inputs are not known here" };
const fetchActionMetadata = async ({ owner, name, path }) => (`${owner}/${name}` === "OWNER/pkg-publish-action" ? ours(path) : known);

for (const [number, file] of files.entries()) {
  const place = basename(file) === "action.yml" ? `${number}/action.yml` : `.github/workflows/${number}.yml`; // it remembers by address
  const document = TextDocument.create(`file:///repository/${place}`, "yaml", 1, readFileSync(file, "utf8"));
  for (const remark of await validate(document, { actionsMetadataProvider: { fetchActionMetadata } })) {
    console.log(`${file}:${remark.range.start.line + 1}: ${remark.message}`);
  }
}
