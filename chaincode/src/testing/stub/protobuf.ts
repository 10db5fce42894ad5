/** Reads the few protobuf messages that chaincode hands to a peer as bytes: endorsement policies and page requests. */

/** One field of a message: its number and its value, a number for varints and bytes for everything framed by a length. */
export interface Field {
  readonly number: number;
  readonly value: number | Uint8Array;
}

/** The fields of a message in their order. @throws Error for bytes that are no message of varints and framed fields. */
export function readFields(bytes: Uint8Array): Field[] {
  const fields: Field[] = [];
  let at = 0;
  const varint = (): number => {
    let value = 0;
    for (let scale = 1; ; scale *= 128) {
      const byte = bytes[at++];
      if (byte === undefined) throw new Error('proto: unexpected end of a varint');
      value += (byte & 127) * scale;
      if (byte < 128) return value;
    }
  };
  while (at < bytes.length) {
    const tag = varint();
    const number = Math.floor(tag / 8);
    if (tag % 8 === 0) fields.push({ number, value: varint() });
    else if (tag % 8 === 2) {
      const length = varint();
      if (at + length > bytes.length) throw new Error('proto: unexpected end of a field');
      fields.push({ number, value: bytes.subarray(at, (at += length)) });
    } else throw new Error(`proto: wire type ${tag % 8} is not expected here`);
  }
  return fields;
}

/** The framed values of one field. */
export const framed = (fields: readonly Field[], number: number): Uint8Array[] =>
  fields.flatMap((field) => (field.number === number && typeof field.value !== 'number' ? [field.value] : []));

/** The varint of a field; 0, as in proto3, where it is absent. */
export function varintOf(fields: readonly Field[], number: number): number {
  const found = fields.find((field) => field.number === number);
  return typeof found?.value === 'number' ? found.value : 0;
}

/** The text of a field; empty where it is absent. */
export const textOf = (fields: readonly Field[], number: number): string => Buffer.from(framed(fields, number)[0] ?? []).toString('utf8');
