/** A delivered key: bytes that can be wiped, and that neither JSON nor a log shows. */
import { inspect } from 'node:util';

export interface KeyParts {
  readonly id: string;
  readonly bytes: Uint8Array;
  /** `key_ID_extension`, `key_extension` and members that the standard does not know. */
  readonly members: Readonly<Record<string, unknown>>;
}

export class QkdKey implements Disposable, KeyParts {
  /** key_ID, a UUID as the server wrote it. */
  readonly id: string;
  readonly bytes: Uint8Array;
  readonly members: Readonly<Record<string, unknown>>;

  constructor({ id, bytes, members }: KeyParts) {
    this.id = id;
    this.bytes = bytes;
    this.members = members;
  }

  /** Overwrites the bytes with zeros. Copies that others made are theirs to wipe. */
  wipe(): void {
    this.bytes.fill(0);
  }

  [Symbol.dispose](): void {
    this.wipe();
  }

  /** Without the bytes. */
  toJSON(): object {
    return { id: this.id, bits: this.bytes.length * 8 };
  }

  [inspect.custom](): string {
    return `QkdKey ${this.id} (${this.bytes.length * 8} bits)`;
  }
}

/** Keys of one answer, in the order asked for; disposing of it wipes them all. */
export class KeyContainer implements Disposable {
  readonly keys: readonly QkdKey[];
  /** `key_container_extension` and members that the standard does not know. */
  readonly members: Readonly<Record<string, unknown>>;

  constructor(keys: readonly QkdKey[], members: Readonly<Record<string, unknown>>) {
    this.keys = keys;
    this.members = members;
  }

  [Symbol.dispose](): void {
    for (const key of this.keys) key.wipe();
  }
}
