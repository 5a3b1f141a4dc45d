/**
 * `npm run docs` rewrites everything in the documentation that is a picture of the code: the
 * OpenAPI document and the blocks of architecture.md between `<!-- generated: name -->` marks.
 * `npm run docs -- --check` changes nothing and fails where the documentation is out of date.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { allRoutes } from '../lambdas/meta/api.ts';
import { stateDiagram } from '../lambdas/platform/lifecycle.ts';
import { openApiDocument } from '../lambdas/platform/openapi.ts';
import { jobStatuses, transitions } from '../lambdas/reconstruction/job.ts';
import { stageApp } from '../lib/stages/stage-app.ts';
import { stackDiagram } from './stack-diagram.ts';
import { stateMachineDiagram } from './state-machine-diagram.ts';

const root = new URL('..', import.meta.url);
const read = (path: string) => readFileSync(new URL(path, root), 'utf8');

const mermaid = (diagram: string) => `\`\`\`mermaid\n${diagram}\n\`\`\``;

const routeTable = () =>
  [
    '| method | path | who may | what it does |',
    '|---|---|---|---|',
    ...allRoutes.map(
      ({ method, path, access, summary }) => `| ${method} | \`${path}\` | ${access} | ${summary} |`,
    ),
  ].join('\n');

const blocks: Record<string, () => string> = {
  stacks: () => mermaid(stackDiagram(platform())),
  'job-lifecycle': () => mermaid(stateDiagram('queued', jobStatuses, transitions)),
  'reconstruction-machine': () =>
    mermaid(stateMachineDiagram(JSON.parse(read('statemachines/reconstruction.asl.json')))),
  routes: routeTable,
};

/** Stacks learn what they need of each other when they are synthesised. */
function platform() {
  const { app } = stageApp('laptop', 'cdk.out/docs');
  app.synth();
  return app;
}

/** The text with each generated block made anew. */
function fill(text: string): string {
  return text.replaceAll(
    /(<!-- generated: ([\w-]+) -->\n)[\s\S]*?(<!-- end -->)/g,
    (_, open: string, name: string, close: string) => {
      const block = blocks[name];
      if (!block) throw new Error(`architecture.md asks for a block that does not exist: ${name}`);
      return `${open}${block()}\n${close}`;
    },
  );
}

const pages: Record<string, string> = {
  'docs/architecture.md': fill(read('docs/architecture.md')),
  'docs/generated/openapi.json': `${JSON.stringify(openApiDocument(allRoutes, '/'), null, 2)}\n`,
};

const stale = Object.entries(pages).filter(([path, text]) => !sameAs(path, text));
if (process.argv.includes('--check')) {
  for (const [path] of stale) console.error(`${path} is out of date. Run: npm run docs`);
  process.exitCode = stale.length > 0 ? 1 : 0;
} else {
  for (const [path, text] of stale) {
    writeFileSync(new URL(path, root), text);
    console.log(`wrote ${path}`);
  }
}

function sameAs(path: string, text: string): boolean {
  try {
    return read(path) === text;
  } catch {
    return false;
  }
}
