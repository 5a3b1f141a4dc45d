import {
  ConditionalCheckFailedException,
  TransactionCanceledException,
} from '@aws-sdk/client-dynamodb';
import {
  type DynamoDBDocumentClient,
  GetCommand,
  PutCommand,
  paginateQuery,
  TransactWriteCommand,
} from '@aws-sdk/lib-dynamodb';
import * as z from 'zod';
import { UserId, WorkspaceId } from '../platform/ids.ts';
import { type Identity, User } from './user.ts';
import { Membership, type Workspace } from './workspace.ts';

/** Whom an identity stands for, and the workspace they work in unless they name another. */
export const Account = z.object({ userId: UserId, workspaceId: WorkspaceId });
export type Account = z.infer<typeof Account>;

/** Users, their identities, workspaces, and who is a member of which. */
export interface AccountStore {
  /** Consistent: sees an account from the moment that it was opened. */
  find(identity: Identity): Promise<Account | undefined>;
  /** All of it or nothing; false where the identity has, or is just getting, an account. */
  open(identity: Identity, user: User, workspace: Workspace): Promise<boolean>;
  /** Lets one more identity stand for an account that exists; one that is taken stays as it is. */
  link(identity: Identity, account: Account): Promise<void>;
  membership(userId: UserId, workspaceId: WorkspaceId): Promise<Membership | undefined>;
  /** A user with all their workspaces, the oldest first. */
  profile(userId: UserId): Promise<{ user: User; workspaces: Membership[] } | undefined>;
}

const identityKey = ({ issuer, subject }: Identity) => ({
  // An issuer is a URL without a fragment, so the first # ends it (OpenID Connect Core, section 2).
  pk: `IDENTITY#${issuer}#${subject}`,
  sk: 'IDENTITY',
});
const userKey = (userId: UserId) => ({ pk: `USER#${userId}`, sk: 'PROFILE' });
const membershipKey = (userId: UserId, workspaceId: WorkspaceId) => ({
  pk: `USER#${userId}`,
  sk: `WORKSPACE#${workspaceId}`,
});
const workspaceKey = (workspaceId: WorkspaceId) => ({
  pk: `WORKSPACE#${workspaceId}`,
  sk: 'WORKSPACE',
});

export function accountStore(documents: DynamoDBDocumentClient, tableName: string): AccountStore {
  const get = async (key: { pk: string; sk: string }) =>
    (await documents.send(new GetCommand({ TableName: tableName, Key: key, ConsistentRead: true })))
      .Item;
  const create = (item: Record<string, unknown>) => ({
    Put: {
      TableName: tableName,
      Item: item,
      ConditionExpression: 'attribute_not_exists(pk)',
    },
  });
  return {
    async find(identity) {
      return Account.optional().parse(await get(identityKey(identity)));
    },

    async open(identity, user, workspace) {
      const { userId } = user;
      const { workspaceId } = workspace;
      const membership: Membership = { ...workspace, role: 'owner' };
      try {
        await documents.send(
          new TransactWriteCommand({
            TransactItems: [
              create({ ...identityKey(identity), userId, workspaceId }),
              create({ ...userKey(userId), ...user }),
              create({ ...workspaceKey(workspaceId), ...workspace }),
              create({ ...membershipKey(userId, workspaceId), ...membership }),
            ],
          }),
        );
        return true;
      } catch (error) {
        if (lostRace(error)) return false;
        throw error;
      }
    },

    async link(identity, { userId, workspaceId }) {
      try {
        await documents.send(
          new PutCommand(create({ ...identityKey(identity), userId, workspaceId }).Put),
        );
      } catch (error) {
        if (!(error instanceof ConditionalCheckFailedException)) throw error;
      }
    },

    async membership(userId, workspaceId) {
      return Membership.optional().parse(await get(membershipKey(userId, workspaceId)));
    },

    async profile(userId) {
      const pages = paginateQuery(
        { client: documents },
        {
          TableName: tableName,
          KeyConditionExpression: 'pk = :pk',
          ExpressionAttributeValues: { ':pk': userKey(userId).pk },
          ConsistentRead: true,
        },
      );
      const items: unknown[] = [];
      for await (const { Items = [] } of pages) items.push(...Items);
      const [profile, ...memberships] = items;
      if (profile === undefined) return undefined;
      return { user: User.parse(profile), workspaces: z.array(Membership).parse(memberships) };
    },
  };
}

/** Whether another writer has the same identity, or is writing it just now. */
function lostRace(error: unknown): boolean {
  if (!(error instanceof TransactionCanceledException)) return false;
  const codes = (error.CancellationReasons ?? []).map((reason) => reason.Code);
  return codes.includes('ConditionalCheckFailed') || codes.includes('TransactionConflict');
}
