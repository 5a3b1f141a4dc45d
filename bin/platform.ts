import { App } from 'aws-cdk-lib/core';
import { platformStage } from '../lib/platform-stage.ts';
import { stageConfig } from '../lib/stages/stage-by-name.ts';

// The tests lint the templates, more strictly than CDK would, and not before every deployment.
const app = new App({ builtinCloudFormationValidation: false });
platformStage(app, stageConfig(app.node));
