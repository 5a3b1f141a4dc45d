/** Account and region of the emulator; `lib/stages/laptop.ts` deploys into them. */
export const account = '000000000000';
export const region = 'us-east-1';

/**
 * An environment in which every AWS client finds the emulator and nothing else: whatever the user
 * has configured for AWS proper is left out, so that nothing can ever reach it.
 */
export function awsEnvironment(
  endpointUrl: string,
  environment: NodeJS.ProcessEnv = process.env,
): NodeJS.ProcessEnv {
  const others = Object.entries(environment).filter(([name]) => !/^(AWS|CDK)_/.test(name));
  return {
    ...Object.fromEntries(others),
    AWS_ENDPOINT_URL: endpointUrl,
    AWS_ENDPOINT_URL_S3: endpointUrl,
    AWS_ACCESS_KEY_ID: 'test',
    AWS_SECRET_ACCESS_KEY: 'test',
    AWS_REGION: region,
    AWS_DEFAULT_REGION: region,
    AWS_EC2_METADATA_DISABLED: 'true',
    AWS_CONFIG_FILE: '/dev/null',
    AWS_SHARED_CREDENTIALS_FILE: '/dev/null',
  };
}

/** The same for this process. */
export function enterAwsEnvironment(endpointUrl: string): void {
  const wanted = awsEnvironment(endpointUrl);
  for (const name of Object.keys(process.env)) if (!(name in wanted)) delete process.env[name];
  Object.assign(process.env, wanted);
}
