// Two judgements of policies of Cilium, from the package that its API is published in for JavaScript: the validator
// (types, words, networks, what must be there) and, with the compiler of TypeScript, the types (no field that they do
// not have). A list on standard input; on standard output, what is wrong with each of its items.
import { readFileSync } from "node:fs";
import { CiliumNetworkPolicy } from "@kubernetes-models/cilium/cilium.io/v2/CiliumNetworkPolicy";
import ts from "typescript";

const { items } = JSON.parse(readFileSync(0, "utf8"));
const wrong = items.map(() => []);
items.forEach((item, at) => {
  try {
    new CiliumNetworkPolicy(item).validate();
  } catch (error) {
    wrong[at].push(error.message);
  }
});

const texts = new Map(
  items.map((item, at) => [
    `${process.cwd()}/item-${at}.ts`,
    `import type { ICiliumNetworkPolicy } from "@kubernetes-models/cilium/cilium.io/v2/CiliumNetworkPolicy";
export const item: ICiliumNetworkPolicy = ${JSON.stringify(item, null, 1)};
`,
  ]),
);
const names = [...texts.keys()];
const options = {
  strict: true,
  noEmit: true,
  skipLibCheck: true,
  types: [],
  target: ts.ScriptTarget.ES2022,
  module: ts.ModuleKind.NodeNext,
  moduleResolution: ts.ModuleResolutionKind.NodeNext,
};
const host = ts.createCompilerHost(options);
const { fileExists, readFile, getSourceFile } = host;
host.fileExists = (name) => texts.has(name) || fileExists.call(host, name);
host.readFile = (name) => texts.get(name) ?? readFile.call(host, name);
host.getSourceFile = (name, ...rest) =>
  texts.has(name)
    ? ts.createSourceFile(name, texts.get(name), ...rest)
    : getSourceFile.call(host, name, ...rest);
for (const found of ts.getPreEmitDiagnostics(ts.createProgram(names, options, host))) {
  const text = ts.flattenDiagnosticMessageText(found.messageText, " ");
  const at = names.indexOf(found.file?.fileName);
  if (at < 0) throw new Error(text);
  wrong[at].push(text);
}
console.log(JSON.stringify(wrong));
