import {
  BlockDeviceVolume,
  EbsDeviceVolumeType,
  LaunchTemplate,
  LaunchTemplateHttpTokens,
  MultipartBody,
  MultipartUserData,
  UserData,
} from 'aws-cdk-lib/aws-ec2';
import { ManagedPolicy, Role, ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import { Validations } from 'aws-cdk-lib/core';
import { Construct } from 'constructs';
import type { StageConfig } from '../stage-config.ts';

/** How an instance that runs jobs is set up, whatever its type. */
export class JobHosts extends Construct {
  readonly role: Role;
  readonly launchTemplate: LaunchTemplate;

  constructor(scope: Construct, id: string, config: StageConfig) {
    super(scope, id);
    this.role = new Role(this, 'Role', {
      assumedBy: new ServicePrincipal('ec2.amazonaws.com'),
      managedPolicies: [
        ManagedPolicy.fromAwsManagedPolicyName('service-role/AmazonEC2ContainerServiceforEC2Role'),
      ],
    });
    Validations.of(this.role).acknowledge({
      id: 'AwsSolutions-IAM4[Policy::arn:<AWS::Partition>:iam::aws:policy/service-role/AmazonEC2ContainerServiceforEC2Role]',
      reason: 'What the ECS agent needs, kept by AWS; jobs have a role of their own.',
    });
    this.launchTemplate = new LaunchTemplate(this, 'Template', {
      httpTokens: LaunchTemplateHttpTokens.REQUIRED,
      // One hop ends on the host: a container behind a bridge does not reach the host's role.
      httpPutResponseHopLimit: 1,
      blockDevices: [
        {
          deviceName: '/dev/xvda',
          volume: BlockDeviceVolume.ebs(config.compute.volumeGigabytes, {
            volumeType: EbsDeviceVolumeType.GP3,
            throughput: 500,
            encrypted: true,
          }),
        },
      ],
      userData: keepImages(),
    });
  }
}

/** Batch takes user data in MIME parts only. The image is several gigabytes: pulled once per host. */
function keepImages(): UserData {
  const commands = UserData.forLinux();
  commands.addCommands('echo ECS_IMAGE_PULL_BEHAVIOR=prefer-cached >> /etc/ecs/ecs.config');
  const userData = new MultipartUserData();
  userData.addPart(MultipartBody.fromUserData(commands));
  return userData;
}
