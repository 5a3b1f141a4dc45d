import { describe, expect, it } from 'vitest';
import { synthesise } from './templates.ts';

const { templates } = synthesise('aws');

/** Hashes of code and images change with every line; what stands in the template does not. */
const withoutAssets = (text: string) =>
  text
    .replaceAll(/[0-9a-f]{64}/g, '<asset>')
    .replaceAll(/(Deployment[0-9A-F]{8})[0-9a-f]{32}/g, '$1');

/** The definition of a machine as the document that it is, so that a change shows where it is. */
const readable = (key: string, value: unknown) =>
  key === 'DefinitionString' ? JSON.parse(value as string) : value;

describe('the template of the stack', () => {
  it.each(Object.entries(templates))('%s is the reviewed one', async (name, template) => {
    const { Resources, Outputs } = template.toJSON();
    const text = `${withoutAssets(JSON.stringify({ Resources, Outputs }, readable, 2))}\n`;
    await expect(text).toMatchFileSnapshot(`__snapshots__/${name}.snap`);
  });
});
