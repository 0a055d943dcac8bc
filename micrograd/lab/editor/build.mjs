// npm ci && npm run build: the editor and what it is made of in one file, the licences of its parts at its head.
import { build } from "esbuild";
import { readFile, readdir, writeFile } from "node:fs/promises";

const out = new URL("../static/editor.js", import.meta.url);
const made = await build({
  entryPoints: ["editor.js"], bundle: true, minify: true, format: "iife", globalName: "LabEditor", target: "es2022",
  charset: "utf8", legalComments: "none", metafile: true, write: false,
});
const parts = [...new Set(Object.keys(made.metafile.inputs).flatMap((path) => path.match(/^node_modules\/((?:@[^/]+\/)?[^/]+)/)?.[1] ?? []))].sort();
const notes = await Promise.all(parts.map(async (name) => {
  const folder = new URL(`node_modules/${name}/`, import.meta.url);
  const file = (await readdir(folder)).find((entry) => /^licen[cs]e/i.test(entry));
  const { version } = JSON.parse(await readFile(new URL("package.json", folder), "utf8"));
  return { name: `${name} ${version}`, text: (await readFile(new URL(file, folder), "utf8")).trim() };
}));
const texts = Map.groupBy?.(notes, (note) => note.text) ?? notes.reduce((all, note) => all.set(note.text, [...(all.get(note.text) ?? []), note]), new Map());
const head = [...texts].map(([text, of]) => `${of.map((note) => note.name).join(", ")}\n\n${text}`).join("\n\n---\n\n").replaceAll("*/", "* /");
await writeFile(out, `/*! The lab's editor, made of these parts:\n\n${head}\n*/\n${made.outputFiles[0].text}`);
console.log(`${out.pathname.split("/").slice(-4).join("/")}: ${parts.length} parts`);
