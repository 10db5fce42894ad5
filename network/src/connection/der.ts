/** The three ASN.1 types (DER, X.690) that block headers and ECDSA signatures are made of. */

function element(tag: number, content: Uint8Array): Buffer {
  if (content.length > 127) throw new RangeError('Only short lengths occur here: at most 127 bytes.');
  return Buffer.concat([Uint8Array.of(tag, content.length), content]);
}

/** INTEGER of a value that is not negative. */
export function derInteger(value: bigint): Buffer {
  const hex = value.toString(16);
  const bytes = Buffer.from(hex.length % 2 === 0 ? hex : `0${hex}`, 'hex');
  // A leading one bit would make it negative.
  return element(0x02, (bytes[0] ?? 0) > 0x7f ? Buffer.concat([Uint8Array.of(0), bytes]) : bytes);
}

/** OCTET STRING. */
export function derOctets(value: Uint8Array): Buffer {
  return element(0x04, value);
}

/** SEQUENCE of elements that are encoded already. */
export function derSequence(...elements: readonly Uint8Array[]): Buffer {
  return element(0x30, Buffer.concat(elements));
}
