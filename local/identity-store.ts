import { DatabaseSync } from 'node:sqlite';
import type { Adapter, AdapterConstructor, AdapterPayload } from 'oidc-provider';

/**
 * Where the identity provider keeps who is signed in: a SQLite file, so that a restart signs nobody
 * out. https://github.com/panva/node-oidc-provider/blob/main/docs/README.md#adapter
 */
export function identityStore(path: string): { Store: AdapterConstructor; close: () => void } {
  const database = new DatabaseSync(path);
  database.exec(`
    PRAGMA journal_mode = WAL;
    CREATE TABLE IF NOT EXISTS models (
      model TEXT NOT NULL, id TEXT NOT NULL, payload TEXT NOT NULL,
      grantId TEXT, uid TEXT, userCode TEXT, expiresAt INTEGER,
      PRIMARY KEY (model, id)
    ) WITHOUT ROWID;
    CREATE INDEX IF NOT EXISTS byGrant ON models (grantId);
  `);
  database.prepare('DELETE FROM models WHERE expiresAt < ?').run(nowSeconds());

  class Store implements Adapter {
    readonly model: string;

    constructor(model: string) {
      this.model = model;
    }

    async upsert(id: string, payload: AdapterPayload, expiresIn: number): Promise<void> {
      const { grantId = null, uid = null, userCode = null } = payload;
      const expiresAt = expiresIn ? nowSeconds() + expiresIn : null;
      database
        .prepare('INSERT OR REPLACE INTO models VALUES (?, ?, ?, ?, ?, ?, ?)')
        .run(this.model, id, JSON.stringify(payload), grantId, uid, userCode, expiresAt);
    }

    async find(id: string): Promise<AdapterPayload | undefined> {
      return this.#first('id', id);
    }

    async findByUid(uid: string): Promise<AdapterPayload | undefined> {
      return this.#first('uid', uid);
    }

    async findByUserCode(userCode: string): Promise<AdapterPayload | undefined> {
      return this.#first('userCode', userCode);
    }

    async consume(id: string): Promise<void> {
      database
        .prepare(
          `UPDATE models SET payload = json_set(payload, '$.consumed', ?) WHERE model = ? AND id = ?`,
        )
        .run(nowSeconds(), this.model, id);
    }

    async destroy(id: string): Promise<void> {
      database.prepare('DELETE FROM models WHERE model = ? AND id = ?').run(this.model, id);
    }

    async revokeByGrantId(grantId: string): Promise<void> {
      database.prepare('DELETE FROM models WHERE grantId = ?').run(grantId);
    }

    #first(column: 'id' | 'uid' | 'userCode', value: string): AdapterPayload | undefined {
      const row = database
        .prepare(
          `SELECT payload FROM models
           WHERE model = ? AND ${column} = ? AND (expiresAt IS NULL OR expiresAt >= ?)`,
        )
        .get(this.model, value, nowSeconds());
      return row && JSON.parse(String(row.payload));
    }
  }
  return { Store, close: () => database.close() };
}

const nowSeconds = () => Math.floor(Date.now() / 1000);
