import { App } from 'aws-cdk-lib/core';
import { describe, expect, it } from 'vitest';
import { stageConfig } from '../../lib/stages/stage-by-name.ts';
import { stages } from './templates.ts';
import { temporaryFolder } from './temporary-folder.ts';

const folder = temporaryFolder();

const configOf = (context: Record<string, string>) =>
  stageConfig(new App({ context, outdir: folder }).node);

describe('the stage that the context asks for', () => {
  it('is made for the account and region that are named', () => {
    const config = configOf({ stage: 'aws', account: '111122223333', region: 'eu-central-1' });
    expect(config).toMatchObject({
      account: '111122223333',
      region: 'eu-central-1',
      availabilityZones: ['eu-central-1a', 'eu-central-1b', 'eu-central-1c'],
    });
  });

  it('trusts the identity provider behind the front door of a laptop', () => {
    const config = configOf({ stage: 'laptop', frontDoorUrl: 'http://127.0.0.1:5000/' });
    expect(config.identity).toEqual({
      provider: 'oidc',
      issuer: 'http://127.0.0.1:5000/oidc',
      audience: 'cybernetic-physics',
      jwksUri: 'http://127.0.0.1:5000/oidc/jwks',
    });
  });

  it.each(stages)('$stage is made without asking any account', ({ lookups }) => {
    expect(lookups).toEqual([]);
  });

  it.each([
    ['an unknown stage', { stage: 'production' }, '-c stage: '],
    ['an account that is none', { stage: 'aws', account: '42' }, 'An AWS account id has 12 digits'],
    ['a region that is none', { stage: 'aws', region: 'Frankfurt' }, '-c region: '],
    ['a front door that is no URL', { stage: 'laptop', frontDoorUrl: 'home' }, '-c frontDoorUrl: '],
  ])('is refused for %s, with the value to mend', (_, context, complaint) => {
    expect(() => configOf(context as Record<string, string>)).toThrow(complaint);
  });
});
